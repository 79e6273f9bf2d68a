"""Triangles at the steps whose value has no place on the axis: NaN and infinities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from runfolio.analysis.prepared import PreparedSeries
from runfolio.desktop import fonts
from runfolio.desktop.strokes import Frame
from runfolio.model.display import count, plain
from runfolio.model.metrics import Floats

_HALF, _HEIGHT, _GAP = 4.5, 8.0, 2.0
_MOST_SAID = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The marks of one run and kind: one pixel and x for those that share it, how many they are, and the heights of a
    triangle's base and tip."""

    name: str
    what: str
    pixels: Floats
    x: Floats
    many: int
    base: float
    tip: float


class Marks:
    """The marks of all runs in a frame, at most one for each run, kind and pixel.

    NaN hangs below the upper edge, +inf points up at it, -inf points down at the lower edge.
    """

    def __init__(
        self,
        runs: Sequence[tuple[str, PreparedSeries]] = (),
        frame: Frame | None = None,
        ratio: float = 1.0,
        say_x: Callable[[float], str] = str,
    ) -> None:
        self._frame, self._ratio, self._say_x = frame, ratio, say_x
        self._rows: list[_Row] = []
        if frame is None:
            return
        upper, lower, height = _GAP * ratio, frame.height - _GAP * ratio, _HEIGHT * ratio
        for name, series in runs:
            for what, x, base, tip in (
                ("NaN", series.nan_x, upper, upper + height),
                ("+∞", series.above_x, upper + height, upper),
                ("−∞", series.below_x, lower - height, lower),
            ):
                if not len(x):
                    continue
                seen = x[(x >= frame.x0) & (x <= frame.x1)]
                if len(seen):
                    pixels, firsts = np.unique(np.floor(frame.pixels_x(seen)), return_index=True)
                    self._rows.append(_Row(name, what, pixels, seen[firsts], len(seen), base, tip))

    def paint(self, painter: QPainter, color: QColor) -> None:
        """Draw them, and say beside the first what it is where one run alone has any."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        half = _HALF * self._ratio
        # Runs that diverge together share their triangles.
        for x, base, tip in sorted({(x, row.base, row.tip) for row in self._rows for x in row.pixels.tolist()}):
            corners = [QPointF(x - half, base), QPointF(x + half, base), QPointF(x, tip)]
            painter.drawPolygon(QPolygonF(corners))
        if len(self._rows) == 1 and self._frame is not None:
            self._paint_text(painter, color, self._rows[0], self._frame.width)

    def _paint_text(self, painter: QPainter, color: QColor, row: _Row, width: int) -> None:
        font = fonts.ui(round(12 * self._ratio))
        metrics = QFontMetricsF(font)
        gap = (_HALF + 4) * self._ratio
        text = _said(row, self._say_x)
        wanted = metrics.horizontalAdvance(text)
        left, right = row.pixels[0] - gap, width - row.pixels[-1] - gap
        if right < wanted and left > right:
            place, room = max(0.0, left - wanted), left
        else:
            place, room = row.pixels[-1] + gap, right
        if room < 60 * self._ratio:
            return
        painter.setFont(font)
        painter.setPen(color)
        baseline = row.tip if row.what == "−∞" else _GAP * self._ratio + metrics.ascent() * 0.8
        painter.drawText(QPointF(place, baseline), metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))

    def text_at(self, x: float, y: float, reach: float) -> str:
        """What the marks near a place of the picture say, a line for each run; empty for none."""
        said: list[str] = []
        for row in self._rows:
            if not min(row.base, row.tip) - reach <= y <= max(row.base, row.tip) + reach:
                continue
            nearest = int(np.argmin(np.abs(row.pixels - x)))
            if abs(row.pixels[nearest] - x) <= reach:
                said.append(f"{row.what} at {self._say_x(float(row.x[nearest]))} ({plain(row.name, 40)})")
        rest = len(said) - _MOST_SAID
        return "\n".join(said[:_MOST_SAID] + ([f"and {count(rest)} more runs"] if rest > 0 else []))


def _said(row: _Row, say_x: Callable[[float], str]) -> str:
    name, first = plain(row.name, 40), say_x(float(row.x[0]))
    if row.many == 1:
        return f"{row.what} at {first} ({name})"
    return f"{row.what} {count(row.many)} times from {first} ({name})"
