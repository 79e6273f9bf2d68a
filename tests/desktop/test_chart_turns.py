"""Charts share the turns of the event loop, and what takes long to paint is painted over several of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QRectF, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from runfolio.desktop import fonts, plot_turn
from runfolio.desktop.kinds import kept
from runfolio.desktop.kinds.axes import within
from runfolio.desktop.kinds.kept import Kept, Part
from runfolio.desktop.plot_turn import TURN, Soon


def after_a_turn(qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not TURN.spent)


def test_what_is_painted_and_the_timers_after_it_are_one_turn(qtbot: QtBot) -> None:
    after_a_turn(qtbot)
    seen: list[float] = []

    class Painted(QWidget):
        def paintEvent(self, _event: object) -> None:
            TURN.add(2 * plot_turn.SHARED_MS)

    widget = Painted()
    qtbot.addWidget(widget)
    timer = QTimer()
    timer.timeout.connect(lambda: seen.append(TURN.spent))
    with qtbot.waitExposed(widget):
        widget.show()
    after_a_turn(qtbot)
    timer.start(0)
    widget.update()
    qtbot.waitUntil(lambda: any(seen))
    timer.stop()
    assert max(seen) == pytest.approx(2 * plot_turn.SHARED_MS), "timers of that turn know what was spent"
    qtbot.waitUntil(lambda: not TURN.is_over)


def test_what_waits_for_charts_waits_a_few_turns_at_most(qtbot: QtBot) -> None:
    after_a_turn(qtbot)
    parent, told = QObject(), [0, 0]
    hungry = QTimer()

    def eat() -> None:
        told[0] += not told[1]
        TURN.add(2 * plot_turn.SHARED_MS)

    def call() -> None:
        told[1] += 1

    hungry.timeout.connect(eat)
    hungry.start(0)
    soon = Soon(call, parent)
    soon.ask()
    soon.ask()
    qtbot.waitUntil(lambda: told[1] > 0)
    hungry.stop()
    assert told[1] == 1, "once, however often it was asked for"
    assert 1 <= told[0] <= plot_turn._MOST_WAITED + 1
    after_a_turn(qtbot)


def test_a_costly_part_is_shown_once_it_is_whole(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    after_a_turn(qtbot)
    monkeypatch.setattr(plot_turn, "SHARED_MS", -1.0)
    monkeypatch.setattr(kept, "_LEAST_MS", 0.0)
    canvas, frame = QWidget(), QRectF(0, 0, 4, 1)
    qtbot.addWidget(canvas)
    pictures = Kept(canvas)

    def part(name: str, color: str) -> Part:
        def draw(painter: QPainter) -> Iterator[None]:
            for x in range(4):
                yield
                painter.fillRect(x, 0, 1, 1, QColor(color))

        return Part("part", name, draw)

    def shown() -> list[str]:
        image = QImage(4, 1, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        pictures.paint(painter, frame, "part")
        painter.end()
        return [image.pixelColor(x, 0).name() for x in range(4)]

    red, blue = part("a", "#ff0000"), part("b", "#0000ff")
    assert not pictures.prepare([red], frame, "look", whole=False)
    assert shown() == ["#ffffff"] * 4, "nothing of it yet"
    monkeypatch.setattr(kept, "_LEAST_MS", 50.0)
    qtbot.waitUntil(lambda: pictures.prepare([red], frame, "look", whole=False))
    assert shown() == ["#ff0000"] * 4
    monkeypatch.setattr(kept, "_LEAST_MS", 0.0)
    assert not pictures.prepare([blue], frame, "look", whole=False)
    assert shown() == ["#ff0000"] * 4, "the picture before stays until the next is ready"
    assert pictures.prepare([blue], frame, "look", whole=True), "a file has to be whole at once"
    assert shown() == ["#0000ff"] * 4
    assert pictures.prepare([part("b", "#00ff00")], frame, "look", whole=False), "the same thing is not painted again"
    assert not pictures.prepare([blue], frame, "another look", whole=False)


@pytest.mark.usefixtures("qtbot")
def test_a_range_that_is_cut_says_where_it_begins() -> None:
    assert QApplication.instance() is not None
    metrics = QFontMetricsF(fonts.ui(11, figures=True))
    whole = "1e-05 – 3.16e-05"
    assert within(whole, metrics.horizontalAdvance(whole), metrics) == whole
    assert within(whole, metrics.horizontalAdvance(whole) - 2, metrics) == "from 1e-05"
    assert within("-0.5 – 12.25", metrics.horizontalAdvance("from -0.5"), metrics) == "from -0.5"
    assert "…" in within("resnet – a long name", 40.0, metrics), "names are no ranges"
