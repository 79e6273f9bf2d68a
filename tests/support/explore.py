"""The Explore workspace with one kind on show, and the hand of its user."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QWidget

from runfolio.desktop.views.explore import ExploreView
from support.driver import Driver
from support.menus import type_field


class Explore:
    """The workspace with one kind on show."""

    def __init__(self, driver: Driver, kind: str) -> None:
        self.driver = driver
        driver.do("view.explore")
        self.view = driver.find(ExploreView, "explore")
        self.view.show_kind(kind)
        driver.settle()

    @property
    def canvas(self) -> QWidget:
        return self.view.panel.canvas

    @property
    def note(self) -> str:
        return self.view.panel.note.text()

    def choose(self, part: str, title: str) -> Explore:
        """Type a field's name into one of the lists and press Enter."""
        type_field(self.driver, self.view.panel, part, title)
        return self

    def tick(self, part: str) -> Explore:
        box = self.view.panel.findChild(QCheckBox, f"kind-{part}")
        assert box is not None
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
        self.driver.settle()
        return self

    def drag(self, *corners: QPointF, alt: bool = False) -> Explore:
        """Draw from corner to corner with the mouse held down."""
        keys = Qt.KeyboardModifier.AltModifier if alt else Qt.KeyboardModifier.NoModifier
        first, *rest = [corner.toPoint() for corner in corners]
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, keys, first)
        for corner in rest:
            # QTest's hand holds no button while it moves, so the move is made as Qt would.
            at = QPointF(corner)
            left = Qt.MouseButton.LeftButton
            move = QMouseEvent(
                QEvent.Type.MouseMove, at, self.canvas.mapToGlobal(at), Qt.MouseButton.NoButton, left, keys
            )
            QApplication.sendEvent(self.canvas, move)
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, keys, rest[-1])
        self.driver.settle()
        return self

    def pick(self, part: str, title: str) -> Explore:
        """Choose in one of the short lists."""
        box = self.view.panel.findChild(QComboBox, f"kind-{part}")
        assert box is not None
        place = box.findText(title)
        assert place >= 0
        box.setFocus()
        box.setCurrentIndex(place)
        box.activated.emit(place)
        self.driver.settle()
        return self
