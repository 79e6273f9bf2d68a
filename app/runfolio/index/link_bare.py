"""Copies of a run without the file that held its params, such as a tree that was copied without its weights.

What a run is known by has its params in it, where its tracker gives it no id. A copy that has none of them is known by
the rest: the same tool, a folder of the same name, and every point of every series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from runfolio.index.link_agreement import is_telling, plain_name
from runfolio.index.link_groups import Group
from runfolio.index.link_marks import expect

_Slot = tuple[str, str, int]


def join_bare(homes: Sequence[list[Group]]) -> None:
    """Take copies without params out of their homes and into the runs that they are copies of."""
    whole: defaultdict[_Slot, list[Group]] = defaultdict(list)
    bare: list[tuple[_Slot, list[Group], Group]] = []
    for home in homes:
        for group in home:
            item = group.primary
            if item.has_id or item.overlay or not len(item.series):
                continue
            slot = (item.format, item.path.rpartition("/")[2], len(item.series))
            if item.params_digest:
                whole[slot].append(group)
            else:
                bare.append((slot, home, group))
    bare = [(slot, home, group) for slot, home, group in bare if slot in whole]
    expect(g.primary for slot, _, group in bare for g in (group, *whole[slot]))
    for slot, home, group in bare:
        same = [known for known in whole[slot] if _is_copy(group, known)]
        # Of two configurations with the very same points nobody can tell which one it was.
        if len({known.primary.params_digest for known in same}) == 1:
            same[0].absorb(group, "a copy without its params: the same points", stale=True)
            home.remove(group)


def _is_copy(group: Group, known: Group) -> bool:
    one, other = group.primary, known.primary
    here = {(item.source, item.path) for item in known.items}
    if any((item.source, item.path) in here for item in group.items):
        return False
    if one.started_us is not None and other.started_us is not None and one.started_us != other.started_us:
        return False
    if not any(is_telling(plain_name(mark.name), mark) for mark in one.series):
        return False
    return sorted(map(repr, one.series)) == sorted(map(repr, other.series))
