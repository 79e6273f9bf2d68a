"""The line over a chart: its title in the middle, and buttons that show when the pointer or the focus is there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QEnterEvent, QIcon, QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import ElidedLabel, IconButton
from runfolio.model.display import plain

_SIZE = 13
_CHOICES = ("settings", "What the chart shows", "panel-choices")
_SIZES = ("maximize", "Maximise or restore", "panel-maximise")
_CLOSE = ("x", "Remove panel", "panel-close")
"""Icon, what it does, and the button's name."""


class PanelHead(QWidget):
    """A title with buttons.

    choices    what can be set is asked for, where there is a button for that.
    dragged    where the pointer is on the screen while the title is dragged; `dropped`: it was let go.
    """

    maximised = Signal()
    closed = Signal()
    choices = Signal()
    dragged = Signal(QPoint)
    dropped = Signal()

    def __init__(self, theme: Theme, *, closable: bool, choosable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._label = ElidedLabel("", both_ends=True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._movable, self._dragging = closable, False
        self._pressed_at: QPoint | None = None
        rows = [_CHOICES] if choosable else []
        rows += [_SIZES, _CLOSE] if closable else []
        self._icons = [icon for icon, _, _ in rows]
        self._buttons: list[IconButton] = []
        signals = {_CHOICES: self.choices, _SIZES: self.maximised, _CLOSE: self.closed}
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 4, 0)
        row.setSpacing(0)
        for kind in rows:
            icon, label, name = kind
            button = IconButton(icon, label, theme, size=_SIZE)
            button.setObjectName(name)
            button.clicked.connect(signals[kind])
            button.installEventFilter(self)
            self._buttons.append(button)
        if not choosable:
            # As wide as the buttons, so that the title stands in the middle; a long one has more need of the room.
            row.addSpacing(sum(button.sizeHint().width() for button in self._buttons))
        row.addWidget(self._label, 1)
        for button in self._buttons:
            row.addWidget(button)
        # After the buttons have taken on the new colours themselves.
        theme.changed.connect(self._show_buttons)
        self._show_buttons()

    @property
    def title(self) -> str:
        """The whole title, however much of it there is room for."""
        return self._text

    def set_title(self, title: str) -> None:
        """Show another title."""
        self._text = plain(title)
        self._label.setText(title)

    def set_large(self, *, large: bool) -> None:
        """Whether the panel has the whole room: the button then gives it back."""
        for place, button in enumerate(self._buttons):
            icon = "minimize" if large else "maximize"
            if button.objectName() == _SIZES[2] and self._icons[place] != icon:
                self._icons[place] = icon
                self._show_buttons()

    def _show_buttons(self) -> None:
        """Icons are there or not; the buttons always are, so that keys and screen readers reach them."""
        shown = self.underMouse() or any(button.hasFocus() for button in self._buttons)
        for button, icon in zip(self._buttons, self._icons, strict=True):
            if shown:
                button.set_icon(icon)
            else:
                button.setIcon(QIcon())

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer comes."""
        self._show_buttons()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer goes."""
        self._show_buttons()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A button gets the focus or loses it."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._show_buttons()
        return super().eventFilter(watched, event)

    # --- dragging ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Perhaps the start of a drag."""
        if self._movable and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take the panel along once the pointer has moved far enough."""
        if self._pressed_at is None:
            return
        here = event.globalPosition().toPoint()
        if not self._dragging and (here - self._pressed_at).manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragging:
            self.dragged.emit(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the panel go where it is."""
        self._pressed_at = None
        if self._dragging:
            self._dragging = False
            self.unsetCursor()
            self.dropped.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarge the panel, or give the room back."""
        if self._movable:
            self.maximised.emit()
