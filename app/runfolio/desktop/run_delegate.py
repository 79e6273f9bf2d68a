"""Paints the cells of the runs table: dot and name, status and stage pills, tags, figures, sparklines."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QLineF,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    Qt,
)
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from runfolio.desktop import icons
from runfolio.desktop.cell_painter import CellPainter
from runfolio.desktop.cell_state import is_pointed, is_selected
from runfolio.desktop.column_format import Colouring
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.fills import fill
from runfolio.desktop.group_painter import DOT_SPACE, SIDE, GroupPainter, indent_of
from runfolio.desktop.group_texts import WAITING
from runfolio.desktop.mark_painter import FIELDS, SPACE, is_faint, paint_field, paint_ring, paint_signs, star_zone
from runfolio.desktop.mark_step import mark_runs
from runfolio.desktop.run_table import RunTableModel
from runfolio.model.display import plain
from runfolio.model.marks import MarkChange
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey, RunStatus
from runfolio.model.stage import Stage

ROW_HEIGHT = 33
FLAG_SPACE = 20

STATUS_TONES: Mapping[str, str] = {
    RunStatus.FINISHED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.KILLED: "bad",
    RunStatus.RUNNING: "accent",
    RunStatus.UNKNOWN: "neutral",
}
STAGE_TONES: Mapping[str, str] = {
    Stage.PRODUCTION: "good",
    Stage.STAGING: "accent",
    Stage.CANDIDATE: "warn",
    Stage.ARCHIVED: "neutral",
    Stage.NONE: "neutral",
}


def longest_join(count: int) -> float:
    """How far apart two neighbours of `count` columns may lie to be joined: a few points are a line, not dots.

    >>> longest_join(2) >= 1, longest_join(100)
    (True, 0.2)
    """
    return max(1.5 / max(count - 1, 1), 0.2)


STARRED = FieldRef(FieldKind.BUILTIN, "starred")
LIVE = "live"
"""What stands behind the name of a run that is being written."""


class RunDelegate(QStyledItemDelegate):
    """One delegate for all columns; what it draws follows from the column."""

    def __init__(self, context: Context, model: RunTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._model = model
        self.pen = CellPainter(context)
        self._groups = GroupPainter(context, model, self.pen, self.paint_value)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        # Straight from the model: a detour through QModelIndex.data costs more than the drawing.
        line = self._model.line(index.row())
        if line is not None and line.is_group:
            selected = is_selected(option, index)
            self._groups.paint(painter, option.rect, self._model.columns[index.column()], line, selected=selected)
            return
        key, column, value, text = self._model.cell(index.row(), index.column())
        look = self._model.look(column)
        rect = option.rect
        x, y, width, height = rect.x(), rect.y(), rect.width(), rect.height()
        if is_selected(option, index):
            fill(painter, rect, self.pen.color("accent_soft"))
        # No save and restore: everything that is drawn here sets what it draws with.
        painter.setPen(self.pen.pen("line"))
        painter.drawLine(x, y + height - 1, x + width, y + height - 1)
        inner = QRectF(x + SIDE, y, width - 2 * SIDE, height)
        if look.name:
            if line is not None:
                inner.setLeft(inner.left() + indent_of(self._model, line))
            self._paint_name(painter, inner, key, text, pointed=is_pointed(option))
        elif look.builtin or column.curve or look.format.colouring is not Colouring.NONE:
            self.paint_value(painter, inner, column, key, value, text)
        elif text:
            self._paint_text(painter, inner, value, text, right=look.number)

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        """A click on the star of a run puts it on or takes it off; on that of a group, of all its runs."""
        line = self._model.line(index.row())
        clicked = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease
        key, column, _, _ = self._model.cell(index.row(), index.column())
        of_group = line is not None and line.is_group
        if not clicked or not isinstance(event, QMouseEvent) or (of_group and column.is_name):
            return super().editorEvent(event, model, option, index)
        area, context = QRectF(option.rect).adjusted(SIDE, 0, -SIDE, 0), self._context
        zone = QRectF()
        if column.is_name:
            zone = star_zone(context, key, area.adjusted(DOT_SPACE, 0, 0, 0))
        elif column.field == STARRED:
            zone = QRectF(area.left() - 4, area.top(), SPACE + 4, area.height())
        if event.button() is not Qt.MouseButton.LeftButton or not zone.contains(event.position()):
            return super().editorEvent(event, model, option, index)
        keys = self._model.members([index.row()])
        starred = all(one in context.state.board.starred for one in keys)
        mark_runs(context, keys, MarkChange(starred=not starred), "no longer starred" if starred else "starred")
        return True

    # --- kinds of cells ----------------------------------------------------------------------------------------

    def paint_value(
        self, painter: QPainter, area: QRectF, column: TableColumn, key: RunKey, value: object, text: str
    ) -> None:
        """Draw what a run has in a column that is not its name."""
        self.paint_ground(painter, area, column, value)
        if column.curve:
            self._paint_curve(painter, area, key, value)
        elif column.field.kind is FieldKind.BUILTIN and text != WAITING and (text or column.field == STARRED):
            self._paint_builtin(painter, area, column.field.name, text, value)
        elif text:
            self._paint_text(painter, area, value, text, right=self._model.is_number(column))

    def _paint_text(self, painter: QPainter, area: QRectF, value: object, text: str, *, right: bool) -> None:
        if text == WAITING:
            self.pen.write(painter, area, text, self.pen.font, "placeholder")
            return
        # Only NaN differs from itself.
        token = "bad" if isinstance(value, float) and value != value else "text"
        self.pen.write(painter, area, text, self.pen.figures if right else self.pen.font, token, right=right)

    def paint_ground(self, painter: QPainter, area: QRectF, column: TableColumn, value: object) -> None:
        """The colour that a column was given, under the text."""
        colouring = self._model.format_of(column).colouring
        if colouring is not Colouring.NONE:
            color = self._model.colours.ground(column, colouring, value)
            if color is not None:
                painter.fillRect(area.adjusted(2 - SIDE, 2, SIDE - 2, -3), color)

    def _paint_name(self, painter: QPainter, area: QRectF, key: RunKey, text: str, *, pointed: bool) -> None:
        theme, state = self._context.theme, self._context.state
        style = state.style_of(key)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dot = QRectF(area.left(), area.center().y() - 6, 12, 12)
        color = theme.run_color(style.color_index)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(dot)
        if not style.picked:
            paint_ring(painter, self._context, key, dot)
        if style.marker:
            # Past ten runs the colour comes again; the number of the round tells them apart.
            self.pen.write(painter, dot, str(style.marker + 1), self.pen.tiny, "surface", center=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        rest = paint_signs(painter, self._context, key, area.adjusted(DOT_SPACE, 0, 0, 0), pointed=pointed)
        if key == state.baseline:
            flag = icons.pixmap("flag", theme, "accent", size=14, ratio=painter.device().devicePixelRatio())
            painter.drawPixmap(QPointF(rest.right() - 14, rest.center().y() - 7), flag)
            rest.setRight(rest.right() - FLAG_SPACE)
        if key in state.live:
            width = self.pen.pill_width(LIVE)
            self.pen.pill(painter, QRectF(rest.right() - width, rest.top(), width, rest.height()), LIVE, "accent")
            rest.setRight(rest.right() - width - 6)
        font = self.pen.strong if style.picked else self.pen.font
        faint = "placeholder" if text == WAITING else "muted" if is_faint(self._context, key) else "text"
        self.pen.write(painter, rest, text, font, faint)

    def _paint_builtin(self, painter: QPainter, area: QRectF, name: str, text: str, value: object) -> None:
        if name == "status":
            self.pen.pill(painter, area, text.capitalize(), STATUS_TONES.get(str(value), "neutral"))
        elif name == "stage":
            self.pen.pill(painter, area, text, STAGE_TONES.get(text, "neutral"))
        elif name in FIELDS:
            paint_field(painter, self._context, area, name, value)
        elif name == "tag" and isinstance(value, tuple):
            self.pen.chips(painter, area, [plain(str(tag)) for tag in value])
        else:
            muted = name in ("started", "ended", "path", "source", "format", "key")
            right = name in ("duration", "points", "problems")
            font = self.pen.figures if right or name in ("started", "ended") else self.pen.font
            self.pen.write(painter, area, text, font, "muted" if muted else "text", right=right)

    def _paint_curve(self, painter: QPainter, area: QRectF, key: RunKey, value: object) -> None:
        if not isinstance(value, tuple) or not value:
            return
        theme = self._context.theme
        style = self._context.state.style_of(key)
        color = theme.run_color(style.color_index) if style.picked else theme.color("muted")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color, 1.4))
        box = area.adjusted(0, 8, 0, -8)
        last: tuple[float, float] | None = None
        reach = longest_join(len(value))
        lines: list[QLineF] = []
        for place, low, high in value:
            x = box.left() + place * box.width()
            bottom, top = box.bottom() - low * box.height(), box.bottom() - high * box.height()
            if last is not None and place - last[0] <= reach:
                lines.append(QLineF(box.left() + last[0] * box.width(), last[1], x, (bottom + top) / 2))
            lines.append(QLineF(x, bottom, x, top - 0.1))
            last = (place, (bottom + top) / 2)
        painter.drawLines(lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
