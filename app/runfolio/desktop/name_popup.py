"""A small popup that asks for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import PlainLabel

WIDTH = 360


class NamePopup(QFrame):
    """Title over a line; Enter gives the text to `call`, Escape closes."""

    def __init__(self, title: str, hint: str, call: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("name-popup")
        self.setAccessibleName(title)
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self._call = call
        self.field = QLineEdit()
        self.field.setObjectName("name-field")
        self.field.setAccessibleName(title)
        self.field.setPlaceholderText(hint)
        self.field.returnPressed.connect(self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(PlainLabel(title, font=fonts.ui(13, fonts.DEMI_BOLD)))
        column.addWidget(self.field)

    def open_over(self, window: QWidget) -> None:
        """Show it near the top of the window."""
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - WIDTH) // 2, corner.y() + 90)
        self.show()
        self.field.setFocus()

    def _take(self) -> None:
        text = self.field.text().strip()
        self.close()
        if text:
            self._call(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)
