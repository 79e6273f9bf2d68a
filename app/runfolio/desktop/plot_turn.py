"""What charts may spend on being made and painted before the window does something else: all share one turn."""

from __future__ import annotations

from PySide6.QtCore import QTimer

SHARED_MS = 12.0
"""How long several charts may paint, one after the other, before the window does something else."""


class Turn:
    """What all charts together have spent since the window had its last turn, in milliseconds."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.painters_first = False
        """Whether charts had to wait in the last turn: what else may wait lets them paint first in this one."""
        self._ends = self._waited = False

    def wait(self) -> None:
        """A chart has to wait for the next turn."""
        self._waited = True

    def add(self, ms: float) -> None:
        """A chart was painted, or charts were made, for so long."""
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
        self.painters_first = self._waited
        self._ends = self._waited = False
        if self.painters_first:
            self.add(0.0)


TURN = Turn()
