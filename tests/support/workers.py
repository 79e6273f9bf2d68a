"""Worker processes that begin as copies of one that has imported the readers already.

Importing them takes each worker half a second of CPU, and most tests start workers of their own. They are as separate
from the test and from each other as those that users have. Started as for users are those of the command line in a
process of its own, of fixtures that last longer than a test, and of tests marked `workers_as_shipped`.
"""

from __future__ import annotations

import multiprocessing
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from pathlib import Path
from types import SimpleNamespace

import pytest

import runfolio
import runfolio.readers.pool

READ_BY_WORKERS = [
    "runfolio.readers.parse",
    "runfolio.readers.places",
    "runfolio.index.frames",
    "runfolio.index.growth",
]


@cache
def _copies() -> BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(READ_BY_WORKERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(runfolio.__file__).parent.parent))
        forkserver.ensure_running()
    return context


def start_workers_as_copies(patch: pytest.MonkeyPatch) -> None:
    """While the patch lasts, where the system can do that."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        patch.setattr(runfolio.readers.pool, "multiprocessing", SimpleNamespace(get_context=lambda _: _copies()))
