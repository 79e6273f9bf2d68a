"""The import doctor: what became of each folder, filterable, and as CSV for whoever has to mend them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.errors import FolderUnreadable
from runfolio.model.display import count, counted
from runfolio.model.reports import FolderReport, Verdict

if TYPE_CHECKING:
    from runfolio.api import Workspace

_COLORS = {Verdict.SKIPPED: "bad", Verdict.PARTIAL: "warn", Verdict.IMPORTED: "good"}
_KINDS = ((None, "All"), (Verdict.SKIPPED, "Skipped"), (Verdict.PARTIAL, "Partial"), (Verdict.IMPORTED, "Imported"))
_TEACHABLE = ("", "generic", "taught")
"""Readers of folders that no tracker's reader reads."""
_MOST_ROWS = 2_000
"""More rows than this are counted, not shown: the filter finds them."""


class FolderReports(QWidget):
    """A row for each folder; the tooltip of a row tells all its problems."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("folder-reports")
        self._context = context
        self._all: tuple[FolderReport, ...] = ()
        self._kind: Verdict | None = None
        self.search = QLineEdit()
        self.search.setObjectName("folder-search")
        self.search.setAccessibleName("Search folders")
        self.search.setPlaceholderText("Search folders, files and messages")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(260)
        self.search.textChanged.connect(lambda _text: self._fill())
        self._counts = PlainLabel("", role="muted")
        self._counts.setObjectName("folder-counts")
        head = QHBoxLayout()
        head.addWidget(self.search)
        head.addWidget(self._counts)
        head.addStretch()
        group = QButtonGroup(self)
        for kind, title in _KINDS:
            button = TextButton(title, context.theme)
            button.setObjectName(f"verdict-{title.lower()}")
            button.setCheckable(True)
            button.setChecked(kind is None)
            button.clicked.connect(lambda _=False, kind=kind: self._choose(kind))
            group.addButton(button)
            head.addWidget(button)
        tip = "Say what the files of the folder are, when no tracker's reader reads it"
        self.teach = TextButton("Teach a layout…", context.theme, tip=tip)
        self.teach.setObjectName("teach-folder")
        self.teach.clicked.connect(self._teach)
        head.addWidget(self.teach)
        self.export = TextButton("Save as CSV…", context.theme)
        self.export.setObjectName("export-folders")
        self.export.clicked.connect(self._ask)
        head.addWidget(self.export)
        header = ["", "Reader", "Folder", "Recordings", "Points", "Why", "What to do"]
        self.table = PlainTable(header, "folder-table")
        self.table.itemSelectionChanged.connect(self._on_chosen)
        for column, width in enumerate((84, 110, 300, 86, 86, 380)):
            self.table.setColumnWidth(column, width)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 10, 0, 0)
        column_layout.addLayout(head)
        column_layout.addWidget(self.table, 1)
        context.theme.changed.connect(self._fill)

    def ask(self) -> None:
        """Ask for the reports there are now."""
        self._context.jobs.query("doctor", lambda workspace: workspace.doctor(), self._arrived)

    def _arrived(self, reports: tuple[FolderReport, ...]) -> None:
        self._all = reports
        self._fill()

    def _choose(self, kind: Verdict | None) -> None:
        self._kind = kind
        self._fill()

    def _shown(self) -> list[FolderReport]:
        text = self.search.text()
        return [r for r in self._all if self._kind in (None, r.verdict) and r.mentions(text)]

    def _fill(self) -> None:
        shown = self._shown()
        self.export.setEnabled(bool(shown))
        rest = f", the first {count(_MOST_ROWS)} shown" if len(shown) > _MOST_ROWS else ""
        self._counts.setText(f"{count(len(shown))} of {counted(len(self._all), 'folder')}{rest}")
        self.table.start(min(len(shown), _MOST_ROWS))
        mono, color = fonts.mono(12), self._context.theme.color
        for row, report in enumerate(shown[:_MOST_ROWS]):
            told = "\n".join(f"{p.severity}: {p.message} ({p.path or '.'})" for p in report.problems[:20])
            folder = f"{report.source_path}/{report.path}".rstrip("/")
            self.table.put(row, 0, report.verdict, color=color(_COLORS[report.verdict]), tip=told, data=folder)
            self.table.put(row, 1, report.reader)
            self.table.put(row, 2, report.path or ".", font=mono, tip=folder)
            self.table.put(row, 3, count(report.recordings), font=mono, right=True)
            self.table.put(row, 4, count(report.points), font=mono, right=True)
            self.table.put(row, 5, report.why, tip=told)
            self.table.put(row, 6, report.hint, color=color("muted"))

        self._on_chosen()

    def _chosen(self) -> str | None:
        """The highlighted folder, when it is one that a layout may be taught for."""
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) != 1:
            return None
        row = rows.pop()
        (cells,) = self.table.rows_as_text([row])
        folder = self.table.data_of(row)
        return folder if isinstance(folder, str) and cells[1] in _TEACHABLE else None

    def _on_chosen(self) -> None:
        self.teach.setEnabled(self._chosen() is not None)

    def _teach(self) -> None:
        from runfolio.desktop.layout_dialog import LayoutDialog

        folder = self._chosen()
        if folder is not None:
            LayoutDialog(self._context, folder, parent=self).open()

    def _ask(self) -> None:
        dialog = QFileDialog(self, "Save the import report", "import-report.csv", "CSV (*.csv)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.write(Path(name)))
        dialog.open()

    def write(self, path: Path) -> None:
        """Write what is shown, a row for each problem."""
        shown = self._shown()

        def save(workspace: Workspace) -> Path:
            from runfolio.export.table import DOCTOR_HEADER, as_csv, doctor_rows

            workspace.check_target(path)
            try:
                path.write_text(as_csv(DOCTOR_HEADER, doctor_rows(shown)), encoding="utf-8")
            except OSError as error:
                raise FolderUnreadable(f"The report could not be saved: {error.strerror}", where=str(path)) from error
            return path

        self._context.jobs.action(
            save, lambda written: self._context.say.info(f"{counted(len(shown), 'folder')} written to {written}.")
        )
