"""The points of many series at once, read in the order in which they lie in the index.

Where a fair part of the points is wanted, nothing is left out by the query: to ask of each point whether its series is
wanted costs more than to hand all of them on as they are kept. So points of wanted series may have others between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database
from runfolio.model.metrics import Floats, Ints
from runfolio.model.times import NO_TIME

Places: TypeAlias = NDArray[np.int32]

CHUNK = 1_000_000
"""Points that are in memory at once, about 100 bytes each at the worst."""

_FEW, _SPARSE = 4, 64
"""Where fewer than one in so many points is wanted, the others are left out by the query; where it are very few, they
are looked up."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """The series that show a metric, by rising number: arrays (m,).

    scale   by which values are multiplied where they stand under another name in their run.
    first_wall   in microseconds, NO_TIME where it is not known.
    wall_unit   of the differences of wall times, in microseconds.
    """

    number: Places
    run: Places
    n: Ints
    first_step: Ints
    scale: Floats
    first_wall: Ints
    wall_unit: Ints

    def where(self, which: NDArray[np.bool_]) -> Wanted:
        """Some of them."""
        return Wanted(
            self.number[which],
            self.run[which],
            self.n[which],
            self.first_step[which],
            self.scale[which],
            self.first_wall[which],
            self.wall_unit[which],
        )

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Points (n,) of series that lie one after the other in written order, times their scale.

    own      int64 (m,): which of the wanted series they are; all of them have points.
    start    int64 (m,): where each begins.
    step     empty where steps were not asked for.
    """

    own: NDArray[np.int64]
    start: Ints
    length: Ints
    step: Ints
    value: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Points (n,) as they lie in the index, in written order within their series; `start`, `length` and `own` are those
    of the wanted ones (m,), between which others may lie.

    value       not yet times the scale.
    step_diff   differences as `point_columns` has them; None where they were not asked for, as `wall_diff`.
    """

    own: NDArray[np.int64]
    start: Ints
    length: Ints
    value: Floats
    step_diff: Ints | None
    wall_diff: Ints | None

    def packed(self, wanted: Wanted, last: int | None = None) -> Packed:
        """The points of the wanted series alone, or the last ones of each."""
        length = self.length if last is None else np.minimum(self.length, last)
        begin = np.cumsum(length) - length
        step, value = np.empty(0, dtype=np.int64), self.value
        if self.step_diff is not None:
            step = np.cumsum(self.step_diff)
        apart = step[self.start] - wanted.first_step[self.own] if len(step) else step
        if int(length.sum()) < len(value):
            places = np.repeat(self.start + self.length - length - begin, length) + np.arange(int(length.sum()))
            step, value = step[places] if len(step) else step, value[places]
        if len(step):
            # Sums wrap as the steps did when they were written.
            step -= np.repeat(apart, length)
        scale = wanted.scale[self.own]
        if (scale != 1.0).any():
            value = value * np.repeat(scale, length)
        return Packed(self.own, begin, length, step, value)


def spans(database: Database, wanted: Wanted, parts: str) -> Iterator[Spans]:
    """The points of some wanted series at a time.

    parts   "step" and "wall" where these are needed besides values.
    """
    if not len(wanted):
        return
    low, high = int(wanted.number[0]), int(wanted.number[-1])
    counted = database.numbers("select id, n from series where id between ? and ?", [low, high])
    number, n = counted["id"].astype(np.int64), counted["n"].astype(np.int64, copy=False)
    if bool((number[1:] < number[:-1]).any()):
        order = np.argsort(number)
        number, n = number[order], n[order]
    all_ends = np.cumsum(n)
    ends = all_ends[np.searchsorted(number, wanted.number)]
    begins = ends - wanted.n
    if int(wanted.n.sum()) * _SPARSE < int(all_ends[-1]):
        own_ends = np.cumsum(wanted.n)
        for begin, end in _pieces(own_ends - wanted.n, own_ends):
            yield _picked(database, wanted, begin, end, parts)
        return
    few = int(wanted.n.sum()) * _FEW < int(all_ends[-1])
    for begin, end in _pieces(begins, ends):
        yield _between(database, wanted, begin, end, parts, few=few)


def _pieces(begins: Ints, ends: Ints) -> Iterator[tuple[int, int]]:
    """Series [begin, end) at a time, from the first point of the first of which to the last of the last there are up to
    `CHUNK`, or one series; `begins` and `ends` tell where each would lie if all lay one after the other."""
    begin = 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, begins[begin] + CHUNK, side="right")))
        yield begin, end
        begin = end


def _columns(parts: str) -> str:
    wanted = "series, value"
    wanted += ", step_diff" if "step" in parts else ""
    return wanted + (f", coalesce(wall_diff, {NO_TIME}) as wall_diff" if "wall" in parts else "")


def _between(database: Database, wanted: Wanted, begin: int, end: int, parts: str, *, few: bool) -> Spans:
    numbers = wanted.number[begin:end]
    first, last = int(numbers[0]), int(numbers[-1])
    sql = f"select {_columns(parts)} from points where series between ? and ?"
    bound: list[Bound] = [first, last]
    if few:
        # A bit for each number: unlike a join, a filter hands the points on in the order in which they lie.
        bits = np.full(last - first + 1, ord("0"), dtype=np.uint8)
        bits[numbers - first] = ord("1")
        sql += " and get_bit(?::bit, series - ?) = 1"
        bound += [bits.tobytes().decode(), first]
    return _of_columns(database.numbers(sql, bound), numbers, begin)


def _picked(database: Database, wanted: Wanted, begin: int, end: int, parts: str) -> Spans:
    numbers = wanted.number[begin:end]
    sql = f"select {_columns(parts)} from points where series in (select unnest(?::integer[])) order by series, rowid"
    bound: Sequence[Bound] = [numbers.tolist()]
    return _of_columns(database.numbers(sql, bound), numbers, begin)


def _of_columns(found: dict[str, NDArray[np.generic]], numbers: Places, begin: int) -> Spans:
    owner = found["series"].astype(np.int32, copy=False)
    start = _starts(owner)
    if len(start) and bool((owner[start[1:]] < owner[start[:-1]]).any()):
        # Points that were added later lie behind those of other series, each series in written order all the same.
        order = np.argsort(owner, kind="stable")
        found = {name: column[order] for name, column in found.items()}
        owner = found["series"].astype(np.int32, copy=False)
        start = _starts(owner)
    length = np.diff(start, append=len(owner))
    own = np.searchsorted(numbers, owner[start])
    is_wanted = numbers[np.minimum(own, len(numbers) - 1)] == owner[start]
    return Spans(
        begin + own[is_wanted],
        start[is_wanted],
        length[is_wanted],
        found["value"].astype(np.float64, copy=False),
        found["step_diff"].astype(np.int64, copy=False) if "step_diff" in found else None,
        found["wall_diff"].astype(np.int64, copy=False) if "wall_diff" in found else None,
    )


def _starts(owner: Places) -> Ints:
    if not len(owner):
        return np.empty(0, dtype=np.int64)
    return np.concatenate(([0], np.flatnonzero(owner[1:] != owner[:-1]) + 1))
