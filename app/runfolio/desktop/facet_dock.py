"""Where the facets stand: a dock beside the library, the button by the filter, the command. Made when first shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from runfolio.desktop.commands import Command
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import DockTitle, TextButton, restyle
from runfolio.model.query import FieldRef

if TYPE_CHECKING:
    from runfolio.desktop.facets import FacetPanel

WIDTH = 250
"""The width it starts with."""


class FacetDock(QObject):
    """The dock of the facets and what opens it.

    dock     stands at the right of `beside`, as high as the window.
    in_view  gives the fields whose values are shown.
    leave    puts the focus back to where it belongs when they are hidden.
    """

    def __init__(
        self,
        window: QMainWindow,
        context: Context,
        dock: QDockWidget,
        beside: QDockWidget,
        in_view: Callable[[], Sequence[FieldRef]],
        leave: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._context = context
        self._in_view = in_view
        self._leave = leave
        self._width_beside = 0
        self._panel: FacetPanel | None = None
        self._window, self._beside = window, beside
        self.dock = dock
        dock.setTitleBarWidget(DockTitle("Facets", context.theme, dock))
        window.splitDockWidget(beside, dock, Qt.Orientation.Horizontal)
        dock.hide()
        context.commands.add(
            Command("window.facets", "Show or hide the facets", self.toggle, ("Ctrl+Shift+F",), "Workspaces", "filter")
        )
        tip = context.commands.tip("window.facets", "Values of the columns with counts, to filter by")
        self.button = TextButton("Facets", context.theme, icon="filter", tip=tip)
        self.button.setObjectName("facets-button")
        self.button.setCheckable(True)
        self.button.clicked.connect(lambda _checked: context.commands.run("window.facets"))
        dock.visibilityChanged.connect(self._on_visible)

    @property
    def panel(self) -> FacetPanel:
        """The panel in the dock."""
        from runfolio.desktop.facets import FacetPanel

        if self._panel is None:
            self._panel = FacetPanel(self._context, self._in_view)
            self.dock.setWidget(self._panel)
        return self._panel

    def toggle(self) -> None:
        """Show the facets and go to their search, or hide them."""
        if self.dock.isVisible():
            self.put(shown=False)
            self._leave()
        else:
            self.put(shown=True)
            self.panel.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def put(self, *, shown: bool) -> None:
        """Show or hide them; the focus stays."""
        if not shown:
            self.dock.hide()
        elif not self.dock.isVisible():
            self._width_beside = self._beside.width()
            self.dock.show()
            self._window.resizeDocks(
                [self._beside, self.dock], [self._beside.width(), WIDTH], Qt.Orientation.Horizontal
            )

    def allow(self, *, shown: bool) -> None:
        """Whether there is anything to have facets of; the welcome page has not."""
        if not shown:
            self.dock.hide()

    def refresh(self) -> None:
        """Other columns or runs are in view."""
        if self._panel is not None:
            self._panel.refresh()

    def _on_visible(self, visible: bool) -> None:
        self.button.setChecked(visible)
        restyle(self.button)
        if visible:
            self.panel.activate()
        elif self._width_beside and self.dock.isHidden():
            # The room goes back to the workspace; Qt would leave it to the library.
            self._window.resizeDocks([self._beside], [self._width_beside], Qt.Orientation.Horizontal)
            self._width_beside = 0
