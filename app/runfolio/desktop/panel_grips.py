"""The right and the lower edge of a panel and the corner between them, by which it is made larger or smaller."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from runfolio.desktop.theme import Theme

_THICK, _CORNER = 6, 14


class _Grip(QWidget):
    dragged = Signal(QPoint)
    dropped = Signal()

    def __init__(self, panel: QWidget, theme: Theme, shape: Qt.CursorShape, name: str) -> None:
        super().__init__(panel)
        self.setObjectName(name)
        self.setCursor(shape)
        self._theme, self._corner, self._held, self._moved = theme, name == "grip-corner", False, False
        self._over = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        self._held = event.button() == Qt.MouseButton.LeftButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell where the edge is wanted."""
        if self._held:
            self._moved = True
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = False
        if self._moved:
            self._moved = False
            self.dropped.emit()

    def show_over(self, *, over: bool) -> None:
        """Whether the pointer is on the panel: the corner is then drawn."""
        if over != self._over:
            self._over = over
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Three strokes in the corner, as windows have them."""
        if self._corner and self._over:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.color("muted"))
            right, bottom = self.width() - 3, self.height() - 3
            for far in (3, 6, 9):
                painter.drawLine(right - far, bottom, right, bottom - far)
            painter.end()


class PanelGrips(QObject):
    """`dragged` tells where on the screen the edges are wanted, x and y or None; `dropped` that it was let go."""

    dragged = Signal(object, object)
    dropped = Signal()

    def __init__(self, panel: QWidget, theme: Theme) -> None:
        super().__init__(panel)
        self._panel = panel
        self.right = _Grip(panel, theme, Qt.CursorShape.SizeHorCursor, "grip-right")
        self.bottom = _Grip(panel, theme, Qt.CursorShape.SizeVerCursor, "grip-bottom")
        self.corner = _Grip(panel, theme, Qt.CursorShape.SizeFDiagCursor, "grip-corner")
        self.right.dragged.connect(lambda at: self.dragged.emit(at.x(), None))
        self.bottom.dragged.connect(lambda at: self.dragged.emit(None, at.y()))
        self.corner.dragged.connect(lambda at: self.dragged.emit(at.x(), at.y()))
        for grip in self._all:
            grip.dropped.connect(self.dropped)
        panel.installEventFilter(self)
        self._place()

    @property
    def _all(self) -> tuple[_Grip, ...]:
        return self.right, self.bottom, self.corner

    def set_enabled(self, *, on: bool) -> None:
        """Whether the panel can be resized: one that has the whole room cannot."""
        for grip in self._all:
            grip.setVisible(on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the edges, and show when the pointer comes."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        elif event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.corner.show_over(over=event.type() == QEvent.Type.Enter)
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        wide, high = self._panel.width(), self._panel.height()
        self.right.setGeometry(wide - _THICK, 0, _THICK, max(0, high - _CORNER))
        self.bottom.setGeometry(0, high - _THICK, max(0, wide - _CORNER), _THICK)
        self.corner.setGeometry(wide - _CORNER, high - _CORNER, _CORNER, _CORNER)
        for grip in self._all:
            grip.raise_()
