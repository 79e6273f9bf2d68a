"""The box or the line that is drawn around curves with the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

_APART = 2.0


class Lasso(QWidget):
    """Lies over a plot while something is drawn, in the colour of what is selected."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._under = over
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._points: list[QPointF] = []
        self._box = False
        over.installEventFilter(self)

    @property
    def active(self) -> bool:
        """Whether something is being drawn."""
        return bool(self._points)

    def begin(self, at: QPointF, *, box: bool) -> None:
        """The button went down."""
        self._points, self._box = [at], box
        self.setGeometry(self._under.rect())
        self.show()
        self.raise_()

    def draw_to(self, at: QPointF) -> None:
        """The pointer went on."""
        if self._box:
            self._points = [self._points[0], at]
        elif (at - self._points[-1]).manhattanLength() >= _APART:
            self._points.append(at)
        self.update()

    def end(self) -> list[QPointF]:
        """The button came up: the corners of what was drawn, fewer than three for nothing."""
        corners = self._corners()
        self._points = []
        self.hide()
        return corners

    def _corners(self) -> list[QPointF]:
        if not self._box:
            return [*self._points]
        if len(self._points) < 2:
            return []
        rect = QRectF(*self._points).normalized()
        return [rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft()]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the plot."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._under.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self.palette().color(QPalette.ColorRole.Accent)
        painter.setPen(QPen(color, 1.2, Qt.PenStyle.DashLine))
        soft = QColor(color)
        soft.setAlphaF(0.12)
        painter.setBrush(soft)
        painter.drawPolygon(QPolygonF(self._corners()))
        painter.end()
