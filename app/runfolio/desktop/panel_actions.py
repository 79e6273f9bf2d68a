"""What a user does to panels and pages beside dragging them: each step can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from runfolio.desktop.chart_pages import (
    duplicated,
    moved_to_page,
    on_page,
    put_back,
    sized,
    torn_off,
    with_new_page,
    without_page,
)
from runfolio.desktop.chart_settings import ChartSettings
from runfolio.desktop.context import Context
from runfolio.desktop.export_dialog import ExportDialog
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.desktop.name_popup import NamePopup
from runfolio.desktop.page_bar import PageBar
from runfolio.desktop.panel_figures import Part, ask_recipe
from runfolio.desktop.panel_grid import PanelGrid
from runfolio.desktop.panel_kinds import usual, with_new_chart
from runfolio.desktop.panel_recipe import ask_and_export
from runfolio.export.recipe import ChartRecipe


class Arranged(Protocol):
    """What the actions ask of the workspace whose panels they are about."""

    pages: PageBar

    @property
    def settings(self) -> ChartSettings:
        """How things are."""

    @property
    def shown(self) -> ChartSettings:
        """The same with the panels that there are now."""

    @property
    def keys(self) -> tuple[str, ...]:
        """All panels on show."""

    @property
    def grids(self) -> tuple[PanelGrid, ...]:
        """The page on show, and those in windows of their own."""

    def wanted(self) -> tuple[str, ...]:
        """The panels of the page, also those that are torn off."""

    def in_grid(self) -> tuple[str, ...]:
        """Those that are in no window of their own."""

    def follows(self) -> tuple[str, ...]:
        """The panels of a page that follows the selected runs."""

    def take(self, label: str, settings: ChartSettings) -> None:
        """Have other settings, undone under that label."""

    def show_all(self) -> None:
        """A panel for every metric."""


class PanelActions(QObject):
    """Does them to the settings of the Charts workspace."""

    def __init__(self, context: Context, view: Arranged, widget: QWidget) -> None:
        """`widget` is the workspace as what popups and dialogs open over."""
        super().__init__(widget)
        self._context, self._view, self._widget = context, view, widget

    @property
    def grids(self) -> tuple[PanelGrid, ...]:
        """The page on show, and those in windows of their own."""
        return self._view.grids

    @property
    def visible(self) -> bool:
        """Whether the workspace is on show, with panels or without."""
        return self._widget.isVisible()

    def handle(self, what: str, key: str) -> None:
        """Do something with a panel; see `panel_menu.fill_place`."""
        settings, sizes = self._view.shown, {"wider": (1, 0), "narrower": (-1, 0), "taller": (0, 1), "lower": (0, -1)}
        if what == "duplicate":
            self._view.take("Duplicate panel", duplicated(settings, key))
        elif what in sizes:
            now, more = settings.panel(key).size, sizes[what]
            self._view.take("Resize panel", sized(settings, key, (now[0] + more[0], now[1] + more[1])))
        elif what == "tear":
            self._tear(key)
        elif what == "title":
            self._ask_title(key)
        elif what == "choices":
            self._open_choices(key)
        elif what == "export":
            self.open_export(key)
        elif what.startswith("page:"):
            place = int(what.removeprefix("page:"))
            self.move_to_page(key, place + (place >= settings.page))

    def _tear(self, key: str) -> None:
        settings = self._view.settings
        if key in settings.torn_off:
            self._view.take("Put panel back", put_back(settings, key))
        else:
            self._view.take("Tear off panel", torn_off(settings, [key], self._name_of(key)))

    def _name_of(self, key: str) -> str:
        return self._view.settings.name_of(key)

    def _open_choices(self, key: str) -> None:
        charts = [chart for grid in self.grids if grid.isVisible() and (chart := grid.chart_of(key)) is not None]
        if charts:
            charts[0].open_choices()
        else:
            self._context.say.info("What a panel of curves shows is in its menu and in the bar above.")

    def add_chart(self, kind: str, chart: KindSettings | None = None) -> None:
        """A chart of all runs in scope more, as it is by itself or with the settings that it had elsewhere."""
        self._context.commands.run("view.charts")
        settings, key = with_new_chart(self._view.settings, usual(kind) if chart is None else chart)
        self._view.take("Add chart", settings)
        self._view.grids[0].reveal(key)

    def _ask_title(self, key: str) -> None:
        def write(title: str) -> None:
            own = replace(self._view.settings.panel(key), title=title)
            self._view.take("Title", self._view.settings.with_panel(key, own))

        popup = NamePopup("Title of the panel", self._name_of(key), write, self._widget)
        popup.field.setText(self._view.settings.panel(key).title)
        popup.open_over(self._widget)

    def move_to_page(self, key: str, page: int) -> None:
        """A panel on another page."""
        if key in self._view.wanted() and 0 <= page < len(self._view.settings.pages):
            follows = self._view.follows()
            self._view.take("Move panel to page", moved_to_page(self._view.shown, key, page, follows))

    def carry(self, key: str, at: QPoint) -> None:
        """A panel was dropped somewhere on the screen: on the tab of a page it goes there."""
        page = self._view.pages.page_at(at)
        if page >= 0 and page != self._view.settings.page:
            self.move_to_page(key, page)

    def add_page(self) -> None:
        """An empty page more."""
        self._view.take("New page", with_new_page(self._view.settings))

    def turn_page(self, way: int) -> None:
        """So many pages on."""
        self._view.take("Page", on_page(self._view.settings, self._view.settings.page + way))

    def close_page(self) -> None:
        """Close the page on show; the last one stays."""
        self._view.take("Close page", without_page(self._view.settings, self._view.settings.page))

    def rename_page(self) -> None:
        """Write another name for the page on show."""
        self._view.pages.setVisible(True)
        self._view.pages.edit(self._view.settings.page)

    def tear_page(self) -> None:
        """All panels of the page in a window of their own."""
        self.tear_off_page(self._view.settings.page)

    def tear_off_page(self, page: int) -> None:
        """The same with any page, which is then on show."""
        settings = self._view.settings if page == self._view.settings.page else on_page(self._view.settings, page)
        if page != self._view.settings.page:
            self._view.take("Page", settings)
        keys = self._view.in_grid()
        if keys:
            self._view.take("Tear off page", torn_off(self._view.settings, keys, self._view.settings.pages[page].name))

    def chart_all(self) -> None:
        """A panel for every metric."""
        self._view.show_all()

    def open_export(self, key: str | None) -> None:
        """Show what an export of the page, or of one panel, would be, and write it."""
        keys = self._view.wanted() if key is None else (key,)
        if self._view.settings.large is not None and key is None:
            keys = self._view.keys
        if keys:
            name, window = "figure" if key is None else self._name_of(key), self._widget.window()
            self._ask_recipe(keys, lambda recipe: ExportDialog.open_for(self._context, recipe, name, window))

    def _ask_recipe(self, keys: Sequence[str], then: Callable[[ChartRecipe], object]) -> None:
        settings, baseline = self._view.settings, self._context.state.baseline
        # Charts have titles on their axes and a scale of colours: three beside each other are too narrow on paper.
        most = settings.columns if settings.lines(keys) == tuple(keys) else 2
        columns = 1 if settings.large else min(most, len(keys))
        parts = []
        for key in keys:
            own, made = settings.panel(key), [chart for grid in self.grids if (chart := grid.chart_of(key)) is not None]
            title, read = (made[0].body.heading, made[0].read) if made else ("", None)
            parts.append(Part(own, settings.drawings(key, baseline), title, read))
        ask_recipe(
            self._context, parts, then, columns=columns, hidden=settings.hidden,
            width=settings.width,
        )  # fmt: skip

    def export(self, suffix: str) -> None:
        """Write the page as a file of that suffix, or show first what it would be."""
        if not suffix:
            self.open_export(None)
        elif keys := (self._view.keys if self._view.settings.large else self._view.wanted()):
            self._ask_recipe(keys, lambda recipe: ask_and_export(self._context, self._widget, recipe, "figure", suffix))
