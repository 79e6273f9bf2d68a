"""One source while it is walked: which of its folders have to be read, and what of the index it no longer has."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runfolio.errors import Cancelled, FolderUnreadable
from runfolio.index.frames import Batch
from runfolio.model.answers import Progress
from runfolio.model.display import storable
from runfolio.model.problem import Problem, Severity
from runfolio.readers.contract import Claim, problem_from
from runfolio.readers.fingerprint import is_settled
from runfolio.readers.looks import Look
from runfolio.readers.scanner import LAYOUT_UNUSABLE, Memory, scan
from runfolio.readers.sights import Beside, Besides
from runfolio.readers.taught import Taught
from runfolio.readers.tree_mark import is_outside, tree_mark


@dataclass(slots=True)
class Counts:
    """What an index run did so far, in claimed folders."""

    read: int = 0
    unchanged: int = 0
    gone: int = 0
    cancelled: bool = False


class Noticed(Protocol):
    """Hears of a folder that is to be read; False when it is not to be read here.

    known   whether it has been read before and has changed; not when only something beside it has.
    """

    def __call__(self, source: int, claim: Claim, fingerprint: str, *, known: bool) -> bool: ...


@dataclass(slots=True)
class Walk:
    """One source being walked: what was seen, what the walk itself met, and which folders need no closer look.

    beside     what results hang on that fingerprints do not know, those that hang on other folders only.
    all_beside   gives the same for all results.
    looks      what earlier walks kept, `standing` the paths of those that still hold; `kept` is from this one.
    refused    paths of folders that have changed and are not to be read here.
    held       what was read and is not written yet.
    known      what is in the index: fingerprints of claimed folders by path and reader.
    taught     folders that were read by layouts of the user, where one of these cannot be used now: what the index has
               of them is kept, since it may be the one that they were read by.
    is_astray  whether claims may hang on folders that are not searched.
    begun_ns   when it began.
    """

    source: int
    root: Path
    noticed: Noticed | None = None
    seen: set[tuple[str, str]] = field(default_factory=set)
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    beside: Mapping[tuple[str, str], Beside] = field(default_factory=dict)
    all_beside: Callable[[], Mapping[tuple[str, str], Beside]] = dict
    looks: dict[str, Look] = field(default_factory=dict)
    kept: dict[str, Look] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    held: list[Batch] = field(default_factory=list)
    known: Mapping[tuple[str, str], str] = field(default_factory=dict)
    taught: set[str] = field(default_factory=set)
    is_astray: bool = False
    begun_ns: int = field(default_factory=time.time_ns)
    _stands: dict[str, bool] = field(default_factory=dict)
    _besides: Besides | None = None

    def is_beside_same(self, path: str, reader: str, *, elsewhere: bool = False) -> bool:
        """See `Besides.is_same`, of what was read of a folder."""
        was = (self.beside if elsewhere else self.all_beside()).get((storable(path), reader))
        if was is None:
            return True
        self._besides = self._besides or Besides(self.root)
        return self._besides.is_same(path, was, elsewhere=elsewhere)

    def keep_taught(self) -> None:
        """From now on what was read by layouts is kept."""
        self.taught = {path for path, reader in self.known if reader == Taught.name}

    def is_left_alone(self, path: str) -> bool:
        """Whether a folder, or one around it, is one of those."""
        if not self.taught:
            return False
        parts = path.split("/") if path else []
        return any("/".join(parts[:end]) in self.taught for end in range(len(parts) + 1))

    def is_gone(self, place: tuple[str, str]) -> bool:
        """Whether a place in the index was not found by the walk, and is no longer to be there."""
        path, reader = place
        kept = reader == Taught.name and path in self.taught and (self.root / path).is_dir()
        return place not in self.seen and not kept

    def trust(self, looks: Mapping[str, Look], known: Mapping[tuple[str, str], str]) -> None:
        """Take up what earlier walks kept, as far as what they found is in the index."""
        self.looks = {
            path: look for path, look in looks.items() if all(known.get((path, name)) for name in look.readers)
        }

    def take_up_settled(self, settled: dict[str, tuple[str, str]], beside: Mapping[tuple[str, str], Beside]) -> None:
        """Take up what is known of folders whose runs have ended."""
        self.settled, self.beside = settled, beside
        self._stands.clear()
        self._besides = None

    def stands(self, path: str) -> bool:
        """Whether a folder is one whose runs have ended, and that is as it was."""
        if not self.settled:
            return False
        if path not in self._stands:
            reader, mark = self.settled.get(storable(path), ("", ""))
            is_same = is_settled(self.root, path, mark) and self.is_beside_same(path, reader, elsewhere=True)
            self._stands[path] = is_same
        return self._stands[path]

    def mark(self, cancelled: Callable[[], bool], *, is_kept: bool) -> str:
        """See `tree_mark`; `is_kept` when it is to be kept, when all that was found is in the index."""

        def go_on() -> None:
            if cancelled():
                raise Cancelled

        if is_kept and (self.is_astray or self.refused or any(p.code == LAYOUT_UNUSABLE for p in self.problems)):
            return ""
        return tree_mark(self.root, self.stands if self.settled else None, go_on, self.begun_ns if is_kept else None)

    def claims(
        self,
        known: Mapping[tuple[str, str], str],
        counts: Counts,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Claim]:
        """Walk: claims on the folders that are new or differ from `known`, which is empty when all are to be read."""
        looked_at = 0

        def on_folder(path: str) -> None:
            nonlocal looked_at
            looked_at += 1
            if cancelled():
                raise Cancelled
            if looked_at % 64 == 1:
                on_progress(Progress("scan", counts.read, None, path))

        def stands(path: str) -> bool:
            if not self.stands(path):
                return False
            self.seen.add((storable(path), self.settled[storable(path)][0]))
            counts.unchanged += 1
            return True

        def opened(paths: Iterable[str] | None) -> None:
            self.is_astray = self.is_astray or paths is None or is_outside(paths)

        def unchanged(look: Look) -> None:
            self.standing.add(look.path)
            for reader in look.readers:
                self.seen.add((look.path, reader))
            counts.unchanged += len(look.readers)

        def keep(look: Look) -> None:
            self.kept[look.path] = look

        def is_all_same(look: Look) -> bool:
            return all(self.is_beside_same(look.path, reader, elsewhere=True) for reader in look.readers)

        try:
            for found in scan(self.root, on_folder, Memory(stands, self.looks, is_all_same, unchanged, keep, opened)):
                if isinstance(found, Problem):
                    self.problems.append(found)
                    if found.code == LAYOUT_UNUSABLE:
                        self.keep_taught()
                    continue
                place = (storable(found.claim.path), found.claim.reader)
                if place not in self.known and found.claim.reader != Taught.name and self.is_left_alone(place[0]):
                    self.refused.add(found.claim.path)
                    continue
                self.seen.add(place)
                # Of a new folder the worker tells what it looked like; looking here would list all of it twice.
                fingerprint = found.fingerprint if place in known or self.noticed is not None else ""
                is_same = place in known and known[place] == fingerprint
                if is_same and self.is_beside_same(found.claim.path, found.claim.reader):
                    counts.unchanged += 1
                    continue
                has_changed = place in known and not is_same
                if self.noticed is None or self.noticed(self.source, found.claim, fingerprint, known=has_changed):
                    yield found.claim
                else:
                    self.refused.add(found.claim.path)
        except FolderUnreadable as failure:
            self.problems.append(problem_from(failure, "folder-unreadable", "", Severity.ERROR))
            self.seen.update(known)


def missing_reason(root: Path, scanned_us: int | None) -> Problem | None:
    """Why a source cannot be walked now; None when it can.

    The place where a disk is mounted is an empty folder without it. So one with runs by the last walk (at `scanned_us`;
    None without any) counts as away when it is empty and was so before that walk: nobody has emptied it since.
    """
    hint = "Plug the disk in or mount it again; until then the last known state is shown."
    if not root.is_dir():
        return Problem(Severity.ERROR, "source-missing", "", "The folder is not there", hint)
    if scanned_us is not None and _is_empty_since(root, scanned_us):
        message = "The folder is empty, as one is where a disk is not mounted, and there were runs in it"
        return Problem(Severity.ERROR, "source-missing", "", message, hint)
    return None


def _is_empty_since(folder: Path, time_us: int) -> bool:
    try:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
        return is_empty and folder.stat().st_mtime_ns // 1000 < time_us
    except OSError:
        return False  # the walk tells why
