"""A row of widgets that goes on in the next line where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem


class FlowLayout(QLayout):
    """From left to right, then down; `gap` pixels between neighbours and between lines."""

    def __init__(self, gap: int = 6) -> None:
        super().__init__()
        self._gap, self._reserve = gap, 0
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self.setContentsMargins(0, 0, 0, 0)

    def set_reserve(self, pixels: int) -> None:
        """Leave so much of the first line free at its right, for what stands there."""
        if pixels != self._reserve:
            self._reserve = pixels
            self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        """Put one to the end."""
        self._items.append(item)
        self._heights.clear()

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The one at a place; None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out; None past the end."""
        self._heights.clear()
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It needs no more room than its widgets."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """A narrow one is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at a width."""
        # A layout around it asks dozens of times for each change of anything in it.
        known = self._heights.get(width)
        if known is None:
            known = self._heights[width] = self._place(QRect(0, 0, width, 0), move=False)
        return known

    def invalidate(self) -> None:
        """Something in it has another size."""
        self._heights.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        """Put every widget in its place."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line, as far as that is reasonable."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The widest widget."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins: QMargins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _place(self, rect: QRect, *, move: bool) -> int:
        y, x, line = rect.y(), rect.x(), list[tuple[QLayoutItem, int]]()
        shown = [item for item in self._items if not item.isEmpty()]
        for item in shown:
            wide = item.sizeHint().width()
            end = rect.right() + 1 - (self._reserve if y == rect.y() else 0)
            if line and x + wide > end:
                y += self._end_line(line, y, move=move) + self._gap
                x, line = rect.x(), []
            line.append((item, x))
            x += wide + self._gap
        return y + self._end_line(line, y, move=move) - rect.y()

    @staticmethod
    def _end_line(line: list[tuple[QLayoutItem, int]], y: int, *, move: bool) -> int:
        """Put a line's widgets in the middle of it; its height."""
        height = max((item.sizeHint().height() for item, _ in line), default=0)
        if move:
            for item, x in line:
                size = item.sizeHint()
                item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
        return height
