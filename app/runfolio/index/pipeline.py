"""From folders to index: scan, parse what is new or changed in worker processes, write, link.

Scanning, parsing and writing overlap, so the first rows are there while the walk goes on. Linking looks at all
recordings, so it is done after the first batch, then ever more rarely, and at the end.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from runfolio.errors import Cancelled, FolderUnreadable, LimitReached
from runfolio.index.database import Database
from runfolio.index.frames import Batch, joined, pack
from runfolio.index.growth import Grown, read_grown
from runfolio.index.links import gather
from runfolio.index.run_writer import extends, linkables, put_runs, series_values
from runfolio.index.walk import Counts, Noticed, Walk, missing_reason
from runfolio.index.writer import Writer
from runfolio.model.alignment import Alignment
from runfolio.model.answers import Progress
from runfolio.model.display import storable
from runfolio.model.links import NO_CHOICES, LinkChoices
from runfolio.model.origin import Place, Wanted
from runfolio.readers.contract import Claim
from runfolio.readers.places import find_place
from runfolio.readers.pool import Limits, ParsePool
from runfolio.readers.tail import Marks

_LINK_SHARE = 40.0
"""Linking again waits until this many times its last duration has passed."""

_PLACE_S = 60.0
"""For finding the place of a value in the files."""

_WRITE_S = 0.8
_MOST_SERIES, _MOST_POINTS = 20_000, 3_000_000
"""What comes within this time is written together, unless it grows beyond what should lie in memory."""


class Indexer:
    """Brings the index up to date with folders. One call of `run` at a time."""

    def __init__(
        self,
        database: Database,
        limits: Limits | None = None,
        choices: Callable[[], LinkChoices] = lambda: NO_CHOICES,
        alignments: Callable[[], Sequence[Alignment]] = tuple,
    ) -> None:
        """`choices` and `alignments` are asked each time runs are made of recordings."""
        self._db = database
        self._writer = Writer(database)
        self._limits = limits
        self._choices = choices
        self._alignments = alignments
        self._pool: ParsePool[Batch] | None = None
        self._starting = threading.Lock()
        self._ending = False
        self._written_at = 0.0
        self._linked_at = 0.0
        self._link_s = 0.0

    def end(self) -> None:
        """Let what reads or links now raise Cancelled soon; from another thread, before `close`."""
        with self._starting:
            self._ending = True
            if self._pool is not None:
                self._pool.end()

    def close(self) -> None:
        """Stop the worker processes."""
        if self._pool is not None:
            self._pool.stop()
            self._pool = None

    def _workers(self) -> ParsePool[Batch]:
        with self._starting:
            if self._ending:
                raise Cancelled
            if self._pool is None:
                self._pool = ParsePool(pack, self._limits)
            return self._pool

    def find_place(self, root: Path, unit: str, reader: str, file: str, wanted: Wanted) -> Place | None:
        """See `readers.places`; in a worker process, from any thread. Raises LimitReached."""
        return self._workers().call(find_place, root, unit, reader, file, wanted, _PLACE_S)

    def read_grown(self, root: Path, claim: Claim, marks: Marks | None) -> Grown:
        """What was added to a folder since `marks`, read by a worker process; see `growth`.

        A worker that does not come back is as for any folder: then all of it is read by the way that has every guard.
        """
        limits = self._limits or Limits()
        try:
            return self._workers().call(read_grown, root, claim, marks, limits.folder_s)
        except (LimitReached, FolderUnreadable):
            return Grown(self._read_one(root, claim), True, Marks())

    def put(self, source: int, batch: Batch) -> None:
        """Replace what is known of the claimed folders of a batch; linking is left to the caller."""
        self._writer.put_batch(source, batch)

    def read_whole(self, source: int, root: Path, claim: Claim) -> None:
        """Read one claimed folder again; linking is left to the caller."""
        self.put(source, self._read_one(root, claim))

    def _read_one(self, root: Path, claim: Claim) -> Batch:
        return joined([batch for _, batch in self._workers().parse(root, [claim])])

    def run(
        self,
        sources: Sequence[tuple[int, Path]],
        *,
        deep: bool = False,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        on_commit: Callable[[], None] = lambda: None,
        noticed: Noticed | None = None,
    ) -> Counts:
        """Read what is new or changed in the sources, forget what is gone, and link.

        deep        read everything again, changed or not.
        cancelled   asked between folders and while one is waited for; what was read until then stays.
        on_commit   called after each transaction that others may want to see.
        noticed     told of each folder that is new or has changed, before it is read.
        """
        counts = Counts()
        walk: Walk | None = None
        try:
            for source, root in sources:
                walk = Walk(source, root, noticed)
                self._run_source(walk, counts, deep, on_progress, cancelled, on_commit)
        except Cancelled:
            counts.cancelled = True
        if self._ending:
            return counts  # nobody waits for the rest, which the next round makes up for
        if counts.cancelled and walk is not None:
            self._put(walk, walk.held)
        on_progress(Progress("link", counts.read, counts.read, ""))
        if not self._is_linked():
            self._link()
        on_commit()
        return counts

    def link(self) -> None:
        """Make the runs of the recordings again, after folders were read."""
        self._link()

    def link_by_choices(self) -> None:
        """The same after the user's choices have changed, and nothing else."""
        self._link(by_hand=True)

    def forget(self, source: int) -> None:
        """Drop a source from the index."""
        self._writer.forget_source(source)
        self._link()

    def _run_source(
        self,
        walk: Walk,
        counts: Counts,
        deep: bool,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_commit: Callable[[], None],
    ) -> None:
        if not deep and self._is_same(walk, counts, cancelled):
            on_commit()
            return
        known = walk.known = self._writer.units(walk.source)
        looks = self._writer.looks(walk.source)
        if not deep:
            self._take_up_settled(walk)
            walk.all_beside = cache(lambda: self._writer.besides(walk.source))
            walk.trust(looks, known)
        missing = missing_reason(walk.root, self._writer.scanned_us(walk.source) if known else None)
        if missing is not None:
            # An unplugged disk is no reason to forget what was on it.
            self._writer.source_scanned(walk.source, [missing], present=False)
            on_commit()
            return
        if not known:
            self._workers().warm_up()
        handed = 0

        def changed() -> Iterator[Claim]:
            nonlocal handed
            for claim in walk.claims({} if deep else known, counts, on_progress, cancelled):
                handed += 1
                yield claim

        held = walk.held
        for claims, batch in self._workers().parse(walk.root, changed(), cancelled=cancelled):
            if not {*batch.places}.isdisjoint(place for before in held for place in before.places):
                # Its worker died halfway and it is read once more: in place of what came before, not beside it.
                self._put(walk, held)
            held.append(batch)
            counts.read += len(claims)
            if cancelled():
                raise Cancelled
            if claims:
                on_progress(Progress("read", counts.read, handed, storable(claims[-1].path)))
            now = time.monotonic()
            if now - self._written_at < _WRITE_S and not _is_much(held):
                continue
            self._put(walk, held)
            if now - self._linked_at > _LINK_SHARE * self._link_s:
                self._link()
                on_commit()
        self._put(walk, held)
        gone = [place for place in known if walk.is_gone(place)]
        self._writer.forget_units(walk.source, gone)
        counts.gone += len(gone)
        # Not before all that was found is written: what is not there yet must be found again.
        self._writer.put_looks(
            walk.source,
            [look for path, look in walk.kept.items() if path not in walk.refused],
            [path for path in looks if path not in walk.standing],
        )
        self._writer.source_scanned(walk.source, walk.problems, present=True)
        self._keep_tree(walk, cancelled)

    def _take_up_settled(self, walk: Walk) -> None:
        walk.take_up_settled(self._writer.settled(walk.source), self._writer.besides(walk.source, elsewhere=True))

    def _is_same(self, walk: Walk, counts: Counts, cancelled: Callable[[], bool]) -> bool:
        """Whether one look at all of the source says that nothing of it has changed; that is noted then."""
        tree = self._writer.tree(walk.source)
        if tree.settled:
            self._take_up_settled(walk)
        if not tree.mark or walk.mark(cancelled, is_kept=False) != tree.mark:
            return False
        counts.unchanged += tree.units
        self._writer.source_same(walk.source)
        return True

    def _keep_tree(self, walk: Walk, cancelled: Callable[[], bool]) -> None:
        """Keep by what the next look sees that nothing has changed, where it can be seen."""
        tree = self._writer.new_tree(walk.source)
        if tree is None:
            return
        self._take_up_settled(walk)
        mark = walk.mark(cancelled, is_kept=True)
        if mark:
            self._writer.put_tree(walk.source, tree._replace(mark=mark))

    def _put(self, walk: Walk, held: list[Batch]) -> None:
        """Write what is held in one transaction: the disk is waited for once."""
        if held:
            self._writer.put_batch(walk.source, joined(held))
            held.clear()
        self._written_at = time.monotonic()

    def _is_linked(self) -> bool:
        """Whether the runs are those of what was read, by the choices that hold now."""
        return self._writer.linked_by() == _digest(self._choices())

    def _link(self, *, by_hand: bool = False) -> None:
        started = time.monotonic()
        choices = self._choices()
        # What was looked at is given back before the runs are written: only one of the two is held at a time.
        runs, problems = gather(
            linkables(self._db),
            choices,
            lambda short, long: extends(self._db, short, long),
            lambda series: series_values(self._db, series),
        )
        put_runs(self._db, runs, problems, self._alignments(), by_hand=by_hand)
        self._writer.linked(_digest(choices))
        self._linked_at = time.monotonic()
        self._link_s = self._linked_at - started


def _is_much(held: Sequence[Batch]) -> bool:
    points = sum(len(part.value) for batch in held for part in batch.points)
    return points > _MOST_POINTS or sum(batch.series for batch in held) > _MOST_SERIES


def _digest(choices: LinkChoices) -> str:
    return hashlib.sha256(repr(choices).encode("utf-8", "surrogatepass")).hexdigest()
