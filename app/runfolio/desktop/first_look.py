"""What can wait until the first rows of a start are on the screen: charts, the look for what is new, watching.

Each of them imports for half a second of CPU, and Python runs one thread at a time: begun at once, they would keep the
rows from being seen.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from runfolio.api import Workspace

PAINTED_MS = 30
LONGEST_MS = 1_500
"""Whoever waits is not kept longer than this, whatever the rows do."""


def import_all(workspace: Workspace) -> None:
    """Import what charts and reading take, half a second each, and popups that many open; on a query thread."""
    import_module("runfolio.desktop.chart_strip")
    import_module("runfolio.desktop.column_chooser")
    import_module("runfolio.desktop.filter_suggestions")
    workspace.prepare_reading()


def import_views() -> None:
    """Import what the window may be asked to show next; on a thread. Each of them takes up to a third of a second."""
    from runfolio.desktop.views.registry import INSPECTOR, VIEWS

    for row in (*VIEWS, INSPECTOR):
        import_module(row.module)
    for kind in import_module("runfolio.desktop.kinds.factory").KINDS:
        import_module(kind.module)


class FirstLook(QObject):
    """Calls what was given to `begin` once, after `seen` or LONGEST_MS, whichever is first; `over` is emitted then."""

    over = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: Callable[[], None] | None = None
        self._is_seen = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._call)

    def begin(self, call: Callable[[], None]) -> None:
        """Wait for the rows; `call` is what has to wait."""
        self._waiting = call
        self._timer.start(PAINTED_MS if self._is_seen else LONGEST_MS)

    def seen(self) -> None:
        """Rows are there to be painted, or it is known that there are none."""
        self._is_seen = True
        if self._waiting is not None:
            # After what was asked to be painted is on the screen.
            self._timer.start(PAINTED_MS)

    def _call(self) -> None:
        if self._waiting is not None:
            call, self._waiting = self._waiting, None
            call()
            self.over.emit()
