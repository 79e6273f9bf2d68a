"""Sparklines of groups in the runs table: the mean of the runs' curves with its interval, asked for as it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from runfolio.desktop.columns import CURVE_POINTS, TableColumn
from runfolio.desktop.context import Context
from runfolio.desktop.group_cells import MOST_MEMBERS
from runfolio.desktop.run_table import RunTableModel
from runfolio.model.answers import Change, Touched
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.desktop.curves import MeanOutline
    from runfolio.desktop.group_rows import Line

_AT_ONCE = 12
_Key = tuple[TableColumn, int]


class GroupCurves(QObject):
    """`outline` gives what is known; what is not is asked for, and the table is painted again when it is there."""

    def __init__(self, context: Context, model: RunTableModel) -> None:
        super().__init__(model)
        self._context, self._model = context, model
        self._cells: dict[_Key, MeanOutline] = {}
        self._fresh: set[_Key] = set()
        self._wanted: dict[_Key, None] = {}
        self._asking = False
        self._of: object = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._ask)
        context.state.library_changed.connect(self._on_library)

    def outline(self, line: Line, column: TableColumn) -> MeanOutline:
        """The curve of a group; () while it is on its way."""
        groups = self._model.groups
        if groups is None:
            return ()
        if groups.grouped is not self._of:
            self._of = groups.grouped
            self._cells, self._fresh, self._wanted = {}, set(), {}
        key = column, line.group
        if key not in self._fresh:
            self._wanted[key] = None
            if not self._asking:
                self._pause.start(0)
        return self._cells.get(key, ())

    def _on_library(self, change: Change) -> None:
        if change.touched & Touched.RUNS:
            self._fresh.clear()

    def _ask(self) -> None:
        groups = self._model.groups
        wanted = [*self._wanted][:_AT_ONCE]
        if groups is None or not wanted or self._asking:
            return
        self._asking, of = True, self._of
        members = {key: groups.members(key[1], MOST_MEMBERS) for key in wanted}

        def arrived(found: dict[_Key, MeanOutline]) -> None:
            self._asking = False
            if self._of is of:
                self._cells.update(found)
                self._fresh.update(found)
                for key in found:
                    self._wanted.pop(key, None)
                rows, columns = self._model.rowCount(), self._model.columnCount()
                if rows and columns:
                    self._model.dataChanged.emit(self._model.index(0, 0), self._model.index(rows - 1, columns - 1))
            if self._wanted:
                self._pause.start(0)

        self._context.jobs.query(f"group-curves-{id(self)}", lambda workspace: _outlines(workspace, members), arrived)


def _outlines(workspace: Workspace, members: dict[_Key, tuple[RunKey, ...]]) -> dict[_Key, MeanOutline]:
    from runfolio.desktop.curves import mean_outline

    found: dict[_Key, MeanOutline] = {}
    for (column, group), keys in members.items():
        series = workspace.series_for(keys, column.field.name)
        found[column, group] = mean_outline([*series.values()], CURVE_POINTS)
    return found


def paint_mean(painter: QPainter, area: QRectF, outline: MeanOutline, color: QColor) -> None:
    """The line of means over the band of its interval."""
    if not outline:
        return
    box = area.adjusted(0, 8, 0, -8)

    def at(place: float, height: float) -> QPointF:
        return QPointF(box.left() + place * box.width(), box.bottom() - height * box.height())

    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QColor(color)
    ground.setAlphaF(0.28)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    above = [at(place, high) for place, _, _, high in outline]
    below = [at(place, low) for place, _, low, _ in reversed(outline)]
    painter.drawPolygon(QPolygonF([*above, *below]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, 1.4))
    painter.drawPolyline(QPolygonF([at(place, mean) for place, mean, _, _ in outline]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
