"""Reads one claimed folder into recordings and problems; whatever goes wrong stays with that folder.

This is what runs inside a worker process. It is also the last line of defence: an exception that a reader did not
expect is a bug, but the user's other folders must not pay for it, so it becomes a Problem that names the reader.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import BatchReader, Budget, Claim, Work, error, problem_from
from runfolio.readers.fingerprint import fingerprint, settled_mark
from runfolio.readers.folder import Folder
from runfolio.readers.hf_datasets import USERS_OWN, with_datasets
from runfolio.readers.masking import mask_problem, masked
from runfolio.readers.registry import reader_named
from runfolio.readers.sights import NOTHING, Beside, beside
from runfolio.readers.trace import Trace

_log = logging.getLogger("runfolio.readers")

ROWS_AT_ONCE = 500_000
"""Points that lie in memory together before they are handed over."""

_LESS = 8
"""By how much smaller a file has to be that is read in the memory where larger ones were too much."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came out of one claimed folder.

    failed        nothing could be made of it.
    fingerprint   what the folder looked like before it was read, file by file; "" when that could not be seen, and
                  "settled" when `settled` is enough.
    settled       the same by `settled_mark`, when all runs in it have ended and it is one that then settles; else "".
    beside        what else was looked at.
    is_first, is_last   whether nothing of the folder came before or comes after this: a folder may hold more runs than
                  should lie in memory. What is said of the folder as a whole comes with the last part.
    """

    claim: Claim
    recordings: tuple[Recording, ...]
    problems: tuple[Problem, ...]
    failed: bool
    fingerprint: str = ""
    settled: str = ""
    is_first: bool = True
    is_last: bool = True
    beside: Beside = NOTHING

    @property
    def rows(self) -> int:
        """How much it holds: points, and all else at a guess."""
        return sum(map(_rows, self.recordings))


def parse(root: Path, claim: Claim, budget: Budget, folder: Folder | None = None) -> Parsed:
    """Everything that the claiming reader finds in the folder. Never raises for what a folder holds.

    folder   what stands in for the claimed folder, see `tail`.
    """
    (whole,) = parse_parts(root, claim, budget, folder, rows_at_once=None)
    return whole


def parse_parts(
    root: Path, claim: Claim, budget: Budget, folder: Folder | None = None, *, rows_at_once: int | None = ROWS_AT_ONCE
) -> Iterator[Parsed]:
    """The same in parts of about `rows_at_once` rows; one part when that is None."""
    trace = Trace()
    whole = Folder(root, claim.path, trace=trace)
    # Before reading: what changes while it is read is then read again the next time.
    parts = _Parts(claim, _Mark.of(whole, claim, read_here=folder is None))
    trace.begin()
    if folder is None:
        folder = whole
    else:
        folder.trace = trace
    failure: Problem | None = None
    try:
        # One by one: what came before a failure is kept.
        for piece in _pieces_read(folder, claim, budget):
            parts.add(_with_own_datasets(piece, claim, folder, budget))
            if rows_at_once is not None and parts.rows > rows_at_once:
                yield parts.some()
    except RunfolioError as error_:
        failure = problem_from(error_, "folder-unreadable", folder.shown, Severity.ERROR)
    except MemoryError:
        failure = error(
            "out-of-memory",
            folder.shown,
            "Reading this folder needs more memory than one folder may take",
            "Raise the limit in the settings, or open the folder by itself.",
        )
    except Exception as bug:  # noqa: BLE001 - see the module's docstring: a bug may cost one folder, not the import
        _log.exception("reader %s failed on %s", claim.reader, folder.shown)
        failure = error(
            "reader-failed",
            folder.shown,
            f"The {claim.reader} reader stopped: {type(bug).__name__}: {bug}",
            "This is a mistake in Runfolio; the log has the details. Other folders are not affected.",
        )
    yield parts.last(failure)


def _pieces_read(folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
    """What the reader gives; where memory ends before its first, once more without the folder's largest files."""
    reader = reader_named(claim.reader)
    has_begun = False
    try:
        for piece in reader.read(folder, claim, budget):
            has_begun = True
            yield piece
    except MemoryError:
        if has_begun:
            raise
    else:
        return
    yield from reader.read(folder, claim, replace(budget, metric_bytes=budget.metric_bytes // _LESS))


def parse_all(root: Path, claims: Sequence[Claim], seconds: Sequence[float]) -> Iterator[Parsed]:
    """Each of some claimed folders, in their order, one that holds much in parts; `seconds` are allowed for each."""
    allowed = zip(claims, seconds, strict=True)
    for name, group in groupby(allowed, key=lambda pair: pair[0].reader):
        same = [*group]
        reader = reader_named(name)
        done = 0
        if isinstance(reader, BatchReader) and len(same) > 1:
            for parsed in _parse_together(reader, root, same):
                yield parsed
                done += 1
        for claim, allowed_s in same[done:]:
            yield from parse_parts(root, claim, Budget(seconds=allowed_s))


def _parse_together(reader: BatchReader, root: Path, claims: Sequence[tuple[Claim, float]]) -> Iterator[Parsed]:
    """What becomes of the folders, in their order, up to one that makes the reader fail."""
    top = Folder(root)
    with top.held():
        # Each with a trace of its own: what one of them looked at is nothing to the others.
        work = [Work(top.apart(c.path, Trace()), c, Budget(seconds=allowed_s)) for c, allowed_s in claims]
        parts = [_Parts(w.claim, _Mark.of(w.folder, w.claim)) for w in work]
        for w in work:
            if w.folder.trace is not None:
                w.folder.trace.begin()
        try:
            for w, part, result in zip(work, parts, reader.read_batch(work), strict=True):
                failure: Problem | None = None
                try:
                    for piece in _pieces(result):
                        part.add(_with_own_datasets(piece, w.claim, w.folder, w.budget))
                except RunfolioError as error_:
                    failure = problem_from(error_, "folder-unreadable", w.folder.shown, Severity.ERROR)
                yield part.last(failure)
        except Exception:  # noqa: BLE001 - one by one, the folder that this is about shows, and only it is lost
            _log.exception("reading %d folders together failed", len(claims))


def _pieces(result: list[Recording | Problem] | RunfolioError) -> list[Recording | Problem]:
    if isinstance(result, RunfolioError):
        raise result
    return result


def _with_own_datasets(piece: Recording | Problem, claim: Claim, folder: Folder, budget: Budget) -> Recording | Problem:
    """A recording of the claimed folder itself with the data sets that the user's script left in there."""
    own = isinstance(piece, Recording) and claim.reader in USERS_OWN and piece.path == folder.shown
    return with_datasets(piece, folder, budget) if own and isinstance(piece, Recording) else piece


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a folder looked like before it was read: file by file (None: not yet known), and by its folders' times."""

    folder: Folder
    claim: Claim
    files: str | None
    folders: str

    @classmethod
    def of(cls, folder: Folder, claim: Claim, *, read_here: bool = True) -> _Mark:
        """`read_here`: it is this very object that the reader is given."""
        folders = settled_mark(folder.root, claim.path, claim.watch) if claim.settles else ""
        # Where the folders' times may do, files are looked at when they are opened anyway, which the listings note.
        return cls(folder, claim, None if folders and read_here else seen(folder, claim), folders)

    def of_files(self) -> str:
        """The fingerprint, when the folder has been read; "" when it may have changed before it is taken."""
        if self.files is None and self.folder.was_read_blindly:
            return ""
        return seen(self.folder, self.claim) if self.files is None else self.files

    def of_others(self) -> Beside:
        """What else was looked at, when the folder has been read."""
        return NOTHING if self.folder.trace is None else beside(self.folder.trace, self.claim)


class _Parts:
    """Gathers what is read of one claimed folder, and hands it over in parts."""

    def __init__(self, claim: Claim, mark: _Mark) -> None:
        self._claim = claim
        self._mark = mark
        self._pieces: list[Recording | Problem] = []
        self._is_first = True
        self._recordings = 0
        self._have_ended = True
        self.rows = 0

    def add(self, piece: Recording | Problem) -> None:
        """The next that the reader gave."""
        self._pieces.append(piece)
        if isinstance(piece, Recording):
            self.rows += _rows(piece)
            self._recordings += 1
            self._have_ended = self._have_ended and _has_ended(piece)

    def some(self) -> Parsed:
        """What was added since the part before, with more to come."""
        recordings, problems = self._taken()
        part = Parsed(self._claim, recordings, problems, False, is_first=self._is_first, is_last=False)
        self._is_first = False
        return part

    def last(self, failure: Problem | None = None) -> Parsed:
        """The rest. `failure` is what ended the reading."""
        recordings, problems = self._taken()
        if failure is not None:
            problems = (*problems, mask_problem(failure))
        failed = failure is not None and not self._recordings
        settled = self._mark.folders if failure is None and self._recordings and self._have_ended else ""
        # In this order: for the fingerprint all files are looked at.
        others = self._mark.of_others()
        looks = "settled" if settled else self._mark.of_files()
        return Parsed(self._claim, recordings, problems, failed, looks, settled, self._is_first, beside=others)

    def _taken(self) -> tuple[tuple[Recording, ...], tuple[Problem, ...]]:
        pieces, self._pieces, self.rows = self._pieces, [], 0
        recordings = tuple(masked(piece) for piece in pieces if isinstance(piece, Recording))
        return recordings, tuple(mask_problem(piece) for piece in pieces if isinstance(piece, Problem))


def _rows(recording: Recording) -> int:
    return sum(map(len, recording.metrics)) + 10 * len(recording.metrics) + len(recording.params) + 100


def _has_ended(recording: Recording) -> bool:
    return recording.ended_us is not None and recording.status not in (RunStatus.RUNNING, RunStatus.UNKNOWN)


def seen(folder: Folder, claim: Claim) -> str:
    """The claimed folder's fingerprint; "" when it cannot be listed."""
    try:
        return fingerprint(folder, claim)
    except FolderUnreadable:
        return ""
