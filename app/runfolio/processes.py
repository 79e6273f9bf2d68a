"""How worker processes are started: forked from a small server that has nothing but the readers in it.

Each worker started from nothing imports for 0.4 CPU seconds. A process that draws windows or holds a database must
never be forked; the server is a new interpreter with one thread, so a fork of it is whole and holds no lock.

Ctrl+C in a terminal reaches every process of a program. This one ends the others; neither server nor workers hear it.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from multiprocessing import context as kinds
from multiprocessing import resource_tracker, synchronize
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Protocol

from runfolio import scratch

_AHEAD = "runfolio.readers.ahead"
"""What the server imports; named here and not imported, since it is for the server alone."""

_BY_ITSELF = 254
"""The exit code that stands for 0."""


class Pool(Protocol):
    """What is asked of a pool of workers here."""

    @property
    def active(self) -> bool:
        """Whether it takes work; asking starts its workers."""
        ...


class _Worker(BaseProcess):
    """Ends when it is ended: one that ends by itself has failed, although it may have said 0 (as `os._exit(0)` does).

    A pool that waits for workers takes those that end with 0 for done, and waits for what they were doing.
    """

    @property
    def exitcode(self) -> int | None:
        """The exit code, never 0; None while it runs."""
        code = super().exitcode
        return _BY_ITSELF if code == 0 else code

    def terminate(self) -> None:
        """End it at once: it holds nothing that could be lost, and one that computes would hear of a signal late."""
        self.kill()


class _Context(BaseContext):
    """Locks live as long as it, and so as long as its pool: a worker that is still starting looks for them by name."""

    def __init__(self) -> None:
        self._locks: list[synchronize.RLock] = []

    def RLock(self) -> synchronize.RLock:
        """A lock for workers and this process."""
        lock = super().RLock()
        self._locks.append(lock)
        return lock


class _Spawned(_Worker, kinds.SpawnProcess):
    """A worker that is started from nothing."""


class _SpawnContext(_Context, kinds.SpawnContext):
    Process = _Spawned


if sys.platform != "win32":
    from multiprocessing import forkserver

    class _Forked(_Worker, kinds.ForkServerProcess):
        """A worker that the server forks."""

        def start(self) -> None:
            """As the base class does."""
            start_server()
            super().start()

    class _ServerContext(_Context, kinds.ForkServerContext):
        Process = _Forked


def worker_context() -> BaseContext:
    """How to start the workers of one pool. The server starts with the first, and ends when this process does."""
    # Python looks for modules in the working directory first when it is started as workers are, and that may be the
    # folder of runs: a `pickle.py` in there must not be run.
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        os.getcwd()  # noqa: PTH109 - asked to see whether there is one
    except FileNotFoundError:
        # Deleted meanwhile. Workers are told where to stand, so there has to be a place.
        os.chdir(tempfile.gettempdir())
    return _SpawnContext() if sys.platform == "win32" else _ServerContext()


def start_server() -> None:
    """Start the server, without waiting for it, when workers will be wanted soon."""
    if sys.platform != "win32":
        worker_context()
        scratch.take_sockets_in()
        forkserver.set_forkserver_preload([_AHEAD])
        # It lets signals through when it has started something, so it comes first.
        resource_tracker.ensure_running()
        # What is started inherits this, and so do the workers.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_workers(pool: Pool) -> None:
    """Start the workers of a pool. A Ctrl+C while that goes on leaves none of them half started.

    Signals are handled between any two steps of the main thread, and of that one only.
    """
    thread = threading.Thread(target=lambda: pool.active, name="start-workers")
    thread.start()
    thread.join()
