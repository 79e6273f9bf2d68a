"""The list of what each selected run has at the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.plot import Reading
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import ElidedLabel, PlainLabel
from runfolio.model.display import number

_MOST = 24


class Dot(QWidget):
    """A run's colour as a dot."""

    def __init__(self, color: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color = color
        self.setFixedSize(QSize(10, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color)
        painter.drawEllipse(0, 4, 10, 10)
        painter.end()


class ReadOut(QWidget):
    """Dot, name and value of each run; names are elided, values stand under each other."""

    def __init__(self, theme: Theme, state: WindowState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("read-out")
        self._theme, self._state = theme, state
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._shown: list[tuple[str, str]] = []

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each line, as shown."""
        return [*self._shown]

    def show_readings(self, readings: Sequence[Reading]) -> None:
        """Show other values."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._shown = []
        for row, reading in enumerate(readings[:_MOST]):
            style = self._state.style_of(reading.key)
            value = number(reading.value, 6)
            figures = PlainLabel(value, font=fonts.mono(12))
            figures.setToolTip(f"step {number(reading.x)}: {reading.value!r}")
            self._grid.addWidget(Dot(self._theme.run_color(style.color_index)), row, 0)
            self._grid.addWidget(ElidedLabel(reading.name), row, 1)
            self._grid.addWidget(figures, row, 2, Qt.AlignmentFlag.AlignRight)
            self._shown.append((reading.name, value))
