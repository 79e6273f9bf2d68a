"""The Runs workspace: the table of the scope over a strip of charts of the selection."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QSplitter, QVBoxLayout, QWidget

from runfolio.desktop.column_commands import add_column_commands
from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.mark_commands import LOCAL as MARKS
from runfolio.desktop.mark_commands import MarkCommands
from runfolio.desktop.quick_filter import QuickFilters
from runfolio.desktop.run_answer import ScopeAnswer
from runfolio.desktop.run_columns import RunColumns
from runfolio.desktop.run_copy import FORMS, copied
from runfolio.desktop.run_list import RunList
from runfolio.desktop.run_place import bring_back, place_of
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count
from runfolio.model.params import Json
from runfolio.model.run import RunKey

LOCAL_COMMANDS = (
    "runs.toggle",
    "runs.baseline",
    "runs.compare",
    "runs.tag",
    "runs.join",
    "runs.inspect",
    "runs.origin",
    "runs.copy",
)

HEIGHTS: tuple[int, ...] = (500, 330)
"""Table and strip at first."""


class RunsView(QWidget):
    """Table, its empty states, and the strip of charts below."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("runs")
        self._context = context
        self._asked = ""
        self._charts_wanted = False
        self._kept_current: RunKey | None = None
        self._kept_place: dict[str, Json] | None = None
        self.table = RunList(context)
        self.columns = RunColumns(context, self.table)
        self.quick_filters = QuickFilters(context, self.table)
        self.answer = ScopeAnswer(context, self.table, self.columns.groups)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.answer)
        self._strip = QWidget()
        """The room of the charts until they are there, so that no row moves when they come."""
        self._strip.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._strip.setProperty("surface", "surface")
        self.splitter.addWidget(self._strip)
        self._heights = HEIGHTS
        self.splitter.setSizes([*HEIGHTS])
        self._has_charts = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)
        self.setFocusProxy(self.table)
        self._add_commands()
        self.table.opened.connect(self._inspect)
        self.table.menu_asked.connect(self._open_menu)
        self.columns.groups.shown.connect(self._bring_back_current)
        context.state.scope_changed.connect(self._show_scope)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: ask for what is missing."""
        self.columns.activate()
        self.table.refresh()
        if self._charts_wanted:
            self.add_charts()

    def add_charts(self) -> None:
        """Put the strip of charts below the table, as soon as the view is shown."""
        self._charts_wanted = True
        if not self._has_charts and self.isVisible():
            # NumPy and pyqtgraph take half a second to import: on a thread, while the rows are already there.
            self._context.jobs.query(
                "chart-strip", lambda _workspace: import_module("runfolio.desktop.chart_strip"), self._add_strip
            )

    def _add_strip(self, _module: ModuleType) -> None:
        from runfolio.desktop.chart_strip import ChartStrip

        if not self._has_charts:
            self._has_charts = True
            heights, room = self.splitter.sizes(), self._strip
            self._strip = ChartStrip(self._context)
            self.splitter.replaceWidget(1, self._strip)
            room.deleteLater()
            self.splitter.setSizes(heights)

    def changed(self, change: Change) -> None:
        """Cells may be out of date; new runs may bring better default columns."""
        self.table.runs.outdate(change)
        if change.touched & Touched.RUNS:
            self.activate()
        else:
            if self.columns.groups.by.active:
                self.columns.groups.refresh()
            self.table.refresh()

    def saved(self) -> dict[str, Json]:
        """Columns, the current run, where the table is scrolled to, and the height of the strip."""
        heights = self.splitter.sizes() if self._has_charts else self._heights
        current = self._context.state.current or self._kept_current
        place = place_of(self.table) if self._kept_place is None else self._kept_place
        return {**self.columns.saved(), "current": current, "heights": [*heights], "place": place}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        self.columns.restore(kept)
        current = kept.get("current")
        self._kept_current = RunKey(current) if isinstance(current, str) else None
        place = kept.get("place")
        self._kept_place = place if isinstance(place, dict) else None
        heights = kept.get("heights")
        if isinstance(heights, list) and len(heights) == len(HEIGHTS):
            self._heights = tuple(h for h in heights if isinstance(h, int) and h >= 0)
            self.splitter.setSizes([*self._heights])

    def _bring_back_current(self) -> None:
        """What was current and in view when the session was kept is so again, as far as the first rows hold it."""
        keys, key, place = self.table.runs.keys, self._kept_current, self._kept_place
        if not keys:
            return
        self._kept_current = self._kept_place = None
        if key is not None and self._context.state.current is None and keys.row_of(key) is not None:
            self._context.state.set_current(key)
            if self.table.runs.row_of(key) is not None:
                self.table.go_to(key)
        if place is not None:
            bring_back(self.table, place)

    def go_to_last(self, key: RunKey) -> None:
        """Make the run of the last session the current one, where it is not so yet."""
        if self._context.state.current != key or self.table.runs.row_of(key) is None:
            self.table.go_to(key)

    # --- scope -------------------------------------------------------------------------------------------------

    def _show_scope(self) -> None:
        state = self._context.state
        asked = repr(state.scope)
        self.columns.groups.refresh(keep_place=asked == self._asked)
        self._asked = asked

    # --- commands ----------------------------------------------------------------------------------------------

    def _add_commands(self) -> None:
        some = self._has_rows
        rows = (
            ("runs.toggle", "Select or drop the highlighted runs", self.toggle_highlighted, ("Space",), "check"),
            ("runs.baseline", "Set the current run as baseline", self.set_baseline, ("B",), "flag"),
            ("runs.compare", "Compare the selected runs", self.compare, ("D",), "git-compare"),
            ("runs.tag", "Tag the highlighted runs…", self.tag_highlighted, ("T",), "tag"),
            ("runs.join", "Join the highlighted runs…", self.join_highlighted, ("J",), "link"),
            (
                "runs.inspect",
                "Open the current run in the inspector",
                self._inspect,
                ("Return", "Enter"),
                "panel-right",
            ),
            ("runs.origin", "Where is this value from?", self.show_origin, ("O",), "info"),
            ("runs.copy", "Copy the highlighted runs", lambda: self.copy("tsv"), ("Ctrl+C",), "copy"),
        )
        commands = self._context.commands
        for id, title, call, keys, icon in rows:
            commands.add(Command(id, title, call, keys, "Runs", icon, some, local=True))
        commands.attach(self.table, *LOCAL_COMMANDS)
        self.marks = MarkCommands(self._context, self._chosen_runs, self.table, self._below_current)
        add_column_commands(self._context, self.columns)
        commands.add(
            Command("runs.clear", "Clear the selection", lambda: self._context.state.select(()), (), "Runs", "x"),
        )

        for form, title in FORMS[1:]:
            call = partial(self.copy, form)
            commands.add(Command(f"runs.copy-{form}", f"Copy as {title}", call, (), "Runs", "copy", some))

    def _has_rows(self) -> bool:
        return self.table.runs.rowCount() > 0

    def _chosen_runs(self) -> tuple[RunKey, ...]:
        highlighted = self.table.highlighted()
        current = self.table.current_key()
        return highlighted or ((current,) if current is not None else ())

    def toggle_highlighted(self) -> None:
        """Pick the highlighted runs, or drop them when all are picked."""
        self.table.toggle_picked(self._chosen_runs())

    def set_baseline(self) -> None:
        """The current run becomes the baseline; the baseline itself is freed."""
        state = self._context.state
        key = self.table.current_key()
        if key is not None:
            state.set_baseline(None if key == state.baseline else key)

    def compare(self) -> None:
        """Show the differences between the selected runs, or the highlighted ones where none are selected."""
        state = self._context.state
        highlighted = self.table.highlighted()
        if len(highlighted) > 1:
            state.select(highlighted)
        elif len(state.selection) < 2:
            self._context.say.info("Select two runs or more to compare them.", hint="Space selects the current run.")
            return
        self._context.commands.run("view.compare")

    def tag_highlighted(self) -> None:
        """Ask for tags of the highlighted runs."""
        from runfolio.desktop.tag_editor import TagEditor

        keys = self._chosen_runs()
        TagEditor(self._context, keys, self).open_at(self._below_current())

    def _below_current(self) -> QPoint:
        row = self.table.currentIndex()
        rect = self.table.visualRect(row) if row.isValid() else self.table.rect()
        return self.table.viewport().mapToGlobal(rect.bottomLeft())

    def join_highlighted(self) -> None:
        """Ask how the highlighted runs are one."""
        from runfolio.desktop.join_dialog import JoinDialog

        keys = self.table.highlighted()
        if len(keys) < 2:
            self._context.say.info(
                "Highlight two runs or more to join them.", hint="Shift or Ctrl and a click adds rows."
            )
            return
        JoinDialog(self._context, keys, self).open()

    def show_origin(self) -> None:
        """Say where the value of the current cell comes from."""
        from runfolio.desktop.origin_dialog import OriginDialog

        key, cell = self.table.current_key(), self.table.currentIndex()
        if key is not None and cell.isValid():
            OriginDialog(self._context, key, self.table.runs.columns[cell.column()].field, self).open()

    def _inspect(self) -> None:
        key = self.table.current_key()
        if key is None and self.table.fold(self.table.currentIndex().row()):
            return
        if key is not None:
            self._context.state.set_current(key)
            self._context.commands.run("window.show-current")

    def copy(self, form: str) -> None:
        """Put the highlighted runs on the clipboard, or all of the scope where none are; `form` of `FORMS`."""
        keys = self._chosen_runs() or self.table.runs.keys
        columns = self.table.shown_columns()

        def take(text: str) -> None:
            QApplication.clipboard().setText(text)
            self._context.say.info(
                f"{count(len(keys))} run{'' if len(keys) == 1 else 's'} copied as {dict(FORMS)[form]}."
            )

        self._context.jobs.query("copy", lambda workspace: copied(workspace, columns, keys, form), take)

    # --- menus -------------------------------------------------------------------------------------------------

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id in (*LOCAL_COMMANDS[:4], *MARKS, *LOCAL_COMMANDS[4:]):
            menu.addAction(self._context.commands.action(id))
        others = menu.addMenu("Copy as")
        for form, title in FORMS[1:]:
            others.addAction(title, partial(self.copy, form))
        self.quick_filters.fill(menu)
        menu.popup(at)
