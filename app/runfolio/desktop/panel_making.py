"""Making the panels of a grid: of curves of the selected runs, or charts of all runs in scope."""

from __future__ import annotations

import itertools

from PySide6.QtWidgets import QWidget

from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.context import Context
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.panel_chart import ChartPanel

_SLOTS = itertools.count(1)
GridPanel = MetricPanel | ChartPanel


def make_panel(context: Context, settings: ChartSettings, key: str, parent: QWidget) -> GridPanel:
    """The panel of a key, not set yet."""
    own = settings.panel(key)
    if own.chart is not None:
        return ChartPanel(context, own, parent)
    metrics = settings.metrics_of(key)
    slot = f"charts-{next(_SLOTS)}"
    return MetricPanel(context, metrics[0] if metrics else "", slot, closable=True, parent=parent)


def set_panel(context: Context, settings: ChartSettings, key: str, panel: GridPanel) -> bool:
    """Let a panel be as it is set; whether it has to fetch for that."""
    stale = isinstance(panel, MetricPanel) and panel.show_drawings(settings.drawings(key, context.state.baseline))
    panel.set_panel(settings.panel(key))
    if isinstance(panel, MetricPanel):
        panel.set_look(settings.width, antialias=settings.antialias)
        panel.set_hidden(settings.hidden)
    return stale


def fits(settings: ChartSettings, key: str, panel: GridPanel) -> bool:
    """Whether a panel is of the kind that its key is set to."""
    return (panel.kind if isinstance(panel, ChartPanel) else "") == settings.panel(key).kind
