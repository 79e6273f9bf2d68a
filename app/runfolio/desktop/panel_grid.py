"""A page of panels that are dragged, resized, enlarged and removed. Only those in sight are made and do any work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from runfolio.desktop.chart_pages import sized
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.context import Context
from runfolio.desktop.metric_panel import MetricPanel
from runfolio.desktop.panel_chart import ChartPanel
from runfolio.desktop.panel_grips import PanelGrips
from runfolio.desktop.panel_headings import PanelHeadings
from runfolio.desktop.panel_layout import Laid, beside, lay_out_page, reordered, size_to
from runfolio.desktop.panel_making import GridPanel, fits, make_panel, set_panel
from runfolio.desktop.panel_page import PanelPage
from runfolio.desktop.panel_settings import Size
from runfolio.desktop.panel_sight import PanelSight, has_focus


class PanelGrid(QScrollArea):
    """Shows the panels of `show_settings`; a panel is known by its key.

    asked      the user changed something: a label for the undo menu, and the settings wanted from now on.
    drawn      a panel has drawn an answer.
    pointed    the pointer or the keys are on the panel of this key.
    isolated   this run's curve is to be seen alone.
    wanted     something is to be done with a panel that is no matter of this page alone: the command's name, the key.
    carried    a panel was dropped outside of the panels: its key, and where on the screen.
    """

    asked = Signal(str, object)
    drawn = Signal()
    pointed = Signal(str)
    isolated = Signal(str)
    wanted = Signal(str, str)
    carried = Signal(str, QPoint)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel-grid")
        self._context = context
        self._settings = ChartSettings(metrics=())
        self._keys: tuple[str, ...] = ()
        self._grips: dict[str, PanelGrips] = {}
        self._current = ""
        self._offered: tuple[str, ...] = ()
        self._pages: tuple[str, ...] = ()
        self._resizing: tuple[str, Size] | None = None
        self._dragged_to = QPoint()
        self._inner = PanelPage(context.theme)
        self._headings = PanelHeadings(self._inner)
        self._headings.folded.connect(self._fold)
        self._laid = Laid({}, {}, 0, (1, 1))
        self._counts: dict[str, int] = {}
        self._laid_for: object = None
        """What the places were worked out for."""
        self._tabbed: tuple[GridPanel, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(self._inner)
        self._sight = PanelSight(self, self._inner, self._make)
        self.verticalScrollBar().setSingleStep(40)
        self.verticalScrollBar().valueChanged.connect(self.ask_in_sight)

    @property
    def keys(self) -> tuple[str, ...]:
        """The panels on show, in order; the enlarged one alone."""
        large = self._settings.large
        return tuple(key for key in self._keys if large is None or key == large)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """All panels of the page, in order."""
        return self._keys

    @property
    def panels(self) -> tuple[MetricPanel, ...]:
        """Those of them that draw curves and have come into sight, in order."""
        return tuple(panel for panel in self._made if isinstance(panel, MetricPanel))

    @property
    def charts(self) -> tuple[ChartPanel, ...]:
        """Those that are charts of all runs in scope and have come into sight, in order."""
        return tuple(panel for panel in self._made if isinstance(panel, ChartPanel))

    @property
    def _made(self) -> tuple[GridPanel, ...]:
        return tuple(self._sight.panels[key] for key in self.keys if key in self._sight.panels)

    def panel_of(self, key: str) -> MetricPanel | None:
        """The panel of a key, where it draws curves, is on show and has come into sight."""
        panel = self._sight.panels.get(key) if key in self.keys else None
        return panel if isinstance(panel, MetricPanel) else None

    def chart_of(self, key: str) -> ChartPanel | None:
        """The same for a chart of all runs in scope."""
        panel = self._sight.panels.get(key) if key in self.keys else None
        return panel if isinstance(panel, ChartPanel) else None

    @property
    def current(self) -> str | None:
        """The panel with the focus, else the one last pointed at, else the first."""
        for key, panel in self._sight.panels.items():
            if has_focus(panel):
                return key
        return self._current if self._current in self.keys else next(iter(self.keys), None)

    def show_settings(self, settings: ChartSettings, *, anew: bool) -> None:
        """Show exactly `settings.metrics`. `anew`: curves are to be fetched again, once their panels are in sight."""
        keys = settings.metrics or ()
        there = set(keys)
        for key in [k for k, panel in self._sight.panels.items() if k not in there or not fits(settings, k, panel)]:
            self._sight.drop(key)
        self._keys = tuple(keys)
        self._settings = replace(settings, large=settings.large if settings.large in keys else None)
        if anew:
            self._sight.outdate(key for key, panel in self._sight.panels.items() if isinstance(panel, MetricPanel))
        for key, panel in self._sight.panels.items():
            self._set(key, panel)
        self._arrange()

    def _set(self, key: str, panel: GridPanel) -> None:
        if set_panel(self._context, self._settings, key, panel):
            self._sight.outdate([key])
        large = self._settings.large
        panel.head.set_large(large=key == large)
        if isinstance(panel, ChartPanel):
            panel.set_large(large=key == large)
        self._grips[key].set_enabled(on=large is None)

    def _make(self, key: str) -> GridPanel:
        panel = make_panel(self._context, self._settings, key, self._inner)
        panel.closed.connect(lambda: self.remove(key))
        panel.maximised.connect(lambda: self.enlarge(key))
        panel.moved.connect(lambda way: self.move_by(key, way))
        panel.wanted.connect(lambda what: self.wanted.emit(what, key))
        panel.set_asked.connect(lambda label, wanted: self.asked.emit(label, self._settings.with_panel(key, wanted)))
        if isinstance(panel, MetricPanel):
            panel.isolated.connect(self.isolated)
        else:
            panel.outdated.connect(lambda: self._sight.outdate([key]))
        panel.shown.connect(self.drawn)
        panel.pointed.connect(lambda: self._on_pointed(key))
        panel.head.dragged.connect(lambda at: self._drag(key, at))
        panel.head.dropped.connect(lambda: self._drop_at(key))
        panel.plot.installEventFilter(self)
        panel.offered, panel.pages = self._offered, self._pages
        grips = PanelGrips(panel, self._context.theme)
        grips.dragged.connect(lambda x, y: self._resize(key, x, y))
        grips.dropped.connect(self._resized)
        self._grips[key] = grips
        self._set(key, panel)
        return panel

    # --- the user's hand ---------------------------------------------------------------------------------------

    def _ask(self, label: str, keys: Sequence[str]) -> None:
        self.asked.emit(label, replace(self._settings, metrics=tuple(keys)))

    def remove(self, key: str) -> None:
        """Take a panel out of the page."""
        self._ask("Remove panel", [k for k in self._keys if k != key])

    def enlarge(self, key: str) -> None:
        """Give a panel the whole room, or the room back to all."""
        self.asked.emit("Panel size", replace(self._settings, large=None if self._settings.large == key else key))

    def move_by(self, key: str, way: int) -> None:
        """Move a panel so many places towards the end."""
        self._ask("Move panel", reordered(self._keys, key, self._keys.index(key) + way))

    def move_beside(self, key: str, across: int, down: int) -> None:
        """Move a panel to where its neighbour in a direction stands."""
        other = beside(self._laid, key, across, down)
        if other is not None:
            self._ask("Move panel", reordered(self._keys, key, self._keys.index(other)))

    def focus_beside(self, key: str, across: int, down: int) -> None:
        """Let the keys go to the neighbour of a panel."""
        other = beside(self._laid, key, across, down)
        if other is not None:
            self.reveal(other)
            self._sight.made(other).plot.setFocus(Qt.FocusReason.TabFocusReason)

    def resize_by(self, key: str, wide: int, high: int) -> None:
        """So many columns and rows more for a panel."""
        now = self._settings.panel(key).size
        self.asked.emit("Resize panel", sized(self._settings, key, (now[0] + wide, now[1] + high)))

    def reveal(self, key: str) -> None:
        """Scroll until a panel is in sight."""
        rect = self._laid.panels.get(key)
        if rect is not None:
            self.ensureVisible(rect.center().x(), rect.center().y(), 0, min(rect.height(), self.height()) // 2)
            self.ask_in_sight()

    def _drag(self, key: str, at: QPoint) -> None:
        """The panel takes the place of the one under the pointer at once; letting go makes it last."""
        here = self._inner.mapFromGlobal(at)
        below = next((k for k, rect in self._laid.panels.items() if rect.contains(here)), key)
        self._dragged_to = at
        if below != key and self._settings.large is None:
            self._keys = reordered(self._keys, key, self._keys.index(below))
            self._arrange()

    def _drop_at(self, key: str) -> None:
        at = self._dragged_to
        if not self.rect().contains(self.mapFromGlobal(at)):
            self.carried.emit(key, at)
        self._ask("Move panel", self._keys)

    def _resize(self, key: str, x: int | None, y: int | None) -> None:
        """The panel grows and shrinks by whole columns and rows while its edge is dragged."""
        corner = self._inner.mapFromGlobal(QPoint(x or 0, y or 0))
        now = self._settings.panel(key).size if self._resizing is None else self._resizing[1]
        across, down = size_to(self._laid, key, corner)
        size = now[0] if x is None else max(1, min(self._settings.columns, across)), now[1] if y is None else down
        if size != now or self._resizing is None:
            self._resizing = key, sized(self._settings, key, size).panel(key).size
            self._arrange()

    def _resized(self) -> None:
        if self._resizing is not None:
            key, size = self._resizing
            self._resizing = None
            self.asked.emit("Resize panel", sized(self._settings, key, size))

    def _fold(self, name: str) -> None:
        folded = self._settings.folded ^ {name}
        self.asked.emit("Fold section" if name in folded else "Open section", replace(self._settings, folded=folded))

    def _on_pointed(self, key: str) -> None:
        self._current = key
        self.pointed.emit(key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A panel that the keys come to is scrolled into sight."""
        if event.type() == QEvent.Type.FocusIn:
            for key, panel in self._sight.panels.items():
                if panel.plot is watched:
                    self._current = key
                    if panel.isVisible():
                        self.ensureWidgetVisible(panel, 0, 8)
        return super().eventFilter(watched, event)

    # --- layout and sight --------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        settings, sight = self._settings, self.viewport().size()
        laid_for = settings, self._keys, sight.toTuple(), self._resizing
        if laid_for != self._laid_for:
            # Of hundreds of panels, and asked for several times when a page comes into sight.
            self._laid_for = laid_for
            self._laid, self._counts = lay_out_page(settings, self.keys, sight.width(), sight.height(), self._resizing)
        self._inner.setMinimumHeight(self._laid.height)
        self._headings.lay(self._laid.headings, self._counts, settings.folded)
        self._sight.lay(self._laid, settings.name_of)
        self._headings.show(self._sight.near)
        made = self._made
        if made != self._tabbed:
            self._tabbed = made
            for before, panel in itertools.pairwise(made):
                self.setTabOrder(before.plot, panel.plot)

    def ask_in_sight(self) -> None:
        """Let the panels that are in sight fetch what is stale in them; the others wait until they are scrolled to."""
        self._sight.ask()
        self._headings.show(self._sight.near)

    def showEvent(self, event: QShowEvent) -> None:
        """In sight again."""
        super().showEvent(event)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other places for all, and more may be in sight."""
        super().resizeEvent(event)
        self._arrange()

    def offer(self, metrics: Sequence[str], pages: Sequence[str] = ()) -> None:
        """Metrics that may be drawn, and pages that panels may be moved to."""
        self._offered, self._pages = tuple(metrics), tuple(pages)
        for panel in self._sight.panels.values():
            panel.offered, panel.pages = self._offered, self._pages

    def forget(self) -> None:
        """The index has changed: series fetched before may be out of date."""
        for panel in self._sight.panels.values():
            panel.forget()
