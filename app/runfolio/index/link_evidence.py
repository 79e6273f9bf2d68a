"""Recordings of one run that lie apart: one names the other's folder or id, or both keep equal series.

Only recordings of different tools are joined, and only where exactly one fits: two runs that merely look alike (a
sweep whose jobs all write to `outputs`, a seed that was run twice) stay two runs.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from runfolio.index.link_agreement import TOLERANCE, by_plain_name, disagree, equal_series, is_telling
from runfolio.index.link_groups import A_DAY_US, Group, days_apart, telling, words_of
from runfolio.index.linkable import SeriesMark

_SHORTEST_ID = 8
_MOST_ALIKE = 64
"""A highest value that more series have (an accuracy of 1) tells none of them apart."""
_SAME_START_US = 30 * 1_000_000
"""Trackers that are started by one script start within this time."""
Marks = dict[str, SeriesMark]
Pair = tuple[Group, Group, str]


def join_evident(groups: list[Group]) -> list[Group]:
    """Join what is evidently of one run; returns the groups that still stand, in their order."""
    if len({g.primary.format for g in groups if not g.overlay_only}) < 2:
        return groups
    marks = {id(g): _marks(g) for g in groups}
    for find in (_same_ids, _named_folders, lambda standing: _equal_series(standing, marks)):
        _join_unique(find([g for g in groups if g.absorbed_by is None and not g.overlay_only]), marks)
    return [g for g in groups if g.absorbed_by is None]


def _marks(group: Group) -> Marks:
    return by_plain_name((j.prefix + mark.name, mark) for j in group.joined if not j.stale for mark in j.item.series)


def _join_unique(pairs: Iterable[Pair], marks: dict[int, Marks]) -> None:
    """Join each two groups of which neither fits a third one as well."""
    fits: dict[int, dict[int, Pair]] = defaultdict(dict)
    for one, other, reason in pairs:
        if _may_be_one(one, other, marks):
            fits[id(one)][id(other)] = (one, other, reason)
            fits[id(other)][id(one)] = (one, other, reason)
    for own in fits.values():
        by_format: dict[str, list[Pair]] = defaultdict(list)
        # One run has at most one recording of each other tool.
        for pair in own.values():
            mate = pair[1] if fits[id(pair[0])] is own else pair[0]
            by_format[mate.primary.format].append(pair)
        for found in by_format.values():
            if len(found) == 1 and _unique_back(found[0], fits):
                _join(*found[0])


def _unique_back(pair: Pair, fits: dict[int, dict[int, Pair]]) -> bool:
    one, other, _ = pair

    def mates(group: Group, fmt: str) -> int:
        return sum((b if a is group else a).primary.format == fmt for a, b, _ in fits[id(group)].values())

    return mates(one, other.primary.format) == 1 and mates(other, one.primary.format) == 1


def _join(one: Group, other: Group, reason: str) -> None:
    one, other = one.standing(), other.standing()
    # A third one may have been joined in the meantime, which this one must fit as well.
    if days_apart(one, other) or not _may_be_one(one, other, {id(one): _marks(one), id(other): _marks(other)}):
        return
    home, part = sorted((one, other), key=lambda g: telling(g.primary))
    home.absorb(part, reason)


def _may_be_one(one: Group, other: Group, marks: dict[int, Marks]) -> bool:
    if one is other or _related(one, other):
        return False
    a, b = one.primary, other.primary
    if a.format in {i.format for i in other.items} or b.format in {i.format for i in one.items}:
        return False
    if a.started_us is not None and b.started_us is not None and abs(a.started_us - b.started_us) > A_DAY_US:
        return False
    return not disagree(marks[id(one)], marks[id(other)])


def _related(one: Group, other: Group) -> bool:
    """Whether one is the parent of the other: a sweep and a job of it are two runs."""
    return one.parent is other or other.parent is one


# --- what speaks for it --------------------------------------------------------------------------------------------


def _same_ids(groups: Sequence[Group]) -> list[Pair]:
    with_id: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        primary = group.primary
        if primary.has_id and len(primary.tracker_id) >= _SHORTEST_ID:
            with_id[primary.tracker_id].append(group)
    return [
        (a, b, f"both trackers gave it the id {name}")
        for name, same in with_id.items()
        for n, a in enumerate(same)
        for b in same[n + 1 :]
    ]


def _named_folders(groups: Sequence[Group]) -> list[Pair]:
    ends: dict[str, list[tuple[Group, list[str]]]] = defaultdict(list)
    for group in groups:
        words = words_of(group.path)
        if words:
            ends[words[-1]].append((group, words))
    pairs: list[Pair] = []
    for group in groups:
        for folder in dict.fromkeys(f for item in group.items for f in item.named_folders):
            words = words_of(folder)
            near = [(_shared_end(words, place), other) for other, place in ends.get(words[-1], ())] if words else []
            best = max((length for length, _ in near), default=0)
            reason = f"the params of {group.primary.format} name this folder: {folder}"
            pairs += [(group, other, reason) for length, other in near if length == best and length]
    return pairs


def _shared_end(one: list[str], other: list[str]) -> int:
    """How many names two paths end with alike; 0 where it is one only: many folders are called `results` or `best`."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count if count > 1 else 0


def _equal_series(groups: Sequence[Group], marks: dict[int, Marks]) -> list[Pair]:
    alike: dict[tuple[str, int], list[tuple[float, int, Group]]] = defaultdict(list)
    formats = [group.primary.format for group in groups]
    for number, group in enumerate(groups):
        for name, mark in marks[id(group)].items():
            if is_telling(name, mark) and mark.high is not None and math.isfinite(mark.high):
                alike[name, mark.n].append((mark.high, number, group))
    pairs: dict[tuple[int, int], Pair] = {}
    for places in alike.values():
        if len({formats[number] for _, number, _ in places}) < 2:
            continue
        places.sort(key=lambda p: p[:2])
        highs = [p[0] for p in places]
        for high, number, group in places:
            reach = abs(high) * (1 + TOLERANCE) * TOLERANCE
            first = bisect_left(highs, high)
            for their_high, other_number, other in places[first : first + _MOST_ALIKE]:
                if their_high > high + reach:
                    break
                pair = (min(number, other_number), max(number, other_number))
                if number == other_number or pair in pairs or formats[number] == formats[other_number]:
                    continue
                fewest = _fewest_equal(group, other)
                if fewest == math.inf:
                    continue
                names = equal_series(marks[id(group)], marks[id(other)])
                if len(names) >= fewest:
                    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                    pairs[pair] = (group, other, f"equal series: {', '.join(names[:3])}{more}")
    return [*pairs.values()]


def _fewest_equal(one: Group, other: Group) -> float:
    """How many series must be equal: a script that was run again with one seed gives equal series, but later.

    Where a tool writes no time, only folders that differ in one name (`csv/version_0`, `tb/version_0`) are compared.
    """
    a, b = one.primary.started_us, other.primary.started_us
    if a is not None and b is not None:
        return 1 if abs(a - b) <= _SAME_START_US else math.inf
    return 1 if _side_by_side(one, other) else math.inf


def _side_by_side(one: Group, other: Group) -> bool:
    a, b = words_of(one.path), words_of(other.path)
    return one.source == other.source and len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1
