"""What the worker processes of `pool` do: read a batch of folders, or call a function."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from runfolio import scratch
from runfolio.readers.contract import Claim
from runfolio.readers.parse import ROWS_AT_ONCE, Parsed, parse_all
from runfolio.readers.spool import Spool

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("runfolio.readers")
_PIPED_BYTES = 1 << 18
"""Larger parts come through a file: a pipe takes 64 kB at a time, and for each of them both processes have to wake."""


def prepare(memory_bytes: int, module: str) -> None:
    """What a worker does first: take its limits, and import what packs the rows."""
    # Polars would start a thread for each core in each worker; the workers are the parallelism.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # What packs is imported now, and not when the first folder waits for it. Looking for cycles meanwhile would take a
    # quarter of the time, and modules are no garbage.
    gc.disable()
    importlib.import_module(module)
    gc.enable()
    # What was imported stays, and what readers make has next to no cycles: looking for some took an eighth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        import resource
    except ImportError:  # no such limits on Windows; the time limit still holds
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def parse_batch(
    root: str, group: list[Claim], seconds: list[float], pack: Callable[[list[Parsed]], T], spool: Spool
) -> bytes:
    """The last part, as `_Batch.parts` has them; those before it go to the spool, and it too (b"" then) when large."""
    scratch.lend(spool.scratch)
    some: list[Parsed] = []
    rows, has_room = 0, True
    for parsed in parse_all(Path(root), group, seconds):
        if rows > ROWS_AT_ONCE and has_room:
            part = packed(some, pack)
            try:
                spool.put(part)
            except OSError:
                has_room = False  # then all comes at once, which takes memory instead
                _log.warning("there is no room for parts in %s", spool.path, exc_info=True)
            else:
                some, rows = [], 0
        some.append(parsed)
        rows += parsed.rows
    last = packed(some, pack)
    if len(last) <= _PIPED_BYTES or not has_room:
        return last
    try:
        spool.put(last)
    except OSError:
        return last
    return b""


def call(place: Path, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function returns; `place` is where it may put what it does not hold in memory."""
    scratch.lend(place)
    return function(*args, **kwargs)


def nothing() -> None:
    """For a worker that is only to be there."""
    return


def packed(some: list[Parsed], pack: Callable[[list[Parsed]], T]) -> bytes:
    """How many folders are complete with these, and what `pack` makes of them."""
    # Pickled here, so that what cannot be pickled fails inside the worker with a traceback that says where.
    return pickle.dumps((sum(parsed.is_last for parsed in some), pack(some)), protocol=5)
