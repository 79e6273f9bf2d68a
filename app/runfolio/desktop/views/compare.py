"""The Compare workspace: selected runs side by side, or groups of runs with what is sure about their differences."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.compare_groups import CompareGroups
from runfolio.desktop.compare_runs import CompareRuns
from runfolio.desktop.compare_settings import GroupSettings
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import TextButton
from runfolio.model.answers import Change, Touched
from runfolio.model.params import Json

RUNS, GROUPS = 0, 1


class CompareView(QWidget):
    """Two pages, "Runs" and "Groups", under one head."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("compare")
        self._context = context
        self.runs = CompareRuns(context)
        self.groups = CompareGroups(context)
        self._mode = RUNS
        self._lay_out()
        self._put_mode(RUNS)

    def _lay_out(self) -> None:
        theme = self._context.theme
        self._buttons = QButtonGroup(self)
        head = QHBoxLayout()
        head.setSpacing(0)
        for mode, title, tip in (
            (RUNS, "Runs", "The selected runs side by side"),
            (GROUPS, "Groups", "Repetitions, or groups by a field, with statistics (Ctrl+Shift+G)"),
        ):
            button = TextButton(title, theme, tip=tip)
            button.setObjectName(f"compare-mode-{title.lower()}")
            button.setCheckable(True)
            button.setProperty("segment", "left" if mode == RUNS else "right")
            self._buttons.addButton(button, mode)
            head.addWidget(button)
        self._buttons.idClicked.connect(self.set_mode)
        self._heads = QStackedWidget()
        self._heads.addWidget(self.runs.head)
        self._heads.addWidget(self.groups.head)
        self._heads.setFixedHeight(max(self.runs.head.sizeHint().height(), self.groups.head.sizeHint().height()))
        head.addSpacing(14)
        head.addWidget(self._heads, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.runs)
        self.pages.addWidget(self.groups)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 10)
        column.setSpacing(11)
        column.addLayout(head)
        column.addWidget(self.pages, 1)

    def set_mode(self, mode: int) -> None:
        """Show the other page; Ctrl+Z brings the one before back."""
        before = self._mode
        if mode != before:
            self._put_mode(mode)
            self._context.state.undo.push(
                "Compare groups" if mode == GROUPS else "Compare runs",
                lambda: self._put_mode(before),
                lambda: self._put_mode(mode),
            )

    def _put_mode(self, mode: int) -> None:
        self._mode = mode
        self._buttons.button(mode).setChecked(True)
        self._heads.setCurrentIndex(mode)
        self.pages.setCurrentIndex(mode)
        self.activate()

    def activate(self) -> None:
        """Shown: compare what is selected, or in scope, now."""
        if self._mode == GROUPS:
            self.groups.refresh()
        else:
            self.runs.activate()

    def changed(self, change: Change) -> None:
        """Runs were read again."""
        if change.touched & Touched.RUNS and self.isVisible():
            self.activate()

    def saved(self) -> dict[str, Json]:
        """The page, and what was chosen on both."""
        return {**self.runs.saved(), "groups": self._mode == GROUPS, "settings": self.groups.settings.saved()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        self.runs.restore(kept)
        self.groups.put_settings(GroupSettings.from_saved(kept.get("settings")))
        self._put_mode(GROUPS if kept.get("groups") is True else RUNS)
