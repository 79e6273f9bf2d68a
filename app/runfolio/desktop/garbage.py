"""Python's search for garbage, the long one only while nobody waits for the window.

Python looks through young objects often and through all there are now and then. The second stops every thread for as
long as there are objects: with three hundred panels 0.1 to 0.4 s, in the middle of whatever is done, again and again
while they are made. So it is never begun by itself: when the user has rested and no job runs, what was made since the
last time is looked through and then counted as there to stay, so that each object is looked at once. What was there to
stay and is garbage after all, as the cycles of closed panels, is found when the window has been left alone for longer.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QWindow

from runfolio.desktop.jobs import Jobs

YOUNG, OLDER, NEVER = 700, 10, 1 << 30
"""Objects made until the youngest are looked through, and how often that is done until those that stayed are: Python's
own numbers, by which each takes a millisecond or two. All of them are not."""

LOOK_MS = 1_000
REST_S = 3.0
"""Without a key or the mouse: then a stop is not felt."""

LONG_REST_S = 60.0
"""Then all is looked through, and when the user has turned to another program."""

AGAIN_S = 600.0
"""At most so often."""

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.KeyRelease,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
    }
)


class Garbage(QObject):
    """Takes the search over for as long as the program runs; `jobs` are those of the window.

    rest_s, long_rest_s   how long the user has to rest, for a test that cannot wait.
    """

    def __init__(
        self, jobs: Jobs, parent: QObject, *, rest_s: float = REST_S, long_rest_s: float = LONG_REST_S
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._rest_s, self._long_rest_s = rest_s, long_rest_s
        self._at = QPoint()
        self._touched = time.monotonic()
        self._searched_all = float("-inf")
        self._seen = 0
        self._clock = QTimer(self)
        self._clock.setInterval(min(LOOK_MS, int(rest_s * 500)))
        self._clock.timeout.connect(self._look)

    def begin(self, window: QWindow | None) -> None:
        """What is there now is there to stay. `window` is where keys arrive."""
        gc.freeze()
        gc.set_threshold(YOUNG, OLDER, NEVER)
        gc.enable()
        if window is not None:
            window.installEventFilter(self)
        self._clock.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note that the user is there."""
        if event.type() in _INPUT:
            self._touched = time.monotonic()
        return False

    def _look(self) -> None:
        now = time.monotonic()
        at = QCursor.pos()
        if at != self._at or QGuiApplication.mouseButtons() is not Qt.MouseButton.NoButton:
            self._at, self._touched = at, now
        rested = now - self._touched
        if not self._jobs.idle or rested < self._rest_s:
            return
        away = QGuiApplication.applicationState() is not Qt.ApplicationState.ApplicationActive
        if (away or rested >= self._long_rest_s) and now - self._searched_all >= AGAIN_S:
            self._searched_all = now
            gc.unfreeze()
            self._search()
        elif self._is_anything_new():
            self._search()

    def _is_anything_new(self) -> bool:
        # Of which there is one after 7,000 new objects.
        return self._searches() != self._seen

    def _search(self) -> None:
        gc.collect()
        gc.freeze()
        self._seen = self._searches()

    @staticmethod
    def _searches() -> int:
        """How often those that stayed were looked through."""
        return int(gc.get_stats()[1]["collections"])
