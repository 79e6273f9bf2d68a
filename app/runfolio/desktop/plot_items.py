"""What is painted inside a chart: all curves of a panel in one item, with their marks.

Painting is the cost of a chart, not reduction. So the curves are painted once for a range and a size, into a picture
of the screen's own pixels. The crosshair, tooltips and the emphasised curve go over it. While the hand moves, a
picture that was costly is drawn moved and scaled, and painted anew when the hand rests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyqtgraph as pg
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from runfolio.analysis.prepared import PreparedSeries
from runfolio.desktop.plot_marks import Marks
from runfolio.desktop.strokes import DASHES, Frame, Strokes, all_strokes, dashed, distance
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey

LIVE_MS = 8.0
"""A picture that was painted faster than this is painted anew at every move; a slower one is moved first."""

REST_MS = 60
"""How long the hand has to rest before the picture is painted anew."""

_FINE_MS = 20.0
_FINE_SEGMENT_US, _FINE_PIXEL_US = 0.3, 0.04
"""What an antialiased segment costs, and each pixel of its length; a picture above _FINE_MS is painted without."""

_WIDTH, _STRONG_WIDTH, _FAINT_WIDTH, _DOT = 1.7, 2.8, 1.1, 5.0
_FAINT = 0.30


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One run's series in the run's colour; `dash` is an index of strokes.DASHES, 0 for a solid line."""

    key: RunKey
    name: str
    series: PreparedSeries
    color: QColor
    dash: int = 0

    @property
    def x(self) -> Floats:
        """Where its points lie, in written order."""
        return self.series.x

    @property
    def y(self) -> Floats:
        """Its values as written."""
        return self.series.y

    @property
    def smooth(self) -> Floats | None:
        """Its smoothed values, None when it is not smoothed."""
        return self.series.smooth


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    curve: Curve
    strong: Strokes
    faint: Strokes | None


class CurvesItem(QGraphicsObject):
    """All curves of a panel, in the pixels of the view box that it is a child of."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        # Not by the constructor: shiboken then hands the object over, and crashes when the view is torn down.
        self.setParentItem(view)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # Below the view's own children, such as a selection rectangle.
        self.setZValue(-1)
        self._view = view
        self._curves: tuple[Curve, ...] = ()
        self._emphasis: RunKey | None = None
        self.mark_color, self.surface = QColor("red"), QColor("white")
        self.say_x: Callable[[float], str] = str
        self._picture: QPixmap | None = None
        self._frame: Frame | None = None
        self._moved_to: Frame | None = None
        self._ratio = 1.0
        self._drawn: list[_Drawn] = []
        self._marks = Marks()
        self._cost_ms = 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.repaint_now)
        view.sigRangeChanged.connect(self._on_range_changed)
        view.sigResized.connect(self._on_resized)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn, first drawn first."""
        return self._curves

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Draw other curves."""
        self._curves = tuple(curves)
        self.repaint_now()

    def emphasise(self, key: RunKey | None) -> None:
        """Draw one run's curve thicker and on top; None for none."""
        if key != self._emphasis:
            self._emphasis = key
            self.update()

    @property
    def emphasised(self) -> RunKey | None:
        """The run whose curve is drawn on top."""
        return self._emphasis

    def repaint_now(self) -> None:
        """Paint anew at the next chance, however much it costs: colours, curves or the range are others."""
        self._picture = self._moved_to = None
        self._rest.stop()
        self.update()

    @property
    def settled(self) -> bool:
        """Whether what is seen was painted for the range that is shown."""
        return not self._rest.isActive() and self._picture is not None

    def _on_range_changed(self, *_: object) -> None:
        self.update()

    def _on_resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        """The view's rectangle."""
        rect: QRectF = self._view.rect()
        return rect

    def frame(self, ratio: float = 1.0) -> Frame | None:
        """The range and size to paint, `ratio` pixels to each of Qt's; None when there is nothing to paint on."""
        (x0, x1), (y0, y1) = self._view.viewRange()
        width, height = round(self._view.width() * ratio), round(self._view.height() * ratio)
        if not (x0 < x1 and y0 < y1 and width >= 1 and height >= 1):
            return None
        return Frame(x0, x1, y0, y1, width, height)

    # --- painting ----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the curves of the range that is shown."""
        ratio = painter.device().devicePixelRatio()
        frame = self.frame(ratio)
        if frame is None or not self._curves:
            return
        if self._picture is None or (frame, ratio) != (self._frame, self._ratio):
            place = self._moved(frame)
            if place is not None and self._picture is not None:
                if frame != self._moved_to:
                    # Only a move puts off the rest: the crosshair and tooltips repaint as well.
                    self._moved_to = frame
                    self._rest.start()
                painter.setClipRect(self.boundingRect())
                painter.scale(1 / ratio, 1 / ratio)
                painter.drawPixmap(place, self._picture, QRectF(self._picture.rect()))
                return
            self._paint_picture(frame, ratio)
        if self._picture is not None:
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawPixmap(0, 0, self._picture)
            self._paint_emphasis(painter, ratio)

    def _moved(self, frame: Frame) -> QRectF | None:
        """Where the last picture belongs in another frame; None when it is to be painted anew instead."""
        old = self._frame
        if self._picture is None or old is None or self._cost_ms <= LIVE_MS:
            return None
        left, right = frame.pixels_x(np.array([old.x0, old.x1])).tolist()
        top, bottom = frame.pixels_y(np.array([old.y1, old.y0])).tolist()
        scale_x, scale_y = (right - left) / frame.width, (bottom - top) / frame.height
        if not (0.5 <= scale_x <= 2 and 0.5 <= scale_y <= 2):
            return None
        # A hand that has moved away from most of the picture wants to see what is there.
        seen_x = min(right, frame.width) - max(left, 0)
        seen_y = min(bottom, frame.height) - max(top, 0)
        if seen_x < 0.6 * frame.width or seen_y < 0.6 * frame.height:
            return None
        return QRectF(QPointF(left, top), QPointF(right, bottom))

    def _paint_picture(self, frame: Frame, ratio: float) -> None:
        started = time.perf_counter()
        self._drawn = _drawn(self._curves, frame)
        picture = QPixmap(frame.width, frame.height)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        fine = _cost_ms(self._drawn) <= _FINE_MS
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine)
        for drawn in self._drawn:
            if drawn.faint is not None:
                color = _mixed(drawn.curve.color, self.surface)
                _paint_strokes(painter, drawn.faint, color, (_FAINT_WIDTH if fine else 1.0) * ratio, ratio)
        for drawn in self._drawn:
            width = (_WIDTH if fine else 1.0) * ratio
            _paint_strokes(painter, drawn.strong, drawn.curve.color, width, ratio, drawn.curve.dash)
        self._marks = Marks([(c.name, c.series) for c in self._curves], frame, ratio, self.say_x)
        self._marks.paint(painter, self.mark_color)
        painter.end()
        self._picture, self._frame, self._ratio = picture, frame, ratio
        self._cost_ms = (time.perf_counter() - started) * 1000
        self._rest.stop()

    def _paint_emphasis(self, painter: QPainter, ratio: float) -> None:
        for drawn in self._drawn:
            if drawn.curve.key == self._emphasis:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, _cost_ms([drawn]) <= _FINE_MS)
                _paint_strokes(painter, drawn.strong, drawn.curve.color, _STRONG_WIDTH * ratio, ratio, drawn.curve.dash)

    # --- pointing ----------------------------------------------------------------------------------------------

    def nearest(self, at: QPointF, reach: float) -> Curve | None:
        """The curve whose line comes nearest to a place of this item, None when none comes within `reach`."""
        best, found = reach * self._ratio, None
        for drawn in self._drawn:
            strong = drawn.strong
            gap = distance(strong.segments, at.x() * self._ratio, at.y() * self._ratio, best)
            if len(strong.dots):
                apart = np.hypot(strong.dots[:, 0] - at.x() * self._ratio, strong.dots[:, 1] - at.y() * self._ratio)
                gap = min(gap, float(apart.min()))
            if gap <= best:
                best, found = gap, drawn.curve
        return found

    def mark_at(self, at: QPointF, reach: float) -> str:
        """What the marks at a place of this item say, those of all runs there; empty for none."""
        return self._marks.text_at(at.x() * self._ratio, at.y() * self._ratio, reach * self._ratio)


def _drawn(curves: Sequence[Curve], frame: Frame) -> list[_Drawn]:
    raw = [curve.series.raw for curve in curves]
    smooth = [curve.series.line for curve in curves if curve.series.line is not None]
    lines = [points.columns(frame.x0, frame.x1, frame.width) for points in (*raw, *smooth)]
    painted = all_strokes(lines, frame)
    found: list[_Drawn] = []
    smoothed = iter(painted[len(raw) :])
    for curve, own in zip(curves, painted, strict=False):
        strong = own if curve.series.line is None else next(smoothed)
        found.append(_Drawn(curve, strong, None if curve.series.line is None else own))
    return found


def _cost_ms(drawn: Sequence[_Drawn]) -> float:
    lines = [line for d in drawn for line in (d.strong, d.faint) if line is not None]
    segments, pixels = sum(len(line.segments) for line in lines), sum(line.length for line in lines)
    return (segments * _FINE_SEGMENT_US + pixels * _FINE_PIXEL_US) / 1000


def _mixed(color: QColor, ground: QColor) -> QColor:
    """`color` thinned into the ground: opaque, because segments that overlap would show through each other."""
    parts = ((color.redF(), ground.redF()), (color.greenF(), ground.greenF()), (color.blueF(), ground.blueF()))
    return QColor.fromRgbF(*(strong * _FAINT + behind * (1 - _FAINT) for strong, behind in parts))


def _paint_strokes(painter: QPainter, line: Strokes, color: QColor, width: float, ratio: float, dash: int = 0) -> None:
    segments = line.segments
    calm = dash > 0 and line.length < 12 * painter.device().width()
    if calm:
        # A line that fills whole columns is no line to dash: its gaps would hide values.
        segments = dashed(segments, tuple(ratio * part for part in DASHES[dash % len(DASHES)]))
    # Square ends close the corners between segments; dashes keep their length.
    cap = Qt.PenCapStyle.FlatCap if calm else Qt.PenCapStyle.SquareCap
    painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, cap))
    if len(segments):
        flat = np.ascontiguousarray(segments)
        # QLineF is four doubles; a list of ten thousand of them costs more than painting it.
        painter.drawLines(cast(QLineF, shiboken6.wrapInstance(flat.ctypes.data, QLineF)), len(flat))
    if len(line.dots):
        painter.setPen(QPen(color, _DOT * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([QPointF(x, y) for x, y in line.dots.tolist()])
