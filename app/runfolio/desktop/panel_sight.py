"""Which panels of a page are there: those in sight are made and shown, a few in each turn, those far from it go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QRect
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from runfolio.desktop.panel_layout import Laid, furthest
from runfolio.desktop.panel_making import GridPanel
from runfolio.desktop.panel_page import PanelPage
from runfolio.desktop.plot_turn import TURN, Soon

_MOST_MADE = 60
"""Panels that are kept; those furthest from sight are made anew when one comes back to them."""

_MAKING_MS = 6.0
"""How long panels are made before the window may do something else: one or two."""

_NO_PLACES = Laid({}, {}, 0, (1, 1))


class PanelSight(QObject):
    """The panels that were made, by key.

    Only those in sight, and those next to them that the keys may reach, are visible: laying out, showing and hiding a
    page of dozens takes as long as those few do. What goes is hidden at once and deleted in turns.
    """

    def __init__(self, area: QScrollArea, page: PanelPage, make: Callable[[str], GridPanel]) -> None:
        super().__init__(area)
        self._area, self._page, self._make_panel = area, page, make
        self.panels: dict[str, GridPanel] = {}
        self._stale: set[str] = set()
        self._gone: list[GridPanel] = []
        self._laid = _NO_PLACES
        self._name_of: Callable[[str], str] = str
        self._look = Soon(self._look_around, self)

    def lay(self, laid: Laid, name_of: Callable[[str], str]) -> None:
        """Panels have other places, or others are to be there; `name_of` says the title of one that is not made yet."""
        self._laid, self._name_of = laid, name_of
        for key, panel in self.panels.items():
            rect = laid.panels.get(key)
            if rect is not None:
                panel.setGeometry(rect)
        self.ask()

    def outdate(self, keys: Iterable[str]) -> None:
        """Let these panels ask again for what they show, once they are in sight."""
        self._stale.update(keys)
        self._look.ask()

    def drop(self, key: str) -> None:
        """Forget a panel."""
        panel = self.panels.pop(key)
        self._stale.discard(key)
        panel.leave()
        panel.hide()
        self._gone.append(panel)
        self._look.ask()

    def made(self, key: str) -> GridPanel:
        """The panel of a key, made and shown now where it is not yet."""
        if key not in self.panels:
            self._make(key)
        panel = self.panels[key]
        panel.show()
        return panel

    def ask(self) -> None:
        """Something may have come into sight: show it, and let it fetch what is stale in it."""
        self._show()
        self._look.ask()

    @property
    def near(self) -> QRect:
        """The part of the page that is in sight, and what the keys may reach from there."""
        return self._sight().adjusted(0, -self._laid.step[1], 0, self._laid.step[1])

    def _sight(self) -> QRect:
        return self._area.viewport().rect().translated(-self._page.pos())

    def _show(self) -> tuple[QRect, list[str]]:
        """Show what is made, as far as the turn goes, and the titles of what is not; what is in sight, and its keys."""
        sight = self._sight()
        seen = {key: rect for key, rect in self._laid.panels.items() if sight.intersects(rect)}
        near = self.near
        with TURN.spending():
            until = time.perf_counter() + TURN.left / 1000
            for key, panel in self.panels.items():
                rect = self._laid.panels.get(key)
                if rect is None or not (near.intersects(rect) or has_focus(panel)):
                    panel.hide()
                elif panel.isHidden():
                    if time.perf_counter() < until:
                        panel.show()
                    else:
                        self._look.ask()
        there = {key for key, panel in self.panels.items() if not panel.isHidden()}
        self._page.show_waiting({key: (rect, self._name_of(key)) for key, rect in seen.items() if key not in there})
        return sight, [*seen]

    def _look_around(self) -> None:
        """Make the panels in sight, a few at a time, and let them fetch."""
        if self._area.isVisible():
            self._make_seen(time.perf_counter() + min(_MAKING_MS, TURN.left) / 1000)
        if self._gone:
            self._gone.pop().deleteLater()
            self._look.ask()

    def _make_seen(self, until: float) -> None:
        sight, seen = self._show()
        for key in seen:
            if key not in self.panels:
                self._make(key)
            if key in self._stale:
                self._stale.discard(key)
                self.panels[key].refresh()
            if time.perf_counter() > until:
                self._look.ask()
                return
        for key in furthest(self._laid, [*self.panels], sight, len(self.panels) - _MOST_MADE):
            if not has_focus(self.panels[key]):
                self.drop(key)

    def _make(self, key: str) -> None:
        self.panels[key] = panel = self._make_panel(key)
        self._stale.add(key)
        rect = self._laid.panels.get(key)
        if rect is not None:
            panel.setGeometry(rect)
            panel.show()


def has_focus(panel: QWidget) -> bool:
    """Whether the keys go to something in there: were it hidden, they would go elsewhere, and the page after them."""
    focus = QApplication.focusWidget()
    return focus is not None and (panel is focus or panel.isAncestorOf(focus))
