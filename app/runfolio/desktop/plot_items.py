"""What is painted inside a chart: all curves of a panel in one item, their marks, and the time axis.

Painting is the cost of a chart, not reduction: each curve is reduced to the true lowest and highest point of every
pixel column, kept as a path for the range that is shown, and painted again from that path until the range changes.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from runfolio.analysis.reduce import inf_marks, min_max_columns, nan_marks
from runfolio.model.display import number
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_SMOOTH_POINTS = 60_000
"""Up to this many points in all the lines are antialiased; beyond, it costs more than it shows."""

_RAW_ALPHA = 70
_MARK = 4.5


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One run's series, ready to be drawn: float64 (n,) arrays in written order.

    smooth   the smoothed series, None to draw `y` as it is; the raw one then stays faint behind it.
    """

    key: RunKey
    name: str
    x: Floats
    y: Floats
    smooth: Floats | None
    color: QColor
    dash: int = 0


@dataclass(slots=True)
class _Paths:
    raw: QPainterPath
    smooth: QPainterPath | None
    dots: list[QPointF]
    points: int


class CurvesItem(pg.GraphicsObject):  # type: ignore[misc] # pyqtgraph ships no types
    """All curves of a panel, in data coordinates (y already as its logarithm on a log axis)."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._curves: tuple[Curve, ...] = ()
        self._log = False
        self._paths: list[_Paths] = []
        self._shown_range: tuple[float, float, int] | None = None
        self._emphasis: RunKey | None = None
        self._bounds = QRectF()
        self.mark_color = QColor("red")

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn, first drawn first."""
        return self._curves

    def set_curves(self, curves: Sequence[Curve], *, log_y: bool) -> None:
        """Draw other curves."""
        self.prepareGeometryChange()
        self._curves = tuple(curves)
        self._log = log_y
        self._shown_range = None
        self._bounds = self._data_bounds()
        self.update()

    def emphasise(self, key: RunKey | None) -> None:
        """Draw one run's curve thicker and on top; None for none."""
        if key != self._emphasis:
            self._emphasis = key
            self.update()

    def scaled(self, y: Floats) -> Floats:
        """y as it is placed: its decimal logarithm on a log axis, where values of 0 and below are gaps."""
        if not self._log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled: Floats = np.where(y > 0, np.log10(y), np.nan)
        return scaled

    def boundingRect(self) -> QRectF:
        """The rectangle of all finite points."""
        return self._bounds

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: object = None) -> tuple[float | None, float | None]:
        """The range of one axis, for pyqtgraph's automatic range."""
        box = self._bounds
        if box.isNull() and not self._curves:
            return None, None
        return (box.left(), box.right()) if ax == 0 else (box.top(), box.bottom())

    def viewRangeChanged(self, *_: object) -> None:
        """pyqtgraph: the view was moved or scaled."""
        self._shown_range = None
        self.update()

    def _data_bounds(self) -> QRectF:
        lows_x, highs_x, lows_y, highs_y = [], [], [], []
        for curve in self._curves:
            y = self.scaled(curve.y)
            sound = np.isfinite(curve.x) & np.isfinite(y)
            if sound.any():
                lows_x.append(float(curve.x[sound].min()))
                highs_x.append(float(curve.x[sound].max()))
                lows_y.append(float(y[sound].min()))
                highs_y.append(float(y[sound].max()))
            elif np.isfinite(curve.x).any():
                # Only NaN: there is no height, but its marks need their steps in sight.
                lows_x.append(float(np.nanmin(curve.x)))
                highs_x.append(float(np.nanmax(curve.x)))
        if not lows_x:
            return QRectF()
        low, high = (min(lows_y), max(highs_y)) if lows_y else (0.0, 1.0)
        return QRectF(QPointF(min(lows_x), low), QPointF(max(highs_x), high))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the curves of the range that is shown."""
        view = self.getViewBox()
        if view is None or not self._curves:
            return
        (x0, x1), (_, y1) = view.viewRange()
        columns = max(1, int(view.width()))
        if not x0 < x1:
            return
        if self._shown_range != (x0, x1, columns):
            self._paths = [self._reduce(curve, x0, x1, columns) for curve in self._curves]
            self._shown_range = (x0, x1, columns)
        total = sum(p.raw.elementCount() for p in self._paths)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, total <= _SMOOTH_POINTS)
        pairs = list(zip(self._curves, self._paths, strict=True))
        pairs.sort(key=lambda pair: pair[0].key == self._emphasis)
        for curve, paths in pairs:
            if paths.smooth is not None:
                faint = QColor(curve.color)
                faint.setAlpha(_RAW_ALPHA)
                painter.strokePath(paths.raw, _pen(faint, 1.0))
        for curve, paths in pairs:
            strong = curve.key == self._emphasis
            width = (2.6 if strong else 1.7) if total <= _SMOOTH_POINTS else 1.0
            painter.strokePath(paths.smooth or paths.raw, _pen(curve.color, width, curve.dash))
            if paths.dots:
                painter.setPen(_pen(curve.color, 5.0, cap=Qt.PenCapStyle.RoundCap))
                painter.drawPoints(QPolygonF(paths.dots))
        self._paint_marks(painter, view, x0, x1, y1)

    def _reduce(self, curve: Curve, x0: float, x1: float, columns: int) -> _Paths:
        reduced = min_max_columns(curve.x, self.scaled(curve.y), x0, x1, columns)
        dots = [QPointF(float(x), float(y)) for x, y in zip(reduced.lone_x, reduced.lone_y, strict=True)]
        smooth = None
        if curve.smooth is not None:
            line = min_max_columns(curve.x, self.scaled(curve.smooth), x0, x1, columns)
            smooth = _path(line.x, line.y)
        return _Paths(_path(reduced.x, reduced.y), smooth, dots, reduced.points)

    def _paint_marks(self, painter: QPainter, view: pg.ViewBox, x0: float, x1: float, top: float) -> None:
        """Triangles on the upper edge where a value is NaN, on the lower one up or down where it is infinite."""
        size = view.viewPixelSize()
        painter.setPen(Qt.PenStyle.NoPen)
        for curve in self._curves:
            for marks, hollow in ((nan_marks(curve.x, curve.y), False), (inf_marks(curve.x, curve.y), True)):
                seen = marks[(marks >= x0) & (marks <= x1)]
                # One triangle a pixel is all that can be told apart.
                step = max(1, len(seen) // 400)
                painter.setBrush(Qt.BrushStyle.NoBrush if hollow else self.mark_color)
                painter.setPen(_pen(self.mark_color, 1.0) if hollow else Qt.PenStyle.NoPen)
                for x in seen[::step]:
                    painter.drawPolygon(
                        QPolygonF(
                            [
                                QPointF(x - _MARK * size[0], top - size[1]),
                                QPointF(x + _MARK * size[0], top - size[1]),
                                QPointF(x, top - 2 * _MARK * size[1]),
                            ]
                        )
                    )

    def nearest(self, x: float, y: float, reach_x: float, reach_y: float) -> tuple[Curve, int] | None:
        """The curve and point nearest to a place, None when none lies within reach (an ellipse of those radii)."""
        best: tuple[float, Curve, int] | None = None
        for curve in self._curves:
            shown = self.scaled(curve.smooth if curve.smooth is not None else curve.y)
            near = np.flatnonzero(np.abs(curve.x - x) <= reach_x)
            if not len(near):
                continue
            distance = np.hypot((curve.x[near] - x) / reach_x, (shown[near] - y) / reach_y)
            if np.isnan(distance).all():
                continue
            place = int(np.nanargmin(distance))
            if distance[place] <= 1 and (best is None or distance[place] < best[0]):
                best = (float(distance[place]), curve, int(near[place]))
        return None if best is None else (best[1], best[2])


def _path(x: Floats, y: Floats) -> QPainterPath:
    path: QPainterPath = pg.functions.arrayToQPath(x, y, connect="finite", finiteCheck=False)
    return path


def _pen(color: QColor, width: float, dash: int = 0, cap: Qt.PenCapStyle = Qt.PenCapStyle.FlatCap) -> QPen:
    pen = QPen(color, width, DASHES[dash % len(DASHES)], cap, Qt.PenJoinStyle.BevelJoin)
    pen.setCosmetic(True)
    return pen


class PlainAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph ships no types
    """An axis whose numbers are written as everywhere else, and whose times are local clock times.

    kind   "number", "duration" (seconds since the start) or "clock" (seconds since 1970).
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.kind = "number"
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The text at each tick."""
        if self.logMode:
            return [number(10**v, 3) for v in values]
        if self.kind == "clock":
            return [_clock(v, spacing) for v in values]
        if self.kind == "duration":
            return [_span(v) for v in values]
        digits = max(0, -math.floor(math.log10(spacing))) if 0 < spacing < 1 else 0
        if digits > 6 or max((abs(v) for v in values), default=0) >= 1e7:
            return [number(v, 4) for v in values]
        return [f"{v:.{digits}f}".replace("-", "−") for v in values]


def _clock(seconds: float, spacing: float) -> str:
    try:
        moment = dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return ""
    return moment.strftime("%Y-%m-%d" if spacing >= 86_400 else "%m-%d %H:%M" if spacing >= 60 else "%H:%M:%S")


def _span(seconds: float) -> str:
    if abs(seconds) >= 7200:
        return f"{seconds / 3600:.3g} h"
    return f"{seconds / 60:.3g} min" if abs(seconds) >= 120 else f"{seconds:.3g} s"
