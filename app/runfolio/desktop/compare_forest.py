"""Draws differences with their intervals in table cells: a forest plot whose rows are the table's."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from runfolio.analysis.grouprender import signed
from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.model.groups import GroupRow, GroupTable
from runfolio.model.statistics import Standing

_MARGIN = 14.0
_TICK = 4.0
_CAP = 4.0
_POINT = 4.0
_RUN = 2.0
_MOST_RUNS = 60
"""Of a group that are drawn as dots; more would be a smear, and say less than the interval does."""

_COLORS = {Standing.BETTER: "good", Standing.WORSE: "bad", Standing.HIGHER: "accent", Standing.LOWER: "accent"}


@dataclass(frozen=True, slots=True)
class Forest:
    """What a cell shows.

    span         differences at the left and the right end; the same in all rows of a metric, 0 inside.
    difference   None in the baseline's row, which shows the scale instead.
    runs         each run's value minus the baseline's mean; none where they are too many to be told apart.
    """

    span: tuple[float, float]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    standing: Standing = Standing.UNTOLD
    runs: tuple[float, ...] = ()
    is_scale: bool = False


def forests(table: GroupTable) -> list[Forest]:
    """The cells of a metric's rows, in their order."""
    base = table.rows[table.baseline].figures.mean
    runs = [_off(row, base) for row in table.rows]
    ends = [0.0, *(d for some in runs for d in some)]
    for row in table.rows:
        found = row.comparison
        if found is not None:
            ends += [v for v in (found.difference, found.low, found.high) if v is not None]
    span = (min(ends), max(ends))
    return [_forest(row, off, span) for row, off in zip(table.rows, runs, strict=True)]


def _forest(row: GroupRow, runs: tuple[float, ...], span: tuple[float, float]) -> Forest:
    found = row.comparison
    if found is None:
        return Forest(span, runs=runs, is_scale=True)
    return Forest(span, found.difference, found.low, found.high, found.standing, runs)


def _off(row: GroupRow, base: float | None) -> tuple[float, ...]:
    if base is None or len(row.values) > _MOST_RUNS:
        return ()
    return tuple(value - base for value in row.values if value is not None and math.isfinite(value))


class ForestDelegate(QStyledItemDelegate):
    """A line for the interval, a square for the difference, a dot for each run, and where no difference would be."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The text is for the clipboard and a screen reader; it is drawn over."""
        super().initStyleOption(option, index)
        if isinstance(index.data(Qt.ItemDataRole.UserRole), Forest):
            option.text = ""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the Forest in the cell's user data; the text where there is none."""
        super().paint(painter, option, index)
        forest = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(forest, Forest):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter, QRectF(option.rect), forest)
            painter.restore()

    def _draw(self, painter: QPainter, box: QRectF, forest: Forest) -> None:
        left, right = box.left() + _MARGIN, box.right() - _MARGIN
        low, high = forest.span
        width = high - low

        def place(value: float) -> float:
            return (left + right) / 2 if width <= 0 else left + (value - low) / width * (right - left)

        middle = box.center().y()
        painter.setPen(QPen(self._theme.color("line_strong"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(place(0.0), box.top(), place(0.0), box.bottom()))
        if forest.is_scale:
            self._draw_scale(painter, box, forest, place(0.0))
            middle = box.top() + 8
        dots = self._theme.color("placeholder")
        dots.setAlpha(150)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(dots)
        for value in forest.runs:
            painter.drawEllipse(QPointF(place(value), middle + (0 if forest.is_scale else 9)), _RUN, _RUN)
        if forest.difference is not None:
            color = self._theme.color(_COLORS.get(forest.standing, "muted"))
            self._draw_interval(painter, forest, place(forest.difference), middle, color)
            if forest.low is not None and forest.high is not None:
                self._draw_line(painter, place(forest.low), place(forest.high), middle, color)

    def _draw_scale(self, painter: QPainter, box: QRectF, forest: Forest, zero: float) -> None:
        painter.setFont(fonts.ui(10, figures=True))
        painter.setPen(self._theme.color("muted"))
        metrics = painter.fontMetrics()
        below = box.bottom() - 3
        zero_half = metrics.horizontalAdvance("0") / 2
        painter.drawText(QPointF(zero - zero_half, below), "0")
        for value, at_left in ((forest.span[0], True), (forest.span[1], False)):
            text = signed(value, 2)
            wide = metrics.horizontalAdvance(text)
            x = box.left() + _MARGIN - 6 if at_left else box.right() - _MARGIN + 6 - wide
            # No number over another: the ends give way to the zero.
            if x > zero + zero_half + 6 or x + wide < zero - zero_half - 6:
                painter.drawText(QPointF(x, below), text)

    def _draw_line(self, painter: QPainter, low: float, high: float, middle: float, color: QColor) -> None:
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QLineF(low, middle, high, middle))
        for end in (low, high):
            painter.drawLine(QLineF(end, middle - _CAP, end, middle + _CAP))

    def _draw_interval(self, painter: QPainter, forest: Forest, at: float, middle: float, color: QColor) -> None:
        painter.setPen(QPen(color, 1.5))
        # Hollow where no test was made.
        sure = forest.low is not None
        painter.setBrush(color if sure else self._theme.color("surface"))
        painter.drawRect(QRectF(at - _POINT, middle - _POINT, 2 * _POINT, 2 * _POINT))
