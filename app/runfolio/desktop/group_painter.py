"""Paints the rows of groups: arrow, dot, value and number of runs; figures with their interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from runfolio.desktop.cell_painter import CellPainter
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.group_curves import GroupCurves, paint_mean
from runfolio.desktop.group_texts import WAITING
from runfolio.desktop.run_table import RunTableModel
from runfolio.model.display import count
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.group_rows import Line

SIDE = 10
"""Free pixels left and right in a cell."""
DOT_SPACE = 24
"""What dot and gap take before a name."""
CHEVRON = 18
"""What the arrow of a group takes."""
INDENT = 18
"""How far a level of groups lies further in."""
_MOST_DOTS = 64
"""Runs of a group looked at to say whether all are picked; of larger ones the dot stays empty."""


def indent_of(runs: RunTableModel, line: Line) -> int:
    """How far in the name of a row stands in a grouped table."""
    groups = runs.groups
    if groups is None:
        return 0
    return INDENT * groups.depth(line.group) + (0 if line.is_group else INDENT + CHEVRON)


def chevron_zone(runs: RunTableModel, line: Line, x: float) -> bool:
    """Whether `x`, from the left of the name's cell, lies on the arrow of a group."""
    left = SIDE + indent_of(runs, line)
    return left - 6 <= x < left + CHEVRON - 2


def dot_zone(runs: RunTableModel, line: Line | None, x: float) -> bool:
    """The same for the dot of a run or a group."""
    left = SIDE if line is None else SIDE + indent_of(runs, line) + (CHEVRON if line.is_group else 0)
    return (0 if line is None else left - 4) <= x < left + DOT_SPACE - 4


class GroupPainter:
    """`paint_value` draws a value that all runs of a group have."""

    def __init__(
        self,
        context: Context,
        model: RunTableModel,
        pen: CellPainter,
        paint_value: Callable[[QPainter, QRectF, TableColumn, RunKey, object, str], None],
    ) -> None:
        self._context = context
        self._model = model
        self._pen = pen
        self._paint_value = paint_value
        self._curves = GroupCurves(context, model)

    def paint(self, painter: QPainter, rect: QRect, column: TableColumn, line: Line, *, selected: bool) -> None:
        """Draw one cell of a group's row."""
        x, y, width, height = rect.x(), rect.y(), rect.width(), rect.height()
        painter.fillRect(rect, self._pen.color("accent_soft" if selected else "panel"))
        painter.setPen(self._pen.pen("line"))
        painter.drawLine(x, y + height - 1, x + width, y + height - 1)
        inner = QRectF(x + SIDE, y, width - 2 * SIDE, height)
        text = self._model.texts.text(line, column)
        look = self._model.look(column)
        if look.name:
            inner.setLeft(inner.left() + indent_of(self._model, line))
            self._paint_name(painter, inner, line, text)
        elif column.curve:
            paint_mean(painter, inner, self._curves.outline(line, column), self._pen.color("muted"))
        elif text == WAITING:
            self._pen.write(painter, inner, text, self._pen.font, "placeholder")
        elif self._model.texts.is_common(line, column):
            key, _, value, _ = self._model.cell_of(self._model.keys[line.position], column)
            self._paint_value(painter, inner, column, key, value, text)
        elif " ± " in text:
            self._paint_interval(painter, inner, *text.split(" ± ", 1))
        elif text:
            right = look.number
            token = "text" if self._model.texts.is_figure(column) else "muted"
            self._pen.write(painter, inner, text, self._pen.figures if right else self._pen.font, token, right=right)

    def _paint_name(self, painter: QPainter, area: QRectF, line: Line, text: str) -> None:
        opened = self._model.groups is not None and self._model.groups.is_open(line.group)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._pen.color("muted"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        x, y = area.left() + 6, area.center().y()
        tips = ((-4, -2), (0, 2), (4, -2)) if opened else ((-2, -4), (2, 0), (-2, 4))
        painter.drawPolyline([QPointF(x + dx, y + dy) for dx, dy in tips])
        self._paint_dot(painter, QRectF(area.left() + CHEVRON, y - 6, 12, 12), line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        rest = area.adjusted(CHEVRON + DOT_SPACE, 0, 0, 0)
        size = f"× {count(self._model.texts.size(line))}"
        pill = self._pen.pill_width(size)
        width = min(self._pen.width(text, self._pen.strong), max(0.0, rest.width() - pill - 8))
        self._pen.write(painter, QRectF(rest.left(), rest.top(), width, rest.height()), text, self._pen.strong, "text")
        self._pen.pill(painter, QRectF(rest.left() + width + 8, rest.top(), pill, rest.height()), size, "neutral")

    def _paint_dot(self, painter: QPainter, dot: QRectF, line: Line) -> None:
        # Full where all runs are picked, a ring where some are; the colour is that of the first.
        theme, state, groups = self._context.theme, self._context.state, self._model.groups
        picked: list[int] = []
        few = groups is not None and groups.size(line.group) <= _MOST_DOTS
        if groups is not None and few and state.selection:
            styles = [state.style_of(key) for key in groups.members(line.group)]
            picked = [style.color_index for style in styles if style.picked]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.run_color(picked[0]) if picked else self._pen.color("dot_off"))
        painter.drawEllipse(dot)
        if picked and groups is not None and len(picked) < groups.size(line.group):
            painter.setBrush(theme.color("panel"))
            painter.drawEllipse(dot.adjusted(3, 3, -3, -3))

    def _paint_interval(self, painter: QPainter, area: QRectF, value: str, spread: str) -> None:
        behind = f" ± {spread}"
        width = min(self._pen.width(behind, self._pen.figures), area.width())
        left = QRectF(area.left(), area.top(), area.width() - width, area.height())
        right = QRectF(area.right() - width, area.top(), width, area.height())
        self._pen.write(painter, left, value, self._pen.figures, "text", right=True)
        self._pen.write(painter, right, behind, self._pen.figures, "muted", right=True)
