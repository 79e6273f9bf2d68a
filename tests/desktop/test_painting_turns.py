"""Pages of many rows are painted over several turns of the event loop, pictures of them at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame
from pytestqt.qtbot import QtBot

from runfolio.desktop import painting_turns
from runfolio.desktop.painting_turns import ROWS, PaintingTurns

HEIGHT = 10
BAND = ROWS * HEIGHT


class Page(QAbstractScrollArea):
    """Tells from where to where it was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.verticalScrollBar().setRange(0, 100)
        self.resize(80, 3 * BAND)
        self.turns = PaintingTurns(self)
        self.told: list[tuple[int, int]] = []
        self.above = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.turns.paint_rows(event, HEIGHT, self._paint, above=self.above)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """What is there is moved as a picture; nothing is new in it."""

    def _paint(self, event: QPaintEvent) -> None:
        self.told.append((event.rect().top(), event.rect().bottom() + 1))


WHOLE = [(0, BAND), (BAND, 2 * BAND), (2 * BAND, 3 * BAND)]


def test_the_rest_of_a_page_is_painted_in_the_next_turns(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    qtbot.addWidget(page)
    with qtbot.waitExposed(page):
        page.show()
    qtbot.waitUntil(lambda: bool(page.told))
    QApplication.processEvents()
    monkeypatch.setattr(painting_turns, "TURN_MS", -1.0)
    page.told.clear()
    page.viewport().update()
    QApplication.sendPostedEvents()
    assert page.told == WHOLE[:1], "the window looks at mouse and keys after the first rows"
    qtbot.waitUntil(lambda: page.told == WHOLE)
    page.told.clear()
    page.viewport().repaint()
    page.verticalScrollBar().setValue(7)
    # All of it, on from where it was left.
    qtbot.waitUntil(lambda: page.told == [WHOLE[0], *WHOLE[1:], WHOLE[0]])
    page.told.clear()
    page.grab()
    assert page.told == WHOLE, "a picture is whole at once"
    page.told.clear()
    page.above = 3
    page.grab()
    ends = [BAND - 3, 2 * BAND - 3, 3 * BAND - 3, 3 * BAND]
    assert page.told == list(zip([0, *ends], ends, strict=False)), "no row is in two parts"
