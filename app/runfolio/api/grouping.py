"""Runs in groups, and what each group shows of a field; answered for 100,000 runs in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runfolio.api.comparing import rule_of
from runfolio.api.stores import Stores
from runfolio.index import groups as columns
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.grouping import Figure, GroupBy, ReplicateRule
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldKind, FieldRef, SortKey
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from runfolio.analysis.groups import GroupFigures, GroupTree
    from runfolio.index.run_ids import RunIds


_MEASURED = (FieldKind.METRIC, FieldKind.DERIVED)


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
    """Between what the finite values of a field lie, but for outliers: those further from the middle half than 1.5
    times its width.

    base   the value of the baseline; None where there is none.
    """

    low: float
    high: float
    base: float | None = None


class Grouping:
    """Groups of runs, worked out over columns in memory."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

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
            own_columns = _Columns(self._stores, keys)
            levels = [own_columns.codes(field) for field in by.fields]
            if by.replicates:
                levels.append(own_columns.replicates(by))
            tree = make_tree([_last_is_none(codes) for codes in levels])
            order: list[list[NDArray[Any]]] = []
            for depth in range(tree.levels):
                own = by.fields[depth] if depth < len(by.fields) else None
                found = [_sort_key(own_columns, tree, key, own, by) for key in sort]
                if own is None:
                    # Replicate groups have no value to go by: the one whose first run comes first.
                    found.append(_firsts(tree))
                order.append(found)
        shown = arranged(tree, order)
        # Ids count from the newest start on.
        places = own_columns.places
        oldest = np.zeros(len(own_columns.ids.keys) + 1, dtype=np.int64)
        oldest[places] = np.arange(len(places))
        return GroupedRuns(shown, oldest[per_group(shown, places, np.maximum)])

    def group_column(self, keys: Sequence[RunKey], tree: GroupTree, field: FieldRef) -> GroupColumn:
        """What the groups that were made of `keys` show of a field."""
        import numpy as np

        from runfolio.analysis.groups import distinct, figures

        with self._stores.db.snapshot():
            own = _Columns(self._stores, keys)
            numbers = own.numbers(field)
            found = None if numbers is None else figures(tree, numbers)
            if found is not None and (field.kind in _MEASURED or own.is_time(field)):
                # Its codes would cost more than its figures, and nobody asks how many values a metric has.
                same = (found.low == found.high) & (found.n == tree.sizes)
                return GroupColumn(field, found, np.where(same | (found.n == 0), 1, np.maximum(found.n, 2)))
            return GroupColumn(field, found, distinct(tree, own.codes(field)))

    def replicate_rule(self, by: GroupBy) -> ReplicateRule:
        """What makes replicates of runs, among the params there are."""
        from runfolio.analysis.replicates import rule_text
        from runfolio.index.replicates import param_keys

        with self._stores.db.snapshot():
            rule = rule_of(param_keys(self._stores.db), by.ignored)
        return ReplicateRule(rule.params, rule_text(rule.params, experiment=rule.experiment, data=rule.data))

    def varying_params(self, keys: Sequence[RunKey]) -> tuple[str, ...]:
        """The params in which the runs differ, also when only some have them; those that most runs have first."""
        with self._stores.db.snapshot():
            own = _Columns(self._stores, keys)
            return columns.varying(self._stores.db, own.places, every=len(own.places) == own.all.count)

    def column_span(self, keys: Sequence[RunKey], field: FieldRef, baseline: RunKey | None = None) -> Span | None:
        """Between what a field's values lie; None for a field that is no number, or has no finite value."""
        import numpy as np

        with self._stores.db.snapshot():
            numbers = _Columns(self._stores, keys).numbers(field)
            base = None if baseline is None else _Columns(self._stores, [baseline]).numbers(field)
        if numbers is None:
            return None
        values = numbers[np.isfinite(numbers)]
        if not len(values):
            return None
        lower, upper = np.quantile(values, (0.25, 0.75))
        reach = 1.5 * (upper - lower)
        low, high = max(values.min(), lower - reach), min(values.max(), upper + reach)
        return Span(float(low), float(high), None if base is None else float(base[0]))


class _Columns:
    """Whole columns of the surrounding snapshot for the runs of a list, in its order."""

    def __init__(self, stores: Stores, keys: Sequence[RunKey]) -> None:
        self.ids, self.all = stores.queries.columns_now()
        self._db = stores.db
        self.places = _places(self.ids, keys)

    def numbers(self, field: FieldRef) -> NDArray[Any] | None:
        """A field's numbers, NaN where there is none; None for a field that is no number."""
        found = columns.numbers(self.all, self._db, field)
        return None if found is None else self._taken(found, float("nan"))

    def codes(self, field: FieldRef) -> NDArray[Any]:
        """Equal where the values are, in the order in which they sort; -1 for none."""
        return self._taken(columns.codes(self.all, self._db, field), -1)

    def replicates(self, by: GroupBy) -> NDArray[Any]:
        """Equal for runs of one configuration; runs of which nothing was recorded are alike to none."""
        from runfolio.index.replicates import param_keys

        rule = rule_of(param_keys(self._db), by.ignored)
        found = columns.replicates(self.all, self._db, rule.params, experiment=rule.experiment, data=rule.data)
        return self._taken(found, -1)

    def is_time(self, field: FieldRef) -> bool:
        """Whether it is an instant; those are equal by their days alone where groups are made by them."""
        return field.kind is FieldKind.BUILTIN and columns.is_time(field)

    def _taken(self, found: NDArray[Any], missing: float) -> NDArray[Any]:
        import numpy as np

        taken: NDArray[Any] = np.append(found, missing)[self.places].astype(found.dtype)
        return taken


def _places(ids: RunIds, keys: Sequence[RunKey]) -> NDArray[Any]:
    """Places in arrays of all runs; the one behind the last, which has no value, for runs that are gone."""
    import numpy as np

    if isinstance(keys, KeyOrder) and keys.is_of(ids.keys):
        return np.arange(len(keys)) if keys.order is None else np.asarray(keys.order, dtype=np.int64)
    return np.fromiter((ids.places.get(key, len(ids.keys)) for key in keys), np.int64, len(keys))


def _sort_key(own_columns: _Columns, tree: GroupTree, key: SortKey, own: FieldRef | None, by: GroupBy) -> NDArray[Any]:
    import numpy as np

    from runfolio.analysis.groups import figures

    if key.field == own:
        codes = own_columns.codes(key.field)[tree.order[tree.start]].astype(np.float64)
        values = np.where(codes < 0, np.nan, codes)
    elif (numbers := own_columns.numbers(key.field)) is not None:
        lower = key.field.kind is FieldKind.METRIC and guess_direction(key.field.name) is Direction.LOWER
        values = shown_figure(figures(tree, numbers), by.figure, lower=lower)
    else:
        # The runs are in this order already, so their first says where the group belongs.
        return _firsts(tree)
    return -values if key.descending else values


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
