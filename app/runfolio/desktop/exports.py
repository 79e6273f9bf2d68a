"""What is taken out of the window as a file: the table in several formats, the selected runs as a report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from runfolio.desktop.columns import TableColumn
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.export_progress import ExportProgress
from runfolio.desktop.run_copy import FORMS, copied_groups
from runfolio.model.answers import Progress
from runfolio.model.display import counted, plain
from runfolio.model.grouping import GroupBy

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace
    from runfolio.api.tabling import TableReport

KINDS = "CSV (*.csv);;Parquet (*.parquet);;Excel (*.xlsx)"
T = TypeVar("T")

GROUP_FORMS = tuple((form, words) for form, words in FORMS if form != "python")
REPORT_RUNS = 50
"""A report of more runs than this is a table nobody reads."""


class Exports:
    """The export commands of a window.

    columns   what the runs table shows, from left to right.
    group     how it is grouped.
    """

    def __init__(
        self,
        context: Context,
        columns: Callable[[], tuple[TableColumn, ...]],
        group: Callable[[], GroupBy],
        window: QWidget,
    ) -> None:
        self._context = context
        self._columns = columns
        self._group = group
        self._window = window
        self.progress = ExportProgress(context.theme)
        context.writing.asked.connect(self.write_file)
        some = self._has_runs
        rows: tuple[tuple[str, str, Callable[[], None], tuple[str, ...], str, Callable[[], bool]], ...] = (
            ("export.table", "Save the table…", self.ask_table, ("Ctrl+Shift+S",), "download", some),
            ("export.everything", "Save every field of the runs…", self.ask_all, (), "download", some),
            ("export.groups", "Save the groups with their figures…", self.ask_groups, (), "group", self._grouped),
            ("export.report", "Save a report as HTML…", self.ask_report, (), "file", some),
            ("export.cancel", "Cancel the export", self.progress.cancel, (), "x", lambda: self.progress.busy),
        )
        for id, title, call, keys, icon, enabled in rows:
            context.commands.add(Command(id, title, call, keys, "Export", icon, enabled))
        for form, words in GROUP_FORMS:
            copy = partial(self.copy_groups, form)
            title = f"Copy the groups as {words}"
            context.commands.add(
                Command(f"export.copy-groups-{form}", title, copy, (), "Export", "copy", self._grouped)
            )

    def _has_runs(self) -> bool:
        return bool(self._context.state.scope_keys)

    def _grouped(self) -> bool:
        return self._group().active and self._has_runs()

    def open_menu(self, corner: QPoint) -> None:
        """Everything that can be taken out, below `corner` and to the left of it."""
        menu = QMenu(self._window)
        menu.setObjectName("export-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command in self._context.commands.all():
            if (command.group == "Export" and command.enabled()) or command.id.startswith("runs.copy"):
                menu.addAction(self._context.commands.action(command.id))
        menu.popup(corner - QPoint(menu.sizeHint().width(), -2))

    def ask_table(self) -> None:
        """Ask where to, then write all runs of the scope with the columns shown, in their order and groups."""
        self._ask("Save the table", "runs.csv", KINDS, self.write_table)

    def ask_all(self) -> None:
        """Ask where to, then write all runs of the scope with everything that is known of them but their points."""
        self._ask(
            "Save every field of the runs", "runs.parquet", KINDS, lambda path: self.write_table(path, every=True)
        )

    def ask_report(self) -> None:
        """Ask where to, then write a report of the selected runs, or of the first ones where none are selected."""
        self._ask("Save a report", "runs.html", "HTML (*.html)", self.write_report)

    def write_table(self, path: Path, *, every: bool = False) -> None:
        """Write the scope to CSV, Parquet or Excel, by the suffix; `every`: all fields, in no groups."""
        state, columns = self._context.state, self._columns()
        keys, sort, group = state.scope_keys, state.scope.sort, None if every else self._group()

        def write(workspace: Workspace, token: CancelToken, report: Callable[[Progress], None]) -> TableReport:
            from runfolio.desktop.run_copy import sheet_columns

            fields = [TableColumn(field) for field in workspace.all_columns()] if every else columns
            head = sheet_columns(fields)
            return workspace.export_table(keys, head, path, group=group, sort=sort, on_progress=report, cancel=token)

        def tell(made: TableReport) -> None:
            self._tell(made.path, f"{counted(made.runs, 'run')} with {counted(made.columns, 'column')}")

        self.write_file(path.name, write, tell)

    def write_file(
        self,
        name: str,
        write: Callable[[Workspace, CancelToken, Callable[[Progress], None]], T],
        told: Callable[[T], None],
    ) -> None:
        """Write a file of that name; the status bar says how far it is, and stops it."""
        progress, jobs = self.progress, self._context.jobs
        title = f"Writing {plain(name, 40)}"
        written: list[T] = []

        def take(made: T) -> None:
            written.append(made)
            told(made)

        def end() -> None:
            if progress.end() and not written:
                self._context.say.info(f"Stopped: {plain(name, 40)} was not written.")

        progress.begin(name, lambda: jobs.long(title, write, take, None, progress.show_step, end))

    def ask_groups(self) -> None:
        """Ask where to, then write a row for each group, with the figures of its runs."""
        self._ask("Save the groups", "groups.csv", KINDS, self.write_groups)

    def write_groups(self, path: Path) -> None:
        """Write the groups to CSV, Parquet or Excel, by the suffix."""
        state, columns, by = self._context.state, self._columns(), self._group()
        keys, sort = state.scope_keys, state.scope.sort

        def write(workspace: Workspace, token: CancelToken, _progress: object) -> TableReport:
            from runfolio.desktop.run_copy import sheet_columns

            return workspace.export_groups(keys, by, sheet_columns(columns), path, sort, cancel=token)

        def tell(made: TableReport) -> None:
            self._tell(made.path, f"{counted(made.runs, 'group')} with {counted(made.columns, 'column')}")

        self.write_file(path.name, write, tell)

    def copy_groups(self, form: str) -> None:
        """Put all groups on the clipboard; `form` of `run_copy.FORMS`: figures as numbers in TSV and JSON."""
        state, columns, by = self._context.state, self._columns(), self._group()
        keys, sort = state.scope_keys, state.scope.sort

        def take(made: tuple[str, int]) -> None:
            QApplication.clipboard().setText(made[0])
            self._context.say.info(f"{counted(made[1], 'group')} copied as {dict(FORMS)[form]}.")

        self._context.jobs.query(
            "copy", lambda workspace: copied_groups(workspace, columns, keys, by, sort, form), take
        )

    def write_report(self, path: Path) -> None:
        """Write one HTML file about the selected runs."""
        state = self._context.state
        keys, baseline = (state.selection or state.scope_keys)[:REPORT_RUNS], state.baseline

        def write(workspace: Workspace, token: CancelToken, report: Callable[[Progress], None]) -> Path:
            return workspace.export_report(keys, path, baseline=baseline, on_progress=report, cancel=token)

        self.write_file(
            path.name, write, lambda written: self._tell(written, f"A report of {counted(len(keys), 'run')}")
        )

    def _tell(self, path: Path, what: str) -> None:
        self._context.say.info(
            f"{what} saved to {path}", action="Show the folder", call=lambda: show_folder(path.parent)
        )

    def _ask(self, title: str, name: str, kind: str, write: Callable[[Path], None]) -> None:
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self._window, title, name, kind)
        dialog.setObjectName("save-file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectNameFilter(next(part for part in kind.split(";;") if Path(name).suffix in part))
        dialog.setDefaultSuffix(Path(name).suffix)
        # Choosing another format gives the name its suffix.
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: write(Path(chosen)))
        dialog.open()


def show_folder(folder: Path) -> None:
    """Let the desktop's file manager show a folder."""
    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QDesktopServices

    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
