"""A decoded image, fitted into its place or at its own size."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import ElidedLabel, IconButton, TextButton
from runfolio.model.previews import Picture

_SQUARE = 8
_CLOSEST, _FARTHEST = 32.0, 0.02
_CRISP = 2.0
"""From this size of a pixel on its edges are kept sharp: whoever zooms in so far counts pixels."""


def image_of(picture: Picture) -> QImage:
    """The pixels as Qt has them; a copy, so that the bytes may go."""
    width, height = picture.shown_width, picture.shown_height
    return QImage(picture.rgba, width, height, width * 4, QImage.Format.Format_RGBA8888).copy()


class PicturePane(QWidget):
    """The image with its facts and zoom below."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(context.theme)
        self.canvas.setObjectName(f"{name}-image")
        self.canvas.zoomed.connect(self._note)
        self.told = ElidedLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName(f"{name}-image-facts")
        fit = TextButton("Fit", context.theme, kind="link", tip="Fit the image into the view (double click)")
        whole = TextButton("100 %", context.theme, kind="link", tip="One pixel of the image for one of the screen")
        copy = IconButton("copy", "Copy the image", context.theme, size=15)
        fit.clicked.connect(self.canvas.fit)
        whole.clicked.connect(lambda: self.canvas.zoom_to(1.0))
        copy.clicked.connect(self._copy)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 4, 10, 5)
        bar.addWidget(self.told, 1)
        for button in (fit, whole, copy):
            bar.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        column.addLayout(bar)
        self._picture: Picture | None = None

    def show_picture(self, picture: Picture) -> None:
        """Show an image that has arrived."""
        self._picture = picture
        self.canvas.put(image_of(picture))
        self._note()

    def forget(self) -> None:
        """Nothing is shown."""
        self._picture = None
        self.canvas.put(None)

    def _note(self) -> None:
        picture = self._picture
        if picture is not None:
            scale = self.canvas.scale * picture.shown_width / max(1, picture.width)
            facts = f"{picture.width:,} × {picture.height:,} · {picture.format} · {picture.mode}".replace(",", "\u2009")
            self.told.setText(f"{facts} · {100 * scale:.0f} %")

    def _copy(self) -> None:
        if self.canvas.image is not None:
            QApplication.clipboard().setImage(self.canvas.image)


class Canvas(QWidget):
    """Paints an image; the wheel zooms where the pointer is, dragging moves, a double click fits."""

    zoomed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pixmap: QPixmap | None = None
        self.image: QImage | None = None
        self.scale = 1.0
        self._offset = QPointF()
        self._fitted = True
        self._grabbed: QPointF | None = None
        self.setAccessibleName("Image")
        self.setMinimumSize(80, 80)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As large as there is room."""
        return QSize(400, 300)

    def put(self, image: QImage | None) -> None:
        """Show another image, or none."""
        self.image = image
        self._pixmap = QPixmap.fromImage(image) if image is not None else None
        self.fit()

    def fit(self) -> None:
        """All of it, not larger than it is (small ones are enlarged by whole steps)."""
        self._fitted = True
        if self._pixmap is None or self._pixmap.isNull():
            self.update()
            return
        room = min((self.width() - 24) / self._pixmap.width(), (self.height() - 24) / self._pixmap.height())
        self.scale = max(_FARTHEST, min(room, 1.0) if room < 2 else float(min(int(room), 8)))
        self._offset = QPointF()
        self.update()
        self.zoomed.emit()

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Show it at a scale, the point `at` of the widget staying where it is."""
        scale = max(_FARTHEST, min(_CLOSEST, scale))
        centre = QPointF(self.width() / 2, self.height() / 2)
        point = (at or centre) - centre - self._offset
        self._offset += point - point * (scale / self.scale)
        self.scale, self._fitted = scale, False
        self.update()
        self.zoomed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The image over squares that show what is transparent."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("panel"))
        if self._pixmap is None:
            return
        size = QPointF(self._pixmap.width(), self._pixmap.height()) * self.scale
        corner = QPointF(self.width() / 2, self.height() / 2) + self._offset - size / 2
        area = QRectF(corner.x(), corner.y(), size.x(), size.y())
        if self._pixmap.hasAlphaChannel():
            self._paint_squares(painter, area.intersected(QRectF(self.rect())))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < _CRISP)
        painter.drawPixmap(area, self._pixmap, QRectF(self._pixmap.rect()))
        painter.setPen(self._theme.color("line"))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))

    def _paint_squares(self, painter: QPainter, area: QRectF) -> None:
        painter.fillRect(area, self._theme.color("surface"))
        tile = QPixmap(2 * _SQUARE, 2 * _SQUARE)
        tile.fill(self._theme.color("surface"))
        inner = QPainter(tile)
        for x, y in ((0, 0), (_SQUARE, _SQUARE)):
            inner.fillRect(x, y, _SQUARE, _SQUARE, self._theme.color("line"))
        inner.end()
        painter.drawTiledPixmap(area, tile)

    def resizeEvent(self, event: object) -> None:
        """A fitted image stays fitted."""
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom where the pointer is."""
        if self._pixmap is not None:
            self.zoom_to(self.scale * 1.0015 ** event.angleDelta().y(), event.position())
            event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move it."""
        if self._grabbed is not None:
            self._offset += event.position() - self._grabbed
            self._grabbed, self._fitted = event.position(), False
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit it."""
        self.fit()
