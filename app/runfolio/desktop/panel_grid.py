"""A grid of metric panels that are dragged, enlarged and removed, and of which only those in sight do any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from runfolio.desktop.chart_settings import MOST_COLUMNS, ChartSettings
from runfolio.desktop.context import Context
from runfolio.desktop.metric_panel import MetricPanel

_LEAST_HEIGHT = 210


class PanelGrid(QScrollArea):
    """Shows the panels of `show_settings`.

    asked    the user changed something: a label for the undo menu, and the settings wanted from now on.
    drawn    a panel has drawn an answer.
    pointed  the pointer or the keys are on the panel of this metric.
    isolated   this run's curve is to be seen alone.
    """

    asked = Signal(str, object)
    drawn = Signal()
    pointed = Signal(str)
    isolated = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel-grid")
        self._context = context
        self._settings = ChartSettings(metrics=())
        self._panels: dict[str, MetricPanel] = {}
        self._stale: set[str] = set()
        self._made = 0
        self._inner = QWidget()
        self._inner.setProperty("surface", "surface")
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(14, 0, 14, 10)
        self._grid.setSpacing(14)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(self._inner)
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.timeout.connect(self._ask_in_sight)
        self.verticalScrollBar().valueChanged.connect(self.ask_in_sight)

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """The panels on show, in order; the enlarged one alone."""
        large = self._settings.large
        return tuple(p for m, p in self._panels.items() if large is None or m == large)

    def show_settings(self, settings: ChartSettings, *, anew: bool) -> None:
        """Show exactly `settings.metrics`. `anew`: what the panels draw is to be fetched again, once in sight."""
        wanted = settings.metrics or ()
        for metric in [m for m in self._panels if m not in wanted]:
            panel = self._panels.pop(metric)
            self._grid.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
        for metric in wanted:
            if metric not in self._panels:
                self._panels[metric] = self._make(metric)
                self._stale.add(metric)
        self._panels = {metric: self._panels[metric] for metric in wanted}
        self._settings = replace(settings, large=settings.large if settings.large in self._panels else None)
        if anew:
            self._stale.update(self._panels)
        for metric, panel in self._panels.items():
            drawing = settings.drawing(metric, self._context.state.baseline)
            if drawing != panel.drawing:
                panel.drawing = drawing
                self._stale.add(metric)
            panel.set_panel(settings.panel(metric))
            panel.set_look(settings.width, antialias=settings.antialias)
            panel.set_hidden(settings.hidden)
        self._stale &= set(self._panels)
        self._arrange()

    def _make(self, metric: str) -> MetricPanel:
        self._made += 1
        panel = MetricPanel(self._context, metric, f"charts-{self._made}", closable=True)
        panel.setMinimumHeight(_LEAST_HEIGHT)
        panel.closed.connect(lambda: self._ask("Remove panel", [m for m in self._panels if m != metric]))
        panel.maximised.connect(lambda: self._enlarge(metric))
        panel.moved.connect(lambda way: self._move(metric, way))
        panel.set_asked.connect(lambda label, wanted: self.asked.emit(label, self._settings.with_panel(metric, wanted)))
        panel.isolated.connect(self.isolated)
        panel.shown.connect(self.drawn)
        panel.pointed.connect(lambda: self.pointed.emit(metric))
        panel.head.dragged.connect(lambda at: self._drag(metric, at))
        panel.head.dropped.connect(lambda: self._ask("Move panel", [*self._panels]))
        return panel

    # --- the user's hand ---------------------------------------------------------------------------------------

    def _ask(self, label: str, metrics: Sequence[str]) -> None:
        self.asked.emit(label, replace(self._settings, metrics=tuple(metrics)))

    def _enlarge(self, metric: str) -> None:
        large = None if self._settings.large == metric else metric
        self.asked.emit("Panel size", replace(self._settings, large=large))

    def _move(self, metric: str, way: int) -> None:
        order = [*self._panels]
        place = order.index(metric)
        order.insert(max(0, min(len(order) - 1, place + way)), order.pop(place))
        self._ask("Move panel", order)

    def _drag(self, metric: str, at: QPoint) -> None:
        """The panel takes the place of the one under the pointer at once; letting go makes it last."""
        below = next((m for m, p in self._panels.items() if p.rect().contains(p.mapFromGlobal(at))), metric)
        if below != metric and self._settings.large is None:
            order = [*self._panels]
            order.insert(order.index(below), order.pop(order.index(metric)))
            self._panels = {m: self._panels[m] for m in order}
            self._arrange()

    # --- layout and sight --------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        shown = self.panels
        for metric, panel in self._panels.items():
            self._grid.removeWidget(panel)
            panel.setVisible(panel in shown)
            panel.head.set_large(large=metric == self._settings.large)
        columns = 1 if self._settings.large else min(self._settings.columns, max(1, len(shown)))
        for place, panel in enumerate(shown):
            self._grid.addWidget(panel, place // columns, place % columns)
            if place:
                self.setTabOrder(shown[place - 1].plot, panel.plot)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self.ask_in_sight()

    def ask_in_sight(self) -> None:
        """Let the panels that are in sight fetch what is stale in them; the others wait until they are scrolled to."""
        # After the layout has found its places, which it does with the next turn of the event loop.
        self._look.start(0)

    def _ask_in_sight(self) -> None:
        if not self.isVisible():
            return
        if self._inner.height() < self._grid.totalMinimumSize().height():
            # The panels have not been given their places yet.
            self._look.start(0)
            return
        sight, place = self.viewport().rect(), self._inner.pos()
        for metric, panel in self._panels.items():
            if metric in self._stale and panel in self.panels and sight.intersects(panel.geometry().translated(place)):
                self._stale.discard(metric)
                panel.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """In sight again."""
        super().showEvent(event)
        self.ask_in_sight()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may be in sight."""
        super().resizeEvent(event)
        self.ask_in_sight()

    def offer(self, metrics: Sequence[str]) -> None:
        """Metrics that derived series may be made with."""
        for panel in self._panels.values():
            panel.offered = tuple(metrics)

    def forget(self) -> None:
        """The index has changed: series fetched before may be out of date."""
        for panel in self._panels.values():
            panel.forget()
