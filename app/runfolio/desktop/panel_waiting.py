"""What a chart shows while its curves are read and worked out: how far that is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.errors import Cancelled
from runfolio.model.display import count

_AFTER_MS, _EVERY_MS = 400, 200


class Work:
    """A question under way; it counts on one thread, and is looked at and stopped from another."""

    def __init__(self, total: int = 0) -> None:
        self.total, self.done, self.stopped = total, 0, False

    def step(self) -> None:
        """One more curve is ready. Raises Cancelled once the work is stopped."""
        self.done += 1
        if self.stopped:
            raise Cancelled


class Waiting(QWidget):
    """Shown when the work takes longer than a moment; `stopped` tells that the user wants no more of it."""

    stopped = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel-waiting")
        self._work: Work | None = None
        self._text = PlainLabel("", role="muted", font=fonts.ui(11))
        self._stop = TextButton("Stop", theme, kind="link", tip="Stop drawing this chart (Esc)")
        self._stop.setObjectName("panel-stop")
        self._stop.clicked.connect(self.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch()
        row.addWidget(self._text, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._stop, 0, Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; "" when there is nothing to wait for."""
        return self._text.text() if self._work is not None and self.isVisibleTo(self.parentWidget()) else ""

    def begin(self, work: Work) -> None:
        """Other work is under way; what was before it is no longer wanted."""
        self._end_work()
        self._work = work
        self._timer.start(_AFTER_MS if self.isHidden() else _EVERY_MS)

    def end(self) -> None:
        """It is done."""
        self._work = None
        self._timer.stop()
        self.hide()

    def stop(self) -> None:
        """Stop the work, where there is some."""
        if self._work is not None:
            self._end_work()
            self.end()
            self.stopped.emit()

    def _end_work(self) -> None:
        if self._work is not None:
            self._work.stopped = True

    def _tick(self) -> None:
        if self._work is not None:
            done, total = self._work.done, self._work.total
            self._text.setText(f"{count(done)} of {count(total)} curves" if total > 1 else "Working out the curve")
            self.show()
            self._timer.setInterval(_EVERY_MS)
