"""Reads one claimed folder into recordings and problems; whatever goes wrong stays with that folder.

This is what runs inside a worker process. It is also the last line of defence: an exception that a reader did not
expect is a bug, but the user's other folders must not pay for it, so it becomes a Problem that names the reader.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
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

_log = logging.getLogger("runfolio.readers")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came out of one claimed folder.

    failed        nothing could be made of it.
    fingerprint   what the folder looked like before it was read; "" when that could not be seen.
    settled       the same by `settled_mark`, when all runs in it have ended and it is one that then settles; else "".
    """

    claim: Claim
    recordings: tuple[Recording, ...]
    problems: tuple[Problem, ...]
    failed: bool
    fingerprint: str = ""
    settled: str = ""


def parse(root: Path, claim: Claim, budget: Budget, folder: Folder | None = None) -> Parsed:
    """Everything that the claiming reader finds in the folder. Never raises for what a folder holds.

    folder   what stands in for the claimed folder, see `tail`.
    """
    whole = Folder(root, claim.path)
    folder = folder or whole
    # Before reading: what changes while it is read is then read again the next time.
    mark = _Mark.of(root, whole, claim)
    pieces: list[Recording | Problem] = []
    try:
        # One by one: what came before a failure is kept.
        for piece in reader_named(claim.reader).read(folder, claim, budget):
            pieces.append(_with_own_datasets(piece, claim, folder, budget))
    except RunfolioError as failure:
        return _parsed(claim, mark, pieces, problem_from(failure, "folder-unreadable", folder.shown, Severity.ERROR))
    except MemoryError:
        said = error(
            "out-of-memory",
            folder.shown,
            "Reading this folder needs more memory than one folder may take",
            "Raise the limit in the settings, or open the folder by itself.",
        )
        return _parsed(claim, mark, pieces, said)
    except Exception as bug:  # noqa: BLE001 - see the module's docstring: a bug may cost one folder, not the import
        _log.exception("reader %s failed on %s", claim.reader, folder.shown)
        said = error(
            "reader-failed",
            folder.shown,
            f"The {claim.reader} reader stopped: {type(bug).__name__}: {bug}",
            "This is a mistake in Runfolio; the log has the details. Other folders are not affected.",
        )
        return _parsed(claim, mark, pieces, said)
    return _parsed(claim, mark, pieces)


def parse_all(root: Path, claims: Sequence[Claim], folder_s: float) -> list[Parsed]:
    """Each of some claimed folders, in their order; `folder_s` seconds are allowed for each."""
    found: list[Parsed] = []
    for name, group in groupby(claims, key=lambda claim: claim.reader):
        same = [*group]
        reader = reader_named(name)
        if isinstance(reader, BatchReader) and len(same) > 1:
            found += _parse_together(reader, root, same, folder_s)
        else:
            found += [parse(root, claim, Budget(seconds=folder_s)) for claim in same]
    return found


def _parse_together(reader: BatchReader, root: Path, claims: Sequence[Claim], folder_s: float) -> list[Parsed]:
    work = [Work(Folder(root, claim.path), claim, Budget(seconds=folder_s)) for claim in claims]
    marks = [_Mark.of(root, w.folder, w.claim) for w in work]
    try:
        results = [_whole(result, w) for w, result in zip(work, reader.read_batch(work), strict=True)]
    except Exception:  # noqa: BLE001 - one by one, the folder that this is about shows, and only it is lost
        _log.exception("reading %d folders together failed", len(claims))
        return [parse(root, claim, Budget(seconds=folder_s)) for claim in claims]
    return [
        _parsed(w.claim, mark, [], problem_from(result, "folder-unreadable", w.folder.shown, Severity.ERROR))
        if isinstance(result, RunfolioError)
        else _parsed(w.claim, mark, result)
        for w, mark, result in zip(work, marks, results, strict=True)
    ]


def _whole(result: list[Recording | Problem] | RunfolioError, work: Work) -> list[Recording | Problem] | RunfolioError:
    if isinstance(result, RunfolioError) or work.claim.reader not in USERS_OWN:
        return result
    try:
        return [_with_own_datasets(piece, work.claim, work.folder, work.budget) for piece in result]
    except RunfolioError as failure:
        return failure


def _with_own_datasets(piece: Recording | Problem, claim: Claim, folder: Folder, budget: Budget) -> Recording | Problem:
    """A recording of the claimed folder itself with the data sets that the user's script left in there."""
    own = isinstance(piece, Recording) and claim.reader in USERS_OWN and piece.path == folder.shown
    return with_datasets(piece, folder, budget) if own and isinstance(piece, Recording) else piece


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a folder looked like: file by file, and by the times of its folders where that may do."""

    files: str
    folders: str

    @classmethod
    def of(cls, root: Path, folder: Folder, claim: Claim) -> _Mark:
        folders = settled_mark(root, claim.path) if claim.settles else ""
        return cls(seen(folder, claim), folders)


def _parsed(claim: Claim, mark: _Mark, pieces: Sequence[Recording | Problem], failure: Problem | None = None) -> Parsed:
    recordings = tuple(masked(piece) for piece in pieces if isinstance(piece, Recording))
    problems = [mask_problem(piece) for piece in pieces if isinstance(piece, Problem)]
    if failure is not None:
        problems.append(mask_problem(failure))
    failed = failure is not None and not recordings
    settled = mark.folders if failure is None and recordings and all(map(_has_ended, recordings)) else ""
    return Parsed(claim, recordings, tuple(problems), failed, mark.files, settled)


def _has_ended(recording: Recording) -> bool:
    return recording.ended_us is not None and recording.status not in (RunStatus.RUNNING, RunStatus.UNKNOWN)


def seen(folder: Folder, claim: Claim) -> str:
    """The claimed folder's fingerprint; "" when it cannot be listed."""
    try:
        return fingerprint(folder, claim)
    except FolderUnreadable:
        return ""
