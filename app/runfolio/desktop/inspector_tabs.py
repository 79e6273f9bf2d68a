"""Tabs that take a second row where there is no room, so that none hides behind an arrow in a narrow dock."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop.flow import FlowLayout
from runfolio.desktop.widgets import Rule
from runfolio.model.display import plain


class WrappedTabs(QWidget):
    """Pages behind buttons. `changed` carries the place of the page in front."""

    changed = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: list[QPushButton] = []
        self._head = _Head(self)
        self._flow = FlowLayout(gap=2)
        self._head.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._head.setSizePolicy(policy)
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        inner = QVBoxLayout()
        inner.setContentsMargins(8, 0, 8, 2)
        inner.addWidget(self._head)
        column.addLayout(inner)
        column.addWidget(Rule())
        column.addWidget(self._stack, 1)
        self._group.idClicked.connect(self.setCurrentIndex)

    def addTab(self, page: QWidget, title: str, name: str) -> None:
        """A page behind a button of that title."""
        button = QPushButton(title)
        button.setObjectName(name)
        button.setProperty("tab", True)
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        self._group.addButton(button, len(self._buttons))
        self._buttons.append(button)
        self._flow.addWidget(button)
        self._stack.addWidget(page)
        if len(self._buttons) == 1:
            button.setChecked(True)

    def count(self) -> int:
        """Pages."""
        return len(self._buttons)

    def currentIndex(self) -> int:
        """The place of the page in front."""
        return self._stack.currentIndex()

    def setCurrentIndex(self, place: int) -> None:
        """Bring a page to the front."""
        if not 0 <= place < len(self._buttons):
            return
        self._buttons[place].setChecked(True)
        if place != self._stack.currentIndex():
            self._stack.setCurrentIndex(place)
            self.changed.emit(place)

    def setTabText(self, place: int, title: str) -> None:
        """What a button says."""
        self._buttons[place].setText(plain(title, 40).replace("&", "&&"))
        self._flow.invalidate()

    def walk(self, by: int) -> None:
        """To the next page, or the one before."""
        place = (self.currentIndex() + by) % len(self._buttons)
        self.setCurrentIndex(place)
        self._buttons[place].setFocus()


class _Head(QWidget):
    def __init__(self, tabs: WrappedTabs) -> None:
        super().__init__()
        self._tabs = tabs

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right walk."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._tabs.walk(1 if event.key() == Qt.Key.Key_Right else -1)
            event.accept()
            return
        super().keyPressEvent(event)
