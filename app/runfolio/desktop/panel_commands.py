"""What the keys and the palette do with panels and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QApplication

from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.panel_grid import PanelGrid

GROUP = "Charts"
_WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_SIZES = {"right": "wider", "left": "narrower", "down": "taller", "up": "lower"}


class Paged(Protocol):
    """What the commands ask of the Charts workspace."""

    @property
    def grids(self) -> tuple[PanelGrid, ...]:
        """The page on show, and those in windows of their own."""

    @property
    def visible(self) -> bool:
        """Whether the workspace is on show, with panels or without."""

    def handle(self, what: str, key: str) -> None:
        """Do something with a panel; see `panel_menu.fill_place`."""

    def add_page(self) -> None:
        """An empty page more."""

    def turn_page(self, way: int) -> None:
        """So many pages on."""

    def close_page(self) -> None:
        """Close the page on show."""

    def rename_page(self) -> None:
        """Write another name for it."""

    def tear_page(self) -> None:
        """The page in a window of its own."""

    def chart_all(self) -> None:
        """A panel for every metric."""

    def open_export(self, key: str | None) -> None:
        """Export the page, or a panel."""


def add_panel_commands(context: Context, charts: Paged) -> tuple[str, ...]:
    """Make the commands known; their ids, for grids to be attached to them."""

    def grid() -> PanelGrid:
        focus = QApplication.focusWidget()
        for one in charts.grids:
            if focus is not None and one.isAncestorOf(focus):
                return one
        return charts.grids[0]

    def there() -> bool:
        return any(one.isVisible() for one in charts.grids) and grid().current is not None

    def on(call: Callable[[PanelGrid, str], None]) -> Callable[[], None]:
        def given() -> None:
            one = grid()
            if (key := one.current) is not None:
                call(one, key)

        return given

    def told(what: str) -> Callable[[], None]:
        return on(lambda _grid, key: charts.handle(what, key))

    local: list[Command] = []

    def add(id: str, title: str, call: Callable[[], None], *keys: str, icon: str = "") -> None:
        local.append(Command(f"charts.{id}", title, call, keys, GROUP, icon, there, local=True))

    for way, (across, down) in _WAYS.items():
        key = way.capitalize()
        add(f"move-{way}", f"Move the panel {way}", on(_moving(across, down)), f"Ctrl+{key}")
        add(f"go-{way}", f"Go to the panel {_beside(way)}", on(_going(across, down)), f"Alt+{key}")
        add(f"size-{way}", f"Make the panel {_SIZES[way]}", told(_SIZES[way]), f"Alt+Shift+{key}")
    add("maximise", "Maximise or restore the panel", on(lambda one, key: one.enlarge(key)), "F", icon="maximize")
    add("remove", "Remove the panel", on(lambda one, key: one.remove(key)), "Delete", icon="x")
    add("duplicate", "Duplicate the panel", told("duplicate"), "Ctrl+D", icon="copy")
    add("tear-off", "Tear off the panel into a window, or put it back", told("tear"), "Ctrl+Shift+O",
        icon="external-link")  # fmt: skip
    add("title", "Give the panel a title…", told("title"), "F2")
    add("choices", "What the chart shows…", told("choices"), "C", icon="settings")
    add("export-panel", "Export the panel…", told("export"), "E", icon="download")
    context.commands.add(*local)

    def seen() -> bool:
        return charts.visible

    pages = (
        ("export", "Export the charts…", lambda: charts.open_export(None), ("Ctrl+E",), "download"),
        ("all", "Chart every metric", charts.chart_all, (), "layout-grid"),
        ("new-page", "New page of charts", charts.add_page, ("Ctrl+T",), "plus"),
        ("next-page", "Next page of charts", lambda: charts.turn_page(1), ("Ctrl+PgDown",), ""),
        ("previous-page", "Previous page of charts", lambda: charts.turn_page(-1), ("Ctrl+PgUp",), ""),
        ("rename-page", "Rename the page…", charts.rename_page, ("Shift+F2",), ""),
        ("close-page", "Close the page", charts.close_page, ("Ctrl+W",), "x"),
        ("tear-page", "Tear off the page into a window", charts.tear_page, (), "external-link"),
    )
    for id, title, call, keys, icon in pages:
        context.commands.add(Command(f"charts.{id}", title, call, keys, GROUP, icon, seen))
    return tuple(command.id for command in local)


def _beside(way: str) -> str:
    return {"left": "at the left", "right": "at the right", "up": "above", "down": "below"}[way]


def _moving(across: int, down: int) -> Callable[[PanelGrid, str], None]:
    return lambda grid, key: grid.move_beside(key, across, down)


def _going(across: int, down: int) -> Callable[[PanelGrid, str], None]:
    return lambda grid, key: grid.focus_beside(key, across, down)
