"""The list of what each selected run has at the cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.plot_reading import Reading
from runfolio.desktop.state import WindowState
from runfolio.desktop.strokes import DASHES
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import ElidedLabel, PlainLabel, tooltip
from runfolio.model.display import count, number

_MOST, _LEAST = 24, 4
_LINE = 21
"""Pixels that a line takes."""


class Dot(QWidget):
    """A run's colour as a dot; as a short dashed line where the curve is dashed."""

    def __init__(self, color: QColor, dash: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color, self._dash = color, dash
        self.setFixedSize(QSize(12, 18))

    def set_style(self, color: QColor, dash: int) -> None:
        """Show another run's."""
        self._color, self._dash = color, dash
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._dash:
            pen = QPen(self._color, 2.4)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([part / 3.6 for part in DASHES[self._dash % len(DASHES)]])
            painter.setPen(pen)
            painter.drawLine(0, 9, 12, 9)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color)
            painter.drawEllipse(1, 4, 10, 10)
        painter.end()


class ReadOut(QWidget):
    """Dot, name, value of each run, and the step it was logged at where that is not the cursor's."""

    def __init__(self, theme: Theme, state: WindowState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("read-out")
        self._theme, self._state = theme, state
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(7)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Dot, ElidedLabel, PlainLabel, PlainLabel]] = []
        self._more = PlainLabel("", role="muted", font=fonts.ui(11))
        self._grid.addWidget(self._more, _MOST, 1, 1, 3)
        self._more.hide()
        self._most = _MOST
        self._last: tuple[Sequence[Reading], float | None, str] = ((), None, "step")
        self._shown: list[tuple[str, str]] = []
        self._places: list[str] = []

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Name and value of each line, as shown."""
        return [*self._shown]

    @property
    def places(self) -> list[str]:
        """For each line the step that its value was logged at, "" where it is the cursor's."""
        return [*self._places]

    def show_readings(self, readings: Sequence[Reading], at: float | None = None, unit: str = "step") -> None:
        """Show other values. `at`: where the cursor is; None when each run's last value is meant."""
        self._last = readings, at, unit
        self._shown, self._places = [], []
        texts = figures([reading.value for reading in readings[: self._most]])
        # Else each widget that comes into sight has all lines laid out anew at once.
        self._grid.setEnabled(False)
        for place, (reading, value) in enumerate(zip(readings, texts, strict=False)):
            elsewhere = unit == "step" and at is not None and reading.x not in (None, at)
            where = f"@ {number(reading.x, 9)}" if elsewhere else ""
            self._shown.append((f"{reading.name} · n = {reading.n}" if reading.n else reading.name, value))
            self._places.append(where)
            self._fill(place, reading, value, where)
        for row in self._rows[len(self._shown) :]:
            for widget in row:
                widget.hide()
        rest = len(readings) - self._most
        self._more.setText(f"and {count(rest)} more" if rest > 0 else "")
        self._more.setVisible(rest > 0)
        self._grid.setEnabled(True)

    def fit(self, height: int) -> None:
        """Show no more lines than there is room for: those that are squeezed cannot be read."""
        most = max(_LEAST, min(_MOST, height // _LINE - 1))
        if most != self._most:
            self._most = most
            self.show_readings(*self._last)

    def _fill(self, place: int, reading: Reading, value: str, where: str) -> None:
        # Rows are made once: the pointer fills them anew at every move.
        if place == len(self._rows):
            row = (Dot(QColor()), ElidedLabel(""), PlainLabel("", role="muted", font=fonts.mono(11)), PlainLabel(""))
            row[3].setFont(fonts.mono(12))
            for column, widget in enumerate(row):
                self._grid.addWidget(widget, place, column, Qt.AlignmentFlag.AlignRight if column > 1 else _NONE)
            self._rows.append(row)
        dot, name, step, shown = self._rows[place]
        style = self._state.style_of(reading.key)
        dot.set_style(*(reading.look or (self._theme.run_color(style.color_index), style.dash)))
        name.setText(self._shown[place][0])
        step.setText(where)
        shown.setText(value)
        logged = "" if reading.x is None else f"step {number(reading.x, 9)}: {reading.value!r}"
        shown.setToolTip(tooltip(logged or "Nothing logged so far"))
        for widget in (dot, name, shown):
            widget.show()
        step.setVisible(bool(where))


_NONE = Qt.AlignmentFlag(0)


def figures(values: Sequence[float | None]) -> list[str]:
    """Values of one metric in equally many decimals: six digits for the largest, and no zeros that all end in.

    >>> figures([0.808129, 0.76568, None]), figures([0.65, 12.0])
    (['0.808129', '0.765680', '–'], ['0.65', '12.00'])
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    largest = max(sizes, default=1.0)
    if largest >= 1e6 or min(sizes, default=1.0) < 1e-4:
        return [number(value, 6) for value in values]
    decimals = max(0, 5 - math.floor(math.log10(largest)))
    texts = [f"{v:.{decimals}f}" if v is not None and math.isfinite(v) else "" for v in values]
    while decimals and all(text.endswith("0") or not text for text in texts):
        decimals -= 1
        texts = [text[:-1].removesuffix(".") if text else "" for text in texts]
    return [text or number(value) for text, value in zip(texts, values, strict=True)]
