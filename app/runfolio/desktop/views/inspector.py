"""The inspector: everything that is known of one run, in sections."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.inspector_pages import InspectorPages
from runfolio.desktop.inspector_sections import PLACE, SECTIONS
from runfolio.desktop.inspector_tabs import WrappedTabs
from runfolio.desktop.view_steps import ViewSteps
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.run import RunStatus, status_words
from runfolio.model.run_detail import RunDetail

STATUS_TONES = {
    RunStatus.FINISHED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.KILLED: "bad",
    RunStatus.RUNNING: "accent",
    RunStatus.UNKNOWN: "neutral",
}

_WIDTH, _NARROWEST = 300, 296
"""At first, and at least: with all else as narrow as it gets, the window then fits a screen of 800 pixels."""


class InspectorView(QWidget):
    """Follows `state.current`."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setMinimumWidth(_NARROWEST)
        self._context = context
        self._run: RunDetail | None = None
        self.pages = InspectorPages(context)
        self._section = 0
        self._steps = ViewSteps(context.state.undo, self.isVisible, self)
        self._lay_out()
        context.state.current_changed.connect(self._refresh)

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
        for id, title in SECTIONS:
            self.tabs.addTab(self.pages.page(id), title, f"inspector-{id}")
        self.tabs.changed.connect(self._on_section)
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

    def sizeHint(self) -> QSize:
        """Room for the tabs in two rows."""
        return super().sizeHint().expandedTo(QSize(_WIDTH, 0))

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
            with self._steps.quietly():
                self.tabs.setCurrentIndex(PLACE[section])

    def show_section(self, id: str, *, is_step: bool = True) -> None:
        """Bring a section to the front, and the keyboard into it; no step of undo where the inspector opens for it."""
        with self._steps.quietly_unless(is_step):
            self.tabs.setCurrentIndex(PLACE[id])
        self.pages.focus(id)

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
        self.pages.show_run(run)
        for id, number in (("datasets", len(run.datasets)), ("problems", len(run.problems))):
            title = SECTIONS[PLACE[id]][1]
            self.tabs.setTabText(PLACE[id], f"{title} ({count(number)})" if number else title)
        self._show_section()

    def _on_section(self, place: int) -> None:
        before, self._section = self._section, place
        title = f"Show {SECTIONS[place][1]} in the inspector"
        self._steps.changed("section", title, before, place, self.tabs.setCurrentIndex)
        self._show_section()

    def _show_section(self) -> None:
        """Files are listed when they are looked at: that opens the folder."""
        if self.tabs.currentIndex() == PLACE["files"] and self._run is not None:
            self.pages.files.body.show_run(self._run.key)
