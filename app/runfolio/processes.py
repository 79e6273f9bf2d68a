"""How worker processes are started: forked from a small server that has nothing but the readers in it.

Each worker started from nothing imports for 0.4 CPU seconds. A process that draws windows or holds a database must
never be forked; the server is a new interpreter with one thread, so a fork of it is whole and holds no lock.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from multiprocessing.context import BaseContext

from runfolio import scratch

_AHEAD = "runfolio.readers.ahead"
"""What the server imports; named here and not imported, since it is for the server alone."""


def worker_context() -> BaseContext:
    """How to start a worker. The server starts with the first worker, and ends when this process does."""
    # Python looks for modules in the working directory first when it is started as workers are, and that may be the
    # folder of runs: a `pickle.py` in there must not be run.
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        os.getcwd()  # noqa: PTH109 - asked to see whether there is one
    except FileNotFoundError:
        # Deleted meanwhile. Workers are told where to stand, so there has to be a place.
        os.chdir(tempfile.gettempdir())
    if not _has_server():
        return multiprocessing.get_context("spawn")
    scratch.take_sockets_in()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_AHEAD])
    return context


def start_server() -> None:
    """Start the server, without waiting for it, when workers will be wanted soon."""
    if _has_server():
        from multiprocessing import forkserver

        worker_context()
        forkserver.ensure_running()


def _has_server() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()
