"""A popup that has the controls of a chart while the chart has no room for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import PlainLabel

_WIDE = 430


class ChoicesPopup(QFrame):
    """Borrows `controls` and has `give_back` take them again when it closes."""

    def __init__(self, title: str, controls: QWidget, give_back: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("panel-choices-popup")
        self.setAccessibleName(f"{title}: what the chart shows")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(_WIDE)
        self._controls, self._give_back = controls, give_back
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(10)
        column.addWidget(PlainLabel(title, font=fonts.ui(13, fonts.DEMI_BOLD)))
        column.addWidget(controls)
        controls.show()

    def open_below(self, head: QWidget) -> None:
        """Show it below the line over a chart, where the screen has room."""
        high = self.heightForWidth(_WIDE)
        self.setFixedHeight(high if high > 0 else self.sizeHint().height())
        corner = head.mapToGlobal(head.rect().bottomRight())
        screen: QRect = head.screen().availableGeometry()
        left = max(screen.left(), min(corner.x() - _WIDE, screen.right() - _WIDE))
        self.move(left, max(screen.top(), min(corner.y() + 2, screen.bottom() - self.height())))
        self.show()
        self._controls.setFocus()
        self._controls.focusNextPrevChild(True)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the controls back."""
        super().closeEvent(event)
        self._give_back()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)
