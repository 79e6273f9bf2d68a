"""Follows the library while it is open: new and changed folders are found by looking, live ones every second.

A folder is *live* when it changed while it was watched, or was written to moments before a look found it new or
changed. A disk that comes back may have changed as a whole with nobody writing on it: only what is fresh is live there.
Live folders are looked at every round; the whole library as often as its size allows, so that looking takes a small
share of the time. What was added to append-only files is read from where it was left (see `readers.tail`). A folder at
rest for a minute is read once more as a whole, and is no longer live.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runfolio.errors import FolderUnreadable
from runfolio.index.database import Database
from runfolio.index.frames import Batch, joined
from runfolio.index.growth import Grown, add_points
from runfolio.index.pipeline import Indexer
from runfolio.model.display import storable
from runfolio.model.run import RunKey
from runfolio.readers.contract import Claim
from runfolio.readers.folder import Folder
from runfolio.readers.parse import seen
from runfolio.readers.tail import Marks

REST_S = 60.0
"""A live folder that does not change for so long is at rest."""
_FRESH_S = 120.0
"""A folder written to within this time before it was first read is live."""
_TOGETHER = 64
"""Folders that are read before what was read is written."""
_LOOK_SHARE = 30.0
_LOOK_LEAST_S, _LOOK_MOST_S = 5.0, 600.0
"""The library is looked through again after so many times the time that it took."""

Place = tuple[int, str, str]
"""Source, claimed folder, reader."""


@dataclass(slots=True)
class _Live:
    """A live folder. `marks` None until it has been read under watch; `fingerprint` of what was read last."""

    root: Path
    claim: Claim
    fingerprint: str
    changed_at: float
    marks: Marks | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did.

    grown     folders to which points were added; `read` those read as a whole.
    changed   whether anything in the index did.
    """

    grown: int = 0
    read: int = 0
    changed: bool = False


@dataclass(slots=True)
class _Tally:
    grown: int = 0
    read: int = 0
    gone: int = 0
    linking: bool = False


class Watcher:
    """Rounds of looking. `sources` is asked in each: folders may join and leave the library meanwhile."""

    def __init__(
        self,
        database: Database,
        indexer: Indexer,
        sources: Callable[[], Sequence[tuple[int, Path]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = database
        self._indexer = indexer
        self._sources = sources
        self._clock = clock
        self._live: dict[Place, _Live] = {}
        self._look_at = 0.0
        self._there: frozenset[int] = frozenset()

    def round(self, cancelled: Callable[[], bool] = lambda: False) -> Round:
        """Look once. Takes as long as what has changed takes to read."""
        tally = _Tally()
        sources = dict(self._sources())
        self._live = {place: live for place, live in self._live.items() if place[0] in sources}
        if self._clock() >= self._look_at:
            self._look(sources, tally, cancelled)
        changed = [place for place, live in [*self._live.items()] if self._has_changed(place, live, tally)]
        # Together, since each transaction costs as much as many folders; in parts, so as not to hold it all.
        for first in range(0, len(changed), _TOGETHER):
            if cancelled():
                break
            self._follow(changed[first : first + _TOGETHER], tally)
        if tally.linking:
            self._indexer.link()
        return Round(tally.grown, tally.read, bool(tally.grown or tally.read or tally.gone))

    def live_runs(self) -> frozenset[RunKey]:
        """The runs that live folders are recordings of."""
        found: set[RunKey] = set()
        for source, unit, reader in [*self._live]:
            rows = self._db.rows(
                """select r.key from recordings c join links l on l.recording = c.id join runs r on r.id = l.run
                   where c.source = ? and c.unit = ? and c.reader = ?""",
                [source, storable(unit), reader],
            )
            found.update(RunKey(str(row[0])) for row in rows)
        return frozenset(found)

    def _look(self, sources: dict[int, Path], tally: _Tally, cancelled: Callable[[], bool]) -> None:
        started = self._clock()

        def noticed(source: int, claim: Claim, fingerprint: str, *, known: bool) -> bool:
            root, place = sources[source], (source, claim.path, claim.reader)
            live = self._live.get(place)
            if live is not None:
                live.claim = claim  # other files may belong to it by now
                return False
            if (known and source in self._there) or _is_fresh(Folder(root, claim.path), claim):
                self._live[place] = _Live(root, claim, fingerprint, started)
            return True

        counts = self._indexer.run([*sources.items()], cancelled=cancelled, noticed=noticed)
        if not counts.cancelled:
            # Those that this look found: what changes on them until the next is changed by somebody.
            self._there = frozenset(cast(int, row[0]) for row in self._db.rows("select id from sources where present"))
        tally.read += counts.read
        tally.gone += counts.gone
        # Reading is no looking: after a round that read something the next look comes soon, and tells the true cost.
        took = 0.0 if counts.read else self._clock() - started
        self._look_at = self._clock() + min(_LOOK_MOST_S, max(_LOOK_LEAST_S, _LOOK_SHARE * took))

    def _has_changed(self, place: Place, live: _Live, tally: _Tally) -> bool:
        fingerprint = seen(Folder(live.root, live.claim.path), live.claim)
        now = self._clock()
        if not fingerprint:
            del self._live[place]  # gone; the next look through the library tells
            self._look_at = 0.0
            return False
        if fingerprint != live.fingerprint:
            return True
        if now - live.changed_at > REST_S:
            # Once more without a view of parts: what only shows in the whole is told now.
            del self._live[place]
            self._indexer.read_whole(place[0], live.root, live.claim)
            tally.read += 1
            tally.linking = True
        return False

    def _follow(self, places: Sequence[Place], tally: _Tally) -> None:
        """Read what changed in some folders, and write it."""
        ends: list[tuple[Place, Grown]] = []
        wholes: defaultdict[int, list[Batch]] = defaultdict(list)
        for place in places:
            live = self._live[place]
            # Taken before it is read: what is written meanwhile is seen as a change the next time.
            live.fingerprint = seen(Folder(live.root, live.claim.path), live.claim) or live.fingerprint
            live.changed_at = self._clock()
            grown = self._indexer.read_grown(live.root, live.claim, live.marks)
            if grown.whole:
                live.marks = grown.marks
                wholes[place[0]].append(grown.batch)
            else:
                ends.append((place, grown))
        fits = add_points(self._db, [(place[0], grown.batch) for place, grown in ends])
        for (place, grown), fit in zip(ends, fits, strict=True):
            live = self._live[place]
            if fit:
                tally.grown += 1
            else:
                grown = self._indexer.read_grown(live.root, live.claim, None)
                wholes[place[0]].append(grown.batch)
            live.marks = grown.marks
        for source, batches in wholes.items():
            self._indexer.put(source, joined(batches))
            tally.read += len(batches)
            tally.linking = True


def _is_fresh(folder: Folder, claim: Claim) -> bool:
    """Whether a file of the claim was written to moments ago, by the clock of this machine."""
    try:
        names = claim.files or frozenset(folder.files)
        newest = max((folder.files[n].mtime_ns for n in names if n in folder.files), default=0)
        if claim.deep:
            for name in folder.folders:
                newest = max([newest, *(entry.mtime_ns for entry in folder.sub(name).files.values())])
    except FolderUnreadable:
        return False
    return 0 <= time.time() - newest / 1e9 < _FRESH_S
