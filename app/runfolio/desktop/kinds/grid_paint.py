"""How a plane is painted: cells with their figures, or a surface in steps with lines between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import Colors, color, ramp
from runfolio.desktop.kinds.legend import paint_ramp
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.display import count, number
from runfolio.model.metrics import Floats, Ints

_STEPS = 12


def _cell(axes: Axes, row: int, column: int, shape: tuple[int, ...]) -> QRectF:
    rows, columns = shape
    top_left = axes.at(column / columns, (row + 1) / rows)
    bottom_right = axes.at((column + 1) / columns, row / rows)
    return QRectF(top_left, bottom_right).adjusted(1, 1, -1, -1)


def _ink(rgb: Colors) -> QColor:
    """Black or white, whichever is read better on a colour (relative luminance, WCAG)."""
    parts = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    return QColor("#101215" if luminance > 0.18 else "#FFFFFF")


def paint_cells(
    painter: QPainter, theme: Theme, axes: Axes, shown: Floats, n: Ints, scale: Scale, *, counts_only: bool
) -> Iterator[None]:
    """A colour for each cell with a value, with its figure and n where there is room; empty cells are grey.

    A row at a step.
    """
    painter.setFont(fonts.ui(11, figures=True))
    metrics = QFontMetricsF(painter.font())
    tones = ramp(scale.place(shown), theme)
    for row in range(shown.shape[0]):
        yield
        for column in range(shown.shape[1]):
            room = _cell(axes, row, column, shown.shape)
            value = float(shown[row, column])
            painter.setPen(Qt.PenStyle.NoPen)
            if np.isnan(value):
                painter.setBrush(theme.color("neutral_soft"))
                painter.drawRect(room)
                continue
            painter.setBrush(color(tones[row, column]))
            painter.drawRect(room)
            text = count(round(value)) if counts_only else number(value, 3)
            below = "" if counts_only else f"n = {count(int(n[row, column]))}"
            if metrics.horizontalAdvance(text) + 6 > room.width() or room.height() < 16:
                continue
            painter.setPen(_ink(tones[row, column]))
            roomy = below and room.height() >= 34 and metrics.horizontalAdvance(below) + 6 <= room.width()
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, f"{text}\n{below}" if roomy else text)


def paint_cursor(painter: QPainter, theme: Theme, axes: Axes, at: tuple[int, int]) -> None:
    """A frame around the cell that the keys are about."""
    shape = (len(axes.y.categories), len(axes.x.categories))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color("text"), 2))
    painter.drawRect(_cell(axes, *at, shape))


def paint_surface(painter: QPainter, theme: Theme, axes: Axes, value: Floats, scale: Scale) -> None:
    """Bands of colour, and a line where one passes into the next."""
    place = scale.place(value)
    band = np.floor(np.clip(place, 0, 1 - 1e-9) * _STEPS)
    pixels = np.empty((*value.shape, 4), dtype=np.uint8)
    pixels[..., :3] = ramp((band + 0.5) / _STEPS, theme)
    pixels[..., 3] = np.where(np.isfinite(place), 255, 0)
    edge = np.zeros(value.shape, dtype=bool)
    for axis in (0, 1):
        edge |= np.nan_to_num(np.diff(band, axis=axis, prepend=np.nan)) != 0
    pixels[edge & np.isfinite(place), :3] = (pixels[edge & np.isfinite(place), :3] * 0.72).astype(np.uint8)
    upright = np.ascontiguousarray(pixels[::-1])
    image = QImage(upright.data, value.shape[1], value.shape[0], 4 * value.shape[1], QImage.Format.Format_RGBA8888)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(axes.area, image.copy())


def paint_scale(painter: QPainter, theme: Theme, room: QRectF, title: str, scale: Scale) -> None:
    """What the colours stand for."""
    painter.setFont(fonts.ui(11, figures=True))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(theme.color("text"))
    shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room.width() * 0.4)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
    left = room.left() + metrics.horizontalAdvance(shown) + 12
    paint_ramp(painter, theme, QRectF(QPointF(left, room.top()), room.bottomRight()), scale)
