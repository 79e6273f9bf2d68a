"""When garbage is collected: what is young as it comes, all of it while nobody uses the window."""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 5_000
_RESTING_S = 0.05
"""A window that has worked no longer than this since the last look is used by nobody."""

_ENOUGH = 10
"""Collections of what is young after which all of it is worth looking through."""

_THRESHOLDS = (2_000, 10, 500)
"""Looking through all that has been made since the start holds every thread of Python, for a tenth of a second with
thousands of runs on show. It comes by itself where the window is never left alone, but hardly ever."""


class Garbage(QObject):
    """Begins to collect; what there is already is taken to stay, and never looked through."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
        self._worked = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect everything, if the window rests and there is something to collect."""
        rests = time.thread_time() - self._worked < _RESTING_S
        if rests and gc.get_count()[2] >= _ENOUGH:
            gc.collect()
        self._worked = time.thread_time()
