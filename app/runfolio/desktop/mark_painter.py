"""Draws a run's star, chosen colour, and that it is hidden or archived, in the cell of its name."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from runfolio.desktop import icons
from runfolio.desktop.context import Context
from runfolio.model.run import RunKey

SPACE = 18
"""What one sign takes at the right of the name."""
_EDGE = 13


def star_path(center: QPointF, radius: float) -> QPainterPath:
    """A star with five points."""
    path = QPainterPath()
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.45
        angle = math.pi * corner / 5 - math.pi / 2
        at = QPointF(center.x() + reach * math.cos(angle), center.y() + reach * math.sin(angle))
        if corner:
            path.lineTo(at)
        else:
            path.moveTo(at)
    path.closeSubpath()
    return path


def paint_ring(painter: QPainter, context: Context, key: RunKey, dot: QRectF) -> None:
    """A run that is not selected shows the colour it was given as a ring; painted with antialiasing on."""
    color = context.state.chosen_color(key)
    if color is not None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(context.theme.run_color(color), 2.5))
        painter.drawEllipse(dot.adjusted(1.25, 1.25, -1.25, -1.25))


def star_zone(context: Context, key: RunKey, area: QRectF) -> QRectF:
    """Where a run's star is in the cell of its name, or would be; `area` as `paint_signs` takes it."""
    board = context.state.board
    right = area.right() - SPACE * sum(key in runs for runs in (board.hidden, board.archived))
    return QRectF(right - SPACE + 2, area.top(), SPACE, area.height())


def paint_signs(painter: QPainter, context: Context, key: RunKey, area: QRectF, *, pointed: bool = False) -> QRectF:
    """Draw the signs at the right end of `area`; what is left of it for the name.

    pointed   the pointer is on the cell: a star that there is not is outlined, to be clicked.
    """
    board, theme = context.state.board, context.theme
    rest = QRectF(area)
    for icon, runs in (("eye-off", board.hidden), ("archive", board.archived)):
        if key in runs:
            drawn = icons.pixmap(icon, theme, "muted", size=_EDGE, ratio=painter.device().devicePixelRatio())
            painter.drawPixmap(QPointF(rest.right() - _EDGE, rest.center().y() - _EDGE / 2), drawn)
            rest.setRight(rest.right() - SPACE)
    if key in board.starred or pointed:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _star_tools(painter, context, starred=key in board.starred)
        painter.drawPath(star_path(QPointF(rest.right() - 6.5, rest.center().y()), 6.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        rest.setRight(rest.right() - SPACE)
    return rest


def _star_tools(painter: QPainter, context: Context, *, starred: bool) -> None:
    painter.setPen(Qt.PenStyle.NoPen if starred else QPen(context.theme.color("muted"), 1.2))
    painter.setBrush(context.theme.color("warn") if starred else Qt.BrushStyle.NoBrush)


def is_faint(context: Context, key: RunKey) -> bool:
    """Whether the run is shown although it is out of the way."""
    board = context.state.board
    return key in board.hidden or key in board.archived


FIELDS = ("starred", "color", "hidden", "archived")
"""Builtin fields that are drawn as signs."""


def paint_field(painter: QPainter, context: Context, area: QRectF, name: str, value: object) -> None:
    """Draw a mark in a column of its own; nothing where a run does not have it."""
    center = QPointF(area.left() + 7, area.center().y())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if name == "color" and isinstance(value, float):
        painter.setBrush(context.theme.run_color(int(value) - 1))
        # Under its header, which stands at the right as those of numbers do.
        painter.drawEllipse(QPointF(area.right() - 7, area.center().y()), 6, 6)
    elif name == "starred":
        _star_tools(painter, context, starred=value == "true")
        painter.drawPath(star_path(center, 6.5))
    elif value == "true":
        icon = "eye-off" if name == "hidden" else "archive"
        drawn = icons.pixmap(icon, context.theme, "muted", size=_EDGE, ratio=painter.device().devicePixelRatio())
        painter.drawPixmap(center - QPointF(_EDGE / 2, _EDGE / 2), drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
