"""The surface that a chart kind is painted on: pointing, clicking, drawing a box or a lasso, and the way to a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPageLayout,
    QPageSize,
    QPainter,
    QPaintEvent,
    QPdfWriter,
    QPen,
    QPolygonF,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from runfolio.desktop.kinds.kept import Kept, Part
from runfolio.desktop.painting_turns import is_on_screen
from runfolio.desktop.plot_turn import TURN
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import tooltip
from runfolio.model.metrics import Floats

_STILL = 4.0
"""Pixels that a hand shakes while it clicks."""
_PNG_SCALE = 2
_INCH = 96.0


class Artist:
    """Who paints on a canvas and knows what lies where; without more said, nothing. Points are logical pixels."""

    def parts(self, frame: QRectF) -> Sequence[Part]:
        """What takes long to paint, in the order that it is to be ready in."""
        return ()

    def paint(self, painter: QPainter, frame: QRectF) -> None:
        """Draw everything into `frame`."""

    def words_at(self, at: QPointF) -> str:
        """What lies there, for a tooltip; "" for nothing."""
        return ""

    def click(self, at: QPointF, *, add: bool) -> None:
        """A click; `add` keeps what is selected."""

    def enclose(self, corners: Floats, *, add: bool) -> None:
        """A closed shape was drawn, float64 (m, 2)."""

    def takes(self, at: QPointF) -> bool:
        """Whether something is taken by the hand at a press, to be moved by `drag`."""
        return False

    def drag(self, at: QPointF, *, done: bool) -> None:
        """What was taken is moved; `done` at the release."""

    def key(self, event: QKeyEvent) -> bool:
        """A key; whether it meant something here."""
        return False


class Canvas(QWidget):
    """Shows what its artist paints."""

    cleared = Signal()

    def __init__(self, artist: Artist, theme: Theme, label: str) -> None:
        super().__init__()
        self.setObjectName("kind-canvas")
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 140)
        self._artist, self._theme = artist, theme
        self.lasso = False
        self.encloses = False
        """Whether dragging draws a shape; kinds without points have none."""
        self._trail: list[QPointF] = []
        self._grabbed = False
        self._kept = Kept(self)
        self._painted_at = QSize()
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(640, 420)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The chart, the shape that is being drawn, and the focus."""
        shown = is_on_screen(self)
        if TURN.is_over and shown:
            # Others have spent this turn; what was painted before stays meanwhile.
            TURN.wait(self)
            return
        with TURN.spending():
            frame = QRectF(self.rect())
            look = self.devicePixelRatioF(), self._theme.name
            ready = self._kept.prepare(self._artist.parts(frame), frame, look, whole=not shown)
            if ready or self._kept.has_news or self._painted_at != self.size():
                self._painted_at, self._kept.has_news = self.size(), False
                self._paint()

    def _paint(self) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.color("surface"))
        self._artist.paint(painter, QRectF(self.rect()))
        if len(self._trail) > 1:
            ground = self._theme.color("accent")
            painter.setPen(QPen(ground, 1.2, Qt.PenStyle.DashLine))
            ground.setAlphaF(0.10)
            painter.setBrush(ground)
            painter.drawPolygon(QPolygonF(self._shape()))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 4, 4)

    def paint_kept(self, painter: QPainter, frame: QRectF, part: Part, opacity: float = 1.0) -> None:
        """Paint one of the artist's parts: on the canvas its picture, into a file itself."""
        if painter.device() is self:
            self._kept.paint(painter, frame, part.name, opacity)
        else:
            for _ in part.draw(painter):
                pass

    # --- hand and keys -----------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, a shape, or moving what lies there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = self._artist.takes(event.position())
            self._trail = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on, move on, or say what lies under the pointer."""
        at = event.position()
        if not self._trail:
            words = self._artist.words_at(at)
            QToolTip.showText(event.globalPosition().toPoint(), tooltip(words) if words else "", self)
        elif self._grabbed:
            self._artist.drag(at, done=False)
        elif self.encloses and (self.lasso or event.modifiers() & Qt.KeyboardModifier.AltModifier):
            self._trail.append(at)
            self.update()
        elif self.encloses and (at - self._trail[0]).manhattanLength() > _STILL:
            self._trail = [self._trail[0], at]
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what was begun."""
        if event.button() is not Qt.MouseButton.LeftButton or not self._trail:
            return
        add = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shape, grabbed, self._trail = self._shape(), self._grabbed, []
        self._grabbed = False
        if grabbed:
            self._artist.drag(event.position(), done=True)
        elif len(shape) > 2:
            self._artist.enclose(np.array([(p.x(), p.y()) for p in shape]), add=add)
        else:
            self._artist.click(event.position(), add=add)
        self.update()

    def _shape(self) -> Sequence[QPointF]:
        if len(self._trail) == 2:
            a, b = self._trail
            return [a, QPointF(b.x(), a.y()), b, QPointF(a.x(), b.y())]
        return [*self._trail]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up a shape; other keys are the artist's."""
        if event.key() == Qt.Key.Key_Escape and self._trail:
            self._trail = []
            self.update()
        elif not self._artist.key(event):
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has gone."""
        QToolTip.hideText()

    # --- to a file ---------------------------------------------------------------------------------------------

    def picture(self, suffix: str) -> bytes:
        """The chart as a file's content: "svg" and "pdf" of vectors, "png" at twice the size it is shown.

        Raises ValueError for another suffix.
        """
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        size = QSizeF(self.size())
        if suffix == "svg":
            generator = QSvgGenerator()
            generator.setOutputDevice(buffer)
            generator.setSize(self.size())
            generator.setViewBox(QRectF(QPointF(), size))
            # What is said inside of the file is ours: no title of a run ends up in its head.
            generator.setTitle("Runfolio chart")
            self._paint_on(QPainter(generator), size)
        elif suffix == "pdf":
            writer = QPdfWriter(buffer)
            writer.setResolution(int(_INCH))
            inches = QSizeF(size.width() / _INCH, size.height() / _INCH)
            writer.setPageLayout(
                QPageLayout(QPageSize(inches, QPageSize.Unit.Inch), QPageLayout.Orientation.Portrait, QMarginsF())
            )
            self._paint_on(QPainter(writer), size)
            del writer
        elif suffix == "png":
            image = QImage(self.size() * _PNG_SCALE, QImage.Format.Format_ARGB32)
            image.setDevicePixelRatio(_PNG_SCALE)
            image.fill(self._theme.color("surface"))
            self._paint_on(QPainter(image), size)
            image.save(buffer, "PNG")  # type: ignore[call-overload] # PySide's stub asks for bytes and takes a text
        else:
            raise ValueError(f"A chart is no {suffix!r} file")
        buffer.close()
        return bytes(held.data())

    def _paint_on(self, painter: QPainter, size: QSizeF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(QPointF(), size)
        painter.fillRect(frame, self._theme.color("surface"))
        self._artist.paint(painter, frame)
        painter.end()
