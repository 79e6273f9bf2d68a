"""A chart shows every value it was given, where it belongs, and says what is under the pointer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from runfolio.analysis.axis import XKind
from runfolio.analysis.prepared import prepare, prepare_arrays
from runfolio.analysis.scales import LINEAR, YKind, YScale
from runfolio.desktop import app, plot_items, plot_turn
from runfolio.desktop.plot import LinePanel
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.widgets import PlainLabel
from runfolio.model.metrics import Floats, series
from runfolio.model.run import RunKey

BLUE, AMBER, RED = QColor("#0000ff"), QColor("#ffaa00"), QColor("#ff0000")


@pytest.fixture
def theme() -> Iterator[Theme]:
    app.make_application()
    theme = Theme(ThemeMode.LIGHT)
    theme.apply()
    yield theme
    theme.deleteLater()


class Hand:
    """A panel of 640 x 400 pixels with the hand and the eyes of its user."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.qtbot = qtbot
        self.state = WindowState()
        self.panel = LinePanel(theme, self.state, "loss", closable=True)
        qtbot.addWidget(self.panel)
        self.panel.resize(640, 400)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def draw(self, *curves: Curve, x_kind: XKind = XKind.STEP, log_y: bool = False) -> Hand:
        self.panel.show_curves(curves, x_kind=x_kind, scale=YScale(YKind.LOG) if log_y else LINEAR)
        return self

    def at(self, x: float, y: float) -> QPoint:
        """Where a value lies on the viewport."""
        view = self.panel.plot.getViewBox()
        place: QPoint = self.panel.plot.mapFromScene(view.mapToScene(view.mapFromView(QPointF(x, y))))
        return place

    def move(self, at: QPoint) -> Hand:
        QTest.mouseMove(self.panel.plot.viewport(), at)
        return self

    def click(self, at: QPoint) -> Hand:
        QTest.mouseClick(self.panel.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        return self

    def wheel(self, at: QPoint, notches: int) -> Hand:
        viewport = self.panel.plot.viewport()
        event = QWheelEvent(
            QPointF(at), QPointF(viewport.mapToGlobal(at)), QPoint(0, 0), QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, event)
        return self

    def drag(self, start: QPoint, by: QPoint) -> Hand:
        viewport = self.panel.plot.viewport()
        QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        for part in (0.3, 0.6, 1.0):
            QTest.mouseMove(viewport, start + by * part)
        QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + by)
        return self

    def picture(self) -> QImage:
        """What is seen of the plot once the hand rests."""
        self.panel.settle()
        image: QImage = self.panel.plot.grab().toImage()
        return image

    @property
    def note(self) -> PlainLabel:
        """The small print below the chart."""
        label = self.panel.findChild(PlainLabel, "note")
        assert label is not None
        return label

    @property
    def x_range(self) -> tuple[float, float]:
        low, high = self.panel.plot.getViewBox().viewRange()[0]
        return low, high

    @property
    def y_range(self) -> tuple[float, float]:
        low, high = self.panel.plot.getViewBox().viewRange()[1]
        return low, high


@pytest.fixture
def hand(qtbot: QtBot, theme: Theme) -> Hand:
    return Hand(qtbot, theme)


def curve(
    y: Floats | list[float], x: Floats | None = None, name: str = "amber-heron", color: QColor = BLUE, **more: object
) -> Curve:
    values = np.asarray(y, dtype=np.float64)
    steps = np.arange(len(values), dtype=np.float64) if x is None else x
    log, smoothed, dash = more.get("log_y", False), more.get("smooth"), more.get("dash", 0)
    assert isinstance(dash, int)
    assert smoothed is None or isinstance(smoothed, np.ndarray)
    prepared = prepare_arrays(steps, values, smoothed, scale=YScale(YKind.LOG) if log else LINEAR)
    return Curve(RunKey(f"k:{name}"), name, prepared, color, dash)


def pixels(image: QImage, color: QColor, slack: int = 40) -> list[tuple[int, int]]:
    """Places of the pixels that have that colour, or nearly."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = (
        np.frombuffer(plain.constBits(), dtype=np.uint8)
        .reshape(image.height(), image.width(), 4)[:, :, [2, 1, 0]]
        .astype(int)
    )
    near = np.abs(rows - [color.red(), color.green(), color.blue()]).sum(axis=2) <= slack
    return [(int(x), int(y)) for y, x in np.argwhere(near)]


# --- every value is seen --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [3, 123_456, 999_998])
def test_one_sample_among_a_million_is_painted_at_its_step_and_height(hand: Hand, place: int) -> None:
    y = np.zeros(1_000_000)
    y[place] = 10.0
    hand.draw(curve(y))
    painted = pixels(hand.picture(), BLUE, slack=120)
    top, foot = hand.at(place, 10.0), hand.at(place, 0.0)
    column = [at for at in painted if abs(at[0] - top.x()) <= 1]
    assert min(at[1] for at in column) <= top.y() + 1, "it reaches its height"
    assert len({at[1] for at in column}) >= foot.y() - top.y() - 2, "and is painted all the way"


def test_a_spike_stays_in_sight_while_one_zooms_in_on_it(hand: Hand) -> None:
    y = np.zeros(1_000_000)
    y[400_000] = 10.0
    hand.draw(curve(y))
    for _ in range(6):
        hand.wheel(hand.at(400_000, 5.0), 3)
        painted = pixels(hand.picture(), BLUE, slack=120)
        heights = [at[1] for at in painted if abs(at[0] - hand.at(400_000, 5.0).x()) <= 2]
        assert max(heights) - min(heights) > 100
    assert hand.x_range[1] - hand.x_range[0] < 200_000


def test_points_without_neighbours_are_dots(hand: Hand) -> None:
    hand.draw(curve([1.0, math.nan, 3.0, math.nan, 2.0]))
    painted = set(pixels(hand.picture(), BLUE))
    for x, y in ((0, 1.0), (2, 3.0), (4, 2.0)):
        centre = hand.at(x, y)
        near = [at for at in painted if abs(at[0] - centre.x()) <= 3 and abs(at[1] - centre.y()) <= 3]
        assert len(near) >= 9


def test_nan_is_a_gap_in_the_line(hand: Hand) -> None:
    hand.draw(curve([1.0, 1.0, math.nan, math.nan, 1.0, 1.0]))
    painted = pixels(hand.picture(), BLUE, slack=150)
    gap = [at for at in painted if hand.at(1.2, 1).x() < at[0] < hand.at(3.8, 1).x()]
    assert not gap
    assert [at for at in painted if hand.at(0.2, 1).x() < at[0] < hand.at(0.8, 1).x()]


def test_nan_and_infinities_are_marked_on_the_edge_they_lie_beyond(hand: Hand, theme: Theme) -> None:
    hand.draw(curve([1.0, 2.0, math.nan, 1.5, math.inf, 1.2, -math.inf, 1.0]))
    marks = pixels(hand.picture(), theme.color("bad"))
    top, bottom = hand.at(0, hand.y_range[1]).y(), hand.at(0, hand.y_range[0]).y()
    for x, low, high in ((2, top, top + 12), (4, top, top + 12), (6, bottom - 12, bottom + 1)):
        here = [at for at in marks if abs(at[0] - hand.at(x, 1).x()) <= 5 and low <= at[1] <= high]
        assert len(here) > 15, f"a triangle at step {x}"
    rows = {
        what: {at[1] for at in marks if abs(at[0] - hand.at(x, 1).x()) <= 5} for what, x in (("nan", 2), ("inf", 4))
    }

    def width(what: str, step: int, row: int) -> int:
        return len([at for at in marks if at[1] == row and abs(at[0] - hand.at(step, 1).x()) <= 5])

    assert width("nan", 2, min(rows["nan"])) > width("nan", 2, max(rows["nan"])), "NaN points down"
    assert width("inf", 4, min(rows["inf"])) < width("inf", 4, max(rows["inf"])), "+inf points up"


def test_the_pointer_on_a_mark_says_what_where_and_whose(hand: Hand) -> None:
    y = np.linspace(1, 0, 400)
    y[210] = math.nan
    hand.draw(curve(y, name="dusky-lynx"))
    hand.picture()
    hand.move(hand.at(210, hand.y_range[1]) + QPoint(0, 6))
    assert hand.panel.pointed_at == "NaN at step 210 (dusky-lynx)"


def test_the_marks_of_one_run_are_named_beside_them(hand: Hand, theme: Theme) -> None:
    y = np.linspace(1, 0, 400)
    y[210] = math.nan
    hand.draw(curve(y, name="dusky-lynx"))
    one = [at for at in pixels(hand.picture(), theme.color("bad"), slack=200) if at[0] > hand.at(210, 0).x() + 8]
    assert max(at[0] for at in one) - min(at[0] for at in one) > 100, "the words stand at its right"
    hand.draw(curve(y, name="dusky-lynx"), curve(y, name="calm-ibis"))
    two = [at for at in pixels(hand.picture(), theme.color("bad"), slack=200) if at[0] > hand.at(210, 0).x() + 8]
    assert not two, "for more runs the pointer says it"


def test_a_series_of_nothing_but_nan_shows_its_marks(hand: Hand, theme: Theme) -> None:
    hand.draw(curve([math.nan] * 50))
    assert hand.x_range[0] < 0 < 49 < hand.x_range[1]
    assert len(pixels(hand.picture(), theme.color("bad"))) > 300


@pytest.mark.parametrize(
    "values", [[], [5.0], [0.0, 0.0], [1e300, -1e300], [1.7e308, -1.7e308], [5e-324, 0.0], [1e15, 1e15 + 1]]
)
@pytest.mark.parametrize("log_y", [False, True])
def test_any_values_can_be_drawn_zoomed_and_pointed_at(hand: Hand, values: list[float], log_y: bool) -> None:
    hand.draw(curve(values, log_y=log_y), log_y=log_y)
    hand.picture()
    middle = hand.panel.plot.viewport().rect().center()
    for notches in (3, 10, -30):
        hand.wheel(middle, notches)
        hand.move(middle + QPoint(notches, 5))
        hand.picture()
    hand.panel.reset_view()
    low, high = hand.y_range
    assert math.isfinite(low)
    assert low < high


# --- scales ---------------------------------------------------------------------------------------------------------


def test_values_without_a_logarithm_are_gaps_and_counted(hand: Hand) -> None:
    hand.draw(curve([100.0, 10.0, 0.0, -1.0, 1.0, 0.1], log_y=True), log_y=True)
    assert hand.note.text() == "2 values ≤ 0 not on a log axis"
    assert hand.panel.head.title == "loss · log"
    assert hand.y_range[0] < -1.0 < 2.0 < hand.y_range[1]
    painted = pixels(hand.picture(), BLUE)
    assert not [at for at in painted if hand.at(1.2, 0).x() < at[0] < hand.at(3.8, 0).x()]
    hand.draw(curve([1.0, 2.0]))
    assert not hand.note.isVisible()
    assert hand.panel.head.title == "loss"


def test_smoothing_keeps_the_raw_curve_faint_behind_the_strong_one(hand: Hand, theme: Theme) -> None:
    y = np.where(np.arange(200) % 2 == 0, 0.0, 10.0)
    hand.draw(curve(y, smooth=np.full(200, 5.0)))
    image = hand.picture()
    strong = pixels(image, BLUE, slack=60)
    assert {abs(at[1] - hand.at(0, 5.0).y()) <= 2 for at in strong} == {True}
    faint = QColor.fromRgbF(0.7, 0.7, 1.0)
    heights = [at[1] for at in pixels(image, faint, slack=60)]
    assert min(heights) <= hand.at(0, 9.8).y()
    assert max(heights) >= hand.at(0, 0.2).y()


def test_a_dashed_curve_has_gaps_and_a_solid_one_has_none(hand: Hand) -> None:
    hand.draw(
        curve([1.0, 1.0]),
        curve([2.0, 2.0], name="b", color=RED, dash=1),
        curve([3.0, 3.0], name="c", color=AMBER, dash=2),
    )
    image = hand.picture()
    wide = hand.at(1, 1).x() - hand.at(0, 1).x()
    shares = [len({at[0] for at in pixels(image, color, slack=150)}) / wide for color in (BLUE, RED, AMBER)]
    assert shares[0] > 0.98
    assert 0.5 < shares[1] < 0.8
    assert shares[2] < 0.65


# --- hover, click, zoom ---------------------------------------------------------------------------------------------


def test_the_pointer_reads_out_the_nearest_point_of_the_nearest_curve(hand: Hand) -> None:
    hand.draw(curve([0.0, 1.0, 2.0, 3.0], name="low"), curve([5.0, 6.0, 7.25, 8.0], name="high", color=RED))
    hand.picture()
    hand.move(hand.at(2, 7.25) + QPoint(2, 2))
    assert hand.panel.pointed_at == "high\nstep 2: 7.25"
    assert hand.panel.items.emphasised == {"k:high"}
    hand.move(hand.at(1, 1.0) + QPoint(-2, 1))
    assert hand.panel.pointed_at == "low\nstep 1: 1"
    hand.move(hand.at(1, 4.0))
    assert hand.panel.pointed_at == ""
    assert hand.panel.items.emphasised == frozenset()


def test_a_long_line_between_two_points_is_pointed_at_anywhere(hand: Hand) -> None:
    hand.draw(curve([0.0, 10.0], name="straight"))
    hand.picture()
    hand.move(hand.at(0.45, 4.5))
    assert hand.panel.pointed_at == "straight\nstep 0: 0"


def test_the_emphasised_curve_is_painted_thicker(hand: Hand) -> None:
    hand.draw(curve([1.0, 1.0]), curve([2.0, 2.0], name="b", color=RED))
    before = len(pixels(hand.picture(), RED, slack=120))
    hand.move(hand.at(0.5, 2.0))
    assert len(pixels(hand.picture(), RED, slack=120)) > 1.4 * before


def test_the_cursor_is_shared_and_stands_where_the_pointer_is(hand: Hand, theme: Theme, qtbot: QtBot) -> None:
    other = LinePanel(theme, hand.state, "acc")
    qtbot.addWidget(other)
    other.resize(500, 300)
    other.show()
    other.show_curves([curve([1.0, 2.0, 3.0])])
    hand.draw(curve([1.0, 2.0, 3.0])).picture()
    hand.move(hand.at(0.8, 1.0))
    assert hand.state.cursor_step == 1.0, "the nearest whole step"
    view = other.plot.getViewBox()
    x = other.plot.mapFromScene(view.mapToScene(view.mapFromView(QPointF(1.0, 0.0)))).x()
    line = pixels(other.plot.grab().toImage(), theme.color("cursor"), slack=90)
    assert len([at for at in line if abs(at[0] - x) <= 1]) > 60
    QApplication.sendEvent(hand.panel.plot.viewport(), QEvent(QEvent.Type.Leave))
    assert hand.state.cursor_step is None


def test_clicking_a_curve_picks_its_run_and_dragging_picks_none(hand: Hand) -> None:
    hand.draw(curve([0.0, 1.0, 2.0], name="low"), curve([5.0, 6.0, 7.0], name="high")).picture()
    picked: list[str] = []
    hand.panel.picked.connect(picked.append)
    hand.click(hand.at(1, 6.0) + QPoint(1, 1))
    assert picked == ["k:high"]
    hand.drag(hand.at(1, 6.0), QPoint(60, 10))
    assert picked == ["k:high"]


def test_the_wheel_zooms_around_the_pointer_and_a_double_click_brings_all_back(hand: Hand) -> None:
    hand.draw(curve(np.arange(100.0)))
    whole = hand.x_range
    hand.wheel(hand.at(30, 30.0), 4)
    low, high = hand.x_range
    assert whole[0] < low < 30 < high < whole[1]
    assert (30 - low) / (high - low) == pytest.approx((30 - whole[0]) / (whole[1] - whole[0]), abs=0.02)
    QTest.mouseDClick(
        hand.panel.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, hand.at(30, 30.0)
    )
    assert hand.x_range == pytest.approx(whole)


def test_dragging_moves_the_view_with_the_hand(hand: Hand) -> None:
    hand.draw(curve(np.arange(100.0))).wheel(hand.at(50, 50.0), 5)
    at = hand.at(50, 50.0)
    hand.drag(at, QPoint(-80, 0))
    assert hand.at(50, 50.0).x() == pytest.approx(at.x() - 80, abs=8)


def test_a_zoomed_view_stays_when_more_points_arrive_and_follows_them_when_it_is_not(hand: Hand) -> None:
    hand.draw(curve(np.arange(100.0)))
    hand.draw(curve(np.arange(200.0)))
    assert hand.x_range[1] > 199
    hand.wheel(hand.at(50, 50.0), 3)
    zoomed = hand.x_range
    hand.draw(curve(np.arange(400.0)))
    assert hand.x_range == pytest.approx(zoomed)
    hand.draw(curve(np.arange(400.0)), x_kind=XKind.RELATIVE)
    assert hand.x_range[1] > 399, "another axis is another range"


def test_while_the_hand_moves_the_last_picture_is_moved_and_painted_anew_at_rest(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot_items, "LIVE_MS", -1.0)
    hand.draw(curve(np.where(np.arange(1000) < 500, 0.0, 1.0))).picture()
    assert hand.panel.items.settled
    view = hand.panel.plot.getViewBox()
    view.translateBy(x=100)
    moved = hand.panel.plot.grab().toImage()
    assert not hand.panel.items.settled
    edge = hand.at(500, 0.5).x()
    upright = [at for at in pixels(moved, BLUE, slack=150) if abs(at[1] - hand.at(0, 0.5).y()) < 20]
    assert {abs(at[0] - edge) <= 2 for at in upright} == {True}, "the picture has moved along"
    hand.panel.plot.grab()
    assert not hand.panel.items.settled, "a repaint alone is no rest"
    hand.qtbot.waitUntil(lambda: hand.panel.plot.grab() is not None and hand.panel.items.settled)
    view.translateBy(x=900)
    hand.panel.plot.grab()
    assert not hand.panel.items.settled
    # Too far away to be shown moved: it does not wait for the hand to rest.
    hand.qtbot.waitUntil(lambda: hand.panel.plot.grab() is not None and hand.panel.items.settled)


def test_arrow_keys_walk_the_cursor_from_step_to_step(hand: Hand) -> None:
    hand.draw(
        curve([1.0, 2.0, 3.0], x=np.array([0.0, 10.0, 20.0])), curve([1.0, 2.0], x=np.array([4.0, 14.0]), name="b")
    )
    plot = hand.panel.plot
    plot.setFocus()
    seen = []
    for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Right] * 3, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right):
        QTest.keyClick(plot, key)
        seen.append(hand.state.cursor_step)
    assert seen == [0, 4, 10, 14, 10, 20, 20]


def test_a_reading_is_the_last_point_at_or_before_the_cursor_and_says_which(hand: Hand) -> None:
    hand.draw(
        curve([1.0, 2.0, 3.0], x=np.array([0.0, 10.0, 20.0])), curve([7.0, 8.0], x=np.array([15.0, 25.0]), name="b")
    )
    assert [(r.name, r.x, r.value) for r in hand.panel.readings(14.0)] == [
        ("amber-heron", 10.0, 2.0),
        ("b", None, None),
    ]
    assert [(r.x, r.value) for r in hand.panel.readings(1000.0)] == [(20.0, 3.0), (25.0, 8.0)]


def test_times_are_said_as_times(hand: Hand) -> None:
    minute = 60_000_000
    walls = [1_767_268_800_000_000 + minute * i for i in range(5)]
    over_time = prepare(series("m", None, [1.0, 2.0, 3.0, 4.0, 5.0], walls), XKind.RELATIVE, 0.0)
    hand.draw(Curve(RunKey("k:a"), "a", over_time, BLUE), x_kind=XKind.RELATIVE).picture()
    hand.move(hand.at(120, 3.0))
    assert hand.panel.pointed_at == "a\n2 min: 3"


# --- what a chart says of itself ------------------------------------------------------------------------------------


HOSTILE = "<img src='/dev/zero'> & <b>bold</b>"


def test_foreign_names_are_shown_as_they_are_and_not_taken_for_markup(hand: Hand) -> None:
    hand.panel.set_title(HOSTILE)
    assert hand.panel.head.title == HOSTILE
    labels = hand.panel.findChildren(PlainLabel)
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}
    hand.draw(curve([1.0, math.nan, 2.0], name=HOSTILE)).picture()
    hand.move(hand.at(0, 1.0))
    assert hand.panel.pointed_at.startswith(HOSTILE)


def test_the_menu_offers_what_can_be_done(hand: Hand) -> None:
    asked: list[object] = []
    hand.panel.set_asked.connect(lambda label, wanted: asked.append((label, wanted.y)))
    hand.panel.export_asked.connect(asked.append)
    hand.panel.closed.connect(lambda: asked.append("closed"))
    hand.panel.moved.connect(asked.append)
    hand.draw(curve([1.0, 2.0]))
    for title in ("Logarithmic y axis", "Export SVG…", "Move earlier", "Remove panel"):
        QApplication.sendEvent(hand.panel.plot.viewport(), context_menu_at(QPoint(200, 100)))
        menu = hand.panel.findChild(QMenu, "panel-menu")
        assert menu is not None
        next(action for action in menu.actions() if action.text() == title).trigger()
        menu.close()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert asked == [("Scale", YKind.LOG), "svg", -1, "closed"]


def context_menu_at(at: QPoint) -> QEvent:
    return QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, at)


def test_the_copied_image_is_the_chart(hand: Hand) -> None:
    hand.draw(curve([1.0, 2.0]))
    hand.panel.copy_image()
    image = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (640, 400)
    assert pixels(image, BLUE)


def test_colours_follow_the_theme(hand: Hand, theme: Theme) -> None:
    hand.draw(curve([1.0, math.nan, 2.0]))
    theme.set_mode(ThemeMode.DARK)
    image = hand.picture()
    assert image.pixelColor(image.width() - 3, image.height() // 2) == theme.color("surface") == QColor("#121316")
    assert pixels(image, theme.color("bad"))
    theme.set_mode(ThemeMode.LIGHT)


def test_a_chart_of_double_pixels_is_painted_in_each_of_them(hand: Hand) -> None:
    hand.draw(curve(np.sin(np.arange(300) / 20)))
    hand.picture()
    image = QImage(1280, 800, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2.0)
    hand.panel.settle()
    painter = QPainter(image)
    hand.panel.plot.render(painter)
    painter.end()
    odd = [at for at in pixels(image, BLUE, slack=90) if at[0] % 2 and at[1] % 2]
    assert len(odd) > 300


def test_charts_that_arrive_together_leave_the_window_its_turn_between_them(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot_turn, "SHARED_MS", 1e-6)
    monkeypatch.setattr(plot_items, "LEAST_MS", 1e4)
    plots = [pg.PlotWidget() for _ in range(3)]
    told: list[int] = []
    items = []
    for place, plot in enumerate(plots):
        qtbot.addWidget(plot)
        with qtbot.waitExposed(plot):
            plot.show()
        item = plot_items.CurvesItem(plot.getViewBox())
        item.painted.connect(lambda place=place: told.append(place))
        items.append(item)
    x = np.arange(50.0)
    # What was painted when the plots were shown is of a turn before.
    qtbot.waitUntil(lambda: not plot_turn.TURN.spent)
    for plot, item in zip(plots, items, strict=True):
        plot.getViewBox().setRange(xRange=(0, 50), yRange=(0, 50))
        item.set_curves([Curve(RunKey("a"), "a", prepare_arrays(x, x), QColor("blue"))])
        plot.viewport().repaint()
    assert told == [0], "the others wait until the window has done something else"
    qtbot.waitUntil(lambda: len(told) == 3)
    assert all(item.settled for item in items)
