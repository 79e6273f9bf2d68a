"""Paints the curves of a frame into a picture, in steps: whoever drives them decides how long each turn may take.

Few and sparse curves are stroked by Qt, antialiased. Where that would take long, `plot_raster` fills pixel columns; its
picture is there in some ten milliseconds for a hundred curves, and may then be refined to an antialiased one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from runfolio.analysis.pyramid import Columns
from runfolio.desktop.plot_marks import Marks
from runfolio.desktop.plot_raster import MOST_LINES, Index, Raster
from runfolio.desktop.plot_style import Curve, Look
from runfolio.desktop.plot_upright import paint_upright
from runfolio.desktop.strokes import DASHES, Frame, Strokes, all_strokes, dashed

FINE_MS = 20.0
_SEGMENT_US, _PIXEL_US = 0.3, 0.04
"""What an antialiased segment costs, and each pixel of its length; what is above FINE_MS is filled by columns."""

_FAINT_SHARE, _DOT = 0.65, 5.0
_FAINT = 0.30
_AT_ONCE = 12_000
_BAND_ALPHA = 0.18

Steps = Generator[None, None, "Picture"]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A curve in a frame: what its strong line covers, and the raw one behind a smoothed one."""

    curve: Curve
    strong: Columns
    faint: Columns | None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Curves painted for a frame of `ratio` pixels to each of Qt's.

    index    which line is seen where, when it was filled by columns (see `plot_raster.Index`).
    strokes  the strong line of each curve, when it was stroked.
    fine     whether it is as good as it will be.
    cost_ms  how long painting took.
    """

    frame: Frame
    ratio: float
    image: QPixmap
    drawn: tuple[Drawn, ...]
    marks: Marks
    index: Index | None
    strokes: tuple[Strokes, ...]
    fine: bool
    cost_ms: float

    def covers(self, frame: Frame, ratio: float) -> bool:
        """Whether it shows exactly this."""
        return frame == self.frame and ratio == self.ratio


def painting(curves: Sequence[Curve], frame: Frame, ratio: float, look: Look) -> Steps:
    """Steps that end with the picture: the quickest one of all points."""
    spent = _Spent()
    drawn: list[Drawn] = []
    for curve in curves:
        series = curve.series
        raw = series.raw.columns(frame.x0, frame.x1, frame.width)
        if series.line is None:
            drawn.append(Drawn(curve, raw, None))
        else:
            drawn.append(Drawn(curve, series.line.columns(frame.x0, frame.x1, frame.width), raw))
        yield from spent.turn()
    marks = Marks([(c.name, c.series) for c in curves], frame, ratio, look.say_x)
    yield from spent.turn()
    entries = sum(len(line.x) for d in drawn for line in (d.strong, d.faint) if line is not None)
    sparse = entries * _SEGMENT_US / 1000 <= FINE_MS
    if len(drawn) * 2 >= MOST_LINES or (sparse and _cost_ms(drawn, frame, look.width * ratio) <= FINE_MS):
        return (yield from _stroked(tuple(drawn), frame, ratio, look, marks, spent))
    return (yield from _filled(tuple(drawn), frame, ratio, look, marks, spent, finer=1))


def refining(picture: Picture, look: Look) -> Steps:
    """The same picture, antialiased."""
    spent = _Spent()
    return (
        yield from _filled(picture.drawn, picture.frame, picture.ratio, look, picture.marks, spent, finer=2,
                           coarse=picture)
    )  # fmt: skip


class _Spent:
    """Time that was spent painting, without what passed between turns."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._since = time.perf_counter()

    def turn(self) -> Generator[None, None, None]:
        """Let others have their turn."""
        self.ms += (time.perf_counter() - self._since) * 1000
        yield
        self._since = time.perf_counter()

    def total(self) -> float:
        return self.ms + (time.perf_counter() - self._since) * 1000


# --- stroking --------------------------------------------------------------------------------------------------------


def _stroked(drawn: tuple[Drawn, ...], frame: Frame, ratio: float, look: Look, marks: Marks, spent: _Spent) -> Steps:
    faint = all_strokes([d.faint for d in drawn if d.faint is not None], frame)
    strong = all_strokes([d.strong for d in drawn], frame)
    yield from spent.turn()
    image = _empty(frame)
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, look.antialias)
        _paint_bands(painter, drawn, frame)
        behind = [d for d in drawn if d.faint is not None]
        thin = max(1.0, look.width * _FAINT_SHARE) * ratio
        for d, line in zip(behind, faint, strict=True):
            paint_strokes(painter, line, mixed(d.curve.color, look.surface), thin, ratio)
            yield from spent.turn()
        for d, line in zip(drawn, strong, strict=True):
            paint_strokes(painter, line, d.curve.color, look.width * ratio, ratio, d.curve.dash)
            yield from spent.turn()
        marks.paint(painter, look.marks)
    finally:
        painter.end()
    return Picture(frame, ratio, image, drawn, marks, None, tuple(strong), fine=True, cost_ms=spent.total())


def paint_strokes(painter: QPainter, line: Strokes, color: QColor, width: float, ratio: float, dash: int = 0) -> None:
    """Stroke a line; `width` and its strokes are in the picture's own pixels, `ratio` to each of Qt's."""
    segments = line.segments
    calm = dash > 0 and line.length < 12 * painter.device().width()
    if calm:
        # A line that fills whole columns is no line to dash: its gaps would hide values.
        segments = dashed(segments, tuple(ratio * part for part in DASHES[dash % len(DASHES)]))
    # Square ends close the corners between segments; dashes keep their length.
    cap = Qt.PenCapStyle.FlatCap if calm else Qt.PenCapStyle.SquareCap
    painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, cap))
    if not calm:
        segments = paint_upright(painter, segments, color, width, painter.device().height())
    if len(segments):
        flat = np.ascontiguousarray(segments)
        # QLineF is four doubles; a list of ten thousand of them costs more than painting it.
        painter.drawLines(cast(QLineF, shiboken6.wrapInstance(flat.ctypes.data, QLineF)), len(flat))
    if len(line.dots):
        painter.setPen(QPen(color, max(_DOT * ratio, width * 1.6), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([QPointF(x, y) for x, y in line.dots.tolist()])


def _paint_bands(painter: QPainter, drawn: Sequence[Drawn], frame: Frame) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    for d in drawn:
        if d.curve.band is None:
            continue
        color = QColor(d.curve.color)
        color.setAlphaF(_BAND_ALPHA)
        painter.setBrush(color)
        low, high = d.curve.band.edges(frame.x0, frame.x1, frame.width)
        for part in np.split(np.arange(len(low.x)), np.flatnonzero(~low.joined[:-1]) + 1):
            if len(part) > 1:
                painter.drawPolygon(_polygon(low, high, part, frame))


def _polygon(low: Columns, high: Columns, part: np.ndarray[tuple[int], np.dtype[np.int64]], frame: Frame) -> QPolygonF:
    x = np.clip(frame.pixels_x(low.x[part]), -1e4, frame.width + 1e4)
    lower = np.clip(frame.pixels_y(low.low[part]), -1e4, frame.height + 1e4)
    upper = np.clip(frame.pixels_y(high.high[part]), -1e4, frame.height + 1e4)
    way = np.concatenate((np.stack((x, upper), axis=1), np.stack((x, lower), axis=1)[::-1]))
    return QPolygonF([QPointF(a, b) for a, b in way.tolist()])


# --- filling ---------------------------------------------------------------------------------------------------------


def _filled(
    drawn: tuple[Drawn, ...],
    frame: Frame,
    ratio: float,
    look: Look,
    marks: Marks,
    spent: _Spent,
    *,
    finer: int,
    coarse: Picture | None = None,
) -> Steps:
    faint = [d for d in drawn if d.faint is not None]
    raster = Raster(frame, look.width * ratio, len(faint) + len(drawn), finer)
    yield from spent.turn()
    lines = [*(d.faint for d in faint if d.faint is not None), *(d.strong for d in drawn)]
    colors = [*(mixed(d.curve.color, look.surface) for d in faint), *(d.curve.color for d in drawn)]
    number, some, size = 1, list[Columns](), 0
    for line in lines:
        some.append(line)
        size += len(line.x)
        if size >= _AT_ONCE:
            raster.add(some, number)
            number, some, size = number + len(some), [], 0
            yield from spent.turn()
    raster.add(some, number)
    yield from spent.turn()
    for _ in raster.steps(colors):
        yield from spent.turn()
    image = _empty(frame)
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_bands(painter, drawn, frame)
        painter.drawImage(0, 0, raster.image)
        marks.paint(painter, look.marks)
    finally:
        painter.end()
    kept = raster.index if coarse is None else coarse.index
    fine = finer > 1 or not look.antialias
    return Picture(frame, ratio, image, drawn, marks, kept, (), fine=fine, cost_ms=spent.total())


def curve_numbers(drawn: Sequence[Drawn]) -> list[int]:
    """For each number of an index but 0 the place of its curve: first those behind, then the strong lines."""
    return [*(place for place, d in enumerate(drawn) if d.faint is not None), *range(len(drawn))]


def _empty(frame: Frame) -> QPixmap:
    image = QPixmap(frame.width, frame.height)
    image.fill(Qt.GlobalColor.transparent)
    return image


def mixed(color: QColor, ground: QColor) -> QColor:
    """`color` thinned into the ground: opaque, because segments that overlap would show through each other."""
    parts = ((color.redF(), ground.redF()), (color.greenF(), ground.greenF()), (color.blueF(), ground.blueF()))
    return QColor.fromRgbF(*(strong * _FAINT + behind * (1 - _FAINT) for strong, behind in parts))


def _cost_ms(drawn: Sequence[Drawn], frame: Frame, width: float) -> float:
    """About how long stroking these would take."""
    lines = [line for d in drawn for line in (d.strong, d.faint) if line is not None]
    return sum(line_cost_ms(line, frame, width) for line in lines)


def line_cost_ms(line: Columns, frame: Frame, width: float) -> float:
    """About how long stroking one line would take."""
    if not len(line.x):
        return 0.0
    top, bottom = frame.pixels_y(line.high), frame.pixels_y(line.low)
    # Only what is in sight is painted.
    high = np.clip(bottom, 0, frame.height) - np.clip(top, 0, frame.height)
    leaps = np.abs(np.diff(np.clip(frame.pixels_y(line.first), 0, frame.height)))
    pixels = float(np.maximum(high[1:], leaps).sum()) + frame.width
    return (len(line.x) * _SEGMENT_US + pixels * _PIXEL_US * max(1.0, width / 2)) / 1000


def predicted_ms(curves: Sequence[Curve], frame: Frame, enough: float = math.inf) -> float:
    """About how long `painting` takes, without looking at any point; no curves are counted when it is `enough`."""
    took = 0.0
    for curve in curves:
        for line in (curve.series.raw, curve.series.line):
            if line is not None:
                took += 0.12 + min(len(line), frame.width * 2) * 0.0002
        if took > enough:
            break
    return took


def strong_strokes(line: Columns, frame: Frame) -> Strokes:
    """The strokes of one line."""
    return all_strokes([line], frame)[0]
