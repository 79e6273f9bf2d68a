"""What the Charts workspace reads out at its side, and how many points it says are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QObject

from runfolio.desktop.chart_bar import ChartBar
from runfolio.desktop.chart_groups import newest
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.chart_side import ChartSide
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.panel_grid import PanelGrid
from runfolio.desktop.plot_reading import Reading
from runfolio.desktop.plot_turn import Soon
from runfolio.desktop.state import WindowState


class Charts(Protocol):
    """What is asked of the workspace."""

    bar: ChartBar
    side: ChartSide

    def isVisible(self) -> bool:
        """Whether it is on show."""

    @property
    def settings(self) -> ChartSettings:
        """How things are."""

    @property
    def panels(self) -> Sequence[MetricPanel]:
        """The panels on show that have come into sight."""

    @property
    def grids(self) -> Sequence[PanelGrid]:
        """The page on show, and those in windows of their own."""


class ChartReading(QObject):
    """Follows the cursor, the panel that is pointed at, and what panels have drawn."""

    def __init__(self, state: WindowState, view: Charts, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._view = state, view
        self._read_of: object = None
        """What was read out last."""
        self._pointed = ""
        # Dozens of panels may have drawn in one turn: they are counted and read out once.
        self._drawn = Soon(self._on_drawn, self)
        state.cursor_changed.connect(self._read_out)
        state.names_changed.connect(self._read_out)

    @property
    def panel(self) -> MetricPanel | None:
        """The panel that the pointer or the keys were on last, else the first; None when none is on show."""
        view = self._view
        panels = view.panels if view.isVisible() else ()
        found = (grid.panel_of(self._pointed) for grid in view.grids if grid.isVisible())
        return next((panel for panel in found if panel is not None), panels[0] if panels else None)

    def drawn(self) -> None:
        """Panels have drawn, or others are on show."""
        self._drawn.ask()

    def point(self, metric: str) -> None:
        """The pointer or the keys are on the panel of this key."""
        if metric != self._pointed:
            self._pointed = metric
            self._read_out()

    def _on_drawn(self) -> None:
        view = self._view
        panels = view.panels
        view.bar.show_points(sum(p.point_count for p in panels), sum(p.without_place for p in panels))
        drawn = (panel.grouping for grid in view.grids for panel in grid.panels) if view.settings.groups.by else ()
        view.side.legend.show_grouping(newest(drawn, self._state))
        self._read_out(again=True)

    def _read_out(self, *, again: bool = False) -> None:
        """`again`: only where it may have changed; with thousands of runs it is felt."""
        view = self._view
        if not view.isVisible():
            return
        panel, state = self.panel, self._state
        drawn_now = None if panel is None else (panel, panel.curves, panel.title)
        about = (drawn_now, state.cursor_step, state.selection)
        if again and about == self._read_of:
            return
        self._read_of = about
        # Those that are switched off are not missing: nobody wants to read them.
        drawn = {*view.settings.hidden, *(key for c in (panel.curves if panel else ()) for key in c.members)}
        missing = [Reading(key, state.name_of(key), None, None) for key in state.selection if key not in drawn]
        view.side.show_panel(panel, state.cursor_step, missing)
