"""Recordings of one run that lie apart: one names the other's folder or id, or both keep equal series.

Only recordings of different tools are joined, and only where exactly one fits: two runs that merely look alike (a
sweep whose jobs all write to `outputs`, a seed that was run twice) stay two runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from runfolio.index.link_agreement import disagree
from runfolio.index.link_equal import Before, Pair, equal_pairs
from runfolio.index.link_groups import A_DAY_US, Group, days_apart, telling, words_of
from runfolio.index.linkable import Values

_SHORTEST_ID = 8


def join_evident(groups: list[Group], values: Values) -> list[Group]:
    """Join what is evidently of one run; returns the groups that still stand, in their order."""
    if len({g.primary.format for g in groups if not g.overlay_only}) < 2:
        return groups
    before = Before(groups)
    for find in (_same_ids, _named_folders, lambda standing: equal_pairs(standing, before, values)):
        _join_unique(find([g for g in groups if g.absorbed_by is None and not g.overlay_only]), before)
    return [g for g in groups if g.absorbed_by is None]


def _join_unique(pairs: Iterable[Pair], before: Before) -> None:
    """Join each two groups of which neither fits a third one as well."""
    possible = [pair for pair in pairs if _could_be_one(pair[0], pair[1])]
    fits: dict[int, dict[int, Pair]] = defaultdict(dict)
    for one, other, reason in before.in_parts(possible, lambda pair: pair[:2]):
        if not disagree(before.marks(one), before.marks(other)):
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
    if days_apart(one, other) or not _could_be_one(one, other):
        return
    now = Before((one, other))
    if disagree(now.marks(one), now.marks(other)):
        return
    home, part = sorted((one, other), key=lambda g: telling(g.primary))
    home.absorb(part, reason)


def _could_be_one(one: Group, other: Group) -> bool:
    """Whether nothing but their figures may speak against it."""
    if one is other or _related(one, other):
        return False
    a, b = one.primary, other.primary
    if a.format in {i.format for i in other.items} or b.format in {i.format for i in one.items}:
        return False
    return a.started_us is None or b.started_us is None or abs(a.started_us - b.started_us) <= A_DAY_US


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
