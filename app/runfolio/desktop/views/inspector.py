"""The inspector: everything that is known of one run, in sections."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.inspector_facts import RowsSection, code_rows, dataset_rows, problem_rows
from runfolio.desktop.inspector_log import LogSection
from runfolio.desktop.inspector_metrics import MetricsSection
from runfolio.desktop.inspector_notes import NotesSection
from runfolio.desktop.inspector_overview import OverviewSection
from runfolio.desktop.inspector_params import ParamsSection
from runfolio.desktop.inspector_sections import PLACE, SECTIONS
from runfolio.desktop.inspector_tabs import WrappedTabs
from runfolio.desktop.preview_files import FileTree
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.previews import RunFile
from runfolio.model.run import RunStatus, status_words
from runfolio.model.run_detail import RunDetail

STATUS_TONES = {
    RunStatus.FINISHED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.KILLED: "bad",
    RunStatus.RUNNING: "accent",
    RunStatus.UNKNOWN: "neutral",
}

_NARROWEST = 296
"""With rail, library and workspace as narrow as they get, the window fits a screen of 800 pixels."""


class InspectorView(QWidget):
    """Follows `state.current`."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setMinimumWidth(_NARROWEST)
        self._context = context
        self._run: RunDetail | None = None
        self._make_sections()
        self._lay_out()
        context.state.current_changed.connect(self._refresh)

    def _make_sections(self) -> None:
        context = self._context
        self.overview = OverviewSection(context)
        self.params = ParamsSection(context)
        self.metrics = MetricsSection(context)
        self.datasets = RowsSection(
            context,
            "run-datasets",
            "Data sets",
            ("No data set was recorded", "What a tracker logs as input shows up here by name and digest.", "database"),
            (120, 80, 110, 60),
        )
        self.files = FileTree(context, "inspector-files")
        self.files.opened.connect(self._open_file)
        self.files.tree.setToolTip("Enter or a double click opens a file in the Files workspace")
        self.code = RowsSection(
            context,
            "facts",
            "Code and environment",
            ("Nothing was recorded", "Commit, command line, packages and machine show up here.", "git-compare"),
            (150,),
        )
        self.log = LogSection(context)
        self.notes = NotesSection(context)
        self.note = self.notes.edit
        self.problems = RowsSection(
            context,
            "run-problems",
            "Problems",
            ("No problems", "Everything that this run's files hold was read.", "circle-check"),
            (66, 250, 160),
        )

    def _lay_out(self) -> None:
        self.empty = EmptyState(
            self._context.theme,
            "No run is chosen",
            "Click a row, or a curve in a chart, to see everything about it.",
            icon="info",
        )
        self._name = ElidedLabel("", font=fonts.ui(16, fonts.DEMI_BOLD))
        self._status = Pill("")
        head = QHBoxLayout()
        head.setContentsMargins(14, 0, 14, 2)
        head.addWidget(self._name, 1)
        head.addWidget(self._status, 0, Qt.AlignmentFlag.AlignTop)
        self.tabs = WrappedTabs("inspector-tabs")
        pages = (
            self.overview, self.params, self.metrics, self.datasets, self.files, self.code, self.log, self.notes,
            self.problems,
        )  # fmt: skip
        for (id, title), page in zip(SECTIONS, pages, strict=True):
            self.tabs.addTab(page, title, f"inspector-{id}")
        self.tabs.changed.connect(lambda _: self._show_section())
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 10, 0, 0)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: ask for the current run."""
        self._refresh()

    def changed(self, change: Change) -> None:
        """The current run may have changed."""
        if self.isVisible() and change.touched & (Touched.RUNS | Touched.MARKS):
            key = self._context.state.current
            if not change.runs or key in change.runs:
                self._refresh()

    def saved(self) -> dict[str, Json]:
        """The section in front, by its id."""
        return {"section": SECTIONS[self.tabs.currentIndex()][0]}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        section = kept.get("section")
        if isinstance(section, str) and section in PLACE:
            self.tabs.setCurrentIndex(PLACE[section])

    def show_section(self, id: str) -> None:
        """Bring a section to the front, and the keyboard into it."""
        self.tabs.setCurrentIndex(PLACE[id])
        goal: dict[str, QWidget] = {
            "params": self.params.search,
            "metrics": self.metrics.search,
            "datasets": self.datasets.table,
            "files": self.files.search,
            "code": self.code.search,
            "log": self.log.pane.search.field,
            "notes": self.note,
            "problems": self.problems.table,
            "overview": self.overview.recordings,
        }
        goal[id].setFocus()

    # --- asking and showing ------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        key = self._context.state.current
        if key is None:
            self._run = None
            self.stack.setCurrentIndex(0)
            return
        self._context.jobs.query("inspector", lambda workspace: workspace.run(key), self._arrived)

    def _arrived(self, run: RunDetail) -> None:
        self._run = run
        self.stack.setCurrentIndex(1)
        self._name.setText(run.name)
        self._status.set(status_words(run.status).capitalize(), STATUS_TONES[run.status])
        for section in (self.overview, self.params, self.metrics, self.notes, self.log):
            section.show_run(run)
        self.datasets.put(dataset_rows(run))
        self.code.put(code_rows(run))
        self.problems.put(problem_rows(run))
        for id, number in (("datasets", len(run.datasets)), ("problems", len(run.problems))):
            title = SECTIONS[PLACE[id]][1]
            self.tabs.setTabText(PLACE[id], f"{title} ({count(number)})" if number else title)
        self._show_section()

    def _show_section(self) -> None:
        """Files are listed when they are looked at: that opens the folder."""
        if self.tabs.currentIndex() == PLACE["files"] and self._run is not None:
            self.files.show_run(self._run.key)

    def _open_file(self, file: RunFile) -> None:
        self._context.state.file_asked.emit(file.shown)
