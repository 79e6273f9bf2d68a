"""What charts may spend on being made and painted before the window does something else: all share one turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import shiboken6
from PySide6.QtCore import QAbstractEventDispatcher, QObject, QTimer
from PySide6.QtWidgets import QWidget

SHARED_MS = 12.0
"""How long charts may work, one after the other, before the window does something else."""

_MOST_WAITED = 2


class Turn:
    """What all charts together have spent since the event loop has last looked at mouse and keys, in milliseconds.

    Timers alone do not tell: what was painted and the timers that came due meanwhile belong to one turn.
    """

    def __init__(self) -> None:
        self.spent = 0.0
        self._began = False
        self._waiting: dict[int, QWidget] = {}
        self._dispatcher: QAbstractEventDispatcher | None = None
        self._timer: QTimer | None = None
        self._hits = 0

    def wait(self, viewport: QWidget) -> None:
        """A chart has to wait: it is painted in the next turn, and asks for it no sooner."""
        self._waiting[id(viewport)] = viewport
        self._begin()

    def add(self, ms: float) -> None:
        """A chart was painted, or charts were made, for so long."""
        self.spent += ms
        self._begin()

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count what is done inside; what counts itself in there is not counted twice."""
        begun, spent = time.perf_counter(), self.spent
        try:
            yield
        finally:
            self.add((time.perf_counter() - begun) * 1000 - (self.spent - spent))

    @property
    def left(self) -> float:
        """What is left of it; 0 and less when it is over."""
        return SHARED_MS - self.spent

    @property
    def is_over(self) -> bool:
        """Whether others than the first have to wait."""
        return self.left <= 0

    def _begin(self) -> None:
        if self._began:
            return
        self._began, self._hits = True, 0
        dispatcher = QAbstractEventDispatcher.instance()
        if dispatcher is not None and dispatcher is not self._dispatcher:
            self._dispatcher = dispatcher
            dispatcher.awake.connect(self._end)
        if self._timer is None:
            # A single shot of no time is a posted event, and may come in the very turn that it was asked for in.
            self._timer = QTimer()
            self._timer.timeout.connect(self._end_at_latest)
        self._timer.start(0)

    def _end_at_latest(self) -> None:
        # Where the loop goes on without saying so. The first time may be in the turn that began it.
        self._hits += 1
        if self._hits > 1:
            self._end()

    def _end(self) -> None:
        if not self._began:
            return
        if self._timer is not None:
            self._timer.stop()
        self.spent, self._began = 0.0, False
        waiting, self._waiting = self._waiting, {}
        for viewport in waiting.values():
            if shiboken6.isValid(viewport):
                viewport.update()


TURN = Turn()


class Soon:
    """Does `call` once in the next turn that has time for it, however often it was asked for until then.

    It waits for a few turns at most: thousands of curves may take all the time there is for seconds.
    """

    def __init__(self, call: Callable[[], None], parent: QObject) -> None:
        self._call = call
        self._waited = 0
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._go)

    def ask(self) -> None:
        """It is to be done."""
        self._timer.start()

    def forget(self) -> None:
        """It need not be done any more."""
        self._timer.stop()

    def _go(self) -> None:
        if TURN.is_over and self._waited < _MOST_WAITED:
            self._waited += 1
            self._timer.start()
            return
        self._waited = 0
        with TURN.spending():
            self._call()
