"""The way of results from the threads of jobs to that of the window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

TURN_S = 0.008
"""How long answers are taken in before the window may do something else; those that are left come in the next turn."""


class Relay(QObject):
    """Runs on the GUI thread what other threads post. What comes at once is taken in over several turns."""

    _arrived = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._inbox: deque[Callable[[], None]] = deque()
        self._spent = 0.0
        self._owed = 0
        self._rested = False
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._go_on)
        # Queued even for posts from the GUI thread itself: a callback never runs inside the call that asked.
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """May be called from any thread."""
        self._inbox.append(call)
        self._arrived.emit()

    def drain(self) -> None:
        """Run now what has been posted; for the end of the program, when no event loop will."""
        while self._inbox:
            self._inbox.popleft()()

    @Slot()
    def _deliver(self) -> None:
        # One post, one signal, one delivery: a call that raises does not keep the next ones waiting.
        if self._spent < TURN_S:
            self._run_next()
        else:
            self._owed += 1

    def _run_next(self) -> None:
        if not self._inbox:
            return
        self._rested = False
        self._turn.start()
        begun = time.perf_counter()
        try:
            self._inbox.popleft()()
        finally:
            self._spent += time.perf_counter() - begun

    def _go_on(self) -> None:
        if self._spent >= TURN_S and not self._rested:
            # The timer may be over in the very turn that the time was spent in.
            self._rested = True
            self._turn.start()
            return
        self._spent = 0.0
        while self._owed and self._spent < TURN_S:
            self._owed -= 1
            self._run_next()
