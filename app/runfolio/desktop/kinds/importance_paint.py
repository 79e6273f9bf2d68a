"""Painting of importances: bars with their uncertainty, and the effect of one param."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.model.display import plain
from runfolio.model.kinds import Effect, Importance, Variable
from runfolio.model.metrics import Floats

ROW = 26.0
"""The height of a bar's line in pixels."""
_NAME_SHARE = 0.36


def paint_bars(painter: QPainter, theme: Theme, room: QRectF, answer: Importance, chosen: int) -> None:
    """A bar for each param with its uncertainty; the param at the place `chosen` stands out."""
    metrics = QFontMetricsF(fonts.ui(12))
    fits = max(1, int((room.height() - 24) // ROW))
    names = room.width() * _NAME_SHARE
    ends = answer.mean + answer.std
    low, high = min(0.0, float((answer.mean - answer.std).min())), max(float(ends.max()), 1e-9)
    foot = room.left() + names + 10
    width = max(20.0, room.right() - foot - 52)

    def x(value: float) -> float:
        return foot + (value - low) / (high - low) * width

    painter.setFont(fonts.ui(12))
    for place in range(min(fits, len(answer.params))):
        top = room.top() + place * ROW
        row = QRectF(room.left(), top, room.width(), ROW)
        mean, std = float(answer.mean[place]), float(answer.std[place])
        if place == chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft"))
            painter.drawRoundedRect(row, 4, 4)
        painter.setPen(theme.color("text"))
        name = metrics.elidedText(plain(answer.params[place].field.name), Qt.TextElideMode.ElideMiddle, names - 8)
        painter.drawText(row.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if mean - 2 * std > 0 else "placeholder"))
        left, right = sorted((x(0.0), x(mean)))
        painter.drawRect(QRectF(left, top + 7, max(1.0, right - left), ROW - 14))
        painter.setPen(QPen(theme.color("text"), 1.4))
        painter.drawLine(QLineF(x(mean - std), top + ROW / 2, x(mean + std), top + ROW / 2))
        for end in (mean - std, mean + std):
            painter.drawLine(QLineF(x(end), top + ROW / 2 - 4, x(end), top + ROW / 2 + 4))
        painter.setPen(theme.color("muted"))
        side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(row.adjusted(0, 0, -6, 0), side, f"{mean:.3f}".replace("-", "−"))
    if len(answer.params) > fits:
        painter.setPen(theme.color("muted"))
        more = f"{len(answer.params) - fits} less important params: see the CSV"
        painter.drawText(QRectF(room.left() + 8, room.bottom() - 20, room.width(), 18), more)


def paint_effect(painter: QPainter, theme: Theme, room: QRectF, param: Variable, effect: Effect, target: str) -> None:
    """The partial dependence of the metric on a param, with that of single runs behind it."""
    values = param.values[param.finite]
    wide = not param.categories and len(values) > 0 and values.min() > 0 and values.max() > 100 * values.min()
    x_scale = Scale.of(param, log=bool(wide))
    spread = np.concatenate([effect.runs.ravel(), effect.mean])
    axes = Axes(room, x_scale, Scale.over(spread), plain(param.field.name), f"predicted {target}", top=22)
    axes.paint(painter, theme)
    painter.setFont(fonts.ui(11))
    painter.setPen(theme.color("muted"))
    head = QRectF(axes.area.left(), room.top() + 6, axes.area.width(), 18)
    painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, "Bold: mean effect. Thin: single runs.")
    across = x_scale.place(effect.grid)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    thin = theme.color("muted")
    thin.setAlphaF(0.35)
    painter.save()
    painter.setClipRect(axes.area.adjusted(-4, -4, 4, 4))
    for run in effect.runs:
        _paint_curve(painter, axes, across, axes.y.place(run), QPen(thin, 1))
    _paint_curve(painter, axes, across, axes.y.place(effect.mean), QPen(theme.color("accent"), 2.6))
    painter.restore()
    # Where no run lies the curve is a guess: a tick for each run that was set so.
    painter.setPen(QPen(theme.color("text"), 1))
    ticks = np.unique(np.round(x_scale.place(values) * axes.area.width()))
    for tick in ticks[np.isfinite(ticks)].tolist():
        at = axes.area.left() + tick
        painter.drawLine(QLineF(at, axes.area.bottom() - 6, at, axes.area.bottom()))


def _paint_curve(painter: QPainter, axes: Axes, x: Floats, y: Floats, pen: QPen) -> None:
    painter.setPen(pen)
    points = [axes.at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    painter.drawPolyline(QPolygonF(points))
    if axes.x.categories or len(points) == 1:
        for point in points:
            painter.drawEllipse(point, pen.widthF(), pen.widthF())
