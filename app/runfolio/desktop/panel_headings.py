"""The headings of a page's sections, by which the panels under them are folded away."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import tooltip
from runfolio.model.display import plain

UNNAMED = "others"
"""The heading of metrics without a group."""


class PanelHeadings(QObject):
    """Buttons on `page`, one for each section; `folded` tells that one was pressed."""

    folded = Signal(str)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._buttons: dict[str, QToolButton] = {}
        self._wanted: dict[str, tuple[QRect, int, bool]] = {}
        self._shown: dict[str, tuple[QRect, int, bool]] = {}

    def lay(self, places: Mapping[str, QRect], counts: Mapping[str, int], folded: frozenset[str]) -> None:
        """Have exactly these, with how many panels there are under each; those that come into sight are made."""
        self._wanted = {name: (rect, counts[name], name in folded) for name, rect in places.items()}
        for name in [name for name in self._buttons if name not in places]:
            button = self._buttons.pop(name)
            self._shown.pop(name, None)
            button.hide()
            button.deleteLater()

    def show(self, near: QRect) -> None:
        """Show those in a part of the page."""
        for name, wanted in self._wanted.items():
            # Of dozens of sections few are in sight, and those mostly as they were.
            if wanted != self._shown.get(name) and (name in self._buttons or near.intersects(wanted[0])):
                self._shown[name] = wanted
                self._show(self._buttons.get(name) or self._make(name), name)

    def _show(self, button: QToolButton, name: str) -> None:
        rect, panels, closed = self._wanted[name]
        count = f"{panels} panel{'' if panels == 1 else 's'}"
        title = plain(name or UNNAMED, 60)
        button.setText(f"{title}  ·  {count}".replace("&", "&&"))
        button.setArrowType(Qt.ArrowType.RightArrow if closed else Qt.ArrowType.DownArrow)
        button.setAccessibleName(f"{title}, {count}, {'folded' if closed else 'open'}")
        button.setToolTip(tooltip("Show the panels" if closed else "Fold the panels away"))
        button.setGeometry(rect.adjusted(-6, 2, 0, -4))
        button.show()

    def _make(self, name: str) -> QToolButton:
        button = QToolButton(self._page)
        button.setObjectName(f"section-{name}")
        button.setProperty("heading", True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        button.setFont(fonts.ui(12))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.folded.emit(name))
        self._buttons[name] = button
        return button
