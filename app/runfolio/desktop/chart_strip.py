"""The strip of charts below the runs table: the three metrics that say most about the selected runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from runfolio.desktop.context import Context
from runfolio.desktop.metric_names import shared_metrics
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.widgets import EmptyState

PANELS = 3


class ChartStrip(QWidget):
    """Follows the selection; its metrics are chosen anew only when the selected runs no longer have them."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chart-strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("surface", "surface")
        self._context = context
        self._panels: list[MetricPanel] = []
        self._row_widget = QWidget()
        self._row = QHBoxLayout(self._row_widget)
        self._row.setContentsMargins(10, 6, 12, 4)
        self._row.setSpacing(14)
        self._empty = EmptyState(
            context.theme,
            "No run is selected",
            "Press Space on a row, or click its dot, to give a run a colour and see its curves here.",
            icon="chart-line",
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._row_widget)
        context.state.selection_changed.connect(self.refresh)

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """The charts shown."""
        return tuple(self._panels)

    def refresh(self) -> None:
        """Ask which metrics the selected runs share, and draw them."""
        keys = self._context.state.selection
        if not keys:
            self._stack.setCurrentWidget(self._empty)
            return
        if self.isVisible():
            self._context.jobs.query("strip", lambda workspace: shared_metrics(workspace, keys), self._arrived)

    def showEvent(self, event: object) -> None:
        """Shown again: catch up."""
        self.refresh()

    def _arrived(self, metrics: tuple[str, ...]) -> None:
        if not metrics:
            self._empty.set("Nothing to draw", "The selected runs have no metric with more than one point.")
            self._stack.setCurrentWidget(self._empty)
            return
        self._stack.setCurrentWidget(self._row_widget)
        kept = [p.metric_name for p in self._panels if p.metric_name in metrics]
        wanted = [*kept, *(m for m in metrics if m not in kept)][:PANELS]
        while len(self._panels) > len(wanted):
            panel = self._panels.pop()
            panel.setParent(None)
            panel.deleteLater()
        for number, metric in enumerate(wanted):
            if number == len(self._panels):
                panel = MetricPanel(self._context, metric, f"strip-{number}")
                self._panels.append(panel)
                self._row.addWidget(panel, 1)
            self._panels[number].set_metric(metric)
            self._panels[number].refresh()
