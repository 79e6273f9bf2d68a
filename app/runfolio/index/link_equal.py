"""Groups of recordings that keep equal series, found by their highest values.

Every series of two tools may have to be looked at, so no more of each is held than its highest value. Of those whose
figures agree some are compared point by point, and one of them must be no schedule.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from runfolio.index.link_agreement import TOLERANCE, by_plain_name, equal_series, is_telling, plain_name
from runfolio.index.link_groups import Group, words_of
from runfolio.index.link_marks import expect
from runfolio.index.link_shapes import equal_values, is_regular
from runfolio.index.linkable import SeriesMark, Values

_MOST_ALIKE = 64
"""A highest value that more series have (an accuracy of 1) tells none of them apart."""
_SAME_START_US = 30 * 1_000_000
"""Trackers that are started by one script start within this time."""

_AT_ONCE = 256
"""Pairs whose marks are read together: one group may be in many pairs that lie far apart."""
_COMPARED = 8
"""Series of each pair whose points are compared, those first that do not only rise or fall: schedules mostly do."""
_POINTS_AT_ONCE = 2_000_000
_NO_START = np.iinfo(np.int64).min

T = TypeVar("T")
Pair = tuple[Group, Group, str]
Series = tuple[int, str]
"""Recording and name."""


class Before:
    """The recordings of groups as they are now: what is joined later is not compared."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._kept = {id(g): [(j.prefix, j.item) for j in g.joined if not j.stale] for g in groups}

    def expect(self, groups: Iterable[Group]) -> None:
        """Say whose marks are asked for next, in about that order."""
        expect(item for group in groups for _, item in self._kept[id(group)])

    def in_parts(self, pairs: Sequence[T], of: Callable[[T], tuple[Group, Group]]) -> Iterator[T]:
        """The pairs again; before each few of them it is said that their marks are asked for."""
        for first in range(0, len(pairs), _AT_ONCE):
            part = pairs[first : first + _AT_ONCE]
            self.expect(group for pair in part for group in of(pair))
            yield from part

    def marks(self, group: Group) -> dict[str, SeriesMark]:
        """The marks of a group by plain name."""
        kept = self._kept[id(group)]
        return by_plain_name((prefix + mark.name, mark) for prefix, item in kept for mark in item.series)

    def places(self, group: Group, names: Iterable[str]) -> list[Series]:
        """Of series of a group, given by plain names, the recording and the name that each has in it."""
        found: dict[str, Series] = {}
        for prefix, item in self._kept[id(group)]:
            for mark in item.series:
                found.setdefault(plain_name(prefix + mark.name), (item.id, mark.name))
        return [found[name] for name in names]


def equal_pairs(groups: Sequence[Group], before: Before, values: Values) -> list[Pair]:
    """Two groups of different tools that keep equal series, and which.

    values   gives the points of those that seem to be; where it has none, the figures have to do.
    """
    if not _any_near(groups):
        return []
    # By the order of places, because telling which figures are equal is not the same both ways.
    near = dict.fromkeys(pair for pair in _same_highs(groups, before) if _near(groups[pair[0]], groups[pair[1]]))
    pairs: dict[tuple[int, int], _Alike] = {}
    for one, other in before.in_parts([*near], lambda pair: (groups[pair[0]], groups[pair[1]])):
        if (other, one) in pairs:
            continue
        marks = before.marks(groups[one])
        names = equal_series(marks, before.marks(groups[other]))
        if names:
            compared = sorted(names, key=lambda name: _only_rises_or_falls(marks[name]))[:_COMPARED]
            sides = [before.places(groups[place], compared) for place in (one, other)]
            points = 2 * sum(marks[name].n for name in compared)
            places = dict(zip(compared, zip(*sides, strict=True), strict=True))
            pairs[one, other] = _Alike(groups[one], groups[other], names, places, points)
    return [pair for part in _few_points([*pairs.values()]) for pair in _equal(part, values)]


def _only_rises_or_falls(mark: SeriesMark) -> bool:
    """Whether a series may do so, by its mark."""
    return {mark.first, mark.last} == {mark.low, mark.high}


class _Alike(NamedTuple):
    """Two groups whose figures agree: the series, where those lie that are compared, and how many points they have."""

    one: Group
    other: Group
    names: Sequence[str]
    places: Mapping[str, tuple[Series, Series]]
    points: int


def _few_points(found: Sequence[_Alike]) -> Iterator[list[_Alike]]:
    part: list[_Alike] = []
    for alike in found:
        if part and sum(a.points for a in part) + alike.points > _POINTS_AT_ONCE:
            yield part
            part = []
        part.append(alike)
    if part:
        yield part


def _equal(part: Sequence[_Alike], values: Values) -> Iterator[Pair]:
    """Those whose points agree as well, and not in schedules only."""
    wanted = [*dict.fromkeys(place for alike in part for both in alike.places.values() for place in both)]
    known = dict(zip(wanted, values(wanted), strict=True))
    for alike in part:
        both = {name: (known[mine], known[theirs]) for name, (mine, theirs) in alike.places.items()}
        if any(a is not None and b is not None and not equal_values(a, b, TOLERANCE) for a, b in both.values()):
            continue
        measured = sorted(name for name, (own, _) in both.items() if own is None or not is_regular(own))
        if measured:
            names = [*measured, *(name for name in alike.names if name not in measured)]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield alike.one, alike.other, f"equal series: {', '.join(names[:3])}{more}"


def _same_highs(groups: Sequence[Group], before: Before) -> Iterator[tuple[int, int]]:
    """Places of groups of two tools that have a telling series of one name and length, and of one highest value."""
    numbers: dict[tuple[str, int], array[int]] = defaultdict(lambda: array("q"))
    highs: dict[tuple[str, int], array[float]] = defaultdict(lambda: array("d"))
    before.expect(groups)
    for number, group in enumerate(groups):
        for name, mark in before.marks(group).items():
            if is_telling(name, mark) and mark.high is not None and math.isfinite(mark.high):
                numbers[name, mark.n].append(number)
                highs[name, mark.n].append(mark.high)
    names = {name: code for code, name in enumerate({group.primary.format for group in groups})}
    formats = np.array([names[group.primary.format] for group in groups])
    times = [group.primary.started_us for group in groups]
    starts = np.array([_NO_START if time is None else time for time in times], dtype=np.int64)
    for kind, own in numbers.items():
        by_number, by_high = np.array(own), np.array(highs[kind])
        order = np.lexsort((by_number, by_high))
        at, high = by_number[order], by_high[order]
        tool, start = formats[at], starts[at]
        if (tool == tool[0]).all():
            continue
        reach = np.abs(high) * (1 + TOLERANCE) * TOLERANCE
        first = np.searchsorted(high, high)
        end = np.minimum(first + _MOST_ALIKE, np.searchsorted(high, high + reach, side="right"))
        for place in np.flatnonzero(end - first > 1):
            near = slice(first[place], end[place])
            told = start[near]
            # What started at another time is most of what has an equal figure; `_near` looks at the rest.
            soon = (told == _NO_START) | (np.abs(told - start[place]) <= _SAME_START_US)
            fit = (tool[near] != tool[place]) & (soon | (start[place] == _NO_START))
            for other in at[near][fit]:
                yield int(at[place]), int(other)


# --- what of it may be one run -------------------------------------------------------------------------------------


def _near(one: Group, other: Group) -> bool:
    """Whether equal series say something: a script that was run again with one seed gives equal series, but later.

    Where a tool writes no time, only folders that differ in one name (`csv/version_0`, `tb/version_0`) are compared.
    """
    a, b = one.primary.started_us, other.primary.started_us
    if a is not None and b is not None:
        return abs(a - b) <= _SAME_START_US
    return _side_by_side(one, other)


def _side_by_side(one: Group, other: Group) -> bool:
    a, b = words_of(one.path), words_of(other.path)
    return one.source == other.source and len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _any_near(groups: Sequence[Group]) -> bool:
    """Whether any two groups of different tools are near each other: else their series need not be read at all."""
    started = sorted((g.primary.started_us, g.primary.format) for g in groups if g.primary.started_us is not None)
    if any(b[0] - a[0] <= _SAME_START_US and a[1] != b[1] for a, b in pairwise(started)):
        return True
    if len(started) == len(groups):
        return False
    # Those without a time first: two groups with one are not compared by their folders.
    tools: dict[int, str] = {}
    for group in sorted(groups, key=lambda g: g.primary.started_us is not None):
        words, tool = words_of(group.path), group.primary.format
        for place in range(len(words)):
            around = hash((group.source, place, *words[:place], None, *words[place + 1 :]))
            known = tools.get(around, tool)
            if known != tool:
                return True
            if group.primary.started_us is None:
                tools[around] = tool
    return False
