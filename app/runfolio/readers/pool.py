"""Worker processes that parse claimed folders, so that a crash, a hang or a bomb costs one folder only.

Workers live long and take batches of folders. A batch that does not come back (the process died, ran out of time
or memory) is tried again one folder at a time, which finds the culprit and saves its neighbours.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Generic, ParamSpec, Protocol, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from runfolio import scratch
from runfolio.errors import Cancelled, FolderUnreadable, LimitReached
from runfolio.model.display import storable
from runfolio.processes import start_workers, worker_context
from runfolio.readers.contract import Claim, error
from runfolio.readers.folder import Folder
from runfolio.readers.parse import ROWS_AT_ONCE, Parsed, parse_all, seen
from runfolio.readers.spool import Spool

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("runfolio.readers")
_GRACE_S = 10.0
_LOOK_S = 0.1
"""How often it is looked whether a part has come."""
_CANCEL_LOOK_S, _CANCEL_GRACE_S = 0.03, 0.4
_PIPED_BYTES = 1 << 18
"""Larger parts come through a file: a pipe takes 64 kB at a time, and for each of them both processes have to wake."""
_FEW_FILES = 8
_USUAL_BYTES, _MOST_TIMES = 64 << 20, 15.0
"""A folder of some large files may take the time of one folder for so many bytes each, up to so many times."""


class Cancellable(Protocol):
    """What can be asked whether to stop, such as `api.CancelToken`."""

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use.

    workers        processes; 0 means one for each core, at most 4.
    memory_bytes   writable memory of one worker (RLIMIT_DATA; not enforced where the system has no such limit).
    folder_s       seconds for one folder, more for one with large files; a batch gets the sum, within reason.
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
        self._place = scratch.fresh("parts-")
        self._spools = count()
        self._dropped: list[Spool] = []
        self._has_started = False
        self._ending = threading.Event()
        self._pool = ProcessPool(
            max_workers=self.workers,
            initializer=_prepare,
            initargs=(self.limits.memory_bytes, pack.__module__),
            context=worker_context(),
        )

    def __enter__(self) -> ParsePool[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def end(self) -> None:
        """Let all that waits for a worker raise Cancelled; for another thread, before `stop`."""
        self._ending.set()

    def stop(self) -> None:
        """End the workers now, whatever they are doing; they hold nothing that could be lost."""
        self.end()
        self._pool.stop()
        self._pool.join()
        self._place.cleanup()

    @property
    def parts_folder(self) -> Path:
        """Where workers leave what comes in parts until it is taken from there, and what they need for a while."""
        return Path(self._place.name)

    def warm_up(self) -> None:
        """Start the workers before there is work, so that the first folders do not wait for their imports."""
        self._start()
        self._pool.schedule(_nothing)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What a function of a module returns in a worker; it may take as long as one folder.

        Raises what it raises, LimitReached when it takes too much time or memory, FolderUnreadable when it crashes,
        and Cancelled after `end`.
        """
        return self.call_until(None, self.limits.folder_s + _GRACE_S, function, *args, **kwargs)

    def call_until(
        self,
        cancel: Cancellable | None,
        seconds: float,
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """The same within so many seconds. Raises Cancelled when somebody asked to stop; the worker is ended then."""
        spool = self._spool()
        future: ProcessFuture[R] = self._pool.schedule(
            _call, args=(spool.scratch, function, *args), kwargs=kwargs, timeout=seconds
        )
        try:
            while not wait([future], timeout=_LOOK_S if cancel is None else _CANCEL_LOOK_S).done:
                self._go_on()
                if cancel is not None and cancel.cancelled:
                    # Most end by themselves in that time, and a worker that lives on has its imports.
                    if not wait([future], timeout=_CANCEL_GRACE_S).done:
                        future.cancel()
                    raise Cancelled
            return future.result()
        except FutureTimeout as failure:
            raise LimitReached(f"Reading took longer than {seconds:.0f} s and was stopped") from failure
        except MemoryError as failure:
            raise LimitReached("Reading this folder needs more memory than one folder may take") from failure
        except ProcessExpired as failure:
            raise FolderUnreadable(f"The process that read this folder ended early ({failure})") from failure
        finally:
            self._give_up(future, spool)

    def _go_on(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        if self._ending.is_set() or cancelled():
            raise Cancelled

    def _give_up(self, future: ProcessFuture[R], spool: Spool) -> None:
        """Stop the worker where it is not done, and delete what it left."""
        if future.cancel():
            self._dropped.append(spool)
        spool.drop()

    def _start(self) -> None:
        if not self._has_started:
            start_workers(self._pool)
            self._has_started = True

    def _spool(self) -> Spool:
        """Where the next that workers are given lies; starts them when it is the first."""
        self._start()
        # Their workers may have written for a moment more.
        while self._dropped:
            self._dropped.pop().drop()
        return Spool(self.parts_folder / str(next(self._spools)))

    def parse(
        self,
        root: Path,
        claims: Iterable[Claim],
        batch: int = 64,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[list[Claim], T]]:
        """Packed batches in the order of `claims`, while later batches are being read.

        The first batches are small, so that the first rows come soon. At most four batches for each worker are under
        way, which is enough to do while rows are written. What holds much comes in parts, each with the claims that it
        completes. That bounds the memory whatever the number of folders and whatever they hold. When a worker dies
        that was reading a folder it begins once more (`Parsed.is_first`), and what came of it before is void.

        cancelled   asked ten times a second while a worker is waited for; then, and after `end`, it raises Cancelled.
        """
        waiting: list[_Batch] = []
        try:
            for group in _groups(claims, batch):
                waiting.append(self._submit(root, group))
                if len(waiting) >= 4 * self.workers:
                    yield from self._result(root, waiting.pop(0), cancelled)
            while waiting:
                yield from self._result(root, waiting.pop(0), cancelled)
        finally:
            for submitted in waiting:
                self._give_up(submitted.future, submitted.spool)

    def _submit(self, root: Path, group: list[Claim]) -> _Batch:
        # A batch may take as long as its slowest folders may, but never so long that a hang goes unnoticed.
        # The reader keeps the same time itself, and hands over what it has by then: that takes a moment.
        allowed = [self.limits.folder_s * _largeness(root, claim) for claim in group]
        seconds = sum(sorted(allowed)[-4:]) + _GRACE_S
        spool = self._spool()
        future: ProcessFuture[bytes] = self._pool.schedule(
            _parse_batch, args=(str(root), group, allowed, self._pack, spool), timeout=seconds
        )
        return _Batch(group, future, spool)

    def _result(self, root: Path, submitted: _Batch, cancelled: Callable[[], bool]) -> Iterator[tuple[list[Claim], T]]:
        left = submitted.claims
        has_begun = False
        parts: Iterator[tuple[int, T]] = submitted.parts(lambda: self._go_on(cancelled))
        try:
            for completed, packed in parts:
                yield left[:completed], packed
                left = left[completed:]
                has_begun = True
        except _NotRead as not_read:
            failure = not_read.failure
            if len(submitted.claims) == 1:
                claim = submitted.claims[0]
                if not isinstance(failure, FutureTimeout | ProcessExpired | MemoryError):
                    _log.error("reading %s failed", storable(claim.path), exc_info=failure)
                lost = _lost(root, claim, failure, self.limits)
                # What came before is kept, as it is when a reader fails.
                yield [claim], self._pack([replace(lost, failed=not has_begun, is_first=not has_begun)])
                return
            for claim in left:
                yield from self._result(root, self._submit(root, [claim]), cancelled)
        finally:
            # Also when whoever takes the parts has enough of them.
            self._give_up(submitted.future, submitted.spool)


class _NotRead(Exception):
    """A batch did not come back."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Batch:
    """Folders that are being read, and where the parts of it come that are read before all of it is."""

    claims: list[Claim]
    future: ProcessFuture[bytes]
    spool: Spool

    def parts(self, go_on: Callable[[], None]) -> Iterator[tuple[int, T]]:
        """How many folders each part completes, and what it holds. Raises _NotRead when some are missing.

        go_on   called while they are waited for; what it raises ends that.
        """
        start = 0
        is_done = False
        while not is_done:
            go_on()
            is_done = bool(wait([self.future], timeout=_LOOK_S).done)
            for part, end in self.spool.parts(start):
                yield pickle.loads(part)  # noqa: S301 - made by our own worker a moment ago
                start = end
        try:
            rest = self.future.result()
            last: list[tuple[int, T]] = [pickle.loads(rest)] if rest else []  # noqa: S301 - as above
        except Exception as failure:
            raise _NotRead(failure) from failure
        yield from last


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


def _prepare(memory_bytes: int, module: str) -> None:
    # Polars would start a thread for each core in each worker; the workers are the parallelism.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # What packs is imported now, and not when the first folder waits for it. Looking for cycles meanwhile would
    # take a quarter of the time, and modules are no garbage.
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


def _largeness(root: Path, claim: Claim) -> float:
    """How many times the usual time a folder may take, by the size of its files where these are few; at least 1."""
    if len(claim.files) > _FEW_FILES:
        return 1.0
    size = 0
    for name in claim.files:
        try:
            facts = os.lstat(root / claim.path / name)
        except OSError:
            continue  # the reader will tell
        # What lies on the disk: a file of nothing but holes is no reason to wait.
        size += min(facts.st_size, getattr(facts, "st_blocks", facts.st_size) * 512)
    return min(max(1.0, size / _USUAL_BYTES), _MOST_TIMES)


def _parse_batch(
    root: str, group: list[Claim], seconds: list[float], pack: Callable[[list[Parsed]], T], spool: Spool
) -> bytes:
    """The last part, as `_Batch.parts` has them; those before it go to the spool, and it too (b"" then) when large."""
    scratch.lend(spool.scratch)
    some: list[Parsed] = []
    rows, has_room = 0, True
    for parsed in parse_all(Path(root), group, seconds):
        if rows > ROWS_AT_ONCE and has_room:
            part = _packed(some, pack)
            try:
                spool.put(part)
            except OSError:
                has_room = False  # then all comes at once, which takes memory instead
                _log.warning("there is no room for parts in %s", spool.path, exc_info=True)
            else:
                some, rows = [], 0
        some.append(parsed)
        rows += parsed.rows
    last = _packed(some, pack)
    if len(last) <= _PIPED_BYTES or not has_room:
        return last
    try:
        spool.put(last)
    except OSError:
        return last
    return b""


def _call(place: Path, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    scratch.lend(place)
    return function(*args, **kwargs)


def _nothing() -> None:
    return None


def _packed(some: list[Parsed], pack: Callable[[list[Parsed]], T]) -> bytes:
    # Pickled here, so that what cannot be pickled fails inside the worker with a traceback that says where.
    return pickle.dumps((sum(parsed.is_last for parsed in some), pack(some)), protocol=5)
