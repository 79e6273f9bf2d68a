"""The Data workspace: data sets that runs recorded, and the difference between two data files."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.file_comparison import FileComparison
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.widgets import EmptyState, PlainLabel, TextButton
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count, counted
from runfolio.model.filter_print import quote_value
from runfolio.model.params import Json
from runfolio.model.run_detail import DatasetUse


class DataView(QWidget):
    """Two tabs: what runs recorded, and two files compared."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("data")
        self._context = context
        self._uses: tuple[DatasetUse, ...] = ()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.comparison = FileComparison(context)
        self.tabs.addTab(self._recorded(), "Recorded data sets")
        self.tabs.addTab(self.comparison, "Compare two files")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 4, 0, 0)
        outer.addWidget(self.tabs)

    def _recorded(self) -> QWidget:
        self.empty = EmptyState(
            self._context.theme,
            "No run recorded a data set",
            "MLflow's log_input, or data files beside params and metrics, show up here by name and digest.",
            icon="database",
        )
        self.table = PlainTable(["Data set", "Digest", "Used for", "Rows", "Runs", "Source"], "datasets")
        for column, width in enumerate((190, 170, 150, 90, 80)):
            self.table.setColumnWidth(column, width)
        self.table.itemDoubleClicked.connect(lambda _item: self._show_runs())
        show = TextButton("Show its runs", self._context.theme, icon="table-2", tip="Filter the table to these runs")
        show.setObjectName("show-runs")
        show.clicked.connect(self._show_runs)
        head = QHBoxLayout()
        head.addWidget(PlainLabel("Data sets", font=fonts.ui(18, fonts.DEMI_BOLD)))
        self._counts = PlainLabel("", role="muted")
        head.addWidget(self._counts)
        head.addStretch()
        head.addWidget(show)
        page = QWidget()
        column_layout = QVBoxLayout(page)
        column_layout.setContentsMargins(18, 12, 18, 10)
        column_layout.addLayout(head)
        column_layout.addWidget(self.table, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        return self.stack

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: ask which data sets there are."""
        self._context.jobs.query("datasets", lambda workspace: workspace.datasets(), self._arrived)

    def changed(self, change: Change) -> None:
        """Runs were read again."""
        if change.touched & Touched.RUNS and self.isVisible():
            self.activate()

    def saved(self) -> dict[str, Json]:
        """The tab, and the files that were compared."""
        return {"tab": self.tabs.currentIndex(), "files": [*self.comparison.files()]}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept; the files are not compared again by themselves."""
        tab, files = kept.get("tab"), kept.get("files")
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            self.tabs.setCurrentIndex(tab)
        if isinstance(files, list) and len(files) == 2:
            self.comparison.set_files(str(files[0]), str(files[1]))

    # --- recorded ----------------------------------------------------------------------------------------------

    def _arrived(self, uses: tuple[DatasetUse, ...]) -> None:
        self._uses = uses
        self.stack.setCurrentIndex(1 if uses else 0)
        names = len({use.name for use in uses})
        self._counts.setText(f"{counted(len(uses), 'version')} of {count(names)} data sets")
        self.table.start(len(uses))
        for row, use in enumerate(uses):
            self.table.put(row, 0, use.name, data=row)
            self.table.put(row, 1, use.digest or "–", font=fonts.mono(12), tip=use.digest or "")
            self.table.put(row, 2, ", ".join(use.contexts))
            self.table.put(row, 3, "–" if use.rows is None else count(use.rows), right=True)
            self.table.put(row, 4, count(len(use.runs)), right=True)
            self.table.put(row, 5, use.source, font=fonts.mono(12), color=self._context.theme.color("muted"))

    def _show_runs(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) == 1:
            use = self._uses[rows.pop()]
            if use.digest:
                where = f"dataset.digest = {quote_value(use.digest)}"
            else:
                where = f"dataset = {quote_value(use.name)}"
            self._context.state.set_where(where)
            self._context.commands.run("view.runs")
