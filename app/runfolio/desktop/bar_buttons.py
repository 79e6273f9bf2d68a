"""The buttons beside the filter: what is left out, the columns of the runs table, its groups, and what is exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.exports import Exports
from runfolio.desktop.mark_notice import HiddenNotice
from runfolio.desktop.widgets import TextButton

if TYPE_CHECKING:
    from runfolio.desktop.filter_bar import FilterBar
    from runfolio.desktop.views.runs import RunsView


class BarButtons(QObject):
    """Each opens something below itself. `runs_in_front` shows the Runs workspace, which most of them are about."""

    def __init__(self, context: Context, bar: FilterBar, runs_in_front: Callable[[], RunsView]) -> None:
        super().__init__(bar)
        self._runs_in_front = runs_in_front
        self._exports: Exports | None = None
        theme = context.theme
        self.columns = TextButton("Columns", theme, icon="columns-3", tip="Choose the columns of the table")
        self.columns.setObjectName("columns-button")
        self.columns.clicked.connect(self.open_columns)
        self.export = TextButton("Export", theme, icon="download", tip="Copy or export what is shown")
        self.export.setObjectName("export-button")
        self.export.clicked.connect(self.open_export)
        self.group = TextButton("Group", theme, icon="group", tip="Put runs into groups")
        self.group.setObjectName("group-button")
        self.group.clicked.connect(self.open_groups)
        self.hidden = HiddenNotice(context, bar)

    def follow(self, runs: RunsView, exports: Exports) -> None:
        """Say how the table of `runs` is grouped and what it leaves out; `exports` has the menu of the last button."""
        self._exports = exports
        columns = runs.columns
        columns.changed.connect(lambda: self.group.set_text(columns.groups.title))
        self.hidden.counted.connect(runs.answer.show_left_out)

    def open_columns(self) -> None:
        """Choose the columns of the runs table."""
        self._runs_in_front().columns.open_chooser(_below(self.columns))

    def open_groups(self) -> None:
        """Choose how the runs of the table are grouped."""
        self._runs_in_front().columns.open_grouping(_below(self.group))

    def open_export(self) -> None:
        """What can be taken out of the window."""
        if self._exports is not None:
            self._exports.open_menu(_below(self.export))


def _below(button: QWidget) -> QPoint:
    return button.mapToGlobal(button.rect().bottomRight())
