"""The metrics of a run: a curve and every figure of each, fetched for the rows in view."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QModelIndex, QPersistentModelIndex, QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.inspector_figures import TIPS, TITLES, RunFigures
from runfolio.desktop.preview_rows import Rows, RowsTable
from runfolio.desktop.widgets import EmptyState, PlainLabel
from runfolio.model.direction import Direction
from runfolio.model.display import count, number
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey
from runfolio.model.run_detail import MetricFacts, RunDetail

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.desktop.curves import Outline

_HEADER = ("Metric", "Curve", "Last", "Best", "Min", "Max", "First", "Points", "NaN, ∞", *TITLES)
_CURVE = 1
_WORKED_OUT = len(_HEADER) - len(TITLES)
_AGGREGATES = {
    2: Aggregate.LAST,
    3: Aggregate.BEST,
    4: Aggregate.MIN,
    5: Aggregate.MAX,
    6: Aggregate.FIRST,
    7: Aggregate.COUNT,
}
_WIDTHS = (110, 66, 88, 88, 88, 88, 88, 66, 66, 88, 88, 96, 86, 96)
_POINTS = 40
_AT_ONCE = 24
_PAUSE_MS = 60


class MetricsSection(QWidget):
    """A virtual table: five thousand metrics cost what is in view."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: RunDetail | None = None
        self._shown: list[MetricFacts] = []
        self._texts = _Texts([], lambda _: [])
        self.curves: dict[tuple[RunKey, str], Outline] = {}
        self._asking = False
        self.figures = RunFigures(context, self._figures_arrived)
        self.search = QLineEdit()
        self.search.setObjectName("metrics-search")
        self.search.setPlaceholderText("Search metrics")
        self.search.setAccessibleName("Search metrics")
        self.search.textChanged.connect(self._fill)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName("metrics-told")
        self.reach = QLineEdit()
        self.reach.setObjectName("metrics-reach")
        self.reach.setPlaceholderText("Reach: best")
        self.reach.setAccessibleName("The value to be reached; each metric's best when empty")
        self.reach.setToolTip("The value to be reached, such as 0.9; each metric's best when empty")
        self.reach.setMaximumWidth(96)
        self.reach.textChanged.connect(self._reach)
        self.table = _Table("metrics", "Metrics")
        self.table.before_copy = self._complete
        self.table.setItemDelegateForColumn(_CURVE, _CurveDelegate(context, self))
        self.table.doubleClicked.connect(self._show_origin)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._want_curves)
        self._pause.timeout.connect(self._want_figures)
        self.table.verticalScrollBar().valueChanged.connect(lambda _: self._pause.start())
        head = QHBoxLayout()
        head.setContentsMargins(10, 6, 12, 4)
        head.setSpacing(9)
        head.addWidget(self.search, 1)
        head.addWidget(self.reach)
        head.addWidget(self.told)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        self.empty = EmptyState(
            context.theme, "No metric was recorded", "Numbers that a run logs show up here.", icon="chart-line"
        )
        self.empty.hide()
        column.addWidget(self.empty, 1)

    def show_run(self, run: RunDetail) -> None:
        """Show the metrics of another run, or the same as they are now."""
        # Points may have come; the curves in view are asked for again.
        self.curves.clear()
        self.figures.clear()
        self._run = run
        self._fill()

    def _fill(self) -> None:
        run = self._run
        if run is None:
            return
        wanted = self.search.text().strip().casefold()
        self._shown = [metric for metric in run.metrics if wanted in metric.name.casefold()]
        # Only the names are made ahead; a row's texts are made when it is in view.
        widths = () if self.table.rows.shown.header else _WIDTHS
        right = frozenset(range(2, len(_HEADER)))
        self._texts = texts = _Texts(self._shown, lambda metric: self.figures.texts(run.key, metric))
        tips = ("",) * _WORKED_OUT + TIPS
        self.table.put(Rows(_HEADER, texts, right, right, self._tip, self._shown, header_tips=tips), widths)
        total = len(run.metrics)
        for part in (self.search, self.reach, self.told, self.table):
            part.setVisible(total > 0)
        self.empty.setVisible(not total)
        self.told.setText(count(total) if len(self._shown) == total else f"{count(len(self._shown))} of {count(total)}")
        self._pause.start()

    def _tip(self, row: int, column: int) -> str:
        metric = self._shown[row]
        if column >= _WORKED_OUT:
            return self.figures.tip(self._run.key, metric, column - _WORKED_OUT) if self._run is not None else ""
        if column > _CURVE:
            value = {2: metric.shown, 3: metric.best, 4: metric.min, 5: metric.max, 6: metric.first}.get(column)
            rule = metric.shown_rule if column == 2 else ""
            return f"{_HEADER[column]}: {value!r}\n{rule}".rstrip() if column < 7 else ""
        aligned = f"\ncalled {metric.origin_words} in this run" if metric.origin else ""
        way = "" if metric.direction is Direction.UNKNOWN else f"\n{metric.direction} is better"
        steps = f"\nsteps {metric.first_step} to {metric.last_step}" if metric.first_step is not None else ""
        run = self._run
        source = metric.source or (run.path if run is not None else "")
        return f"{metric.name}{aligned}\nlast: {metric.shown_rule}{way}{steps}\nread from {source}"

    # --- curves ------------------------------------------------------------------------------------------------

    def showEvent(self, event: object) -> None:
        """Rows come into view."""
        self._pause.start()

    def resizeEvent(self, event: object) -> None:
        """More rows may be in view."""
        self._pause.start()

    def _want_curves(self) -> None:
        run = self._run
        if run is None or self._asking or not self.isVisible():
            return
        names = [m.name for m in self._in_view() if (run.key, m.name) not in self.curves][:_AT_ONCE]
        if not names:
            return
        self._asking = True
        key = run.key

        def ended() -> None:
            self._asking = False

        def arrived(found: Mapping[str, Outline]) -> None:
            self.curves.update({(key, name): outline for name, outline in found.items()})
            self.table.viewport().update()
            ended()
            self._pause.start()

        self._context.jobs.query(
            "inspector-curves", lambda workspace: _outlines(workspace, key, names), arrived, lambda _: ended()
        )

    def _in_view(self) -> list[MetricFacts]:
        first = max(0, self.table.rowAt(0))
        last = self.table.rowAt(self.table.viewport().height() - 1)
        return self._shown[first : len(self._shown) if last < 0 else last + 1]

    # --- figures that are worked out of the points -------------------------------------------------------------

    def _want_figures(self) -> None:
        if self._run is not None and self.isVisible():
            self.figures.want(self._run.key, self._in_view())

    def _figures_arrived(self) -> None:
        self._texts.forget()
        self.table.viewport().update()
        self._pause.start()

    def _reach(self, text: str) -> None:
        try:
            target = float(text.replace(",", ".").replace("−", "-")) if text.strip() else None
        except ValueError:
            return  # half a number; the last whole one stays
        if target != self.figures.target and (target is None or math.isfinite(target)):
            self.figures.target = target
            self._figures_arrived()

    def _complete(self, rows: Sequence[int], then: Callable[[], None]) -> None:
        """Call `then` when the figures of these rows are there, those out of view as well."""
        if self._run is not None:
            self.figures.want(self._run.key, [self._shown[row] for row in rows], then)

    # --- where values come from --------------------------------------------------------------------------------

    def _show_origin(self, index: QModelIndex) -> None:
        from runfolio.desktop.origin_dialog import OriginDialog

        metric = index.data(Qt.ItemDataRole.UserRole)
        if self._run is not None and isinstance(metric, MetricFacts):
            field: FieldRef | None
            if index.column() >= _WORKED_OUT:
                field = self.figures.fields(metric)[index.column() - _WORKED_OUT]
            else:
                field = FieldRef(FieldKind.METRIC, metric.name, _AGGREGATES.get(index.column(), Aggregate.LAST))
            if field is None:
                return
            OriginDialog(self._context, self._run.key, field, self).open()

    def _open_menu(self, at: QPoint) -> None:
        cell = self.table.indexAt(at)
        if not cell.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Where is this value from?\tDouble click", partial(self._show_origin, cell))
        menu.addAction("Copy\tCtrl+C", self.table.copy)
        menu.popup(self.table.viewport().mapToGlobal(at))


class _Table(RowsTable):
    """Figures that are not there yet are waited for before rows are copied."""

    before_copy: Callable[[Sequence[int], Callable[[], None]], None] | None = None

    def copy(self) -> None:
        """Put the selected rows (all when none is) on the clipboard as TSV, with the header and every figure."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        if self.before_copy is not None:
            self.before_copy(rows or range(self.rows.rowCount()), super().copy)


class _Texts(Sequence[Sequence[str | None]]):
    """The texts of rows, made when they are looked at; `more` gives those of the last columns."""

    def __init__(self, metrics: list[MetricFacts], more: Callable[[MetricFacts], list[str]]) -> None:
        self._metrics, self._more = metrics, more
        self._row, self._made = -1, list[str | None]()

    def forget(self) -> None:
        """The last columns say something else now."""
        self._row = -1

    def __len__(self) -> int:
        return len(self._metrics)

    def __getitem__(self, row):  # type: ignore[no-untyped-def] # an index or a slice, as Sequence has it
        if isinstance(row, slice):
            return [[*_texts(metric), *self._more(metric)] for metric in self._metrics[row]]
        if row != self._row:
            # A view asks for one cell of a row after the other.
            self._row, self._made = row, [*_texts(self._metrics[row]), *self._more(self._metrics[row])]
        return self._made


def _texts(metric: MetricFacts) -> list[str | None]:
    odd = metric.nan_count + metric.inf_count
    name = f"{metric.name}  ≈ {metric.origin_words}" if metric.origin else metric.name
    figures = [number(value) for value in (metric.shown, metric.best, metric.min, metric.max, metric.first)]
    return [name, "", *figures, count(metric.count), count(odd) if odd else "–"]


def _outlines(workspace: Workspace, key: RunKey, names: list[str]) -> dict[str, Outline]:
    from runfolio.desktop.curves import outline
    from runfolio.errors import NotFound

    found: dict[str, Outline] = {}
    for name in names:
        try:
            found[name] = outline(workspace.series(key, name), _POINTS)
        except NotFound:
            found[name] = ()  # it was read again meanwhile, and has another name now
    return found


class _CurveDelegate(QStyledItemDelegate):
    def __init__(self, context: Context, section: MetricsSection) -> None:
        super().__init__(section)
        self._context, self._section = context, section

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        metric = index.data(Qt.ItemDataRole.UserRole)
        run = self._section._run
        if run is None or not isinstance(metric, MetricFacts):
            return
        outline = self._section.curves.get((run.key, metric.name), ())
        style = self._context.state.style_of(run.key)
        theme = self._context.theme
        color = theme.run_color(style.color_index) if style.picked else theme.color("accent")
        paint_outline(painter, QRectF(option.rect).adjusted(6, 7, -6, -8), outline, QPen(color, 1.3))


def paint_outline(painter: QPainter, box: QRectF, outline: Outline, pen: QPen) -> None:
    """Draw an outline: from lowest to highest in each column, joined where no column is left out."""
    if not outline:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    lines: list[QLineF] = []
    last: tuple[float, float, float] | None = None
    reach = max(1.5 / _POINTS, 1.5 / len(outline))
    for place, low, high in outline:
        x = box.left() + place * box.width()
        bottom, top = box.bottom() - low * box.height(), box.bottom() - high * box.height()
        if last is not None and place - last[0] <= reach:
            lines.append(QLineF(last[1], last[2], x, (bottom + top) / 2))
        lines.append(QLineF(x, bottom, x, top - 0.1))
        last = place, x, (bottom + top) / 2
    painter.drawLines(lines)
    painter.restore()
