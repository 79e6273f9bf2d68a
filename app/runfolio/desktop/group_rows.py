"""Which row of a grouped table is which: rows are found by the boundaries of groups, never listed.

Made on a query thread for 100,000 runs; imported with the first grouping, because NumPy comes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runfolio.api.grouping import GroupColumn, GroupedRuns
from runfolio.model.grouping import GroupBy
from runfolio.model.key_order import KeyOrder
from runfolio.model.params import Json
from runfolio.model.query import FieldRef, SortKey
from runfolio.model.run import RunKey

Anchor = tuple[int, RunKey]
"""Depth of a group and the oldest run in it, by which it is known again."""


@dataclass(frozen=True, slots=True)
class Folding:
    """Which groups are open: all or none, but for the `others`."""

    all_open: bool = False
    others: frozenset[Anchor] = frozenset()


def folding_from_json(kept: Json) -> Folding:
    """What a session kept of it; all groups are closed where that makes no sense."""
    if not isinstance(kept, dict) or not isinstance(others := kept.get("others"), list):
        return Folding()
    pairs = [tuple(pair) for pair in others if isinstance(pair, list)]
    return Folding(
        kept.get("all") is True,
        frozenset(
            (depth, RunKey(key))
            for depth, key in (p for p in pairs if len(p) == 2)
            if isinstance(depth, int) and isinstance(key, str)
        ),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What a row shows: a group, or a run of it.

    position   of the run in the scope; for a group of its first run, which stands in for what all have in common.
    """

    group: int
    position: int
    is_group: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """What opening or closing a group does to the rows: from `first` on, `count` rows come or go."""

    rows: GroupRows
    first: int
    count: int
    opened: bool


@dataclass(slots=True, eq=False)
class GroupRows:
    """The rows of a grouping. Never changed but for `columns`, which fills as answers arrive."""

    keys: KeyOrder
    grouped: GroupedRuns
    by: GroupBy
    sort: tuple[SortKey, ...]
    folding: Folding
    opened: NDArray[np.bool_]
    columns: dict[FieldRef, GroupColumn] = field(default_factory=dict)
    count: int = 0
    _groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _known: dict[int, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tree = self.grouped.tree
        shown = np.ones(len(tree.start), dtype=bool)
        for depth in range(1, tree.levels):
            there = tree.at_depth(depth)
            above = tree.parent[there]
            shown[there] = shown[above] & self.opened[above]
        rows = shown + np.where(shown & self.opened & tree.inner, tree.sizes, 0)
        self._groups = np.flatnonzero(shown)
        ends = np.cumsum(rows[self._groups])
        self.count = int(ends[-1]) if len(ends) else 0
        self._first = ends - rows[self._groups]

    # --- rows --------------------------------------------------------------------------------------------------

    def line(self, row: int) -> Line:
        """What a row shows."""
        known = self._known.get(row)
        if known is None:
            if len(self._known) > 4_000:
                self._known.clear()
            tree = self.grouped.tree
            place = int(np.searchsorted(self._first, row, side="right")) - 1
            group = int(self._groups[place])
            below = row - int(self._first[place])
            position = int(tree.order[int(tree.start[group]) + max(0, below - 1)])
            known = self._known[row] = Line(group, position, below == 0)
        return known

    def key(self, row: int) -> RunKey:
        """The run of a row, or the one that stands in for its group."""
        return self.keys[self.line(row).position]

    def members(self, group: int, most: int | None = None) -> tuple[RunKey, ...]:
        """The runs of a group in the order shown, all or at most so many."""
        tree = self.grouped.tree
        places = tree.order[int(tree.start[group]) : int(tree.stop[group])][:most].tolist()
        return tuple([self.keys[place] for place in places])

    def depth(self, group: int) -> int:
        """0 for the outermost groups."""
        return int(self.grouped.tree.depth[group])

    def size(self, group: int) -> int:
        """How many runs a group holds."""
        return int(self.grouped.tree.stop[group] - self.grouped.tree.start[group])

    def is_open(self, group: int) -> bool:
        """Whether what is in the group is shown."""
        return bool(self.opened[group])

    def anchor(self, group: int) -> Anchor:
        """By what the group is known again after another grouping of the same kind."""
        return self.depth(group), self.keys[int(self.grouped.anchors[group])]

    def row_of_group(self, group: int) -> int | None:
        """The row of a group; None while it is inside a closed one."""
        place = int(np.searchsorted(self._groups, group))
        if place == len(self._groups) or int(self._groups[place]) != group:
            return None
        return int(self._first[place])

    def group_of_anchor(self, anchor: Anchor) -> int | None:
        """The group that is known by an anchor; None when there is none any more."""
        position = _positions(self.keys, [anchor[1]])
        if not len(position):
            return None
        found = np.flatnonzero((self.grouped.anchors == position[0]) & (self.grouped.tree.depth == anchor[0]))
        return int(found[0]) if len(found) else None

    def row_of_run(self, key: RunKey, *, or_group: bool = False) -> int | None:
        """The row of a run; while it is inside a closed group None, or that group's row."""
        position = _positions(self.keys, [key])
        if not len(position):
            return None
        tree = self.grouped.tree
        place = int(np.flatnonzero(tree.order == position[0])[0])
        group = int(np.flatnonzero(tree.inner & (tree.start <= place) & (tree.stop > place))[0])
        row = self.row_of_group(group)
        if row is not None and self.opened[group]:
            return row + 1 + place - int(tree.start[group])
        while or_group and row is None:
            group = int(tree.parent[group])
            row = self.row_of_group(group)
        return row if or_group else None

    # --- opening and closing -----------------------------------------------------------------------------------

    def folded(self, group: int, *, opened: bool) -> Fold | None:
        """The rows after a group was opened or closed; None when it is so already or has no row."""
        row = self.row_of_group(group)
        if row is None or self.is_open(group) is opened:
            return None
        now = self.opened.copy()
        now[group] = opened
        folding = Folding(self.folding.all_open, self.folding.others ^ {self.anchor(group)})
        after = GroupRows(self.keys, self.grouped, self.by, self.sort, folding, now, self.columns)
        return Fold(after, row + 1, abs(after.count - self.count), opened)

    def with_folding(self, folding: Folding) -> GroupRows:
        """The same groups, others of them open."""
        return make_rows(self.keys, self.grouped, self.by, self.sort, folding, self.columns)


def make_rows(
    keys: KeyOrder,
    grouped: GroupedRuns,
    by: GroupBy,
    sort: tuple[SortKey, ...],
    folding: Folding,
    columns: dict[FieldRef, GroupColumn] | None = None,
) -> GroupRows:
    """The rows of a grouping of `keys`, its groups opened as `folding` says."""
    opened = np.full(len(grouped.tree.start), folding.all_open)
    for depth in range(grouped.tree.levels):
        others = _positions(keys, [key for at, key in folding.others if at == depth])
        opened[(grouped.tree.depth == depth) & np.isin(grouped.anchors, others)] ^= True
    return GroupRows(keys, grouped, by, sort, folding, opened, columns or {})


def _positions(keys: KeyOrder, wanted: Sequence[RunKey]) -> NDArray[np.int64]:
    """Where runs stand among `keys`; those that are not there are left out."""
    found = (keys.row_of(key) for key in wanted)
    return np.array([row for row in found if row is not None], dtype=np.int64)
