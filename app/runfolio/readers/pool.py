"""Worker processes that parse claimed folders, so that a crash, a hang or a bomb costs one folder only.

Workers live long and take batches of folders. A batch that does not come back (the process died, ran out of time
or memory) is tried again one folder at a time, which finds the culprit and saves its neighbours.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import storable
from runfolio.processes import worker_context
from runfolio.readers.contract import Claim, error
from runfolio.readers.folder import Folder
from runfolio.readers.parse import Parsed, parse_all, seen

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("runfolio.readers")
_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use.

    workers        processes; 0 means one for each core, at most 4.
    memory_bytes   writable memory of one worker (RLIMIT_DATA; not enforced where the system has no such limit).
    folder_s       seconds for one folder; a batch gets the sum, within reason.
    """

    workers: int = 0
    memory_bytes: int = 6 << 30
    folder_s: float = 120.0


class ParsePool(Generic[T]):
    """Long-lived parsers. Use as a context manager; leaving it stops the workers.

    pack   makes of a batch what comes back; called in the worker, so it has to be a function of a module.
    """

    def __init__(self, pack: Callable[[list[Parsed]], T], limits: Limits | None = None) -> None:
        self._pack = pack
        self.limits = limits or Limits()
        self.workers = self.limits.workers or min(4, os.cpu_count() or 1)
        self._pool = ProcessPool(
            max_workers=self.workers,
            initializer=_prepare,
            initargs=(self.limits.memory_bytes,),
            context=worker_context(),
        )

    def __enter__(self) -> ParsePool[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the workers now, whatever they are doing; they hold nothing that could be lost."""
        self._pool.stop()
        self._pool.join()

    def warm_up(self) -> None:
        """Start a worker before there is work, so that the first folder does not wait for its imports."""
        self._pool.schedule(_nothing)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What a function of a module returns in a worker; it may take as long as one folder.

        Raises what it raises, LimitReached when it takes too much time or memory, FolderUnreadable when it crashes.
        """
        seconds = self.limits.folder_s + _GRACE_S
        future: ProcessFuture[R] = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=seconds)
        try:
            return future.result()
        except FutureTimeout as failure:
            raise LimitReached(f"Reading took longer than {seconds:.0f} s and was stopped") from failure
        except MemoryError as failure:
            raise LimitReached("Reading this folder needs more memory than one folder may take") from failure
        except ProcessExpired as failure:
            raise FolderUnreadable(f"The process that read this folder ended early ({failure})") from failure

    def parse(self, root: Path, claims: Iterable[Claim], batch: int = 64) -> Iterator[tuple[list[Claim], T]]:
        """Packed batches in the order of `claims`, while later batches are being read.

        The first batches are small, so that the first rows come soon. At most two batches for each worker are
        under way, which bounds the memory whatever the number of folders.
        """
        waiting: list[tuple[list[Claim], ProcessFuture[bytes]]] = []
        try:
            for group in _groups(claims, batch):
                waiting.append((group, self._submit(root, group)))
                if len(waiting) > 2 * self.workers:
                    yield from self._result(root, *waiting.pop(0))
            while waiting:
                yield from self._result(root, *waiting.pop(0))
        finally:
            for _, future in waiting:
                future.cancel()

    def _submit(self, root: Path, group: list[Claim]) -> ProcessFuture[bytes]:
        # A batch may take as long as its slowest folders may, but never so long that a hang goes unnoticed.
        # The reader keeps the same time itself, and hands over what it has by then: that takes a moment.
        seconds = self.limits.folder_s * min(len(group), 4) + _GRACE_S
        return self._pool.schedule(
            _parse_batch, args=(str(root), group, self.limits.folder_s, self._pack), timeout=seconds
        )

    def _result(self, root: Path, group: list[Claim], future: ProcessFuture[bytes]) -> Iterator[tuple[list[Claim], T]]:
        try:
            packed: T = pickle.loads(future.result())  # noqa: S301 - made by our own worker a moment ago
        except Exception as failure:  # noqa: BLE001 - whatever a worker ends with, it may cost one folder only
            if len(group) == 1:
                if not isinstance(failure, FutureTimeout | ProcessExpired | MemoryError):
                    _log.exception("reading %s failed", storable(group[0].path))
                yield group, self._pack([_lost(root, group[0], failure, self.limits)])
                return
            for claim in group:
                yield from self._result(root, [claim], self._submit(root, [claim]))
        else:
            yield group, packed


def _lost(root: Path, claim: Claim, failure: BaseException, limits: Limits) -> Parsed:
    if isinstance(failure, FutureTimeout):
        message = f"Reading took longer than {limits.folder_s:.0f} s and was stopped"
        code, hint = "too-slow", "Raise the time limit in the settings, or open the folder by itself."
    elif isinstance(failure, MemoryError):
        message = "Reading this folder needs more memory than one folder may take"
        code, hint = "out-of-memory", "Raise the memory limit in the settings."
    else:
        message = f"The process that read this folder ended early ({failure})"
        code, hint = "reader-crashed", "The other folders are not affected. The log has the details."
    mark = seen(Folder(root, claim.path), claim)
    return Parsed(claim, (), (error(code, storable(claim.path), message, hint),), True, mark)


def _groups(claims: Iterable[Claim], largest: int) -> Iterator[list[Claim]]:
    group: list[Claim] = []
    size = 4
    for claim in claims:
        group.append(claim)
        if len(group) >= size:
            yield group
            group, size = [], min(largest, size * 2)
    if group:
        yield group


def _prepare(memory_bytes: int) -> None:
    # What was imported stays, and what readers make has next to no cycles: looking for some took an eighth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    # Polars would start a thread for each core in each worker; the workers are the parallelism.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    try:
        import resource
    except ImportError:  # no such limits on Windows; the time limit still holds
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _parse_batch(root: str, group: list[Claim], folder_s: float, pack: Callable[[list[Parsed]], T]) -> bytes:
    packed = pack(parse_all(Path(root), group, folder_s))
    # Pickled here, so that what cannot be pickled fails inside the worker with a traceback that says where.
    return pickle.dumps(packed, protocol=5)


def _nothing() -> None:
    return None
