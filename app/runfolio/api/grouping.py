"""Runs in groups, and what each group shows of a field; answered for 100,000 runs in one go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runfolio.api.stores import Stores
from runfolio.index import groups as columns
from runfolio.model.answers import Change
from runfolio.model.grouping import Figure, GroupBy
from runfolio.model.query import FieldKind, FieldRef, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runfolio.analysis.groups import GroupFigures, GroupTree

KEPT = 64
"""Columns kept as arrays: 0.8 MB each for 100,000 runs."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupColumn:
    """What groups show of one field, an entry for each group of the tree.

    figures    of the finite numbers; None for fields that are no number.
    distinct   how many different values there are; no value counts as one. Of a metric it only says whether they are
               all the same (1).
    """

    field: FieldRef
    figures: GroupFigures | None
    distinct: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class GroupedRuns:
    """Runs in groups.

    anchors   for each group the position, in the list that was grouped, of its oldest run: by that one a group is known
              again when runs come in or the order changes.
    """

    tree: GroupTree
    anchors: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Between what the finite values of a field lie, but for the outermost 2 % at either end.

    base   the value of the baseline; None where there is none.
    """

    low: float
    high: float
    base: float | None = None


class Grouping:
    """Groups of runs. Whole columns are kept until something changes."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._kept: dict[tuple[str, object], NDArray[Any]] = {}
        self._lock = threading.Lock()
        self._generation = 0
        self._places: tuple[Sequence[RunKey], object, NDArray[Any]] | None = None
        stores.subscribe(self._forget)

    def group_runs(self, keys: Sequence[RunKey], by: GroupBy, sort: Sequence[SortKey] = ()) -> GroupedRuns:
        """The runs `keys` in groups.

        sort   order of the groups: by the figure that `by` shows where the field is a number, by the value where groups
               are made by it. Within a group runs stay in the order of `keys`.
        Raises ValueError when `by` has no level.
        """
        import numpy as np

        from runfolio.analysis.groups import arranged, make_tree, per_group

        if not by.active:
            raise ValueError("Runs are grouped by one field or more")
        with self._stores.db.snapshot():
            places = self._ids_of(keys)
            levels = [self._codes(field)[places] for field in by.fields]
            if by.replicates:
                levels.append(self._replicates(by)[places])
            tree = make_tree([_last_is_none(codes) for codes in levels])
            order: list[list[NDArray[Any]]] = []
            for depth in range(tree.levels):
                own = by.fields[depth] if depth < len(by.fields) else None
                found = [self._sort_key(tree, key, depth, own, by, places) for key in sort]
                if own is None:
                    # Replicate groups have no value to go by: the one whose first run comes first.
                    found.append(_firsts(tree))
                order.append(found)
        shown = arranged(tree, order)
        # Ids count from the newest start on.
        oldest = np.full(len(self._stores.queries.run_ids().keys) + 1, 0)
        oldest[places] = np.arange(len(places))
        return GroupedRuns(shown, oldest[per_group(shown, places, np.maximum)])

    def group_column(self, keys: Sequence[RunKey], tree: GroupTree, field: FieldRef) -> GroupColumn:
        """What the groups that were made of `keys` show of a field."""
        import numpy as np

        from runfolio.analysis.groups import distinct, figures

        with self._stores.db.snapshot():
            places = self._ids_of(keys)
            numbers = self._numbers(field)
            found = None if numbers is None else figures(tree, numbers[places])
            if found is not None and field.kind is FieldKind.METRIC:
                # Its codes would cost more than its figures, and nobody asks how many values a metric has.
                same = (found.low == found.high) & (found.n == tree.sizes)
                return GroupColumn(field, found, np.where(same | (found.n == 0), 1, np.maximum(found.n, 2)))
            return GroupColumn(field, found, distinct(tree, self._codes(field)[places]))

    def replicate_rule(self, by: GroupBy) -> tuple[str, ...]:
        """The params there are in which replicates may differ, by their keys."""
        return tuple(key for key in columns.param_keys(self._stores.db) if by.ignores(key))

    def varying_params(self, keys: Sequence[RunKey]) -> tuple[str, ...]:
        """The params in which the runs differ, also when only some have them; those that most runs have first."""
        with self._stores.db.snapshot():
            ids = self._stores.queries.run_ids()
            places = self._ids_of(keys)
            return columns.varying(self._stores.db, places, every=len(places) == len(ids.keys))

    def column_span(self, keys: Sequence[RunKey], field: FieldRef, baseline: RunKey | None = None) -> Span | None:
        """Between what a field's values lie; None for a field that is no number, or has no finite value."""
        import numpy as np

        with self._stores.db.snapshot():
            places = self._ids_of(keys)
            numbers = self._numbers(field)
            of = self._stores.queries.run_ids().of
        if numbers is None:
            return None
        values = numbers[places]
        values = values[np.isfinite(values)]
        if not len(values):
            return None
        low, high = np.quantile(values, (0.02, 0.98))
        base = None if baseline is None else float(numbers[of.get(baseline, 0)])
        return Span(float(low), float(high), base)

    # --- order -------------------------------------------------------------------------------------------------

    def _sort_key(
        self, tree: GroupTree, key: SortKey, depth: int, own: FieldRef | None, by: GroupBy, places: NDArray[Any]
    ) -> NDArray[Any]:
        import numpy as np

        from runfolio.analysis.groups import figures

        if key.field == own:
            codes = _last_is_none(self._codes(key.field)[places])[tree.order[tree.start]].astype(np.float64)
            codes[codes == np.iinfo(np.int64).max] = np.nan
            values = codes
        elif (numbers := self._numbers(key.field)) is not None:
            values = shown_figure(figures(tree, numbers[places]), by.figure, lower=self._lower(key.field))
        else:
            # The runs are in this order already, so their first says where the group belongs.
            return _firsts(tree)
        return -values if key.descending else values

    def _lower(self, field: FieldRef) -> bool:
        from runfolio.model.direction import Direction, guess_direction

        return field.kind is FieldKind.METRIC and guess_direction(field.name) is Direction.LOWER

    # --- arrays ------------------------------------------------------------------------------------------------

    def _ids_of(self, keys: Sequence[RunKey]) -> NDArray[Any]:
        import numpy as np

        ids = self._stores.queries.run_ids()
        known = self._places
        if known is not None and known[0] is keys and known[1] is ids.of:
            return known[2]
        of = ids.of
        places = np.fromiter((of.get(key, 0) for key in keys), np.int64, len(keys))
        self._places = (keys, of, places)
        return places

    def _numbers(self, field: FieldRef) -> NDArray[Any] | None:
        import numpy as np

        def make(runs: int) -> NDArray[Any]:
            found = columns.numbers(self._stores.db, runs, field)
            return np.zeros(0) if found is None else found

        found = self._array("numbers", field, make)
        return found if len(found) else None

    def _codes(self, field: FieldRef) -> NDArray[Any]:
        return self._array("codes", field, lambda runs: columns.codes(self._stores.db, runs, field))

    def _replicates(self, by: GroupBy) -> NDArray[Any]:
        ignored = self.replicate_rule(by)
        return self._array("replicates", ignored, lambda runs: columns.replicates(self._stores.db, runs, ignored))

    def _array(self, what: str, of: object, make: Callable[[int], NDArray[Any]]) -> NDArray[Any]:
        runs = len(self._stores.queries.run_ids().keys)
        with self._lock:
            generation = self._generation
            found = self._kept.get((what, of))
        if found is not None and len(found) in (0, runs + 1):
            return found
        made = make(runs)
        with self._lock:
            if generation == self._generation:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[what, of] = made
        return made

    def _forget(self, _change: Change) -> None:
        with self._lock:
            self._generation += 1
            self._kept.clear()


def shown_figure(figures: GroupFigures, figure: Figure, *, lower: bool) -> NDArray[Any]:
    """The number that a group goes by when it shows `figure`; the mean where an interval stands beside it."""
    if figure is Figure.STD:
        return figures.std
    if figure is Figure.BEST:
        return figures.low if lower else figures.high
    if figure is Figure.WORST:
        return figures.high if lower else figures.low
    return figures.mean


def _firsts(tree: GroupTree) -> NDArray[Any]:
    import numpy as np

    if not len(tree.start):
        return np.zeros(0)
    found = np.empty(len(tree.start))
    for depth in range(tree.levels):
        there = tree.at_depth(depth)
        found[there] = np.minimum.reduceat(tree.order, tree.start[there])
    return found


def _last_is_none(codes: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.where(codes < 0, np.iinfo(np.int64).max, codes)
