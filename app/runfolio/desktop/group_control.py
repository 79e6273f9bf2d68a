"""Keeps the rows of the table grouped as the user wants: asks when the scope, the order or the grouping changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from runfolio.desktop.context import Context
from runfolio.desktop.run_list import RunList
from runfolio.errors import RunfolioError
from runfolio.model.display import plain
from runfolio.model.grouping import GroupBy
from runfolio.model.params import Json

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.desktop.group_rows import Folding, GroupRows

MOST_KEPT = 2_000
"""Opened groups that a session remembers one by one."""


class RunGroups(QObject):
    """Between the scope and the table.

    changed   runs are grouped in another way.
    shown     the table has got its rows.
    """

    changed = Signal()
    shown = Signal()

    def __init__(self, context: Context, table: RunList) -> None:
        super().__init__(table)
        self._context = context
        self._table = table
        self._by = GroupBy()
        self._folding: Folding | None = None
        self._kept: Json = None
        self._keep_place = True

    @property
    def by(self) -> GroupBy:
        """How runs are grouped."""
        return self._by

    @property
    def title(self) -> str:
        """For the button: `Group`, `Group: optimizer, batch`, `Group: replicates`."""
        names = [plain(field.name, 24) for field in self._by.fields]
        if self._by.replicates:
            names.append("replicates")
        return f"Group: {', '.join(names)}" if names else "Group"

    def saved(self) -> Json:
        """Which groups are open, for a session; None where that is more than a session should hold."""
        groups = self._table.runs.groups
        if groups is None or len(groups.folding.others) > MOST_KEPT:
            return self._kept if groups is None and self._by.active else None
        return {
            "all": groups.folding.all_open,
            "others": [[depth, str(key)] for depth, key in sorted(groups.folding.others)],
        }

    def bring_back(self, kept: Json) -> None:
        """The groups that `saved` told of are open when groups are shown for the first time."""
        self._kept = kept

    def show(self, by: GroupBy) -> None:
        """Group in another way."""
        if by == self._by:
            return
        same = (by.fields, by.replicates) == (self._by.fields, self._by.replicates)
        if not same:
            self._folding = None
        self._by = by
        self.changed.emit()
        self.refresh()

    def refresh(self, *, keep_place: bool = True) -> None:
        """The runs of the scope are others, or in another order, or have other values."""
        if not self._by.active:
            self._context.jobs.forget("group-runs")
            self._table.set_keys(self._context.state.scope_keys, keep_place=keep_place)
            self.shown.emit()
            return
        # Until the answer is there a change that moves to the top is not forgotten.
        self._keep_place = self._keep_place and keep_place
        kept = self._kept
        by, keys, sort = self._by, self._context.state.scope_keys, self._context.state.scope.sort
        shown = self._table.runs.groups
        folding = shown.folding if shown is not None and self._folding is not None else self._folding
        wanted = [column.field for column in self._table.runs.columns if not column.curve and not column.is_name]
        # What is on the screen already is there again at once; of other groups the groups come first.
        same = shown is not None and replace(shown.by, figure=by.figure) == by
        fields = wanted if same else []

        def grouped(workspace: Workspace) -> GroupRows:
            # NumPy comes with it: on this thread, not the window's.
            from runfolio.desktop.group_rows import folding_from_json, make_rows

            answer = workspace.group_runs(keys, by, sort)
            columns = {field: workspace.group_column(keys, answer.tree, field) for field in fields}
            return make_rows(keys, answer, by, sort, folding or folding_from_json(kept), columns)

        def take(rows: GroupRows) -> None:
            self._folding, self._kept = rows.folding, None
            keep, self._keep_place = self._keep_place, True
            self._table.set_keys(keys, rows, keep_place=keep)
            self.shown.emit()

        def failed(error: RunfolioError) -> None:
            self._context.say.error(error)
            self._table.set_keys(keys, keep_place=keep_place)

        self._context.jobs.query("group-runs", grouped, take, failed)

    def check_order(self) -> None:
        """The scope has been answered: where only its order is another, groups may stand in another one too."""
        groups = self._table.runs.groups
        if groups is not None and groups.sort != self._context.state.scope.sort:
            self.refresh()

    def fold_all(self, *, opened: bool) -> None:
        """Open or close all groups."""
        groups = self._table.runs.groups
        if groups is None:
            return
        from runfolio.desktop.group_rows import Folding

        self._folding = Folding(all_open=opened)
        self._table.set_keys(self._table.runs.keys, groups.with_folding(self._folding), keep_place=True)
