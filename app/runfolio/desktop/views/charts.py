"""The Charts workspace: a grid of panels for the selected runs, with one cursor, one smoothing and one x axis."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.chart_bar import ChartBar
from runfolio.desktop.chart_commands import add_chart_commands
from runfolio.desktop.chart_settings import ChartSettings, grouped
from runfolio.desktop.chart_side import ChartSide
from runfolio.desktop.context import Context
from runfolio.desktop.metric_panel import MetricPanel, ask_and_export, offered, recipe_of
from runfolio.desktop.panel_grid import PanelGrid
from runfolio.desktop.plot_reading import Reading
from runfolio.desktop.scope import best_runs
from runfolio.desktop.undo import Step
from runfolio.desktop.widgets import EmptyState, Pill
from runfolio.model.answers import Change, Touched
from runfolio.model.params import Json
from runfolio.model.query import FieldRef

FIRST_PANELS = 6
"""Panels that are made by themselves."""

_MOST_AT_ONCE = 300


class ChartsView(QWidget):
    """Panels made by themselves from the metrics that the selected runs share, and changed by hand."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("charts")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setProperty("surface", "surface")
        self._context = context
        self._settings = ChartSettings()
        self._metrics: tuple[str, ...] = ()
        self._pointed = ""
        self._sliding: Step | None = None
        self._slid_from = self._settings
        self.bar = ChartBar(context.theme)
        self.grid = PanelGrid(context)
        self.side = ChartSide(context)
        self._lay_out()
        self.bar.asked.connect(self._take)
        self.bar.panel_asked.connect(lambda metric: self._tick(metric, ticked=True))
        self.bar.search_asked.connect(self.side.search.setFocus)
        self.bar.export_asked.connect(self._export)
        self.grid.asked.connect(self._take)
        add_chart_commands(context.commands, self)
        self.grid.drawn.connect(self._on_drawn)
        self.grid.isolated.connect(self.side.legend.isolate)
        self.side.legend.asked.connect(lambda label, hidden: self.take(label, replace(self._settings, hidden=hidden)))
        self.grid.pointed.connect(self._on_pointed)
        self.side.chosen.connect(lambda metric, ticked: self._tick(metric, ticked=ticked))
        self.side.all_chosen.connect(self._show_all)
        state = context.state
        state.selection_changed.connect(self._refresh)
        state.cursor_changed.connect(self._read_out)
        state.names_changed.connect(self._read_out)
        state.baseline_changed.connect(lambda: self._apply(anew=False))

    def _lay_out(self) -> None:
        theme = self._context.theme
        self.empty = EmptyState(theme, "", "", icon="chart-line")
        self.no_panels = EmptyState(theme, "", "", icon="layout-grid")
        self.centre = QStackedWidget()
        self.centre.addWidget(self.grid)
        self.centre.addWidget(self.no_panels)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(self.bar)
        left.addWidget(self.centre, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.side)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.stack)

    # --- what the window asks ----------------------------------------------------------------------------------

    def activate(self) -> None:
        """Shown: fetch what is stale."""
        self._refresh()

    def changed(self, change: Change) -> None:
        """Runs were read again: draw them anew when they are in sight."""
        if change.touched & Touched.RUNS:
            self.grid.forget()
            self._refresh()

    def saved(self) -> dict[str, Json]:
        """Panels and how they are drawn."""
        return self._settings.saved()

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        self._settings = ChartSettings.from_saved(kept)
        self._apply(anew=False)

    # --- panels ------------------------------------------------------------------------------------------------

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """The panels on show."""
        return self.grid.panels

    @property
    def settings(self) -> ChartSettings:
        """How the charts are drawn."""
        return self._settings

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """The metrics of the panels on show."""
        return self._wanted()

    @property
    def pointed_panel(self) -> MetricPanel | None:
        """The panel that the pointer or the keys were on last, else the first; None when none is on show."""
        panels = self.panels if self.isVisible() else ()
        return next((p for p in panels if p.metric_name == self._pointed), panels[0] if panels else None)

    def take(self, label: str, settings: ChartSettings) -> None:
        """Draw otherwise; undone under that label."""
        self._take(label, replace(settings, metrics=self._wanted()))

    def search_legend(self) -> None:
        """Put the cursor into the legend's search."""
        self.side.legend.search.setFocus()

    def cursor(self) -> float | None:
        """Where the crosshair is."""
        return self._context.state.cursor_step

    @property
    def slider(self) -> QSlider:
        """The smoothing, in hundredths."""
        return self.bar.slider

    @property
    def badge(self) -> Pill:
        """What says that every point is shown."""
        return self.bar.badge

    def _refresh(self) -> None:
        keys = self._context.state.selection
        if not keys:
            self.empty.set(
                "No run is selected",
                "Select runs in the table with Space, or start with the five best of the scope: those that lead by "
                "the metric most runs share.",
                action="Chart the 5 best runs in scope",
                call=self._pick_best,
            )
            self.stack.setCurrentIndex(0)
        elif self.isVisible():
            self._context.jobs.query("charts:metrics", lambda workspace: offered(workspace, keys), self._arrived)

    def _pick_best(self) -> None:
        state = self._context.state
        scope = state.scope
        self._context.jobs.query(
            "charts:first", lambda workspace: best_runs(workspace, workspace.run_keys(scope)), state.select
        )

    def _arrived(self, answer: tuple[tuple[str, ...], tuple[FieldRef, ...]]) -> None:
        self._metrics, self.bar.fields = answer
        metrics = self.bar.offered = self._metrics
        if metrics:
            self.stack.setCurrentIndex(1)
            self._apply(anew=True)
            return
        self.empty.set(
            "The selected runs have no metrics",
            "Their recordings hold params and files, but no series to draw. Select other runs in the table.",
            action="Show the runs",
            call=lambda: self._context.commands.run("view.runs"),
        )
        self.stack.setCurrentIndex(0)

    def _wanted(self) -> tuple[str, ...]:
        """The panels there should be now; what the user chose stays chosen while other runs are selected."""
        if self._settings.metrics is None:
            return grouped(self._metrics[:FIRST_PANELS])
        return tuple(metric for metric in self._settings.metrics if metric in set(self._metrics))

    def _take(self, label: str, settings: ChartSettings) -> None:
        """The user wants other settings; Ctrl+Z brings the old ones back."""
        before = self._settings
        settings = replace(settings, metrics=self._kept(settings.metrics))
        if settings == before:
            self._apply(anew=False)
            return
        undo = self._context.state.undo
        if label == "Smoothing" and undo.last is not None and undo.last is self._sliding:
            # All places that the slider passes are one step of undo.
            before = self._slid_from
            undo.drop_last()
        self._bring(settings)
        undo.push(label, lambda: self._bring(before), lambda: self._bring(settings))
        self._sliding, self._slid_from = undo.last, before

    def _kept(self, metrics: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """The panels chosen, when these are to be on show: with those that only other runs have."""
        chosen = self._settings.metrics
        if metrics == self._wanted() or metrics is None:
            # Panels that follow the selection still do when nothing was said about them.
            return None if metrics is None else chosen
        known = set(self._metrics)
        return (*metrics, *(m for m in chosen or () if m not in known))

    def _bring(self, settings: ChartSettings) -> None:
        if (settings.x, settings.x_metric) != (self._settings.x, self._settings.x_metric):
            # A place on one axis means nothing on another.
            self._context.state.set_cursor(None)
        self._settings = settings
        self._apply(anew=False)

    def _apply(self, *, anew: bool) -> None:
        wanted = self._wanted()
        self.grid.show_settings(replace(self._settings, metrics=wanted), anew=anew)
        shown = set(wanted)
        self.bar.show_settings(
            replace(self._settings, metrics=wanted), wanted, [m for m in self._metrics if m not in shown]
        )
        self.grid.offer(self._metrics)
        self.side.legend.show_hidden(self._settings.hidden)
        self.side.show_metrics(grouped(self._metrics), wanted)
        if not wanted:
            self._say_no_panels()
        self.centre.setCurrentIndex(0 if wanted else 1)
        self._on_drawn()

    def _say_no_panels(self) -> None:
        chosen = self._settings.metrics or ()
        text = "Tick metrics at the right, or let the selected runs choose them."
        if chosen:
            text = f"None of the selected runs has {', '.join(chosen[:3])}{' …' if len(chosen) > 3 else ''}. {text}"
        self.no_panels.set("No panel to show", text, action="Chart what the runs share", call=self._follow)

    def _follow(self) -> None:
        self._take("Panels", replace(self._settings, metrics=None, large=None))

    def _tick(self, metric: str, *, ticked: bool) -> None:
        others = [m for m in self._wanted() if m != metric]
        metrics = (*others, metric) if ticked else tuple(others)
        self._take("Add panel" if ticked else "Remove panel", replace(self._settings, metrics=metrics))

    def _show_all(self, metrics: list[str]) -> None:
        more = [m for m in metrics[:_MOST_AT_ONCE] if m not in set(self._wanted())]
        self._take("Add panels", replace(self._settings, metrics=(*self._wanted(), *more)))

    def _export(self, suffix: str) -> None:
        if self.panels:
            columns = 1 if self._settings.large else min(self._settings.columns, len(self.panels))
            ask_and_export(self._context, self, recipe_of(self._context, self.panels, columns), "figure", suffix)

    # --- cursor ------------------------------------------------------------------------------------------------

    def _on_drawn(self) -> None:
        self.bar.show_points(sum(panel.point_count for panel in self.panels))
        self._read_out()

    def _on_pointed(self, metric: str) -> None:
        if metric != self._pointed:
            self._pointed = metric
            self._read_out()

    def _read_out(self) -> None:
        if not self.isVisible():
            return
        panels, state = self.panels, self._context.state
        panel = self.pointed_panel
        # Those that are switched off are not missing: nobody wants to read them.
        drawn = {*self._settings.hidden, *(key for p in panels if p is panel for c in p.curves for key in c.members)}
        missing = [Reading(key, state.name_of(key), None, None) for key in state.selection if key not in drawn]
        self.side.show_panel(panel, state.cursor_step, missing)
