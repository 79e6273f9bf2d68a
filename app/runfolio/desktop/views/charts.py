"""The Charts workspace: a grid of panels for the selected runs, with one cursor, one smoothing and one x axis."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop.chart_bar import ChartBar
from runfolio.desktop.chart_commands import add_chart_commands
from runfolio.desktop.chart_empty import say_no_metrics, say_no_panels, say_nothing_selected
from runfolio.desktop.chart_pages import (
    brought_back,
    moved_page,
    on_page,
    put_back,
    renamed,
    without_orphans,
    without_page,
)
from runfolio.desktop.chart_reading import ChartReading
from runfolio.desktop.chart_settings import ChartSettings, grouped, without_stale_zooms
from runfolio.desktop.chart_side import MOST_AT_ONCE, ChartSide
from runfolio.desktop.context import Context
from runfolio.desktop.metric_names import offered
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.page_bar import PageBar
from runfolio.desktop.panel_actions import PanelActions
from runfolio.desktop.panel_commands import add_panel_commands
from runfolio.desktop.panel_grid import PanelGrid
from runfolio.desktop.panel_kinds import kept_panels, wanted_panels
from runfolio.desktop.scope import best_runs
from runfolio.desktop.tear_off import TearOff, TornWindows
from runfolio.desktop.undo import Stretch
from runfolio.desktop.widgets import EmptyState, Pill
from runfolio.model.answers import Change, Touched
from runfolio.model.params import Json
from runfolio.model.query import FieldRef

FIRST_PANELS = 6
"""Panels that are made by themselves."""

_WITH_SIDE = 440
"""Narrower, with docks at both sides of a small screen, the charts have all the room."""
_REST_S = 1.5
"""After so long a rest the slider begins a new step of undo."""


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
        self._wanted: tuple[ChartSettings, tuple[str, ...], tuple[str, ...]] | None = None
        self._sliding = Stretch(_REST_S)
        self._slid_from = self._settings
        self.bar = ChartBar(context.theme)
        self.pages = PageBar(context.theme)
        self.grid = PanelGrid(context)
        self.side = ChartSide(context)
        self.torn = TornWindows(context, self)
        self.reading = ChartReading(context.state, self, self)
        self._lay_out()
        self.hand = PanelActions(context, self, self)
        self._commands = add_panel_commands(context, self.hand)
        self._connect(self.grid)
        self.torn.made.connect(self._on_torn)
        self.torn.asked.connect(self.take)
        self.torn.closed.connect(lambda number: self.take("Put panels back", brought_back(self._settings, number)))
        self.pages.chosen.connect(lambda page: self.take("Page", on_page(self._settings, page)))
        self.pages.added.connect(self.hand.add_page)
        self.pages.closed.connect(lambda page: self.take("Close page", without_page(self._settings, page)))
        self.pages.renamed.connect(lambda page, to: self.take("Rename page", renamed(self._settings, page, to)))
        self.pages.moved.connect(lambda page, to: self.take("Move page", moved_page(self._settings, page, to)))
        self.pages.torn.connect(self.hand.tear_off_page)
        self.bar.asked.connect(self.take)
        self.bar.chart_asked.connect(self.hand.add_chart)
        self.bar.panel_asked.connect(lambda metric: self._tick(metric, ticked=True))
        self.bar.search_asked.connect(self.side.search.setFocus)
        self.bar.export_asked.connect(self.hand.export)
        self.grid.asked.connect(self.take)
        self.side.legend.asked.connect(lambda label, hidden: self.take(label, replace(self._settings, hidden=hidden)))
        add_chart_commands(context.commands, self)
        self.side.chosen.connect(lambda metric, ticked: self._tick(metric, ticked=ticked))
        self.side.all_chosen.connect(self._show_all)
        self.side.all_dropped.connect(self._hide_all)
        state = context.state
        state.selection_changed.connect(self._refresh)
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
        left.addWidget(self.pages)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the charts keep most of the room."""
        super().resizeEvent(event)
        self.side.fit(self.width())
        self.side.setVisible(self.width() >= _WITH_SIDE)

    def activate(self) -> None:
        """Shown: fetch what is stale."""
        self._refresh()

    def changed(self, change: Change) -> None:
        """Runs were read again: draw them anew when they are in sight."""
        if change.touched & Touched.RUNS:
            self.grid.forget()
            self.torn.forget()
            self._refresh()

    def saved(self) -> dict[str, Json]:
        """Panels and how they are drawn."""
        return replace(self._settings, torn=self.torn.torn(self._settings)).saved()

    def restore(self, kept: dict[str, Json]) -> None:
        """Take over what a session kept."""
        self._settings = ChartSettings.from_saved(kept)
        self._apply(anew=False)

    # --- panels ------------------------------------------------------------------------------------------------

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """The panels on show that have come into sight."""
        return self.grid.panels

    @property
    def keys(self) -> tuple[str, ...]:
        """All panels on show."""
        return self.grid.keys

    @property
    def grids(self) -> tuple[PanelGrid, ...]:
        """The page on show, and those in windows of their own."""
        return (self.grid, *(window.grid for window in self.torn.windows.values()))

    def _connect(self, grid: PanelGrid) -> None:
        grid.drawn.connect(self.reading.drawn)
        grid.isolated.connect(self.side.legend.isolate)
        grid.pointed.connect(self.reading.point)
        grid.wanted.connect(self.hand.handle)
        grid.carried.connect(self.hand.carry)
        self._context.commands.attach(grid, *self._commands)

    def _on_torn(self, window: TearOff) -> None:
        self._connect(window.grid)
        window.grid.offer(self._metrics)

    @property
    def shown_metrics(self) -> tuple[str, ...]:
        """The keys of the panels of curves on show."""
        return self._settings.lines(self.wanted())

    @property
    def pointed_panel(self) -> MetricPanel | None:
        """The panel that the pointer or the keys were on last, else the first; None when none is on show."""
        return self.reading.panel

    def search_legend(self) -> None:
        """Put the cursor into the legend's search."""
        self.side.legend.search.setFocus()

    def cursor_x(self) -> float | None:
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
        if not keys and self._settings.has_charts:
            # They are of all runs in scope, whether some are selected or not.
            self._metrics = ()
            self.stack.setCurrentIndex(1)
            self._apply(anew=True)
        elif not keys:
            say_nothing_selected(self.empty, self._pick_best)
            self.stack.setCurrentIndex(0)
        elif self.isVisible():
            self._context.jobs.query("charts:metrics", lambda workspace: offered(workspace, keys), self._arrived)

    def _pick_best(self) -> None:
        state = self._context.state
        scope = state.scope
        self._context.jobs.query(
            "charts:first", lambda workspace: best_runs(workspace, workspace.run_order(scope)), state.select
        )

    def _arrived(self, answer: tuple[tuple[str, ...], tuple[FieldRef, ...]]) -> None:
        self._metrics, self.bar.fields = answer
        metrics = self.bar.offered = self._metrics
        if metrics or self._settings.has_charts:
            self.stack.setCurrentIndex(1)
            self._apply(anew=True)
            return
        say_no_metrics(self.empty, lambda: self._context.commands.run("view.runs"))
        self.stack.setCurrentIndex(0)

    def wanted(self) -> tuple[str, ...]:
        """The panels there should be now; what the user chose stays chosen while other runs are selected."""
        made_of = self._settings, self._metrics
        if self._wanted is None or self._wanted[0] is not made_of[0] or self._wanted[1] is not made_of[1]:
            # Of hundreds of panels, and asked for several times in one turn.
            self._wanted = (*made_of, wanted_panels(self._settings, set(self._metrics), self.follows()))
        return self._wanted[2]

    def follows(self) -> tuple[str, ...]:
        """The panels of a page that follows the selected runs."""
        return grouped(self._metrics[:FIRST_PANELS])

    @property
    def settings(self) -> ChartSettings:
        """How things are."""
        return self._settings

    @property
    def shown(self) -> ChartSettings:
        """The settings with the panels that there are now."""
        return replace(self._settings, metrics=self.wanted())

    def take(self, label: str, settings: ChartSettings) -> None:
        """The user wants other settings; Ctrl+Z brings the old ones back."""
        before = self._settings
        if [page.name for page in settings.pages] == [page.name for page in before.pages] and (
            settings.page == before.page
        ):
            settings = without_orphans(
                replace(settings, metrics=kept_panels(settings, before.metrics, self.wanted(), self.in_grid()))
            )
        if settings == before:
            self._apply(anew=False)
            return
        settings = without_stale_zooms(before, settings)
        undo = self._context.state.undo
        if label == "Smoothing" and self._sliding.goes_on(undo.last):
            # All places that the slider passes without a rest are one step of undo.
            before = self._slid_from
            undo.drop_last()
        self._bring(settings)
        undo.push(label, lambda: self._bring(before), lambda: self._bring(settings))
        self._sliding.keep(undo.last if label == "Smoothing" else None)
        self._slid_from = before

    def in_grid(self) -> tuple[str, ...]:
        """The panels of the page that are in no window of their own."""
        torn = self._settings.torn_off
        return tuple(key for key in self.wanted() if key not in torn)

    def _bring(self, settings: ChartSettings) -> None:
        if (settings.x, settings.x_metric) != (self._settings.x, self._settings.x_metric):
            # A place on one axis means nothing on another.
            self._context.state.set_cursor(None)
        self._settings = settings
        self._apply(anew=False)
        if not self._context.state.selection:
            # Whether there is something to show depends on the charts that there are.
            self._refresh()

    def _apply(self, *, anew: bool) -> None:
        wanted, settings = self.wanted(), self._settings
        shown = set(wanted)
        missing = [m for m in self._metrics if m not in shown]
        in_grid = self.in_grid()
        names = [page.name for page in settings.pages]
        self.grid.show_settings(replace(settings, metrics=in_grid), anew=anew)
        self.torn.show_settings(settings, frozenset(self._metrics), anew=anew)
        self.pages.show_pages(names, settings.page)
        self.bar.show_settings(replace(settings, metrics=wanted), wanted, missing)
        self.grid.offer(self._metrics, [name for place, name in enumerate(names) if place != settings.page])
        self.torn.offer(self._metrics)
        self.side.legend.show_hidden(settings.hidden)
        self.side.show_metrics(grouped(self._metrics), wanted)
        if not in_grid:
            selected = bool(self._context.state.selection)
            say_no_panels(
                self.no_panels, settings, wanted, selected=selected, put_back=self._put_back, follow=self._follow
            )
        self.centre.setCurrentIndex(0 if in_grid else 1)
        self.reading.drawn()

    def _follow(self) -> None:
        self.take("Panels", replace(self._settings, metrics=None, large=None))

    def _put_back(self) -> None:
        here = set(self.wanted())
        torn = tuple(one for one in self._settings.torn if not here.intersection(one.panels))
        self.take("Put panels back", replace(self._settings, torn=torn))

    def _tick(self, metric: str, *, ticked: bool) -> None:
        others = [m for m in self.wanted() if m != metric]
        metrics = (*others, metric) if ticked else tuple(others)
        settings = self._settings if ticked else put_back(self._settings, metric)
        self.take("Add panel" if ticked else "Remove panel", replace(settings, metrics=metrics))

    def show_all(self) -> None:
        """A panel for every metric."""
        self._show_all([*grouped(self._metrics)])

    def _show_all(self, metrics: list[str]) -> None:
        wanted = self.wanted()
        there = set(wanted)
        more = [m for m in metrics if m not in there][:MOST_AT_ONCE]
        self.take("Add panels", replace(self._settings, metrics=(*wanted, *more)))

    def _hide_all(self, metrics: list[str]) -> None:
        gone = set(metrics)
        settings = put_back(self._settings, *metrics)
        self.take("Remove panels", replace(settings, metrics=tuple(m for m in self.wanted() if m not in gone)))
