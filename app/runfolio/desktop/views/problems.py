"""Needs attention: what could not be read as it should be, why, and what to do; and what became of each folder."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.views.folder_reports import FolderReports
from runfolio.desktop.widgets import EmptyState, PlainLabel, TextButton
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.problem import Severity
from runfolio.model.reports import PlacedProblem
from runfolio.model.run import RunKey

_COLORS = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.INFO: "muted"}
_KINDS = ((None, "All"), (Severity.ERROR, "Errors"), (Severity.WARNING, "Warnings"), (Severity.INFO, "Notes"))


class ProblemsView(QWidget):
    """Problems as rows; a row's run is shown in the inspector."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("problems")
        self._context = context
        self._all: tuple[PlacedProblem, ...] = ()
        self._kind: Severity | None = None
        self.empty = EmptyState(
            context.theme, "Nothing needs attention", "Every folder was read completely.", icon="circle-check"
        )
        self.table = PlainTable(["", "Where", "What happened", "What to do"], "problem-table")
        self.table.itemSelectionChanged.connect(self._show_run)
        for column, width in enumerate((80, 330, 460)):
            self.table.setColumnWidth(column, width)
        title = QHBoxLayout()
        title.addWidget(PlainLabel("Needs attention", font=fonts.ui(18, fonts.DEMI_BOLD)))
        title.addStretch()
        head = QHBoxLayout()
        self._counts = PlainLabel("", role="muted")
        head.addWidget(self._counts)
        head.addStretch()
        group = QButtonGroup(self)
        for kind, name in _KINDS:
            button = TextButton(name, context.theme)
            button.setCheckable(True)
            button.setChecked(kind is None)
            button.clicked.connect(lambda _=False, kind=kind: self._filter(kind))
            group.addButton(button)
            head.addWidget(button)
        page = QWidget()
        column_layout = QVBoxLayout(page)
        column_layout.setContentsMargins(0, 10, 0, 0)
        column_layout.addLayout(head)
        column_layout.addWidget(self.table, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        self.folders = FolderReports(context)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.stack, "Problems")
        self.tabs.addTab(self.folders, "Folders")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 10)
        outer.addLayout(title)
        outer.addWidget(self.tabs, 1)
        context.theme.changed.connect(self._fill)

    def activate(self) -> None:
        """Shown: ask for the problems there are now."""
        self._context.jobs.query("problems", lambda workspace: workspace.problems(), self._arrived)
        self.folders.ask()

    def changed(self, change: Change) -> None:
        """Folders were read again."""
        if change.touched & (Touched.PROBLEMS | Touched.SOURCES) and self.isVisible():
            self.activate()

    def saved(self) -> dict[str, Json]:
        """The tab in front."""
        return {"tab": self.tabs.currentIndex()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        tab = kept.get("tab")
        if isinstance(tab, int) and 0 <= tab < self.tabs.count():
            self.tabs.setCurrentIndex(tab)

    def _arrived(self, problems: tuple[PlacedProblem, ...]) -> None:
        self._all = problems
        self.stack.setCurrentIndex(1 if problems else 0)
        self._fill()

    def _filter(self, kind: Severity | None) -> None:
        self._kind = kind
        self._fill()

    def _fill(self) -> None:
        shown = [p for p in self._all if self._kind in (None, p.problem.severity)]
        self._counts.setText(f"{count(len(shown))} of {count(len(self._all))}")
        self.table.start(len(shown))
        for row, placed in enumerate(shown):
            problem = placed.problem
            color = self._context.theme.color(_COLORS[problem.severity])
            where = problem.path or placed.source_path
            at = f" · byte {count(problem.offset)}" if problem.offset is not None else ""
            whole = f"{placed.source_path}\n{problem.path}{at}\n{problem.code}"
            self.table.put(row, 0, problem.severity.value, color=color, data=placed.run)
            self.table.put(row, 1, where + at, font=fonts.mono(12), tip=whole)
            self.table.put(row, 2, problem.message)
            self.table.put(row, 3, problem.hint, color=self._context.theme.color("muted"))

    def _show_run(self) -> None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        if len(rows) == 1:
            key = self.table.data_of(rows.pop())
            if isinstance(key, str):
                self._context.state.set_current(RunKey(key))
