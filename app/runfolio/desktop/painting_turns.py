"""Painting rows in turns: a page of many cells is painted some rows at a time, and the window answers meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

TURN_MS = 12.0
"""How long rows are painted before the window may do something else."""

ROWS = 4
"""Rows that are painted without a look at the time."""


def paint_rows(
    viewport: QWidget,
    event: QPaintEvent,
    height: int,
    paint: Callable[[QPaintEvent], None],
    rows: int = ROWS,
    *,
    above: int = 0,
) -> None:
    """Paint what `event` asks for from the top, and the rest in the next turn where that takes longer than a turn.

    viewport  opaque: what is not painted yet shows what was there before.
    height    of a row.
    paint     paints a part of the viewport.
    rows      that are painted without a look at the time.
    above     pixels of the rows that are scrolled out of sight: no row is painted in two parts, as its letters would
              be painted twice, one over the other.
    """
    area, region = event.rect(), event.region()
    in_turns = is_on_screen(viewport)
    until = time.perf_counter() + TURN_MS / 1000
    top, end = area.top(), area.bottom() + 1
    while top < end:
        below = rows * height - (top + above) % height
        band = QRect(area.left(), top, area.width(), min(below, end - top))
        paint(QPaintEvent(region.intersected(band)))
        top += band.height()
        if in_turns and top < end and time.perf_counter() > until:
            viewport.update(region.intersected(QRect(area.left(), top, area.width(), end - top)))
            return


def is_on_screen(viewport: QWidget) -> bool:
    """Whether it is the window that is painted, and no picture of it, which has to be whole at once."""
    store = viewport.window().backingStore()
    painter = QPainter(viewport)
    device = painter.paintEngine().paintDevice()
    painter.end()
    return store is not None and device is store.paintDevice()
