"""The legs of a run that was resumed, laid end to end; what two legs both have is shown as it was written.

Three things tell of them, each with steps that go on. One id of their tracker. A checkpoint that the params of the
later leg name, in the folder of the earlier one. Or the same params, and series of which each begins where the other's
ended: nobody else starts in the middle. Steps that begin anew are another run, whatever its params name: that is
fine-tuning.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import cast

from runfolio.index.link_agreement import is_telling, plain_name
from runfolio.index.link_groups import Group, words_of
from runfolio.index.link_marks import expect
from runfolio.index.linkable import SeriesMark

_FEWEST_WORDS = 2
"""Names of a checkpoint's path that have to be those of a folder, where the folder has so many."""
_SEVERAL = r"(?:k?folds?|cv|cross_?val(?:idation)?|splits?|seeds?|clients?|members?|tasks?|ranks?|workers?)"
_PARALLEL = re.compile(rf"(?:^|[^a-z]){_SEVERAL}(?:$|[^a-z])")
"""Folders of jobs that are several by nature, though one step may count through all of them."""
_HOLDS_PARALLEL = re.compile(rf"(?:.*[^a-z])?{_SEVERAL}")
"""Folders of such jobs, which may have numbers for names; `fold_1` is one of them and may hold its legs."""
_GAP = 2.0
"""The next leg begins at most so many strides after the last step of the one before."""

Link = tuple[Group, Group, str]
"""A leg, the one after it, and why."""


def join_legs(groups: list[Group]) -> list[Group]:
    """Make one run of the folders in which a resumed run was kept."""
    _join_by_id(groups)
    for find in (_by_checkpoint, _by_continuity):
        standing = [g for g in groups if g.absorbed_by is None and not g.overlay_only and not _is_chain(g)]
        _chain(find(standing))
    return [g for g in groups if g.absorbed_by is None]


def _join_by_id(groups: list[Group]) -> None:
    # Those in one folder first: short ids are unique within a project only.
    for wide in (False, True):
        same: dict[tuple[object, ...], list[Group]] = defaultdict(list)
        for group in groups:
            primary = group.primary
            if group.absorbed_by is None and primary.has_id and primary.started_us is not None:
                place = "" if wide else group.path.rpartition("/")[0]
                same[group.source, place, primary.format, primary.tracker_id].append(group)
        several = [legs for legs in same.values() if len(legs) > 1]
        expect(leg.primary for legs in several for leg in legs)
        for legs in several:
            ordered = sorted(legs, key=lambda g: (g.primary.started_us or 0, g.path))
            if all(_is_later(a, b) and _goes_on(a, b) for a, b in pairwise(ordered)):
                _lay(ordered, ["the same run id, resumed"] * (len(ordered) - 1))


def _is_chain(group: Group) -> bool:
    return any(joined.leg for joined in group.joined)


def _is_later(before: Group, after: Group) -> bool:
    return before.primary.started_us != after.primary.started_us and not _is_chain(before) and not _is_chain(after)


def _lay(legs: Sequence[Group], reasons: Sequence[str]) -> None:
    first, *others = legs
    for joined in first.joined:
        joined.reason = f"leg 1 of {len(legs)}: the run that was resumed"
    for number, (leg, reason) in enumerate(zip(others, reasons, strict=True), 1):
        first.absorb(leg, f"leg {number + 1} of {len(legs)}: {reason}", leg=number)


def _chain(links: Iterable[Link]) -> None:
    """Lay legs end to end where each has one leg after it at most, and one before it: else nobody knows which."""
    after: dict[int, list[Link]] = defaultdict(list)
    before: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        after[id(link[0])].append(link)
        before[id(link[1])].append(link)
    single = {key: found[0] for key, found in after.items() if len(found) == 1 and len(before[id(found[0][1])]) == 1}
    for key, link in single.items():
        earlier = before.get(key, [])
        if len(earlier) == 1 and single.get(id(earlier[0][0])) is earlier[0]:
            continue  # not the first leg
        legs, reasons = [link[0]], []
        while link is not None and link[1] not in legs:
            legs.append(link[1])
            reasons.append(link[2])
            following = single.get(id(link[1]))
            if following is None:
                break
            link = following
        _lay(legs, reasons)


# --- what speaks for it --------------------------------------------------------------------------------------------


def _by_checkpoint(groups: Sequence[Group]) -> list[Link]:
    resumed = [group for group in groups if any(item.resumed_from for item in group.items)]
    if not resumed:
        return []
    folders: dict[tuple[int, str], list[tuple[list[str], Group]]] = defaultdict(list)
    for group in groups:
        words = words_of(group.path)
        if words:
            folders[group.source, words[-1]].append((words, group))
    links: list[Link] = []
    for group in resumed:
        for text in dict.fromkeys(text for item in group.items for text in item.resumed_from):
            words = words_of(text)
            fitting: dict[int, tuple[int, Group]] = {}
            for place, word in enumerate(words[:-1]):
                for own, other in folders.get((group.source, word), ()):
                    shared = _shared_end(words[: place + 1], own)
                    if shared >= min(_FEWEST_WORDS, len(own)) and other is not group:
                        known = fitting.get(id(other), (0, other))
                        fitting[id(other)] = (max(shared, known[0]), other)
            best = max((shared for shared, _ in fitting.values()), default=0)
            found = [other for shared, other in fitting.values() if shared == best]
            if len(found) == 1 and _same_tool(found[0], group):
                links.append((found[0], group, f"it went on from a checkpoint of the leg before: {text}"))
    expect(leg.primary for before, after, _ in links for leg in (before, after))
    return [link for link in links if _continues_a_curve(link[0], link[1])]


def _shared_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def _same_tool(one: Group, other: Group) -> bool:
    return one.primary.format == other.primary.format


def _by_continuity(groups: Sequence[Group]) -> list[Link]:
    alike: dict[tuple[object, ...], list[Group]] = defaultdict(list)
    for group in groups:
        primary = group.primary
        # A tracker's own id says that they are two, unless it is the same; that was looked at first.
        place, _, name = group.path.rpartition("/")
        above = place.rpartition("/")[2]
        is_parallel = _PARALLEL.search(name.lower()) or _HOLDS_PARALLEL.fullmatch(above.lower())
        if primary.params_digest and not primary.has_id and primary.series and not is_parallel:
            alike[group.source, place, primary.format, primary.params_digest].append(group)
    several = [same for same in alike.values() if len(same) > 1]
    expect(group.primary for same in several for group in same)
    return [
        (before, after, "the same params, and its series begin where those of the leg before end")
        for same in several
        for before, after in _in_turn(same)
        if _follows(before, after)
    ]


def _in_turn(groups: Sequence[Group]) -> list[tuple[Group, Group]]:
    """Pairs of which the later one can follow the earlier, by the first and last steps alone.

    A seed that is run a thousand times makes a million pairs, which all begin at step 0.
    """
    begins, ends = [], []
    for group in groups:
        first = [mark.first_step for mark in group.primary.series]
        begins.append(min((step for step in first if step is not None), default=None) if None not in first else None)
        ends.append(min((m.last_step for m in group.primary.series if m.last_step is not None), default=None))
    soonest = min((end for end in ends if end is not None), default=None)
    later = [n for n, begin in enumerate(begins) if begin is not None and soonest is not None and begin > soonest]
    return [
        (groups[before], groups[after])
        for before, end in enumerate(ends)
        for after in later
        if before != after and end is not None and cast("int", begins[after]) > end
    ]


def _goes_on(before: Group, after: Group) -> bool:
    """Whether a leg starts at or behind the first step of each series that the leg before it has too, one behind."""
    shared = [(earlier.first_step, later.first_step) for earlier, later in _shared(before, after)]
    known = [(a, b) for a, b in shared if a is not None and b is not None]
    # What is logged without a step (system metrics) counts from 0 in each leg.
    return all(b >= a for a, b in known) and any(b > a for a, b in known)


def _continues_a_curve(before: Group, after: Group) -> bool:
    """Whether a series that varies goes on behind the earlier leg's last step, without a gap.

    An evaluation names the checkpoint, too, and logs one point of its own.
    """
    for earlier, later in _shared(before, after):
        if later.n > 1 and is_telling(plain_name(later.name), later) and _reaches_on(earlier, later):
            return _goes_on(before, after)
    return False


def _reaches_on(earlier: SeriesMark, later: SeriesMark) -> bool:
    first, last, start, end = earlier.first_step, earlier.last_step, later.first_step, later.last_step
    if first is None or last is None or start is None or end is None:
        return False
    stride = (last - first) / max(1, earlier.n - 1)
    return end > last and start <= last + max(1.0, _GAP * stride)


def _follows(before: Group, after: Group) -> bool:
    """Whether each series of the later leg begins within two strides behind the last step of the earlier one's."""
    shared = _shared(before, after)
    if not shared or len(shared) < len(after.primary.series):
        return False
    for earlier, later in shared:
        if earlier.first_step is None or earlier.last_step is None or later.first_step is None or earlier.n < 2:
            return False
        stride = (earlier.last_step - earlier.first_step) / (earlier.n - 1)
        if not earlier.last_step < later.first_step <= earlier.last_step + max(1.0, _GAP * stride):
            return False
    return any(is_telling(plain_name(mark.name), mark) for mark, _ in shared)


def _shared(before: Group, after: Group) -> list[tuple[SeriesMark, SeriesMark]]:
    earlier = {mark.name: mark for mark in before.primary.series}
    return [(earlier[mark.name], mark) for mark in after.primary.series if mark.name in earlier]
