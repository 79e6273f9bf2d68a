"""Makes all classes of Qt known to Python on the GUI thread, a few at a time, before another thread may need them.

Qt for Python makes a class when it is first named. The library for charts names all of them while it is imported, which
is done on a thread; and a class that two threads make at once has crashed the program.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

TURN_S = 0.005

_known: list[bool] = []
"""Not empty once they are; they are those of the process."""


class QtClasses(QObject):
    """Calls what was given to `make_known` when all classes are known."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._then: Callable[[], None] | None = None
        self._names = _names()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)

    def make_known(self, then: Callable[[], None]) -> None:
        """Begin, in turns of the event loop; `then` is called in any case from a later one."""
        self._then = then
        self._timer.start()

    @property
    def busy(self) -> bool:
        """Whether some are being made."""
        return self._timer.isActive()

    def _turn(self) -> None:
        until = time.perf_counter() + TURN_S
        if not _known:
            for _ in self._names:
                if time.perf_counter() > until:
                    return
            _known.append(True)
        self._timer.stop()
        if self._then is not None:
            self._then()


def _names() -> Iterator[object]:
    # Also the modules themselves are imported here, and not on a thread.
    from PySide6 import QtCore, QtGui, QtOpenGLWidgets, QtSvg, QtTest, QtWidgets

    for module in (QtCore, QtGui, QtWidgets, QtSvg, QtOpenGLWidgets, QtTest):
        for name in dir(module):
            yield getattr(module, name, None)
