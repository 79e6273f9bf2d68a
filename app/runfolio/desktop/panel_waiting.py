"""What a chart shows while its curves are read and worked out: how far that is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
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


class Waiting(QObject):
    """Shows the work below a chart when it takes longer than a moment; `stopped`: the user wants no more of it."""

    stopped = Signal()

    def __init__(self, theme: Theme, panel: QWidget) -> None:
        """`panel` has a layout; what is shown stands at its end, and is made when it is first needed."""
        super().__init__(panel)
        self._theme, self._panel = theme, panel
        self._work: Work | None = None
        self._row: QWidget | None = None
        self._label: PlainLabel
        self._text = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    @property
    def text(self) -> str:
        """What is said; "" when there is nothing to wait for."""
        return self._text

    def begin(self, work: Work) -> None:
        """Other work is under way; what was before it is no longer wanted."""
        self._end_work()
        self._work = work
        self._timer.start(_EVERY_MS if self._text else _AFTER_MS)

    def end(self) -> None:
        """It is done."""
        self._work, self._text = None, ""
        self._timer.stop()
        if self._row is not None:
            self._row.hide()

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
        if self._work is None:
            return
        done, total = self._work.done, self._work.total
        self._text = f"{count(done)} of {count(total)} curves" if total > 1 else "Working out the curve"
        self._timer.setInterval(_EVERY_MS)
        if self._row is None:
            self._row, self._label = self._make()
        self._label.setText(self._text)
        self._row.show()

    def _make(self) -> tuple[QWidget, PlainLabel]:
        label = PlainLabel("", role="muted", font=fonts.ui(11))
        stop = TextButton("Stop", self._theme, kind="link", tip="Stop drawing this chart (Esc)")
        stop.setObjectName("panel-stop")
        stop.clicked.connect(self.stop)
        row = QWidget(self._panel)
        row.setObjectName("panel-waiting")
        beside = QHBoxLayout(row)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addStretch()
        beside.addWidget(label, 0, Qt.AlignmentFlag.AlignVCenter)
        beside.addWidget(stop, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = self._panel.layout()
        if layout is not None:
            layout.addWidget(row)
        return row, label
