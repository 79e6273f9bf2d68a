"""A calculation in a worker process that can be ended at any time, with limits on memory and time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from pathlib import Path
from typing import Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from runfolio import scratch
from runfolio.analysis.dataworker import limit_memory
from runfolio.errors import Cancelled, LimitReached
from runfolio.processes import worker_context

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MEMORY_BYTES = 4 << 30
_LOOK_S = 0.05


class Cancellable(Protocol):
    """What can be asked whether to stop, such as `api.CancelToken`."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        ...


def in_a_worker(
    work: Callable[[Asked], Answer], asked: Asked, what: str, cancel: Cancellable | None, seconds: float
) -> Answer:
    """`work(asked)` in a process of its own.

    what    for errors: "Explaining the metric".
    cancel  asked some twenty times a second; the worker is then ended.
    Raises  LimitReached past the limits, also when the process was ended from outside; Cancelled; what `work` raises.
    """
    # What the worker puts on the disk goes when it has been ended, too.
    place = scratch.fresh("work-")
    begin = (MEMORY_BYTES, Path(place.name))
    pool = ProcessPool(max_workers=1, initializer=_begin, initargs=begin, context=worker_context())
    try:
        future = pool.schedule(work, args=(asked,), timeout=seconds)
        while not wait([future], timeout=_LOOK_S).done:
            if cancel is not None and cancel.cancelled:
                raise Cancelled
        found: Answer = future.result()
        return found
    except FutureTimeout as error:
        raise LimitReached(
            f"{what} takes longer than {seconds:.0f} s", hint="Filter, so that it is about less."
        ) from error
    except (MemoryError, ProcessExpired) as error:
        raise LimitReached(
            f"{what} needs more than the {MEMORY_BYTES >> 20:,} MiB it may take, or was ended from outside",
            hint="Filter, so that it is about less.",
        ) from error
    finally:
        pool.stop()
        pool.join()
        place.cleanup()


def _begin(memory_bytes: int, place: Path) -> None:
    limit_memory(memory_bytes)
    scratch.lend(place)
