"""The button of a chart by which it, or what it draws, becomes a file."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton

_FILES = (("png", "PNG"), ("svg", "SVG"), ("pdf", "PDF"), ("csv", "CSV of what is drawn"))


class SaveButton(IconButton):
    """Opens a menu. `figure_asked`: as a figure that can be drawn again; `file_asked`: as a file of this suffix."""

    figure_asked = Signal()
    file_asked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__("download", "Save the chart or its data", theme)
        self.setObjectName("kind-save")
        menu = QMenu(self)
        menu.setObjectName("kind-save-menu")
        menu.addAction("Export for print…", self.figure_asked.emit)
        for suffix, title in _FILES:
            menu.addAction(title, partial(self.file_asked.emit, suffix))
        self.setMenu(menu)
        self.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
