"""Pictures of what takes long to paint: each is painted once for what it shows, over as many turns as that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from runfolio.desktop.plot_turn import TURN, Soon

_LEAST_MS = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a chart.

    name        tells the parts of a chart apart.
    drawn_for   what its picture stays the same for; compared by ==.
    draw        paints it, and may be left between any two steps.
    """

    name: str
    drawn_for: object
    draw: Callable[[QPainter], Iterator[None]]


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """Compares equal for the very same object alone."""

    one: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.one is self.one

    def __hash__(self) -> int:
        return id(self.one)


@dataclass(slots=True)
class _Work:
    wanted: object
    picture: QPixmap
    steps: Generator[None, None, None]


class Kept:
    """The pictures of a canvas, which is updated when one is ready."""

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = canvas
        self._there: dict[str, tuple[object, QPixmap]] = {}
        self._work: dict[str, _Work] = {}
        self._soon = Soon(self._go_on, canvas)
        self.has_news = False
        """Whether a picture has become ready since the canvas was painted."""

    def prepare(self, parts: Sequence[Part], frame: QRectF, look: object, *, whole: bool) -> bool:
        """Begin and go on with the pictures of `parts` for that frame and look; whether all of them are there.

        whole   however long it takes.
        """
        wanted = {part.name: (part.drawn_for, frame.size().toTuple(), look) for part in parts}
        for name in [name for name in self._work if name not in wanted or whole]:
            self._work.pop(name).steps.close()
        for name in [name for name in self._there if name not in wanted]:
            del self._there[name]
        for part in parts:
            if not self._has(part.name, wanted[part.name]) and part.name not in self._work:
                self._work[part.name] = self._begin(part, frame, wanted[part.name])
        self._advance(whole=whole)
        return all(self._has(name, one) for name, one in wanted.items())

    def _has(self, name: str, wanted: object) -> bool:
        return name in self._there and self._there[name][0] == wanted

    def paint(self, painter: QPainter, frame: QRectF, name: str, opacity: float = 1.0) -> None:
        """Paint the latest picture of a part, where there is one."""
        if name in self._there:
            picture = self._there[name][1]
            painter.setOpacity(opacity)
            painter.drawPixmap(frame, picture, QRectF(picture.rect()))
            painter.setOpacity(1.0)

    def _begin(self, part: Part, frame: QRectF, wanted: object) -> _Work:
        ratio = self._canvas.devicePixelRatioF()
        picture = QPixmap((frame.size() * ratio).toSize())
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        return _Work(wanted, picture, _painting(picture, part.draw))

    def _go_on(self) -> None:
        self._advance(whole=False)
        if self.has_news and not self._work:
            self._canvas.update()

    def _advance(self, *, whole: bool) -> None:
        """What was begun is ended, for something else as well: what changes all the time is seen to change."""
        until = time.perf_counter() + max(_LEAST_MS, TURN.left) / 1000
        for name, work in [*self._work.items()]:
            while name in self._work and (whole or time.perf_counter() < until):
                if next(work.steps, work) is work:
                    del self._work[name]
                    self._there[name] = (work.wanted, work.picture)
                    self.has_news = True
        if self._work:
            self._soon.ask()


def _painting(picture: QPixmap, draw: Callable[[QPainter], Iterator[None]]) -> Generator[None, None, None]:
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        yield from draw(painter)
    finally:
        painter.end()
