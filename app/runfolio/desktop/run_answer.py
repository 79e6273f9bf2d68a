"""The rows of the scope, or why there are none and what to do about it."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget

from runfolio.desktop.context import Context
from runfolio.desktop.group_control import RunGroups
from runfolio.desktop.run_list import RunList
from runfolio.desktop.widgets import EmptyState
from runfolio.errors import FilterSyntax

_READING = ("Reading folders…", "Runs appear here as soon as they are read.")
_NO_MATCH = "Change the filter above, or clear it to see every run again."


class ScopeAnswer(QStackedWidget):
    """Shows `table`, or the empty state that fits."""

    def __init__(self, context: Context, table: RunList, groups: RunGroups) -> None:
        super().__init__()
        self._context, self._table, self._groups = context, table, groups
        self._left_out = 0
        """Runs that would be in the scope but for being hidden; 0 until they are counted."""
        self.empty = EmptyState(context.theme, "Opening the library…", "", icon="table-2")
        self.addWidget(table)
        self.addWidget(self.empty)
        context.state.query_changed.connect(self._forget_left_out)

    def show_left_out(self, runs: int) -> None:
        """Where nothing else is in the scope: say that what is there is hidden."""
        self._left_out = runs
        self._say_left_out()

    def _forget_left_out(self) -> None:
        self._left_out = 0

    def _say_left_out(self) -> None:
        state, is_empty = self._context.state, self.currentWidget() is self.empty
        if self._left_out and not state.scope_keys and is_empty and not state.scope.with_hidden:
            self.empty.set(
                "All runs here are hidden or archived",
                "They were put out of the way, and nothing of them is lost.",
                action="Show them",
                call=lambda: self._context.commands.run("runs.show-hidden"),
            )

    def _ask_why(self, where: str) -> None:
        """Say what may have been overlooked in a filter that finds nothing."""
        state = self._context.state

        def take(hints: tuple[str, ...]) -> None:
            empty = not state.scope_keys and self.currentWidget() is self.empty and not self._left_out
            if hints and empty and state.scope.where == where:
                self.empty.set(
                    "No run matches the filter",
                    " ".join([*hints, _NO_MATCH]),
                    action="Clear the filter",
                    call=lambda: state.set_where(""),
                )

        self._context.jobs.query("filter-hints", lambda workspace: workspace.filter_hints(where), take)

    def show_reading(self) -> None:
        """Folders are being read: whoever sees that there is no run yet is told so."""
        scope = self._context.state.scope
        asked = scope.where or scope.source is not None or scope.experiment is not None
        if self.currentWidget() is self.empty and not (asked or self._context.state.scope_keys or self._left_out):
            self.empty.set(*_READING)

    def show_scope(self, *, busy: bool, refused: FilterSyntax | None) -> None:
        """The scope has an answer: show it, or say why there is nothing to show."""
        state = self._context.state
        if state.scope_keys and refused is None:
            self.setCurrentWidget(self._table)
            self._groups.check_order()
            return
        if refused is not None:
            self.empty.set(
                "The filter names something that is no longer there",
                str(refused.message),
                action="Clear the filter",
                call=lambda: state.set_where(""),
            )
        elif state.scope.where:
            self.empty.set(
                "No run matches the filter",
                _NO_MATCH,
                action="Clear the filter",
                call=lambda: state.set_where(""),
            )
            self._ask_why(state.scope.where)
        elif state.scope.source is not None or state.scope.experiment is not None:
            self.empty.set(
                "No runs here",
                "Nothing was read for this part of the library.",
                action="Show all runs",
                call=lambda: state.set_place(None, None),
            )
        elif busy:
            self.empty.set(*_READING)
        else:
            self.empty.set(
                "No runs found",
                "The folders of the library hold no runs of a tracker that Runfolio knows.",
                action="See what was found instead",
                call=lambda: self._context.commands.run("view.problems"),
            )
        self.setCurrentWidget(self.empty)
        # The count of them may have come before.
        self._say_left_out()
