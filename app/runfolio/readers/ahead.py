"""Imported by the server that workers are forked from (see `runfolio.processes`): what each of them needs, once.

Nothing here may start a thread: a fork takes only one of them along. So Polars, which starts some when it is imported,
is left to the workers, and NumPy's algebra is told to be content with one.
"""

from __future__ import annotations

import os

# The workers are the parallelism. Set before the imports, which look at them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import runfolio.readers.pool  # noqa: F401
