"""What the group comparison asks the workspace, on a job's thread, as one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runfolio.desktop.compare_settings import GroupSettings
from runfolio.model.direction import Direction
from runfolio.model.groups import Grouping, GroupTable, RunGroup
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.model.answers import FieldInfo

MOST_SHOWN = 100
"""Groups in a table, the largest; more are for the command line."""

_GROUPING = (FieldKind.PARAM, FieldKind.BUILTIN, FieldKind.TAG, FieldKind.FACT)
_BUILTINS = ("experiment", "dataset", "dataset.digest", "format", "source", "status", "stage", "tag", "model")


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """What there is to show.

    groups       those in the tables, in the order of their rows; rows of a table are by mean, the best first.
    tables       () when there is nothing to compare.
    rule         how runs were put together, in words.
    ignored      params that did not count; `by_itself` those that the rule finds when nothing is said.
    offered      params that could be ignored as well.
    alone        runs left out because they are alone in their group; `beyond` groups because they are too many.
    unknown      runs in no group.
    runs         runs in scope.
    metrics      all that can be compared; `fields` all that can be grouped by, each with how many runs have it.
    """

    groups: tuple[RunGroup, ...]
    tables: tuple[GroupTable, ...]
    rule: str
    ignored: tuple[str, ...]
    by_itself: tuple[str, ...]
    offered: tuple[str, ...]
    alone: int
    beyond: int
    unknown: int
    runs: int
    metrics: tuple[tuple[FieldRef, int], ...]
    fields: tuple[tuple[FieldRef, int], ...]

    @property
    def compared(self) -> tuple[FieldRef, ...]:
        """The metrics in the tables."""
        return tuple(table.metric for table in self.tables)

    @property
    def baseline(self) -> str:
        """The baseline's name; "" when there is nothing to compare."""
        return self.tables[0].rows[self.tables[0].baseline].name if self.tables else ""


def ask_groups(workspace: Workspace, scope: RunQuery, settings: GroupSettings, baseline: RunKey | None) -> GroupAnswer:
    """Groups of the runs in scope, compared as the settings say; `baseline`: the run whose group others stand against.

    Raises what the workspace raises.
    """
    keys = workspace.run_keys(scope)
    known = workspace.fields()
    names = [info.field.name for info in known if info.field.kind is FieldKind.PARAM]
    grouping, by_itself = _grouping(workspace, keys, settings, names)
    chosen, alone, beyond = _shown(grouping, settings)
    metrics = tuple((_figure(info), info.runs) for info in known if info.field.kind is FieldKind.METRIC)
    tables: tuple[GroupTable, ...] = ()
    wanted = _wanted(workspace, settings, metrics)
    if len(chosen) > 1 and wanted:
        place = _place(chosen, settings.baseline, baseline)
        found = workspace.compare_groups(
            chosen,
            wanted,
            place,
            method=settings.method,
            level=settings.level,
            pairing=None if settings.pairing else False,
        )
        tables = tuple(map(best_first, found))
    by = [info for info in known if _groups_by(info)]
    # What was varied on purpose first.
    by.sort(key=lambda info: _GROUPING.index(info.field.kind))
    fields = tuple((info.field, info.runs) for info in by)
    return GroupAnswer(
        tuple(chosen),
        tables,
        grouping.rule,
        grouping.ignored,
        by_itself,
        grouping.offered,
        alone,
        beyond,
        grouping.unknown,
        len(keys),
        metrics,
        fields,
    )


def best_first(table: GroupTable) -> GroupTable:
    """The same with rows by their means, the best first; by size where it is not known which way is better."""
    if table.direction is Direction.UNKNOWN:
        return table
    sign = -1.0 if table.direction is Direction.HIGHER else 1.0
    means = [row.figures.mean for row in table.rows]
    order = sorted(range(len(means)), key=lambda i: (means[i] is None, sign * (means[i] or 0.0)))
    return replace(table, rows=tuple(table.rows[i] for i in order), baseline=order.index(table.baseline))


def _grouping(
    workspace: Workspace, keys: Sequence[RunKey], settings: GroupSettings, names: Sequence[str]
) -> tuple[Grouping, tuple[str, ...]]:
    from runfolio.analysis.replicates import ignored_keys

    by_itself = ignored_keys(names)
    if settings.by:
        return workspace.field_groups(settings.by, keys), by_itself
    ignored = None
    if settings.ignored or settings.counted:
        ignored = {*by_itself, *settings.ignored} - {*settings.counted}
    return workspace.replicate_groups(keys, ignored), by_itself


def _shown(grouping: Grouping, settings: GroupSettings) -> tuple[list[RunGroup], int, int]:
    """The groups to show, how many runs are alone and left out, and how many groups are too many."""
    groups = [g for g in grouping.groups if settings.single or len(g.runs) > 1]
    alone = len(grouping.groups) - len(groups)
    return groups[:MOST_SHOWN], alone, max(0, len(groups) - MOST_SHOWN)


def _place(groups: Sequence[RunGroup], name: str, run: RunKey | None) -> int:
    for place, group in enumerate(groups):
        if group.name == name:
            return place
    return next((place for place, group in enumerate(groups) if run is not None and run in group.runs), 0)


def _wanted(
    workspace: Workspace, settings: GroupSettings, metrics: Sequence[tuple[FieldRef, int]]
) -> tuple[FieldRef, ...]:
    known = {metric.name for metric, _ in metrics}
    wanted = tuple(m for m in settings.metrics or () if m.name in known)
    if wanted:
        return wanted
    shared = [f for f in workspace.default_columns() if f.kind is FieldKind.METRIC]
    return tuple((shared or [metric for metric, _ in metrics])[:1])


def _figure(info: FieldInfo) -> FieldRef:
    known = info.direction is not Direction.UNKNOWN
    return replace(info.field, aggregate=Aggregate.BEST if known else Aggregate.LAST)


def _groups_by(info: FieldInfo) -> bool:
    if info.field.kind is FieldKind.BUILTIN:
        return info.field.name in _BUILTINS
    return info.field.kind in _GROUPING and (info.distinct or 0) > 1
