"""Groups of runs: found by what differs, or by a field, and compared with statistics."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runfolio.api.stores import Stores
from runfolio.errors import UsageError
from runfolio.model.answers import CellKind, Column
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import number
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, Method

if TYPE_CHECKING:
    from runfolio.model.comparison import Comparison
    from runfolio.model.groups import Grouping, GroupTable, RunGroup

MOST_GROUPS = 500
"""Of which a comparison is made at a time."""

_NAMING = 6
"""Params that are read to tell groups apart."""

_ALSO_NAMING = {"experiment": "experiment", "dataset": "data", "dataset.digest": "digest"}
"""What else they may differ in, and what it is called in a name."""

_DATA_FIELDS = ("dataset", "dataset.digest")


class Comparing:
    """What can be asked of groups; nothing is changed."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    # --- groups ------------------------------------------------------------------------------------------------

    def replicate_groups(
        self, query: RunQuery | Sequence[RunKey] | None = None, ignored: Collection[str] | None = None
    ) -> Grouping:
        """Runs of one configuration: same experiment, data and params but the seed and what only names a run.

        query     which runs; all when None.
        ignored   keys of the params that do not count, instead of those that `analysis.replicates` finds by their
                  names. "experiment" and "data" among them make groups across experiments and data sets.
        """
        import numpy as np

        from runfolio.analysis.replicates import is_seed, named_apart, rule_text, short_titles
        from runfolio.index import replicates
        from runfolio.model.groups import Grouping, RunGroup

        queries, db = self._stores.queries, self._stores.db
        asked = self._keys(query)
        with db.snapshot():
            places_of = queries.ids().places
            keys = [key for key in asked if key in places_of]
            ids = [places_of[key] + 1 for key in keys]
            rule = rule_of(replicates.param_keys(db), ignored)
            chosen = rule.params
            found = replicates.signatures(db, chosen, experiment=rule.experiment, data=rule.data)
            places = np.array(ids, dtype=np.int64) - 1
            known = found.known[places] if len(places) else np.zeros(0, np.bool_)
            kept = np.flatnonzero(known)
            _, first, member, sizes = np.unique(
                found.mark[places[kept]], return_index=True, return_inverse=True, return_counts=True
            )
            # The largest first, among equals the one whose first run stands first.
            rank = np.lexsort((first, -sizes))
            heads = [ids[int(kept[first[group]])] for group in rank]
            seed_of = replicates.labels(db, [key for key in chosen if is_seed(key)])
            repeated = [head for head, group in zip(heads, rank, strict=True) if sizes[group] > 1]
            # Groups of one are many where something else was tried by the way: they would make all names longer.
            telling = repeated if len(repeated) > 1 else heads
            varying = replicates.varying(db, telling, chosen) if len(heads) > 1 else ()
            offered = replicates.varying(db, heads, chosen) if telling is not heads else varying
        head_keys = [keys[int(kept[first[group]])] for group in rank]
        telling_fields = [FieldRef(FieldKind.PARAM, key) for key, _, _ in varying[:_NAMING]]
        telling_fields += [FieldRef(FieldKind.BUILTIN, name) for name in _ALSO_NAMING]
        titles = short_titles([_ALSO_NAMING.get(field.name, field.name) for field in telling_fields])
        columns = (
            self._texts(field, head_keys, f"{title}=", shared=False)
            for field, title in zip(telling_fields, titles, strict=True)
        )
        fallback = [str(v) for v in queries.column(FieldRef(FieldKind.BUILTIN, "name"), head_keys).values]
        names = named_apart(columns, fallback, len(repeated))
        # Runs by group in one sort instead of a search for each group.
        by_group = np.split(kept[np.argsort(member, kind="stable")], np.cumsum(sizes)[:-1])
        groups = []
        for name, group in zip(names, rank, strict=True):
            runs = by_group[group].tolist()
            groups.append(RunGroup(name, tuple(keys[i] for i in runs), tuple(seed_of.get(ids[i], "") for i in runs)))
        return Grouping(
            tuple(groups),
            rule_text(chosen, experiment=rule.experiment, data=rule.data),
            chosen,
            tuple(key for key, _, _ in offered),
            int((sizes == 1).sum()),
            len(keys) - len(kept),
        )

    def replicates_of(self, keys: Sequence[RunKey], ignored: Collection[str] | None = None) -> tuple[RunKey, ...]:
        """All runs of the configurations of some, these among them; `ignored` as in `replicate_groups`."""
        import numpy as np

        from runfolio.index import replicates

        with self._stores.db.snapshot():
            ids = self._stores.queries.ids()
            rule = rule_of(replicates.param_keys(self._stores.db), ignored)
            found = replicates.signatures(self._stores.db, rule.params, experiment=rule.experiment, data=rule.data)
            own = np.array([ids.places[key] for key in keys if key in ids.places], dtype=np.int64)
            members = np.isin(found.mark, found.mark[own]) & found.known
            members[own] = True
        return tuple(ids.keys[place] for place in np.flatnonzero(members).tolist())

    def field_groups(self, fields: Sequence[FieldRef], query: RunQuery | Sequence[RunKey] | None = None) -> Grouping:
        """Runs by the values of one or more fields; those that have none of one are in no group."""
        from runfolio.analysis.replicates import ignored_keys, is_of_the_run, is_seed
        from runfolio.index import replicates
        from runfolio.model.groups import Grouping, RunGroup

        if not fields:
            raise UsageError("No field to group by", hint="Name one or more, such as optimizer.")
        db, asked = self._stores.db, self._keys(query)
        own = {f.name for f in fields if f.kind is FieldKind.PARAM}
        with db.snapshot():
            places_of = self._stores.queries.ids().places
            keys = [key for key in asked if key in places_of]
            ids = [places_of[key] + 1 for key in keys]
            known = replicates.param_keys(db)
            seeds = [key for key in ignored_keys(known) if is_seed(key) and key not in own]
            apart = [key for key in known if is_of_the_run(key) or key in own]
            builtins = {f.name for f in fields if f.kind is FieldKind.BUILTIN}
            rest = replicates.signatures(
                db, apart, experiment="experiment" not in builtins, data=builtins.isdisjoint(_DATA_FIELDS)
            )
            seed_of = replicates.labels(db, seeds)
        columns = [self._texts(field, keys, f"{field.name}=" if len(fields) > 1 else "") for field in fields]
        members: dict[tuple[str, ...], list[int]] = {}
        for place, values in enumerate(zip(*columns, strict=True)):
            if all(values):
                members.setdefault(values, []).append(place)
        groups = [
            RunGroup(
                ", ".join(values),
                tuple(keys[i] for i in places),
                tuple(seed_of.get(ids[i], "") for i in places),
                tuple(int(rest.mark[ids[i] - 1]) if rest.known[ids[i] - 1] else None for i in places),
            )
            for values, places in members.items()
        ]
        groups.sort(key=lambda group: -len(group.runs))
        return Grouping(
            tuple(groups),
            f"same {', '.join(f.name for f in fields)}",
            single=sum(len(group.runs) == 1 for group in groups),
            unknown=len(keys) - sum(len(group.runs) for group in groups),
        )

    def _keys(self, query: RunQuery | Sequence[RunKey] | None) -> Sequence[RunKey]:
        if query is None or isinstance(query, RunQuery):
            return self._stores.queries.run_keys(query or RunQuery())
        return query

    def _texts(self, field: FieldRef, keys: Sequence[RunKey], title: str, *, shared: bool = True) -> list[str]:
        """A field's values behind a title; not `shared`: without those of several values that all runs have."""
        column = self._stores.queries.column(field, keys)
        if not shared and column.kind is CellKind.TAGS:
            column = replace(column, values=_telling(column.values))
        return [f"{title}{text}" if text else "" for text in texts_of(column)]

    # --- comparing ---------------------------------------------------------------------------------------------

    def figure_of(self, metric: str) -> FieldRef:
        """The figure of a metric that is compared: `val/acc.last` as typed, else the best by direction, else the last.

        Raises FilterSyntax for an unknown name, UsageError for a field that is no metric.
        """
        from runfolio.model.filter_text import parse_name

        name = parse_name(metric)
        found = self._stores.queries.known().resolve(name)
        if found.kind is not FieldKind.METRIC:
            raise UsageError(f"{metric!r} is no metric", hint="Compare by a metric, group by other fields.")
        # Something may really be called `val/acc.best`; only what is left when the figure is taken off was typed.
        typed = bool(name.aggregate) or found.name != name.text.removeprefix("metric.")
        return found if typed else figure_by_direction(found.name)

    def compare_groups(
        self,
        groups: Sequence[RunGroup],
        metrics: Sequence[FieldRef],
        baseline: int = 0,
        *,
        method: Method = Method.T,
        level: float = LEVEL,
        pairing: bool | None = None,
    ) -> tuple[GroupTable, ...]:
        """A table for each metric: every group against `groups[baseline]`, corrected for their number.

        method, level, pairing   as in `analysis.statistics.comparing.compare`.
        Raises UsageError when there is no such baseline, the groups are too many, or the level is none.
        """
        if not 0 <= baseline < len(groups):
            raise UsageError(f"The baseline is group {baseline + 1}, but there are only {len(groups)}")
        if len(groups) > MOST_GROUPS:
            raise UsageError(
                f"{len(groups)} groups are too many for one comparison", hint=f"Filter down to {MOST_GROUPS} or fewer."
            )
        if not 0 < level < 1:
            raise UsageError(f"A confidence level lies between 0 and 1, not at {level:g}", hint="0.95 is customary.")
        return tuple(self._table(groups, m, baseline, method, level, pairing) for m in metrics)

    def _table(
        self,
        groups: Sequence[RunGroup],
        metric: FieldRef,
        baseline: int,
        method: Method,
        level: float,
        pairing: bool | None,
    ) -> GroupTable:
        from runfolio.analysis.statistics.comparing import Sample, against, figures
        from runfolio.model.groups import GroupRow, GroupTable

        runs = [run for group in groups for run in group.runs]
        column = iter(self._stores.queries.column(metric, runs).values)
        values = [[_number(next(column)) for _ in group.runs] for group in groups]
        samples = [Sample(v, labels_of(g)) for v, g in zip(values, groups, strict=True)]
        direction = guess_direction(metric.name)
        others = [s for i, s in enumerate(samples) if i != baseline]
        compared: list[Comparison | None] = [
            *against(others, samples[baseline], direction, method=method, level=level, pairing=pairing)
        ]
        compared.insert(baseline, None)
        rows = tuple(
            GroupRow(g.name, tuple(v), figures(s, level), c)
            for g, v, s, c in zip(groups, values, samples, compared, strict=True)
        )
        return GroupTable(metric, metric.aggregate.value, direction, baseline, rows, method, level)

    def significance(
        self, keys: Sequence[RunKey], baseline: RunKey, metrics: Sequence[str]
    ) -> Mapping[tuple[str, RunKey], Comparison]:
        """For runs side by side: each run's replicates against those of the baseline, by metric and run.

        Only runs of another configuration than the baseline's are in it, and only where at least one of the two
        configurations was repeated. p is corrected for the runs compared, not for the metrics.
        """
        grouping = self.replicate_groups(self.replicates_of([*keys, baseline]))
        group_of = {run: group for group in grouping.groups for run in group.runs}
        base = group_of.get(baseline)
        others = {key: group_of[key] for key in keys if key in group_of and group_of[key] is not base}
        if base is None or not others or all(len(g.runs) == 1 for g in (base, *others.values())):
            return {}
        # Two selected runs may be of one configuration: it is compared once.
        groups = [base, *{id(g): g for g in others.values()}.values()]
        place = {id(group): number for number, group in enumerate(groups)}
        found: dict[tuple[str, RunKey], Comparison] = {}
        for table in self.compare_groups(groups, [figure_by_direction(m) for m in metrics]):
            for key, group in others.items():
                comparison = table.rows[place[id(group)]].comparison
                if comparison is not None:
                    found[table.metric.name, key] = comparison
        return found


@dataclass(frozen=True, slots=True)
class ReplicateKeys:
    """Which params do not count, and whether experiments and data sets do."""

    params: tuple[str, ...]
    experiment: bool
    data: bool


def rule_of(keys: Sequence[str], ignored: Collection[str] | None) -> ReplicateKeys:
    """What counts among the params of these keys; `ignored` as in `Comparing.replicate_groups`."""
    from runfolio.analysis.replicates import ignored_keys

    if ignored is None:
        return ReplicateKeys(ignored_keys(keys), True, True)
    return ReplicateKeys(tuple(k for k in keys if k in ignored), "experiment" not in ignored, "data" not in ignored)


def figure_by_direction(metric: str) -> FieldRef:
    """The best value where a metric's name says which way is better, else the last: as a comparison of runs has it."""
    known = guess_direction(metric) is not Direction.UNKNOWN
    return FieldRef(FieldKind.METRIC, metric, Aggregate.BEST if known else Aggregate.LAST)


def labels_of(group: RunGroup) -> tuple[tuple[int | str | None, ...], ...]:
    """What makes partners of its runs, the best way first: all else being equal, then the seed."""
    ways: list[tuple[int | str | None, ...]] = []
    if group.others:
        ways.append(group.others)
    seeds = [seed for seed in group.seeds if seed]
    # In a group of many configurations a seed says nothing of who belongs to whom.
    alone = not group.others or len({*seeds}) == len(seeds)
    ways.append(tuple(seed or None for seed in group.seeds) if alone else (None,) * len(group.runs))
    return tuple(ways)


def _telling(values: Sequence[object]) -> tuple[object, ...]:
    several = [value if isinstance(value, tuple) else () for value in values]
    common = frozenset(several[0]).intersection(*several) if several else frozenset()
    return tuple(tuple(item for item in items if item not in common) or None for items in several)


def texts_of(column: Column) -> list[str]:
    """A column's values as texts, "" for none."""
    written = column.texts or (None,) * len(column.values)
    return [_text(value) if text is None else text for value, text in zip(column.values, written, strict=True)]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return number(value) if isinstance(value, float) else str(value)


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
