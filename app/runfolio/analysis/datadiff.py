"""Compare two data files (CSV, TSV, Parquet): schema, rows by key, and each column's distribution.

Data files are foreign, so they are parsed in a worker process with a limit on memory and time; what comes back are
frozen values.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pebble import ProcessExpired, ProcessPool

from runfolio import scratch
from runfolio.analysis.datachange import DataDiff as DataDiff
from runfolio.analysis.datafile import check_file
from runfolio.analysis.dataworker import Request, compare, limit_memory
from runfolio.errors import Cancelled, FolderUnreadable, LimitReached
from runfolio.processes import start_workers, worker_context

_LOOK_S = 0.05


class Cancellable(Protocol):
    """What can be asked whether to stop, such as `api.CancelToken`."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        ...


@dataclass(frozen=True, slots=True)
class DataLimits:
    """What a comparison may use: writable memory of the worker (more is spilled to disk), and seconds."""

    memory_bytes: int = 4 << 30
    seconds: float = 900.0


def data_diff(
    before: str | Path,
    after: str | Path,
    key: Sequence[str] = (),
    cancel: Cancellable | None = None,
    limits: DataLimits | None = None,
) -> DataDiff:
    """Compare two data files.

    key      columns that say which rows belong together; looked for when empty.
    cancel   asked some twenty times a second; the worker is then ended.
    Raises   FolderUnreadable for a file that is missing, empty or cannot be understood; UsageError for a file of
             another kind or a key that is not there or not unique; LimitReached past the limits; Cancelled.
    """
    limits = limits or DataLimits()
    paths = [Path(p).expanduser().absolute() for p in (before, after)]
    for path in paths:
        check_file(path)
    # Made here and not by the worker, which may be ended before it can tidy up.
    with scratch.fresh("data-") as private:
        request = Request(str(paths[0]), str(paths[1]), tuple(key), limits.memory_bytes, private)
        return _in_a_worker(request, limits, cancel)


def _in_a_worker(request: Request, limits: DataLimits, cancel: Cancellable | None) -> DataDiff:
    pool = ProcessPool(
        max_workers=1,
        initializer=limit_memory,
        initargs=(limits.memory_bytes,),
        context=worker_context(),
    )
    try:
        start_workers(pool)
        future = pool.schedule(compare, args=(request,), timeout=limits.seconds)
        while not wait([future], timeout=_LOOK_S).done:
            if cancel is not None and cancel.cancelled:
                raise Cancelled
        return future.result()
    except FutureTimeout as error:
        raise LimitReached(
            f"Comparing these files takes longer than {limits.seconds:.0f} s", hint="Raise the time limit."
        ) from error
    except MemoryError as error:
        raise LimitReached(
            f"Comparing these files needs more than the {limits.memory_bytes >> 20:,} MiB it may take",
            hint="Raise the memory limit, or compare parts of the files.",
        ) from error
    except ProcessExpired as error:
        raise FolderUnreadable(
            f"The process that compared the files ended early ({error})",
            hint=f"One of them may be damaged, or need more than the {limits.memory_bytes >> 20:,} MiB there are.",
            where=request.after,
        ) from error
    finally:
        pool.stop()
        pool.join()
