"""The plane panel, used as a person uses it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from runfolio.desktop.kinds.grid import GridPanel
from support.driver import Driver
from support.explore import Explore


@pytest.fixture
def explore(driver: Driver, indexed: Path) -> Explore:
    return Explore(driver.start(), "grid").choose("x", "optimizer").choose("y", "seed")


def panel_of(explore: Explore) -> GridPanel:
    panel = explore.view.panel
    assert isinstance(panel, GridPanel)
    return panel


def test_cells_say_their_runs_and_select_them(explore: Explore) -> None:
    panel = panel_of(explore)
    assert explore.note.startswith("6 of 12 combinations tried; 6 cells are empty.")
    axes = panel._panes(QRectF(panel.canvas.rect()))[0]
    # sgd is the right column; seed 2 the third row from below.
    at = axes.at(0.6, 2.5 / 6)
    assert panel.words_at(at) == "optimizer: sgd\nseed: 2\nn = 1\nval/acc · best: 0.74"
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert explore.driver.settle().selected() == ["calm-ibis"]
    panel.canvas.setFocus()
    explore.driver.press("Down").press("Left").press("Return")
    assert explore.driver.selected() == ["brisk-otter"]
    assert panel.canvas.accessibleDescription().startswith("optimizer: adam\nseed: 1\nn = 1")


def test_runs_without_a_value_are_not_in_the_means(explore: Explore) -> None:
    explore.choose("value", "loss")
    assert "1 run without a finite loss not in the means." in explore.note
    rows = [*csv.reader(io.StringIO(panel_of(explore).csv().decode()))]
    assert rows[0] == ["optimizer", "seed", "runs", "mean loss", "standard deviation"]
    found = {(row[0], row[1]): row[2:] for row in rows[1:]}
    assert found["adam", "5"] == ["1", "", ""]
    assert found["sgd", "5"] == ["0", "", ""]
    # 1 / 20 at the last step and a hundredth for each run before.
    assert float(found["sgd", "2"][1]) == pytest.approx(0.07)


def test_coverage_counts_runs_whatever_their_metric(explore: Explore) -> None:
    before = explore.canvas.grab().toImage()
    explore.pick("look", "Coverage").choose("y", "depth")
    assert explore.note.startswith("2 of 2 combinations tried; 0 cells are empty.")
    assert explore.canvas.grab().toImage() != before


def test_contours_are_drawn_between_runs_or_refused_in_words(explore: Explore) -> None:
    panel = panel_of(explore)
    explore.pick("look", "Contours").choose("x", "lr")
    assert explore.note.startswith("Linear between neighbouring runs (Delaunay); nothing is drawn outside of them.")
    assert panel.answer is not None
    assert panel.answer.between is not None
    explore.choose("y", "lr")
    assert panel.message == "Nothing to draw"


def test_a_third_field_makes_a_map_for_each_of_its_values(explore: Explore) -> None:
    explore.choose("x", "depth").choose("z", "optimizer").pick("look", "Coverage")
    panel = panel_of(explore)
    # adam has the odd seeds, sgd the even ones: half of the cells of each map.
    assert explore.note.startswith("6 of 12 combinations tried; 6 cells are empty.")
    assert panel.heading == "Coverage of depth and seed for each optimizer"
    adam, sgd = panel._panes(QRectF(panel.canvas.rect()))
    assert panel.words_at(sgd.at(0.5, 2.5 / 6)) == "depth: 18\nseed: 2\noptimizer: sgd\nn = 1\nval/acc · best: 0.74"
    assert "n = 0" in panel.words_at(adam.at(0.5, 2.5 / 6))
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=adam.at(0.5, 1.5 / 6).toPoint())
    assert explore.driver.settle().selected() == ["brisk-otter"]
    panel.canvas.setFocus()
    explore.driver.press("PgDown").press("Up").press("Return")
    assert explore.driver.selected() == ["calm-ibis"]
    rows = [*csv.reader(io.StringIO(panel.csv().decode()))]
    assert rows[0][:4] == ["depth", "seed", "optimizer", "runs"]
    assert {(row[1], row[2]) for row in rows[1:] if row[3] == "1"} == {
        (str(seed), "adam" if seed % 2 else "sgd") for seed in range(6)
    }
