"""What the menu of a panel in a grid offers beside its chart: what it draws, its size, its place, its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from runfolio.desktop.panel_settings import MOST_TOGETHER, PanelSettings
from runfolio.model.display import plain

_MOST_METRICS = 60


class Placed(Protocol):
    """What the menu asks of a panel. `wanted` is told what the user wants: see `fill_place`."""

    settings: PanelSettings
    offered: tuple[str, ...]
    pages: tuple[str, ...]
    maximised: SignalInstance
    moved: SignalInstance
    closed: SignalInstance
    wanted: SignalInstance

    @property
    def metrics(self) -> tuple[str, ...]:
        """What it draws."""

    def ask_for(self, label: str, settings: PanelSettings) -> None:
        """The user wants other settings."""


def panel_menu(panel: QWidget) -> QMenu:
    """An empty menu of a panel, which is gone once it is closed."""
    menu = QMenu(panel)
    menu.setObjectName("panel-menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def fill_place(menu: QMenu, panel: Placed, *, curves: bool = True) -> None:
    """The entries of a panel in a grid; one without `curves` draws no metrics.

    `wanted` gets "duplicate", "tear", "wider", "narrower", "taller", "lower", "export", "title", or "page:" and the
    place of a page among `pages`.
    """
    menu.addSeparator()
    if curves:
        _fill_metrics(menu.addMenu("Metrics in this panel"), panel)
    menu.addAction("Title…", _wanting(panel, "title"))
    if panel.settings.title:
        menu.addAction("Remove title", lambda: panel.ask_for("Title", replace(panel.settings, title="")))
    menu.addAction("Export…", _wanting(panel, "export"))
    menu.addSeparator()
    menu.addAction("Maximise or restore", panel.maximised.emit)
    menu.addAction("Duplicate", _wanting(panel, "duplicate"))
    size = menu.addMenu("Size")
    for title, what in (("Wider", "wider"), ("Narrower", "narrower"), ("Taller", "taller"), ("Lower", "lower")):
        size.addAction(title, _wanting(panel, what))
    menu.addAction("Move earlier", lambda: panel.moved.emit(-1))
    menu.addAction("Move later", lambda: panel.moved.emit(1))
    pages = menu.addMenu("Move to page")
    for place, name in enumerate(panel.pages):
        pages.addAction(plain(name, 60).replace("&", "&&"), _wanting(panel, f"page:{place}"))
    pages.setEnabled(bool(panel.pages))
    menu.addAction("Tear off into a window", _wanting(panel, "tear"))
    menu.addAction("Remove panel", panel.closed.emit)


def _wanting(panel: Placed, what: str) -> Callable[[], None]:
    return lambda: panel.wanted.emit(what)


def _fill_metrics(menu: QMenu, panel: Placed) -> None:
    menu.setObjectName("panel-metrics")
    drawn = panel.metrics

    def ask(metric: str) -> Callable[[bool], None]:
        def change(_checked: bool) -> None:
            chosen = tuple(m for m in drawn if m != metric) if metric in drawn else (*drawn, metric)
            if chosen:
                panel.ask_for("Metrics in panel", replace(panel.settings, metrics=chosen, y_range=None))

        return change

    for metric in dict.fromkeys((*drawn, *panel.offered[:_MOST_METRICS])):
        action = QAction(plain(metric, 60).replace("&", "&&"), menu)
        action.setCheckable(True)
        action.setChecked(metric in drawn)
        action.setEnabled(drawn != (metric,) and (metric in drawn or len(drawn) < MOST_TOGETHER))
        action.triggered.connect(ask(metric))
        menu.addAction(action)
