"""Copies of one run at several places: one identity, and points that are the same or how those of the other begin."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum, auto

from runfolio.index.link_agreement import begins_like
from runfolio.index.link_groups import Group
from runfolio.index.link_marks import expect
from runfolio.index.linkable import Extends, Linkable, LinkProblem
from runfolio.index.passed_keys import told_apart
from runfolio.model.run import RunStatus
from runfolio.readers.contract import warning

_WITHOUT_END = (RunStatus.RUNNING, RunStatus.UNKNOWN)
"""What a copy says of itself that was taken after the last point and before the end was written."""


class _Relation(Enum):
    EQUAL = auto()
    SHORTER = auto()
    LONGER = auto()
    OTHER = auto()


@dataclass(slots=True)
class Gathered:
    """Groups that stand for runs, with the keys of those whose identity alone would not tell them apart."""

    groups: list[Group]
    keys: dict[int, str]
    problems: list[LinkProblem]


def join_copies(groups: list[Group], extends: Extends) -> Gathered:
    """Merge copies and legs; what has one id but other content gets a key of its own, and a Problem says so."""
    variants: dict[str, list[Group]] = defaultdict(list)
    ordered = sorted(groups, key=lambda g: (g.source, g.path, g.primary.tracker_id))
    kept = Counter(name for group in ordered for name in _identities(group))
    expect(i for group in ordered if any(kept[name] > 1 for name in _identities(group)) for i in group.items)
    for group in ordered:
        names = _identities(group)  # now: a copy taken earlier is known by nothing once it has been joined
        home = next((v for name in names if name in variants for v in [variants[name]]), None)
        if home is None:
            home = [group]
        elif not any(_join_copy(known, group, extends) for known in _elsewhere(home, group)):
            home.append(group)
        for name in names:
            variants.setdefault(name, home)
    found = Gathered([], {}, [])
    for home in {id(v): v for v in variants.values()}.values():
        _settle(home, found)
    found.groups.sort(key=lambda g: (g.source, g.path, g.primary.tracker_id))
    return found


def _identities(group: Group) -> list[str]:
    """What a copy of this run is known by, the primary's first: a part of it may have been copied alone.

    Content says less than an id: a job that was run twice with one seed has the same table of metrics.
    """
    if len(group.joined) == 1:
        return [group.primary.identity]
    return [*dict.fromkeys([group.primary.identity, *(i.identity for i in group.items if i.has_id)])]


def _elsewhere(home: list[Group], group: Group) -> list[Group]:
    """The groups that this one may be a copy of, those with its own tracker's id first.

    A store keeps no run twice: two in one file are two runs, though one search tried the same params twice.
    """
    places = _places(group)
    apart = [known for known in home if places.isdisjoint(_places(known))]
    return sorted(apart, key=lambda known: known.primary.tracker_id != group.primary.tracker_id)


def _places(group: Group) -> set[tuple[int, str, str]]:
    return {(item.source, item.path, item.format) for item in group.items}


def _join_copy(known: Group, group: Group, extends: Extends) -> bool:
    relation = _relation(known, group, extends)
    if relation is _Relation.EQUAL:
        known.absorb(group, "a copy: the same run with the same points")
        return True
    if relation is _Relation.SHORTER:
        known.absorb(group, "a copy taken earlier: its points are how the run's begin", stale=True)
        return True
    if relation is _Relation.LONGER:
        for joined in known.joined:
            joined.stale = True
            joined.reason = "a copy taken earlier: its points are how the run's begin"
        known.absorb(group, "the longest copy of this run")
        # The place with all of the run stands for it.
        known.source, known.path = group.source, group.path
        return True
    return False


def _relation(known: Group, group: Group, extends: Extends) -> _Relation:
    pairs = _pairs(known, group)
    if not pairs or _tell_apart(known, group):
        return _Relation.OTHER
    less = more = same = 0
    for mine, theirs in pairs:
        if _same(mine, theirs):
            same += 1
        elif _is_start(theirs, mine, extends):
            less += 1
        elif _is_start(mine, theirs, extends):
            more += 1
        else:
            return _Relation.OTHER
    if less and more:
        return _Relation.OTHER
    if more:
        return _Relation.LONGER
    return _Relation.SHORTER if less else _Relation.EQUAL


def _pairs(known: Group, group: Group) -> list[tuple[Linkable, Linkable]]:
    mine = {(j.item.identity, j.item.format, j.prefix): j.item for j in known.joined if not j.stale}
    return [(mine[name], j.item) for j in group.joined if (name := (j.item.identity, j.item.format, j.prefix)) in mine]


def _tell_apart(known: Group, group: Group) -> bool:
    """Whether runs without an id have recordings of one tool, at one place within the run, of which none is the same.

    What both are known by may be no more than a config: a job that was run twice with it has other figures beside it.
    """
    if known.primary.has_id and group.primary.has_id:
        return False
    mine, theirs = _contents(known), _contents(group)
    return any(mine[slot].isdisjoint(theirs[slot]) for slot in mine.keys() & theirs.keys())


def _contents(group: Group) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for joined in group.joined:
        if not joined.stale:
            found[joined.item.format, joined.prefix].add(joined.item.identity)
    return found


def _same(one: Linkable, other: Linkable) -> bool:
    def marks(item: Linkable) -> list[str]:
        return sorted(map(repr, item.series))

    return one.params_digest == other.params_digest and one.status == other.status and marks(one) == marks(other)


def _is_start(short: Linkable, long: Linkable, extends: Extends) -> bool:
    """Whether one recording was copied before the other was complete."""
    if short.params_digest != long.params_digest and len(short.series) == len(long.series) == 0:
        return False
    if sum(m.n for m in short.series) == sum(m.n for m in long.series) and (
        short.params_digest != long.params_digest or short.status not in _WITHOUT_END
    ):
        return False
    answer = begins_like(short, long)
    return extends(short.id, long.id) if answer is None else answer


def _settle(home: list[Group], found: Gathered) -> None:
    """A run of each that is left of one identity; where there are several, their points tell different stories."""
    first = home[0]
    here = Counter(group.path for group in home)
    for group in home:
        primary = group.primary
        key = primary.identity
        if group is not first:
            key = told_apart(key, group.path, None if here[group.path] == 1 else primary.tracker_id)
            if primary.has_id:
                text = f"The run id {primary.tracker_id!r} is also at {first.path!r}, with other content"
                hint = "Both are kept as runs of their own; look which copy is the right one."
                problem = warning("same-id-other-content", group.path, text, hint)
                found.problems.append(LinkProblem(primary.id, problem))
        found.groups.append(group)
        found.keys[id(group)] = key
