"""The marks of recordings' series, read from the index when linking asks for them and forgotten again.

Most recordings are alone in their folder, with an id that no other has: nothing of their series is ever looked at. So a
recording is made with the number of its series only. Whoever compares says before which recordings it will ask for;
then they come in batches, and what is held at a time does not grow with the number of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, cast, overload

from runfolio.index.linkable import Linkable, SeriesMark

if TYPE_CHECKING:
    from runfolio.index.database import Database

_AT_ONCE = 8_192
"""Series that are read in one go: what comes next in the order that was told."""
_HELD = 4 * _AT_ONCE
"""Series that are held before the oldest are forgotten: two places that are compared, and room to go astray."""

_MARKS = """select recording, name, n, first_step, first_value, last_step, last_value, min_value, max_value
            from series
            where recording between ? and ? and recording in (select unnest(?::integer[]))
                  and id not in (select id from made_series)
            order by recording, id"""

_make_mark = cast("Callable[..., SeriesMark]", SeriesMark)


class MarkShelf:
    """The marks of an index, some of them at a time."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._held: dict[int, tuple[SeriesMark, ...]] = {}
        self._size = 0
        self._order: list[KeptSeries] = []
        self._place: dict[int, int] = {}

    @property
    def held(self) -> int:
        """The number of series that are in memory."""
        return self._size

    def expect(self, coming: Iterable[KeptSeries]) -> None:
        """Say which series are asked for next, in about that order; replaces what was said before."""
        self._order = [*coming]
        self._place = {}
        for place, series in enumerate(self._order):
            self._place.setdefault(series.recording, place)

    def marks(self, series: KeptSeries) -> tuple[SeriesMark, ...]:
        """The marks of one recording, in the order in which its series were read."""
        found = self._held.get(series.recording)
        return self._read(series) if found is None else found

    def _read(self, series: KeptSeries) -> tuple[SeriesMark, ...]:
        wanted, size = {series.recording}, len(series)
        for place in range(self._place.get(series.recording, len(self._order)), len(self._order)):
            following = self._order[place]
            if following.recording in wanted or following.recording in self._held:
                continue
            if size + len(following) > _AT_ONCE:
                break
            wanted.add(following.recording)
            size += len(following)
        for old in [*self._held]:
            if self._size + size <= _HELD:
                break
            self._size -= len(self._held.pop(old))
        rows = self._db.rows(_MARKS, [min(wanted), max(wanted), [*wanted]])
        self._held |= dict.fromkeys(wanted, ())
        for recording, group in groupby(rows, key=itemgetter(0)):
            self._held[cast(int, recording)] = tuple(_make_mark(*row[1:]) for row in group)
        self._size += len(rows)
        return self._held[series.recording]


class KeptSeries(Sequence[SeriesMark]):
    """The series of a recording of the index: their number is known, all else is read when it is asked for."""

    __slots__ = ("_count", "recording", "shelf")

    def __init__(self, shelf: MarkShelf, recording: int, count: int) -> None:
        self.shelf = shelf
        self.recording = recording
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SeriesMark]:
        return iter(self.shelf.marks(self) if self._count else ())

    @overload
    def __getitem__(self, place: int) -> SeriesMark: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[SeriesMark, ...]: ...

    def __getitem__(self, place: int | slice) -> SeriesMark | tuple[SeriesMark, ...]:
        return self.shelf.marks(self)[place]


def expect(items: Iterable[Linkable]) -> None:
    """Say whose series are looked at next, in about that order. Of recordings that hold their series it is no news."""
    kept = [item.series for item in items if isinstance(item.series, KeptSeries) and len(item.series)]
    if kept:
        kept[0].shelf.expect(kept)
