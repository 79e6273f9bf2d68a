"""Painting rows in turns: a page of many cells is painted some rows at a time, and the window answers meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

TURN_MS = 12.0
"""How long rows are painted before the window may do something else."""

ROWS = 4
"""Rows that are painted without a look at the time."""


class PaintingTurns:
    """Paints the viewport of `area` in turns. It has to be opaque: what waits shows what was there before."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        self._area = area
        self._waiting = QRegion()
        self._place = QPoint()
        self._left = 0
        self._next = QTimer(area)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._go_on)

    def paint_rows(
        self, event: QPaintEvent, height: int, paint: Callable[[QPaintEvent], None], rows: int = ROWS, *, above: int = 0
    ) -> None:
        """Paint what `event` asks for, and the rest in the next turn where that takes longer than a turn.

        height    of a row.
        paint     paints a part of the viewport.
        rows      that are painted without a look at the time.
        above     pixels of the rows that are scrolled out of sight: no row is painted in two parts, as its letters
                  would be painted twice, one over the other.
        """
        in_turns = is_on_screen(self._area.viewport())
        until = time.perf_counter() + TURN_MS / 1000
        left = event.region()
        bands = _bands(event.rect(), rows * height, height, above)
        # Where it was left before: rows far down would never have their turn while a hand scrolls.
        first = next((place for place, band in enumerate(bands) if band.bottom() >= self._left), 0)
        self._left = 0
        for number, band in enumerate(bands[first:] + bands[:first], 1):
            paint(QPaintEvent(left.intersected(band)))
            left = left.subtracted(QRegion(band))
            if in_turns and number < len(bands) and time.perf_counter() > until:
                self._left = band.bottom() + 1
                self.wait(left)
                return

    def wait(self, region: QRegion) -> None:
        """Ask for a part of the viewport in the next turn: Qt would paint it before it looks at mouse and keys."""
        if not self._next.isActive():
            self._waiting, self._place = region, self._scrolled()
            self._next.start()
        elif self._place == self._scrolled():
            self._waiting = self._waiting.united(region)
        else:
            self._waiting = QRegion(self._area.viewport().rect())

    def _go_on(self) -> None:
        moved = self._place != self._scrolled()
        # What waited was moved away with what was painted already.
        self._area.viewport().update(QRegion(self._area.viewport().rect()) if moved else self._waiting)

    def _scrolled(self) -> QPoint:
        return QPoint(self._area.horizontalScrollBar().value(), self._area.verticalScrollBar().value())


def _bands(area: QRect, most: int, height: int, above: int) -> list[QRect]:
    bands: list[QRect] = []
    top, end = area.top(), area.bottom() + 1
    while top < end:
        bands.append(QRect(area.left(), top, area.width(), min(most - (top + above) % height, end - top)))
        top += bands[-1].height()
    return bands


def is_on_screen(viewport: QWidget) -> bool:
    """Whether it is the window that is painted, and no picture of it, which has to be whole at once."""
    store = viewport.window().backingStore()
    painter = QPainter(viewport)
    device = painter.paintEngine().paintDevice()
    painter.end()
    return store is not None and device is store.paintDevice()
