"""What is painted inside a chart: all curves of a panel in one item, with their marks.

Painting is the cost of a chart, not reduction. So the curves are painted once for a range and a size, into a picture
of the screen's own pixels; the crosshair, tooltips and the emphasised curve go over it. A picture that is costly is
painted in turns of some milliseconds, and until it is there the last one is drawn moved and scaled: however many points
there are, the window answers the hand.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from runfolio.desktop.plot_hits import Hits
from runfolio.desktop.plot_raster import Raster
from runfolio.desktop.plot_render import (
    FINE_MS,
    Picture,
    Steps,
    line_cost_ms,
    paint_strokes,
    painting,
    predicted_ms,
    refining,
    strong_strokes,
)
from runfolio.desktop.plot_style import Curve, Look
from runfolio.desktop.plot_turn import TURN
from runfolio.desktop.strokes import Frame
from runfolio.model.run import RunKey

LIVE_MS = 8.0
"""A picture that was painted faster than this is painted anew at every move; a slower one is moved first."""

REST_MS = 60
"""How long the hand has to rest before the picture is painted anew."""

AT_ONCE_MS = 30.0
"""A picture that will not take longer is painted at once where there is none to be moved."""

TURN_MS = 6.0
"""How long painting goes on in a turn that has not asked for it: the hand may be moving."""

LEAST_MS = 4.0
"""A chart that has its turn is painted so long at least: most are there then, and none is begun in vain."""

_STRONGER = 1.65


class CurvesItem(QGraphicsObject):
    """All curves of a panel, in the pixels of the view box that it is a child of.

    painted   a picture has been taken into use.
    """

    painted = Signal()

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        # Not by the constructor: shiboken then hands the object over, and crashes when the view is torn down.
        self.setParentItem(view)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # Below the view's own children, such as a selection rectangle.
        self.setZValue(-1)
        self._view = view
        self._curves: tuple[Curve, ...] = ()
        self._emphasis: frozenset[RunKey] = frozenset()
        self._over: QPixmap | None = None
        self.look = Look()
        self._picture: Picture | None = None
        self._stale = True
        self._moved_to: Frame | None = None
        self._work: Steps | None = None
        self._hits: Hits | None = None
        self._ratio = 1.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._begin)
        self._turns = QTimer(self)
        self._turns.setInterval(0)
        self._turns.timeout.connect(self._go_on)
        view.sigRangeChanged.connect(self._on_range_changed)
        view.sigResized.connect(self._on_resized)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What is drawn, first drawn first."""
        return self._curves

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Draw other curves."""
        self._curves = tuple(curves)
        self.repaint_now()

    def emphasise(self, *keys: RunKey) -> None:
        """Draw some runs' curves thicker and on top; none for none."""
        if frozenset(keys) != self._emphasis:
            self._emphasis = frozenset(keys)
            self._over = None
            self.update()

    @property
    def emphasised(self) -> frozenset[RunKey]:
        """The runs whose curves are drawn on top."""
        return self._emphasis

    def repaint_now(self) -> None:
        """Paint anew at the next chance: colours, curves or the range are others."""
        self._stale = True
        self._stop()
        self._rest.stop()
        self._moved_to = None
        self.update()

    @property
    def settled(self) -> bool:
        """Whether what is seen was painted for the range that is shown, as well as it will be."""
        picture, frame = self._picture, self.frame(self._ratio)
        if not self._curves or frame is None:
            return True
        return picture is not None and not self._stale and picture.covers(frame, self._ratio) and self._work is None

    def settle(self) -> None:
        """Paint for the range that is shown as well as can be, however long it takes."""
        frame = self.frame(self._ratio)
        if frame is None or not self._curves:
            return
        if self._stale or self._picture is None or not self._picture.covers(frame, self._ratio):
            self._stop()
            self._start(frame, self._ratio)
        while self._work is not None:
            self._work_on(1000.0)

    def _on_range_changed(self, *_: object) -> None:
        self.update()

    def _on_resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        """The view's rectangle."""
        rect: QRectF = self._view.rect()
        return rect

    def frame(self, ratio: float = 1.0) -> Frame | None:
        """The range and size to paint, `ratio` pixels to each of Qt's; None when there is nothing to paint on."""
        (x0, x1), (y0, y1) = self._view.viewRange()
        width, height = round(self._view.width() * ratio), round(self._view.height() * ratio)
        if not (x0 < x1 and y0 < y1 and width >= 1 and height >= 1):
            return None
        return Frame(x0, x1, y0, y1, width, height)

    # --- painting ----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the curves of the range that is shown."""
        ratio = painter.device().devicePixelRatio()
        frame = self.frame(ratio)
        if frame is None or not self._curves:
            return
        self._ratio = ratio
        if self._stale or self._picture is None or not self._picture.covers(frame, ratio):
            self._follow(frame, ratio)
        picture = self._picture
        if picture is None:
            return
        painter.scale(1 / ratio, 1 / ratio)
        if picture.covers(frame, ratio):
            painter.drawPixmap(0, 0, picture.image)
            self._paint_emphasis(painter, picture)
        else:
            painter.setClipRect(QRectF(0, 0, frame.width, frame.height))
            painter.drawPixmap(_place(picture.frame, frame), picture.image, QRectF(picture.image.rect()))

    def _follow(self, frame: Frame, ratio: float) -> None:
        """The picture is not that of this frame: paint it now, soon, or when the hand rests."""
        picture = self._picture
        if self._stale or picture is None:
            quick = predicted_ms(self._curves, frame, AT_ONCE_MS) <= AT_ONCE_MS
        else:
            quick = picture.cost_ms <= LIVE_MS
        if quick:
            self._stop()
            self._start(frame, ratio)
            # What was thought to be quick may still go on in turns, and so do charts that come after others.
            if not TURN.is_over:
                self._work_on(max(LEAST_MS, TURN.left))
        elif self._stale or picture is None or _is_far(picture.frame, frame):
            # Not put off, and not begun anew for each move: the next picture is nearer, and the one after that is it.
            if self._work is None:
                self._start(frame, ratio)
        elif frame != self._moved_to:
            # Only a move puts off the rest: the crosshair and tooltips repaint as well.
            self._moved_to = frame
            self._stop()
            self._rest.start()

    def _begin(self) -> None:
        frame = self.frame(self._ratio)
        if frame is not None and self._curves:
            self._start(frame, self._ratio)

    def _start(self, frame: Frame, ratio: float) -> None:
        self._work = painting(self._curves, frame, ratio, self.look)
        self._turns.start()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.close()
        self._work = None
        self._turns.stop()

    def _go_on(self) -> None:
        if not TURN.is_over:
            self._work_on(min(TURN_MS, TURN.left))

    def _work_on(self, ms: float) -> None:
        until = time.perf_counter() + ms / 1000
        with TURN.spending():
            while self._work is not None:
                try:
                    next(self._work)
                except StopIteration as done:
                    self._take(done.value)
                if time.perf_counter() >= until:
                    break

    def _take(self, picture: Picture) -> None:
        self._picture, self._hits, self._over = picture, None, None
        self._stale = False
        self._moved_to = None
        self._rest.stop()
        self._work = None if picture.fine else refining(picture, self.look)
        if self._work is None:
            self._turns.stop()
        self.update()
        self.painted.emit()

    def _paint_emphasis(self, painter: QPainter, picture: Picture) -> None:
        chosen = [d for d in picture.drawn if d.curve.key in self._emphasis]
        if not chosen:
            return
        if self._over is None:
            # The crosshair repaints at every move of the pointer; the emphasised curves stay as they are.
            self._over = QPixmap(picture.image.size())
            self._over.fill(Qt.GlobalColor.transparent)
            over = QPainter(self._over)
            over.setRenderHint(QPainter.RenderHint.Antialiasing)
            width = self.look.width * _STRONGER * picture.ratio
            for drawn in chosen:
                if line_cost_ms(drawn.strong, picture.frame, width) <= FINE_MS / len(chosen):
                    strokes = strong_strokes(drawn.strong, picture.frame)
                    paint_strokes(over, strokes, drawn.curve.color, width, picture.ratio, drawn.curve.dash)
                else:
                    raster = Raster(picture.frame, width, 1)
                    raster.add([drawn.strong], 1)
                    for _ in raster.steps([drawn.curve.color]):
                        pass
                    over.drawImage(0, 0, raster.image)
            over.end()
        painter.drawPixmap(0, 0, self._over)

    # --- pointing ----------------------------------------------------------------------------------------------

    def nearest(self, at: QPointF, reach: float) -> Curve | None:
        """The curve whose line comes nearest to a place of this item, None when none comes within `reach`."""
        if self._picture is None:
            return None
        if self._hits is None:
            self._hits = Hits(self._picture)
        ratio = self._picture.ratio
        return self._hits.nearest(at.x() * ratio, at.y() * ratio, reach * ratio)

    def within(self, corners: Sequence[QPointF]) -> list[Curve]:
        """The curves that come inside of a polygon of this item's places, in drawing order."""
        if self._picture is None:
            return []
        ratio = self._picture.ratio
        polygon = np.array([(p.x() * ratio, p.y() * ratio) for p in corners])
        return Hits(self._picture).within(polygon)

    def mark_at(self, at: QPointF, reach: float) -> str:
        """What the marks at a place of this item say, those of all runs there; empty for none."""
        if self._picture is None:
            return ""
        ratio = self._picture.ratio
        return self._picture.marks.text_at(at.x() * ratio, at.y() * ratio, reach * ratio)


def _place(old: Frame, frame: Frame) -> QRectF:
    """Where what was painted for one frame lies in another."""
    left, right = frame.pixels_x(np.array([old.x0, old.x1])).tolist()
    top, bottom = frame.pixels_y(np.array([old.y1, old.y0])).tolist()
    limit = 1e6
    left, right = max(-limit, min(limit, left)), max(-limit, min(limit, right))
    top, bottom = max(-limit, min(limit, top)), max(-limit, min(limit, bottom))
    return QRectF(QPointF(left, top), QPointF(right, bottom))


def _is_far(old: Frame, frame: Frame) -> bool:
    """Whether a picture moved to another frame shows too little of it, or too coarsely."""
    place = _place(old, frame)
    scale_x, scale_y = place.width() / frame.width, place.height() / frame.height
    if not (0.5 <= scale_x <= 2 and 0.5 <= scale_y <= 2):
        return True
    seen_x = min(place.right(), frame.width) - max(place.left(), 0)
    seen_y = min(place.bottom(), frame.height) - max(place.top(), 0)
    return bool(seen_x < 0.6 * frame.width or seen_y < 0.6 * frame.height)
