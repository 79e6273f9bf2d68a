"""How parallel coordinates are painted: axes, lines, their density, brushes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from runfolio.analysis.kinds.lines import NOWHERE
from runfolio.desktop import fonts
from runfolio.desktop.kinds.colors import color, colors_of, ramp, rgb
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

_TOP, _BOTTOM, _SIDE = 62.0, 58.0, 66.0
_NARROW, _CLOSE, _LOW = 84.0, 44.0, 300.0
_HAND = 11.0
_FEW, _STEP = 60, 20


class Frame:
    """Where axes stand in a frame."""

    def __init__(self, frame: QRectF, axes: int) -> None:
        self.axes = axes
        self.side = min(_SIDE, 10 + 0.08 * frame.width())
        self.left, self.right = frame.left() + self.side, frame.right() - self.side
        self.gap = (self.right - self.left) / max(1, axes - 1)
        self.staggered = self.gap < _NARROW
        """Whether titles stand in two lines by turns, since their axes are close to each other."""
        roomy = frame.height() > _LOW
        self.top = frame.top() + (_TOP if roomy else _TOP - 14) + (14 if self.staggered else 0)
        self.bottom = frame.bottom() - (_BOTTOM if roomy else _BOTTOM / 2)
        self.height = max(1.0, self.bottom - self.top)

    def x(self, axis: int) -> float:
        """Where an axis stands."""
        return self.left + axis * self.gap

    def y(self, place: float) -> float:
        """The height of a place from 0 to 1."""
        return self.bottom - place * self.height

    def value_at(self, y: float) -> float:
        """The place of a height."""
        return (self.bottom - y) / self.height

    def gap_at(self, x: float) -> tuple[int | None, float]:
        """The gap that holds x, and how far along it, 0 to 1; None outside of all."""
        along = (x - self.left) / max(1.0, self.gap)
        gap = int(np.floor(along))
        return (gap, along - gap) if 0 <= gap < self.axes - 1 else (None, 0.0)

    def axis_at(self, x: float) -> int | None:
        """The axis that a hand at x takes."""
        axis = self.nearest_axis(x)
        return axis if abs(self.x(axis) - x) <= _HAND else None

    def nearest_axis(self, x: float) -> int:
        """The axis nearest to x."""
        return max(0, min(self.axes - 1, round((x - self.left) / max(1.0, self.gap))))


def _lines(frame: Frame, crossed: Floats, run: int) -> QPolygonF:
    return QPolygonF([QPointF(frame.x(axis), frame.y(float(crossed[axis, run]))) for axis in range(frame.axes)])


def paint_lines(
    painter: QPainter, theme: Theme, frame: Frame, crossed: Floats, by: Variable | None, tone: Floats
) -> Iterator[None]:
    """A line for each run, those with a low colour value first; some at a step."""
    runs = crossed.shape[1]
    alpha = 0.75 if runs <= _FEW else 0.45
    tones = None if by is None else colors_of(by, Scale.of(by, pad=0.0), theme)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    plain = theme.color("accent")
    plain.setAlphaF(alpha)
    for place, run in enumerate(np.argsort(np.nan_to_num(tone, nan=-1.0), kind="stable").tolist()):
        if place % _STEP == 0:
            yield
        painter.setPen(QPen(plain if tones is None else color(tones[run], alpha), 1.3))
        painter.drawPolyline(_lines(frame, crossed, run))


def _density_image(theme: Theme, count: Floats, mean: Floats, most: float) -> QImage:
    """A gap as a picture: where one line passes there is colour, where many pass there is more of it."""
    rows, columns = count.shape
    pixels = np.zeros((rows, columns, 4), dtype=np.uint8)
    crossed = count > 0
    some, tones = count[crossed], mean[crossed]
    # By its logarithm, from a visible least on: a single line among 100,000 is seen.
    share = np.log1p(some) / np.log1p(max(most, 1.0))
    pixels[crossed, :3] = np.where(np.isfinite(tones)[:, None], ramp(tones, theme), rgb(theme.color("accent")))
    pixels[crossed, 3] = (40 + 215 * share).astype(np.uint8)
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def paint_density(
    painter: QPainter, theme: Theme, frame: Frame, density_of: Callable[[int], tuple[Floats, Floats]]
) -> Iterator[None]:
    """Draw the gaps, one at a step; `density_of` gives count and mean tone of a gap, as `line_density` does."""
    density = []
    for gap in range(frame.axes - 1):
        yield
        density.append(density_of(gap))
    most = max(float(count.max()) for count, _ in density)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    top, low = frame.y(1.0), frame.y(NOWHERE)
    for gap, (count, mean) in enumerate(density):
        yield
        image = _density_image(theme, count, mean, most)
        painter.drawImage(QRectF(frame.x(gap), top, frame.gap, low - top), image)


def paint_chosen(
    painter: QPainter, theme: Theme, frame: Frame, crossed: Floats, chosen: Sequence[tuple[int, int]]
) -> Iterator[None]:
    """The selected runs in their colours; some at a step."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    thin = len(chosen) > _FEW
    for place, (run, index) in enumerate(reversed(chosen)):
        if place % _STEP == 0:
            yield
        tone = theme.run_color(index)
        tone.setAlphaF(0.5 if thin else 1.0)
        painter.setPen(QPen(tone, 1.2 if thin else 2.2))
        painter.drawPolyline(_lines(frame, crossed, run))


def paint_axes(
    painter: QPainter,
    theme: Theme,
    frame: Frame,
    scales: Sequence[Scale],
    titles: Sequence[str],
    spans: Sequence[tuple[float, float] | None],
    none: Sequence[bool],
    moved: tuple[int, float] | None,
) -> None:
    """Axes with ticks and titles, and the brushes on them.

    none    which axes some run crosses below the foot.
    moved   an axis that the hand is moving, and where its title is now.
    """
    small, bold = fonts.ui(11, figures=True), fonts.ui(12, fonts.DEMI_BOLD)
    metrics = QFontMetricsF(bold)
    for axis, (scale, title) in enumerate(zip(scales, titles, strict=True)):
        x = frame.x(axis)
        painter.setPen(QPen(theme.color("muted"), 1.2))
        painter.drawLine(QLineF(x, frame.top, x, frame.bottom))
        if spans[axis] is not None:
            _paint_brush(painter, theme, frame, x, spans[axis] or (0.0, 0.0))
        painter.setFont(small)
        last = axis == frame.axes - 1
        shown_ticks = last or frame.gap >= _CLOSE
        for place, text in [*scale.ticks(frame.height, upright=True), *([(NOWHERE, "none")] if none[axis] else [])]:
            if NOWHERE <= place <= 1 and shown_ticks:
                _paint_text(painter, theme, frame, x, frame.y(place), text, last=last)
        painter.setFont(bold)
        painter.setPen(theme.color("text"))
        at = moved[1] if moved is not None and moved[0] == axis else x
        wide = (2 * frame.gap if frame.staggered else frame.gap) - 10
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, wide)
        half = metrics.horizontalAdvance(shown) / 2
        left = max(2.0, min(at - half, frame.right + frame.side - 2 * half - 2))
        up = 44 if frame.staggered and axis % 2 else 30
        painter.drawText(QRectF(left, frame.top - up, 2 * half + 4, 20), Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_text(painter: QPainter, theme: Theme, frame: Frame, x: float, y: float, text: str, *, last: bool) -> None:
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(20.0, min(frame.gap - 12, 110.0)))
    wide = metrics.horizontalAdvance(shown)
    painter.setPen(QPen(theme.color("muted"), 1))
    painter.drawLine(QLineF(x - 3, y, x + 3, y))
    room = QRectF(x + 6, y - 8, wide + 4, 16)
    if last:
        room.moveLeft(min(x + 6, frame.right + frame.side - wide - 4))
    ground: QColor = theme.color("surface")
    ground.setAlphaF(0.75)
    painter.fillRect(room, ground)
    painter.setPen(theme.color("text"))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_brush(painter: QPainter, theme: Theme, frame: Frame, x: float, span: tuple[float, float]) -> None:
    ground = theme.color("accent")
    painter.setPen(QPen(ground, 1.2))
    ground.setAlphaF(0.25)
    painter.setBrush(ground)
    painter.drawRect(QRectF(x - 7, frame.y(span[1]), 14, frame.y(span[0]) - frame.y(span[1])))


def paint_focus(painter: QPainter, theme: Theme, frame: Frame, axis: int) -> None:
    """Which axis the keys are about."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("accent"), 1, Qt.PenStyle.DotLine))
    painter.drawRect(QRectF(frame.x(axis) - 10, frame.top - 6, 20, frame.height + 12))
