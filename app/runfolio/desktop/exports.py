"""What is taken out of the window as a file: the table as CSV, the selected runs as a report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from runfolio.desktop.columns import TableColumn
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.run_copy import exact_rows
from runfolio.errors import FolderUnreadable
from runfolio.model.display import count

if TYPE_CHECKING:
    from runfolio.api import Workspace

REPORT_RUNS = 50
"""A report of more runs than this is a table nobody reads."""


class Exports:
    """The export commands of a window; `columns` gives what the runs table shows."""

    def __init__(self, context: Context, columns: Callable[[], tuple[TableColumn, ...]], window: QWidget) -> None:
        self._context = context
        self._columns = columns
        self._window = window
        context.commands.add(
            Command("export.csv", "Save the table as CSV…", self.ask_csv, (), "Export", "download", self._has_runs),
            Command("export.report", "Save a report as HTML…", self.ask_report, (), "Export", "file", self._has_runs),
        )

    def _has_runs(self) -> bool:
        return bool(self._context.state.scope_keys)

    def open_menu(self, corner: QPoint) -> None:
        """Everything that can be taken out, below `corner` and to the left of it."""
        menu = QMenu(self._window)
        menu.setObjectName("export-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command in self._context.commands.all():
            if command.group == "Export" or command.id in ("runs.copy", "runs.copy-markdown"):
                menu.addAction(self._context.commands.action(command.id))
        menu.popup(corner - QPoint(menu.sizeHint().width(), -2))

    def ask_csv(self) -> None:
        """Ask where to, then write all runs of the scope with the columns shown."""
        self._ask("Save the table as CSV", "runs.csv", "CSV (*.csv)", self.write_csv)

    def ask_report(self) -> None:
        """Ask where to, then write a report of the selected runs, or of the first ones where none are selected."""
        self._ask("Save a report", "runs.html", "HTML (*.html)", self.write_report)

    def write_csv(self, path: Path) -> None:
        """Write the scope; full precision, cells that a spreadsheet would run as a formula made harmless."""
        keys, columns = self._context.state.scope_keys, self._columns()

        def write(workspace: Workspace) -> Path:
            from runfolio.export.table import as_csv

            head, *rows = exact_rows(workspace, columns, keys)
            workspace.check_target(path)
            try:
                path.write_text(as_csv(head, rows), encoding="utf-8")
            except OSError as error:
                raise FolderUnreadable(f"The table could not be saved: {error.strerror}", where=str(path)) from error
            return path

        self._context.jobs.action(write, lambda written: self._tell(written, f"{count(len(keys))} runs"))

    def write_report(self, path: Path) -> None:
        """Write one HTML file about the selected runs."""
        state = self._context.state
        keys, baseline = (state.selection or state.scope_keys)[:REPORT_RUNS], state.baseline

        def work(workspace: Workspace, _token: object, _progress: object) -> Path:
            return workspace.export_report(keys, path, baseline=baseline)

        self._context.jobs.long(
            "Writing the report", work, lambda written: self._tell(written, f"A report of {count(len(keys))} runs")
        )

    def _tell(self, path: Path, what: str) -> None:
        self._context.say.info(
            f"{what} saved to {path}", action="Show the folder", call=lambda: show_folder(path.parent)
        )

    def _ask(self, title: str, name: str, kind: str, write: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self._window, title, name, kind)
        dialog.setObjectName("save-file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: write(Path(chosen)))
        dialog.open()


def show_folder(folder: Path) -> None:
    """Let the desktop's file manager show a folder."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
