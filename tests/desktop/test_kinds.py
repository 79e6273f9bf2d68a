"""The Explore workspace, used as a person uses it."""

from __future__ import annotations

import csv
import io
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from runfolio.desktop import fonts
from runfolio.desktop.kinds.axes import TITLE, Axes
from runfolio.desktop.kinds.factory import KINDS, make_panel
from runfolio.desktop.kinds.scale import Scale
from runfolio.desktop.kinds.scatter import ScatterPanel
from runfolio.desktop.kinds.scatter_paint import raster
from runfolio.desktop.kinds.settings import ScatterSettings
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.views.explore import ExploreView
from runfolio.model.params import Json
from support.driver import Driver
from support.explore import Explore
from support.sweep import NAMES


@pytest.fixture
def driver_of_sweep(driver: Driver, indexed: Path) -> Driver:
    return driver.start()


def scatter(explore: Explore) -> ScatterPanel:
    panel = explore.view.panel
    assert isinstance(panel, ScatterPanel)
    return panel


def at(explore: Explore, name: str) -> QPointF:
    """Where a run's point lies."""
    panel = scatter(explore)
    assert panel.answer is not None
    x, y = panel._pixels(panel._axes(QRectF(panel.canvas.rect())))
    place = panel.answer.names.index(name)
    return QPointF(x[place], y[place])


def test_a_scatter_chooses_fields_by_itself_and_selects_what_is_clicked(driver_of_sweep: Driver) -> None:
    driver = driver_of_sweep
    explore = Explore(driver, "scatter").choose("x", "lr").tick("log_x")
    panel = scatter(explore)
    assert panel.filled.y == "metric:val/acc:best"
    assert panel.answer is not None
    assert panel.answer.names == NAMES or set(panel.answer.names) == set(NAMES)
    QTest.mouseClick(explore.canvas, Qt.MouseButton.LeftButton, pos=at(explore, "calm-ibis").toPoint())
    assert driver.settle().selected() == ["calm-ibis"]
    near = at(explore, "dusky-lynx").toPoint()
    QTest.mouseClick(explore.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, near)
    assert driver.settle().selected() == ["calm-ibis", "dusky-lynx"]
    words = panel.words_at(at(explore, "calm-ibis"))
    # lr is 10^-2 and the best accuracy 0.51 + 0.01 * 19 + 0.02 * 2.
    assert words.splitlines() == ["calm-ibis", "lr: 0.01", "val/acc · best: 0.74"]
    driver.do("edit.undo")
    assert driver.selected() == ["calm-ibis"]


def test_a_box_and_a_lasso_select(driver_of_sweep: Driver) -> None:
    driver = driver_of_sweep
    explore = Explore(driver, "scatter").choose("x", "seed")
    low, high = at(explore, "brisk-otter"), at(explore, "dusky-lynx")
    explore.drag(low + QPointF(-9, 9), high + QPointF(9, -9))
    assert sorted(driver.selected()) == ["brisk-otter", "calm-ibis", "dusky-lynx"]
    only = at(explore, "eager-finch")
    around = [only + QPointF(*by) for by in ((-15, -15), (15, -15), (15, 15), (-15, 15))]
    explore.drag(*around, alt=True)
    assert driver.selected() == ["eager-finch"]
    driver.window.context.state.select(())
    explore.tick("lasso").drag(*around)
    assert driver.selected() == ["eager-finch"]


def test_every_kind_is_reached_by_the_palette(driver_of_sweep: Driver) -> None:
    driver = driver_of_sweep
    for row in KINDS:
        driver.do(f"explore.{row.id}")
        view = driver.find(ExploreView, "explore")
        assert view.isVisible()
        assert view.panel.kind == row.id


def test_keys_walk_through_the_points(driver_of_sweep: Driver) -> None:
    driver = driver_of_sweep
    explore = Explore(driver, "scatter").choose("x", "seed")
    explore.canvas.setFocus()
    driver.press("Right").press("Right").press("Return")
    assert driver.selected() == ["brisk-otter"]
    driver.press("Left").press("Space")
    assert driver.selected() == ["brisk-otter", "amber-heron"]
    assert explore.canvas.accessibleDescription().startswith("amber-heron")


def test_runs_that_cannot_be_shown_are_counted(driver_of_sweep: Driver) -> None:
    explore = Explore(driver_of_sweep, "scatter").choose("x", "seed").choose("y", "loss")
    assert "5 of 6 runs" in explore.note
    assert "1 without a value of loss not shown." in explore.note
    # Seed 0 has no logarithm.
    explore.tick("log_x")
    assert "1 with seed of 0 or less have no place on a logarithmic axis." in explore.note
    # The axes are those of the runs that are drawn: 4 % of the span lies below the least and above the greatest.
    panel = scatter(explore.choose("x", "lr").choose("y", "seed").tick("log_x").tick("log_y"))
    assert panel.answer is not None
    assert not panel.answer.shown.all()
    for places in (panel.answer.x_place, panel.answer.y_place):
        drawn = places[panel.answer.shown]
        assert (drawn.min(), drawn.max()) == pytest.approx((0.04 / 1.08, 1.04 / 1.08))


def test_the_front_is_drawn_where_both_directions_are_known(driver_of_sweep: Driver) -> None:
    explore = Explore(driver_of_sweep, "scatter").choose("x", "loss · max").tick("front")
    panel = scatter(explore)
    assert panel.answer is not None
    # A greater maximal loss comes with a greater accuracy, so that no run beats another.
    assert [panel.answer.names[i] for i in panel.answer.front] == [*NAMES]
    assert "6 runs on the Pareto front." in explore.note


def test_what_is_drawn_is_saved(driver_of_sweep: Driver, tmp_path: Path) -> None:
    driver = driver_of_sweep
    explore = Explore(driver, "scatter").choose("x", "lr")
    panel = explore.view.panel
    for suffix in ("svg", "pdf", "png", "csv"):
        panel.save(tmp_path / f"chart.{suffix}")
    driver.settle()
    rows = [*csv.reader(io.StringIO((tmp_path / "chart.csv").read_text(encoding="utf-8")))]
    assert rows[0] == ["run", "key", "lr", "val/acc · best", "on the front"]
    assert {row[0]: (float(row[2]), float(row[3])) for row in rows[1:]}["calm-ibis"] == (0.01, 0.74)
    root = ET.parse(tmp_path / "chart.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "val/acc · best" in "".join(root.itertext())
    page = pypdfium2.PdfDocument(tmp_path / "chart.pdf")[0]
    assert page.get_width() == pytest.approx(panel.canvas.width() * 0.75, abs=1.5)
    assert not QImage(str(tmp_path / "chart.png")).isNull()


def test_no_run_in_scope_is_said(driver_of_sweep: Driver) -> None:
    explore = Explore(driver_of_sweep, "scatter")
    driver_of_sweep.filter("lr > 99")
    assert explore.view.panel.message == "No runs in scope"


def test_settings_come_back_and_nonsense_is_left_out(driver_of_sweep: Driver) -> None:
    driver = driver_of_sweep
    Explore(driver, "scatter").choose("x", "seed").tick("log_x")
    driver.restart()
    panel = scatter(Explore(driver, "scatter"))
    assert (panel.settings.x, panel.settings.log_x) == ("param:seed", True)
    odd: dict[str, Json] = {"x": 5, "log_x": "yes", "unknown": 1, "y": "param:lr"}
    assert ScatterSettings.from_saved(odd) == ScatterSettings(y="param:lr")


def test_every_kind_is_made_by_the_factory(driver_of_sweep: Driver) -> None:
    context = driver_of_sweep.window.context
    for row in KINDS:
        panel = make_panel(row.id, row.settings().saved(), context)
        assert panel.settings == row.settings()
        assert panel.accessibleName()
        panel.deleteLater()
    with pytest.raises(KeyError):
        make_panel("pie", None, context)


def test_a_lone_point_among_100_000_is_seen() -> None:
    random = np.random.default_rng(1)
    x, y = random.uniform(0, 1, 100_000), random.uniform(0, 0.5, 100_000)
    x[7], y[7] = 0.5, 0.9
    started = time.process_time()
    image = raster(x, y, None, QRectF(0, 0, 800, 500), 1.0, Theme(ThemeMode.LIGHT))
    assert time.process_time() - started < 1.0
    assert image.pixelColor(400, 50).alphaF() > 0.4
    assert image.pixelColor(200, 50).alpha() == 0


def test_turned_texts_have_the_room_that_their_ends_need(qtbot: QtBot) -> None:
    ranges = Scale(-0.5, 9.5, categories=tuple(f"0.00{k}158 – 0.00{k}397" for k in range(10)))
    short = Scale(-0.5, 29.5, categories=tuple(f"c{k:04}" for k in range(30)))
    below = []
    for scale in (ranges, short):
        frame = QRectF(0, 0, 700, 400)
        below.append(frame.bottom() - Axes(frame, scale, Scale(0.0, 1.0), "lr", "acc").area.bottom())
    # Nineteen figures at a slant take more than six, and none is cut out of their middle.
    wide = QFontMetricsF(fonts.ui(11, figures=True)).horizontalAdvance(ranges.categories[0])
    assert below[0] >= TITLE + wide * 0.64 > below[1]
