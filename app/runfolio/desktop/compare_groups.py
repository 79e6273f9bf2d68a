"""Groups of runs against a baseline group: verdicts in words, differences with their intervals drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from runfolio.analysis import grouprender
from runfolio.desktop import fonts
from runfolio.desktop.commands import Command
from runfolio.desktop.compare_ask import GroupAnswer, ask_groups
from runfolio.desktop.compare_bar import GroupBar
from runfolio.desktop.compare_settings import GroupSettings
from runfolio.desktop.compare_table import GroupTableView
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import ElidedLabel, EmptyState, Pill, PlainLabel, TextButton
from runfolio.errors import RunfolioError
from runfolio.model.display import count, counted
from runfolio.model.groups import GroupTable, RunGroup


class CompareGroups(QWidget):
    """Repetitions, or groups by fields, of the runs in scope. `head` and `buttons` stand in the view's head."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("compare-groups")
        self._context = context
        self._settings = GroupSettings()
        self._answer: GroupAnswer | None = None
        self._make_head()
        self._lay_out()
        self._add_commands()
        self.bar.asked.connect(self._take)
        state = context.state
        state.scope_changed.connect(self.refresh)
        state.baseline_changed.connect(self.refresh)
        context.theme.changed.connect(self._show)

    # --- building ----------------------------------------------------------------------------------------------

    def _make_head(self) -> None:
        theme = self._context.theme
        self._title = ElidedLabel("Compare groups", font=fonts.ui(18, fonts.DEMI_BOLD))
        self._title.setObjectName("groups-title")
        self._busy = Pill("comparing…", "neutral")
        self._busy.setObjectName("groups-busy")
        self._busy.hide()
        self.head = QWidget()
        row = QHBoxLayout(self.head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        row.addWidget(self._title, 1)
        row.addWidget(self._busy)
        self._select = TextButton("Select its runs", theme, icon="check", tip="Select the runs of the group (Space)")
        self._select.setObjectName("groups-select")
        self._select.clicked.connect(self.select_group)
        copying = TextButton("Copy as", theme, icon="copy", tip="Copy the tables")
        copying.setObjectName("groups-copy")
        menu = QMenu(copying)
        menu.setObjectName("groups-copy-menu")
        for title, render in (
            ("Markdown", grouprender.as_markdown),
            ("TSV", grouprender.as_tsv),
            ("LaTeX", grouprender.as_latex),
        ):
            menu.addAction(title, self._copying(render))
        copying.setMenu(menu)
        row.addWidget(self._select)
        row.addWidget(copying)

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.bar = GroupBar(theme)
        self.table = GroupTableView(theme)
        self.table.selectionModel().currentChanged.connect(self._on_row_changed)
        self._notes = PlainLabel("", role="muted", wrap=True)
        self._notes.setObjectName("groups-notes")
        self._notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addWidget(self._notes)
        self.empty = EmptyState(theme, "Comparing…", "", icon="square-stack")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(shown)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(11)
        outer.addWidget(self.bar)
        outer.addWidget(self.stack, 1)

    def _add_commands(self) -> None:
        commands = self._context.commands
        there = self._has_row
        commands.add(
            Command("groups.baseline", "Make the group the baseline", self.set_baseline, ("B",), "Compare", "flag",
                    there, local=True),
            Command("groups.select", "Select the group's runs", self.select_group, ("Space",), "Compare", "check",
                    there, local=True),
        )  # fmt: skip
        commands.attach(self.table, "groups.baseline", "groups.select")

    # --- what the view asks ------------------------------------------------------------------------------------

    @property
    def settings(self) -> GroupSettings:
        """What was chosen."""
        return self._settings

    def put_settings(self, settings: GroupSettings) -> None:
        """Take over what a session kept, or undo brings back."""
        self._settings = settings
        self.bar.show_settings(settings)
        self.refresh()

    def refresh(self) -> None:
        """Ask again, when in sight."""
        if not self.isVisible():
            return
        context, settings = self._context, self._settings
        scope, baseline = context.state.scope, context.state.baseline
        self._busy.show()
        context.jobs.query(
            "compare:groups",
            lambda workspace: ask_groups(workspace, scope, settings, baseline),
            self._arrived,
            self._failed,
        )

    # --- showing -----------------------------------------------------------------------------------------------

    def _arrived(self, answer: GroupAnswer) -> None:
        self._busy.hide()
        self._answer = answer
        self.bar.show_answer(answer)
        self._show()

    def _failed(self, error: RunfolioError) -> None:
        self._busy.hide()
        self._answer = None
        self._title.setText("Compare groups")
        self.empty.set(error.message, error.hint, action="Try again", call=self.refresh)
        self.stack.setCurrentIndex(0)

    def _show(self) -> None:
        answer = self._answer
        if answer is None:
            return
        if not answer.tables:
            self._title.setText("Compare groups")
            self._say_why(answer)
            self.stack.setCurrentIndex(0)
            return
        runs = sum(len(group.runs) for group in answer.groups)
        self._title.setText(f"Compare {counted(len(answer.groups), 'group')} of {counted(runs, 'run')}")
        self.stack.setCurrentIndex(1)
        self.table.show_answer(answer)
        self._notes.setText(_notes(answer))
        self._on_row_changed()

    def _say_why(self, answer: GroupAnswer) -> None:
        if not answer.metrics:
            self.empty.set("There is no metric to compare by", "The runs in scope hold no series.")
        elif self._settings.by:
            names = " × ".join(f.name for f in self._settings.by)
            self.empty.set(
                f"There are no two groups by {names}",
                "Groups of one run are left out. Take another field, a wider filter, or show runs that are alone.",
                action="Show runs that are alone" if answer.alone > 1 else "",
                call=lambda: self._take("Runs alone", replace(self._settings, single=True)),
            )
        else:
            self.empty.set(
                "No two configurations were run more than once",
                f"Runs are repetitions of each other when they have the {answer.rule}. Statistics need repeated runs: "
                "group by a field instead, or say at “ignored” which params may differ.",
                action="Group by a field…" if answer.fields else "",
                call=self.bar.by.click,
            )

    # --- what the user does ------------------------------------------------------------------------------------

    def _take(self, label: str, settings: GroupSettings) -> None:
        """The user wants other settings; Ctrl+Z brings the old ones back."""
        before = self._settings
        if settings == before:
            return
        self.put_settings(settings)
        self._context.state.undo.push(label, lambda: self.put_settings(before), lambda: self.put_settings(settings))

    def _current(self) -> RunGroup | None:
        return self.table.current_group() if self.stack.currentIndex() == 1 else None

    def _has_row(self) -> bool:
        return self.isVisible() and self._current() is not None

    def _on_row_changed(self, *_indexes: object) -> None:
        self._select.setEnabled(self._current() is not None)

    def set_baseline(self) -> None:
        """Measure against the group of the current row."""
        group = self._current()
        if group is not None:
            self._take("Baseline group", replace(self._settings, baseline=group.name))

    def select_group(self) -> None:
        """Select the runs of the group of the current row, in every view."""
        group = self._current()
        if group is not None:
            self._context.state.select(group.runs)
            self._context.say.info(f"Selected the {counted(len(group.runs), 'run')} of {group.name}")

    def _copying(self, render: Callable[[Sequence[GroupTable]], str]) -> Callable[[], None]:
        def copy() -> None:
            if self._answer is not None and self._answer.tables:
                QApplication.clipboard().setText(render(self._answer.tables))
                self._context.say.info("Copied the comparison")

        return copy


def _notes(answer: GroupAnswer) -> str:
    parts = [f"Groups: {answer.rule}."]
    if answer.alone:
        parts.append(f"{_runs(answer.alone)} alone and left out.")
    if answer.beyond:
        parts.append(f"{count(answer.beyond)} smaller groups are not shown: filter, or use runfolio compare.")
    if answer.unknown:
        parts.append(f"{_runs(answer.unknown)} in no group.")
    notes = dict.fromkeys(note for table in answer.tables for note in grouprender.all_notes(table))
    shown = [*notes][:3]
    more = [f"and {len(notes) - 3} more notes in the tooltips"] if len(notes) > 3 else []
    return " ".join([*parts, *(f"{note}." for note in (*shown, *more))])


def _runs(n: int) -> str:
    return "1 run is" if n == 1 else f"{count(n)} runs are"
