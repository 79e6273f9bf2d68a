"""The ground that the panels of a page lie on, with the titles of those that are not made yet."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from runfolio.desktop import fonts
from runfolio.desktop.theme import Theme
from runfolio.model.display import plain

_HEAD = 34


class PanelPage(QWidget):
    """Fills its ground itself, so that it is moved as a picture while it is scrolled."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._waiting: dict[str, tuple[QRect, str]] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    def show_waiting(self, places: Mapping[str, tuple[QRect, str]]) -> None:
        """Write the titles of panels that will be there soon, by key with their places."""
        if places != self._waiting:
            self._waiting = dict(places)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, and titles where there is nothing else yet."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("surface"))
        painter.setFont(fonts.ui())
        painter.setPen(self._theme.color("muted"))
        for rect, title in self._waiting.values():
            if rect.intersects(event.rect()):
                head = QRect(rect.left(), rect.top(), rect.width(), _HEAD)
                shown = painter.fontMetrics().elidedText(plain(title), Qt.TextElideMode.ElideRight, head.width() - 16)
                painter.drawText(head, int(Qt.AlignmentFlag.AlignCenter), shown)
        painter.end()
