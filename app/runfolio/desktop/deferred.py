"""A page that is made when it is first seen or asked for: what nobody looks at costs the opening of a view nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

W = TypeVar("W", bound=QWidget)


class Deferred(QWidget, Generic[W]):
    """Stands where its `body` is to stand. `ready` is called once, with the body that was made."""

    def __init__(self, make: Callable[[], W], ready: Callable[[W], None] = lambda _: None) -> None:
        super().__init__()
        self._make, self._ready = make, ready
        self._body: W | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    @property
    def made(self) -> W | None:
        """The body, where it was made already."""
        return self._body

    @property
    def body(self) -> W:
        """The body, made now if it was not yet."""
        if self._body is None:
            self._body = body = self._make()
            self._column.addWidget(body)
            self._take_turn_of_keys(body)
            self._ready(body)
            if self.isVisible():
                body.show()
        return self._body

    def _take_turn_of_keys(self, body: QWidget) -> None:
        """Tab comes to what is in the body where it would have come had it been there from the first."""
        before: QWidget = self
        # Lists of combo boxes and menus are windows of their own.
        inside = [body, *(widget for widget in body.findChildren(QWidget) if body.isAncestorOf(widget))]
        for widget in inside:
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                self.setTabOrder(before, widget)
                before = widget

    def showEvent(self, event: QShowEvent) -> None:
        """It comes into sight: make it."""
        super().showEvent(event)
        if self._body is None:
            self.body.show()
