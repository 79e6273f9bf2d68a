"""How judged tables of predictions are painted: matrices beside each other, curves over each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import Axes
from runfolio.desktop.kinds.colors import category_color
from runfolio.desktop.kinds.grid_paint import paint_cells
from runfolio.desktop.kinds.grid_panes import paint_heads, panes
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.theme import Theme
from runfolio.export.kind_predictions import stairs
from runfolio.export.kind_rows import figure_of, matrix, places
from runfolio.model.display import number, plain
from runfolio.model.kinds import JudgedTable, Scored

Curves = Sequence[tuple[JudgedTable, Scored]]

TITLES = {
    "roc": ("False positive rate", "True positive rate"),
    "pr": ("Recall", "Precision"),
    "calibration": ("Mean score", "Share of positives"),
}
_WHOLE = Scale(0.0, 1.0)
_ROW = 18.0
_MOST_NAMED = 14


def matrix_axes(frame: QRectF, tables: Sequence[JudgedTable]) -> tuple[Axes, ...]:
    """Axes for the matrix of each table, all of the same classes."""
    labels = tables[0].found.labels
    across = Scale(-0.5, len(labels) - 0.5, categories=labels)
    # The first class on top, as matrices are read.
    down = Scale(-0.5, len(labels) - 0.5, categories=labels[::-1])
    if len(tables) == 1:
        return (Axes(_square(frame), across, down, "Predicted", "True class"),)
    return panes(frame, len(tables), across, down, ("Predicted", "True class"), top=8.0)


def curve_axes(frame: QRectF, look: str) -> Axes:
    """The axes that all curves share."""
    return Axes(_square(frame), _WHOLE, _WHOLE, *TITLES[look])


def paint_matrices(
    painter: QPainter, theme: Theme, axes: Sequence[Axes], tables: Sequence[JudgedTable], look: str
) -> None:
    """The matrix of each table on one scale of colours; several with the names of their runs."""
    shown = [matrix(one.found, look) for one in tables]
    most = max((float(np.nanmax(one)) for one in shown if one.size), default=1.0)
    for one, table, cells in zip(axes, tables, shown, strict=True):
        one.paint(painter, theme)
        if cells.size:
            steps = paint_cells(
                painter, theme, one, cells[::-1], table.found.confusion[::-1], Scale(0.0, most or 1.0),
                counts_only=look == "confusion",
            )  # fmt: skip
            # Some classes of some runs: all at once.
            for _ in steps:
                pass
    if len(tables) > 1:
        paint_heads(painter, theme, tuple(axes), tuple(plain(one.name, 60) for one in tables))


def paint_curves(
    painter: QPainter,
    theme: Theme,
    axes: Axes,
    curves: Curves,
    look: str,
    colors: Sequence[QColor],
    names: Sequence[str],
) -> None:
    """Chance, the curves, and, of several, whose each is with its figure."""
    axes.paint(painter, theme)
    shares = {own.share for _, own in curves}
    if look != "pr" or (len(shares) == 1 and np.isfinite([*shares]).all()):
        painter.setPen(QPen(theme.color("muted"), 1.2, Qt.PenStyle.DashLine))
        low, high = (curves[0][1].share,) * 2 if look == "pr" else (0.0, 1.0)
        painter.drawLine(axes.at(0, low), axes.at(1, high))
    for (_, own), tone in zip(curves, colors, strict=True):
        _paint_curve(painter, axes, own, look, tone)
    if len(curves) > 1:
        _paint_names(painter, theme, axes, curves, look, colors, names)


def _paint_curve(painter: QPainter, axes: Axes, own: Scored, look: str, tone: QColor) -> None:
    x, y = places(own, look)
    if look == "pr":
        x, y = stairs(x, y)
    points = [axes.at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(tone, 2.4))
    painter.drawPolyline(QPolygonF(points))
    if look == "calibration":
        most = max(own.in_bin, default=1)
        painter.setBrush(tone)
        for point, n in zip(points, own.in_bin, strict=True):
            painter.drawEllipse(point, 3 + 6 * (n / most) ** 0.5, 3 + 6 * (n / most) ** 0.5)


def _paint_names(
    painter: QPainter,
    theme: Theme,
    axes: Axes,
    curves: Curves,
    look: str,
    colors: Sequence[QColor],
    names: Sequence[str],
) -> None:
    """In the corner where such curves seldom go."""
    painter.setFont(fonts.ui(11, figures=True))
    metrics = QFontMetricsF(painter.font())
    lines = []
    for (_, own), name, tone in zip(curves[:_MOST_NAMED], names, colors, strict=False):
        what, value = figure_of(own, look)
        lines.append((plain(name, 40), "" if value is None else f"{what} {number(value, 4)}", tone))
    if len(curves) > _MOST_NAMED:
        lines.append((f"and {len(curves) - _MOST_NAMED} more", "", theme.color("muted")))
    figures = max(metrics.horizontalAdvance(figure) for _, figure, _ in lines)
    room = min(axes.area.width() * 0.45, max(metrics.horizontalAdvance(name) for name, _, _ in lines))
    wide, high = 16 + room + 10 + figures, len(lines) * _ROW
    area = axes.area
    left = area.left() + 10 if look in ("pr", "calibration") else area.right() - wide - 10
    top = area.top() + 8 if look == "calibration" else area.bottom() - high - 8
    ground = QColor(theme.color("panel"))
    ground.setAlphaF(0.85)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(QRectF(left - 6, top - 4, wide + 12, high + 8), 4, 4)
    for place, (name, figure, tone) in enumerate(lines):
        row = QRectF(left, top + place * _ROW, wide, _ROW)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        painter.drawEllipse(QPointF(left + 5, row.center().y()), 4, 4)
        painter.setPen(theme.color("text"))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(row.adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setPen(theme.color("muted"))
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, figure)


def tones(theme: Theme, curves: Curves, picked: Sequence[int]) -> list[QColor]:
    """The colours of curves: the accent for one alone, those of the runs where all are selected (`picked` has their
    places in the palette, -1 for none), else one after the other."""
    if len(curves) == 1:
        return [theme.color("accent")]
    if min(picked) >= 0 and len({*picked}) == len(picked):
        return [theme.run_color(color) for color in picked]
    return [category_color(place, theme) for place in range(len(curves))]


def _square(frame: QRectF) -> QRectF:
    """As much of the frame as keeps both axes about as long."""
    width = min(frame.width(), frame.height() * 1.25)
    return QRectF(frame.left() + (frame.width() - width) / 2, frame.top(), width, frame.height())
