"""Paints the cells of the runs table: dot and name, status and stage pills, tags, figures, sparklines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QLineF, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from runfolio.desktop import fonts, icons
from runfolio.desktop.context import Context
from runfolio.desktop.run_table import WAITING, RunTableModel
from runfolio.model.display import plain
from runfolio.model.promotion import Stage
from runfolio.model.query import FieldKind
from runfolio.model.run import RunKey, RunStatus

ROW_HEIGHT = 33
KNOWN_WIDTHS = 20_000
SIDE = 10
"""Free pixels left and right in a cell."""
FLAG_SPACE = 20
DOT_SPACE = 24
"""What dot and gap take before a name."""

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


LIVE = "live"
"""What stands behind the name of a run that is being written."""


class RunDelegate(QStyledItemDelegate):
    """One delegate for all columns; what it draws follows from the column."""

    def __init__(self, context: Context, model: RunTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._model = model
        self._font = fonts.ui(13)
        self._strong = fonts.ui(13, QFont.Weight.Medium)
        self._small = fonts.ui(12)
        self._figures = fonts.ui(13, figures=True)
        self._tiny = fonts.ui(9, QFont.Weight.Bold)
        own = (self._font, self._strong, self._small, self._figures, self._tiny)
        self._metrics = {id(font): QFontMetricsF(font) for font in own}
        self._widths: dict[tuple[str, int], float] = {}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        # Straight from the model: a detour through QModelIndex.data costs more than the drawing.
        key, column, value, text = self._model.cell(index.row(), index.column())
        theme = self._context.theme
        painter.save()
        area = QRectF(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.color("accent_soft"))
        painter.setPen(theme.color("line"))
        painter.drawLine(QLineF(area.bottomLeft(), area.bottomRight()).translated(0, -0.5))
        inner = area.adjusted(SIDE, 0, -SIDE, 0)
        if column.is_name:
            self._paint_name(painter, inner, key, text)
        elif column.curve:
            self._paint_curve(painter, inner, key, value)
        elif text == WAITING:
            self._write(painter, inner, text, self._font, theme.color("placeholder"))
        elif column.field.kind is FieldKind.BUILTIN and text:
            self._paint_builtin(painter, inner, column.field.name, text, value)
        elif text:
            color = theme.color("bad" if isinstance(value, float) and math.isnan(value) else "text")
            right = self._model.is_number(column)
            self._write(painter, inner, text, self._figures if right else self._font, color, right=right)
        painter.restore()

    # --- kinds of cells ----------------------------------------------------------------------------------------

    def _paint_name(self, painter: QPainter, area: QRectF, key: RunKey, text: str) -> None:
        theme, state = self._context.theme, self._context.state
        style = state.style_of(key)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dot = QRectF(area.left(), area.center().y() - 6, 12, 12)
        color = theme.run_color(style.color_index)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(dot)
        if style.marker:
            # Past ten runs the colour comes again; the number of the round tells them apart.
            self._write(painter, dot, str(style.marker + 1), self._tiny, theme.color("surface"), center=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        rest = area.adjusted(DOT_SPACE, 0, 0, 0)
        if key == state.baseline:
            flag = icons.pixmap("flag", theme, "accent", size=14, ratio=painter.device().devicePixelRatio())
            painter.drawPixmap(QPointF(rest.right() - 14, rest.center().y() - 7), flag)
            rest.setRight(rest.right() - FLAG_SPACE)
        if key in state.live:
            width = self._pill_width(LIVE)
            self._pill(painter, QRectF(rest.right() - width, rest.top(), width, rest.height()), LIVE, "accent")
            rest.setRight(rest.right() - width - 6)
        font = self._strong if style.picked else self._font
        self._write(painter, rest, text, font, theme.color("placeholder" if text == WAITING else "text"))

    def _paint_builtin(self, painter: QPainter, area: QRectF, name: str, text: str, value: object) -> None:
        theme = self._context.theme
        if name == "status":
            self._pill(painter, area, text.capitalize(), STATUS_TONES.get(str(value), "neutral"))
        elif name == "stage":
            self._pill(painter, area, text, STAGE_TONES.get(text, "neutral"))
        elif name == "tag" and isinstance(value, tuple):
            self._chips(painter, area, [plain(str(tag)) for tag in value])
        else:
            muted = name in ("started", "ended", "path", "source", "format", "key")
            right = name in ("duration", "points", "problems")
            font = self._figures if right or name in ("started", "ended") else self._font
            self._write(painter, area, text, font, theme.color("muted" if muted else "text"), right=right)

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

    # --- pieces ------------------------------------------------------------------------------------------------

    def _write(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        font: QFont,
        color: QColor,
        *,
        right: bool = False,
        center: bool = False,
    ) -> None:
        painter.setFont(font)
        painter.setPen(color)
        shown = text
        if self._width(text, font) > area.width() + 0.5:
            metrics = self._metrics[id(font)]
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 0.5)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        if center:
            side = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), shown)

    def _width(self, text: str, font: QFont) -> float:
        # Measuring is half of what drawing a text costs, and most cells are drawn many times.
        known = self._widths.get((text, id(font)))
        if known is None:
            if len(self._widths) > KNOWN_WIDTHS:
                self._widths.clear()
            metrics = self._metrics[id(font)]
            known = self._widths[text, id(font)] = metrics.horizontalAdvance(text)
        return known

    def _pill_width(self, text: str) -> float:
        return self._width(text, self._small) + 22

    def _pill(self, painter: QPainter, area: QRectF, text: str, tone: str) -> None:
        theme = self._context.theme
        width = min(self._pill_width(text), area.width())
        shape = QRectF(area.left(), area.center().y() - 9, width, 19)
        ground = theme.color("accent_soft" if tone == "accent" else f"{tone}_soft")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(shape, 9.5, 9.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        color = theme.color("muted" if tone == "neutral" else tone)
        self._write(painter, shape.adjusted(4, 0, -4, -1), text, self._small, color, center=True)

    def _chips(self, painter: QPainter, area: QRectF, tags: Sequence[str]) -> None:
        left = area.left()
        for position, tag in enumerate(tags):
            width = self._pill_width(tag)
            if left + width > area.right() and position:
                rest = QRectF(left, area.top(), area.right() - left, area.height())
                self._write(painter, rest, f"+{len(tags) - position}", self._small, self._context.theme.color("muted"))
                return
            room = min(width, area.right() - left)
            self._pill(painter, QRectF(left, area.top(), room, area.height()), tag, "neutral")
            left += width + 4
