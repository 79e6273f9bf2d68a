"""A run in the making: recordings that were found to belong together, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from runfolio.index.linkable import Linkable
from runfolio.model.run import Precision

EVENTS = "tensorboard"
A_DAY_US = 24 * 3600 * 1_000_000
"""Clocks without a time zone differ by less."""
# Which recording names a run: a tracker's own id first, then the tool whose layout says most about the run.
_TELLING = {"hydra": 30, "lightning": 40, "keras": 45, EVENTS: 50, "generic": 60}


@dataclass(slots=True)
class Joined:
    """A recording in a group.

    leg     which part of a resumed run it keeps.
    stale   a copy that is shorter than another one: it names nothing and is asked last.
    """

    item: Linkable
    reason: str
    prefix: str = ""
    leg: int = 0
    stale: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """Recordings of one run. `path` is the folder that stands for it; `named_by` is set where the user chose."""

    source: int
    path: str
    joined: list[Joined]
    parent: Group | None = None
    absorbed_by: Group | None = None
    children: list[Group] = field(default_factory=list)
    named_by: Linkable | None = None

    @property
    def items(self) -> list[Linkable]:
        """Its recordings, in the order they were joined."""
        return [j.item for j in self.joined]

    @property
    def events_only(self) -> bool:
        """Whether it knows event files only."""
        return all(j.item.format == EVENTS for j in self.joined)

    @property
    def overlay(self) -> bool:
        """Whether a config layer is in it."""
        return any(j.item.overlay for j in self.joined)

    @property
    def overlay_only(self) -> bool:
        """Whether nothing but config layers is in it."""
        return all(j.item.overlay for j in self.joined)

    @property
    def has_id(self) -> bool:
        """Whether some tracker gave it an id."""
        return any(j.item.has_id for j in self.joined)

    @property
    def primary(self) -> Linkable:
        """The recording that gives the run its identity, name and status."""
        if self.named_by is not None:
            return self.named_by
        if len(self.joined) == 1:
            return self.joined[0].item
        return min((j for j in self.joined if not j.stale), key=lambda j: (j.leg, telling(j.item))).item

    def absorb(self, other: Group, reason: str, prefix: str = "", *, leg: int = 0, stale: bool = False) -> None:
        """Take in all that another group holds."""
        for joined in other.joined:
            joined.reason, joined.prefix = reason, prefix + joined.prefix
            joined.leg, joined.stale = leg or joined.leg, stale or joined.stale
        self.take(other)

    def take(self, other: Group) -> None:
        """Take in all that another group holds, with the reasons that it has."""
        self.joined += other.joined
        other.absorbed_by = self
        for child in other.children:
            child.parent = self
        self.children += other.children

    def standing(self) -> Group:
        """The group that this one became a part of, or itself."""
        group = self
        while group.absorbed_by is not None:
            group = group.absorbed_by
        return group


def days_apart(one: Group, other: Group) -> bool:
    """Whether two groups started so far apart that no clock without a time zone explains it."""
    starts = [i.started_us for g in (one, other) for i in g.items if i.started_us is not None]
    return max(starts, default=0) - min(starts, default=0) > A_DAY_US


def telling(item: Linkable) -> tuple[int, str]:
    """Sorts recordings of one run by how much they say about its identity, best first."""
    return (0 if item.has_id else _TELLING.get(item.format, 20), item.path)


def ranked(group: Group, preferred: Sequence[str]) -> list[Joined]:
    """The members in the order in which they are asked for a param or metric that several of them have.

    Whatever the user prefers; then decimal text before the float32 of event files; then as `telling` sorts. The last
    leg of a resumed run knows its params best, and a copy that is shorter than another is asked last.
    """
    if len(group.joined) == 1:
        return [*group.joined]
    place = {name: n for n, name in enumerate(preferred)}

    def order(joined: Joined) -> tuple[object, ...]:
        item = joined.item
        wished = place.get(item.format, len(place))
        return (joined.stale, -joined.leg, wished, item.precision == Precision.FLOAT32, telling(item))

    return sorted(group.joined, key=order)


def words_of(path: str) -> list[str]:
    """The parts of a path written on any system: `C:\\runs\\a`, `file:///runs/a`, `./runs/a/`."""
    return [part for part in re.split(r"[\\/]+", re.sub(r"^[a-z]{2,}:/*", "", path.strip())) if part not in ("", ".")]
