"""Says in the filter bar how many runs are left out because they are hidden or archived; a click shows them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.widgets import TextButton, tooltip
from runfolio.errors import RunfolioError
from runfolio.model.answers import Change, Touched
from runfolio.model.display import count


class HiddenNotice(TextButton):
    """A link that is there while runs are left out. `counted`: how many would be in the scope but for that."""

    counted = Signal(int)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__("", context.theme, kind="link", icon="eye-off", parent=parent)
        self.setObjectName("hidden-runs")
        self._context = context
        self.clicked.connect(lambda: context.commands.run("runs.show-hidden"))
        context.state.query_changed.connect(self.activate)
        context.state.library_changed.connect(self._on_library_changed)
        self.hide()

    def activate(self) -> None:
        """Ask how many there are."""
        query = self._context.state.scope
        self._context.jobs.query("left-out", lambda workspace: workspace.left_out(query), self._show, self._refuse)

    def _on_library_changed(self, change: Change) -> None:
        if change.touched & (Touched.RUNS | Touched.MARKS):
            self.activate()

    def _show(self, runs: int) -> None:
        shown = self._context.state.scope.with_hidden
        self.setVisible(runs > 0)
        self.set_text(f"{count(runs)} hidden{' shown' if shown else ''}")
        which = f"{count(runs)} run{' is' if runs == 1 else 's are'} hidden or archived"
        does = "leaves them out again" if shown else "shows them"
        self.setToolTip(tooltip(self._context.commands.tip("runs.show-hidden", f"{which}. A click {does}.")))
        self.counted.emit(runs)

    def _refuse(self, _error: RunfolioError) -> None:
        # The filter bar says what is wrong with the filter.
        self.hide()
