"""What charts may spend on painting before the window does something else: all of them share one turn."""

from __future__ import annotations

from PySide6.QtCore import QTimer

SHARED_MS = 12.0
"""How long several charts may paint, one after the other, before the window does something else."""


class Turn:
    """What all charts together have spent painting since the window had its last turn, in milliseconds."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._ends = False

    def add(self, ms: float) -> None:
        """A chart has painted for so long."""
        self.spent += ms
        if not self._ends:
            self._ends = True
            QTimer.singleShot(0, self._end)

    @property
    def is_over(self) -> bool:
        """Whether others than the first have to wait."""
        return self.spent >= SHARED_MS

    def _end(self) -> None:
        self.spent = 0.0
        self._ends = False


TURN = Turn()
