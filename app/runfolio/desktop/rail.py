"""The rail at the left: one button for each workspace, settings at the bottom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QToolBar, QVBoxLayout, QWidget

from runfolio.desktop.commands import Commands
from runfolio.desktop.theme import Theme
from runfolio.desktop.views.registry import VIEWS
from runfolio.desktop.widgets import IconButton, Rule

WIDTH = 55
BUTTON = 40


class Rail(QToolBar):
    """Buttons that show a workspace."""

    def __init__(self, theme: Theme, show_view: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__("Workspaces", parent)
        self.setObjectName("rail")
        self.setAccessibleName("Workspaces")
        self.setMovable(False)
        self.setFloatable(False)
        self.toggleViewAction().setEnabled(False)
        self._buttons: dict[str, IconButton] = {}
        self._group = QButtonGroup(self)
        inner = QWidget()
        inner.setFixedWidth(WIDTH)
        inner.setProperty("surface", "panel")
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        across = QHBoxLayout(inner)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        column = QVBoxLayout()
        column.setContentsMargins(7, 12, 7, 12)
        column.setSpacing(5)
        for row in VIEWS:
            if row.on_rail:
                button = self._add(IconButton(row.icon, row.title, theme, size=20, shortcut=row.shortcut))
                button.setObjectName(f"rail-{row.id}")
                button.setCheckable(True)
                button.clicked.connect(lambda _checked=False, id=row.id: show_view(id))
                self._group.addButton(button)
                self._buttons[row.id] = button
                column.addWidget(button)
        column.addStretch(1)
        self.settings = self._add(IconButton("settings", "Settings and help", theme, size=20))
        self.settings.setObjectName("rail-settings")
        column.addWidget(self.settings)
        across.addLayout(column)
        across.addWidget(Rule(vertical=True))
        self.addWidget(inner)

    def _add(self, button: IconButton) -> IconButton:
        button.setProperty("rail", True)
        button.setFixedSize(QSize(BUTTON, BUTTON))
        return button

    def show_current(self, id: str) -> None:
        """Mark a workspace as the one that is shown; none for a view that is not on the rail."""
        self._group.setExclusive(False)
        for name, button in self._buttons.items():
            button.setChecked(name == id)
        self._group.setExclusive(True)

    def offer_menu(self, commands: Commands, ids: tuple[str, ...]) -> None:
        """What the settings button offers; "" is a line between."""

        def open_menu() -> None:
            menu = QMenu(self)
            for id in ids:
                if id:
                    menu.addAction(commands.action(id))
                else:
                    menu.addSeparator()
            corner = self.settings.mapToGlobal(self.settings.rect().topRight())
            corner.setY(corner.y() - menu.sizeHint().height() + self.settings.height())
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(corner)

        self.settings.clicked.connect(open_menu)
