"""The commands of the Charts workspace: what its menus and the menus of its panels offer, for palette and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derived
from runfolio.analysis.drawing import REPLICATES
from runfolio.analysis.scales import YKind
from runfolio.analysis.smooth import Smoother
from runfolio.desktop.chart_menus import SMOOTHER_NAMES, X_NAMES
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.commands import Command, Commands
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.plot_menu import DERIVED_NAMES
from runfolio.desktop.plot_style import WIDTHS

_GROUP = "Charts"


class Charts(Protocol):
    """What the commands ask of the workspace."""

    @property
    def settings(self) -> ChartSettings:
        """How the charts are drawn."""

    @property
    def pointed_panel(self) -> MetricPanel | None:
        """The panel that the pointer or the keys were on last, else the first; None when none is on show."""

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """The metrics of the panels on show."""

    def take(self, label: str, settings: ChartSettings) -> None:
        """Draw otherwise; undone under that label."""

    def search_legend(self) -> None:
        """Put the cursor into the legend's search."""

    def cursor_x(self) -> float | None:
        """Where the crosshair is."""


def add_chart_commands(commands: Commands, charts: Charts) -> None:
    """Make them known; they make sense while a panel is on show."""

    def some() -> bool:
        return charts.pointed_panel is not None

    def add(
        id: str, title: str, call: Callable[[], None], keys: tuple[str, ...] = (), icon: str = "chart-line"
    ) -> None:
        commands.add(Command(f"charts.{id}", title, call, keys, _GROUP, icon, some))

    def change(label: str, make: Callable[[ChartSettings], ChartSettings]) -> Callable[[], None]:
        return lambda: charts.take(label, make(charts.settings))

    for kind, name in X_NAMES.items():
        if kind is not XKind.METRIC:
            add(f"x-{kind}", f"x axis: {name}", change("X axis", _over(kind)))
    for smoother, name in SMOOTHER_NAMES.items():
        add(f"smooth-{smoother}", f"Smooth: {name}", change("Kind of smoothing", _smoothed(smoother)))
    add("smooth-none", "No smoothing", change("No smoothing", lambda s: replace(s, smoothing=0.0)))
    for by, title in ((REPLICATES, "Group replicates into bands"), ("", "Draw each run by itself")):
        add(f"group-{by or 'none'}", title, change("Groups", _grouped(by)))
    for width in WIDTHS:
        add(f"width-{width:g}", f"Lines {width:g} pixels wide", change("Line width", _wide(width)))
    add(
        "edges",
        "Smooth edges of lines, or hard ones",
        change("Antialiasing", lambda s: replace(s, antialias=not s.antialias)),
    )
    add("log", "Logarithmic y axes, or linear ones", change("Scale", lambda s: _log(s, charts.shown_metrics)))
    add("outliers", "Leave outliers out of view, or not", change("Outliers", lambda s: _clip(s, charts.shown_metrics)))
    for derivation, name in DERIVED_NAMES.items():
        if not derivation.needs_metric:
            add(f"draw-{derivation}", f"Draw: {name.lower()}", partial(_derive, charts, Derived(derivation)))
    add("fit", "Show all points of the chart", lambda: _on_panel(charts, MetricPanel.show_all))
    add("ranges", "Ends of the axes…", lambda: _on_panel(charts, MetricPanel.edit_ranges))
    add("note", "Add a note at the cursor…", lambda: _note(charts))
    add("legend", "Search the legend", charts.search_legend, ("Ctrl+Shift+L",), "search")
    add(
        "all-runs", "Switch all runs of the legend on", change("See all runs", lambda s: replace(s, hidden=frozenset()))
    )


Change = Callable[[ChartSettings], ChartSettings]


def _over(kind: XKind) -> Change:
    return lambda s: replace(s, x=kind)


def _smoothed(kind: Smoother) -> Change:
    return lambda s: replace(s, smoother=kind, smoothing=s.smoothing or 0.5)


def _grouped(by: str) -> Change:
    return lambda s: replace(s, groups=replace(s.groups, by=by))


def _wide(width: float) -> Change:
    return lambda s: replace(s, width=width)


def _on_panel(charts: Charts, call: Callable[[MetricPanel], None]) -> None:
    if charts.pointed_panel is not None:
        call(charts.pointed_panel)


def _note(charts: Charts) -> None:
    panel, at = charts.pointed_panel, charts.cursor_x()
    if panel is None:
        return
    (low, high), _ = panel.plot.getViewBox().viewRange()
    panel.edit_note(panel.pointer.snapped((low + high) / 2) if at is None else at, None)


def _derive(charts: Charts, derived: Derived) -> None:
    panel = charts.pointed_panel
    if panel is not None:
        panel.ask_for("Derived series", replace(panel.settings, derived=derived, y_range=None))


def _log(settings: ChartSettings, metrics: tuple[str, ...]) -> ChartSettings:
    kind = YKind.LINEAR if all(settings.panel(m).y is YKind.LOG for m in metrics) else YKind.LOG
    for metric in metrics:
        settings = settings.with_panel(metric, replace(settings.panel(metric), y=kind, y_range=None))
    return settings


def _clip(settings: ChartSettings, metrics: tuple[str, ...]) -> ChartSettings:
    clip = not all(settings.panel(m).clip for m in metrics)
    for metric in metrics:
        settings = settings.with_panel(metric, replace(settings.panel(metric), clip=clip))
    return settings
