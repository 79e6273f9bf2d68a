"""The door to the workers that look into files: long-lived processes with limits, ended when nobody waits any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from runfolio.readers.parse import Parsed
from runfolio.readers.pool import Cancellable, Limits, ParsePool

P = ParamSpec("P")
R = TypeVar("R")

MEMORY = 2 << 30
SECONDS = 20.0


class PreviewBench:
    """Two workers, started when they are first needed: a search does not keep a picture waiting."""

    def __init__(self, memory_bytes: int = MEMORY, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._pool: ParsePool[list[Parsed]] = ParsePool(list[Parsed], Limits(2, memory_bytes, seconds))

    def close(self) -> None:
        """End the workers."""
        self._pool.stop()

    def call(self, cancel: Cancellable | None, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What a function of a module returns in a worker.

        Raises what it raises; LimitReached past the limits, FolderUnreadable when the worker crashed; Cancelled, and
        the worker is ended.
        """
        return self._pool.call_until(cancel, self.seconds, function, *args, **kwargs)
