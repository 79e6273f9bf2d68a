"""The histogram panel, used as a person uses it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from runfolio.desktop.kinds.histogram import HistogramPanel
from support.driver import Driver
from support.explore import Explore


@pytest.fixture
def explore(driver: Driver, indexed: Path) -> Explore:
    return Explore(driver.start(), "histogram")


def panel_of(explore: Explore) -> HistogramPanel:
    panel = explore.view.panel
    assert isinstance(panel, HistogramPanel)
    return panel


def test_a_bar_selects_its_runs(explore: Explore) -> None:
    panel = panel_of(explore)
    # 0.70 to 0.80 in four bins, by the rule of Sturges.
    assert explore.note == "6 runs in 4 bins."
    axes = panel._axes(QRectF(panel.canvas.rect()))
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=axes.at(0.05, 0.2).toPoint())
    assert sorted(explore.driver.settle().selected()) == ["amber-heron", "brisk-otter"]
    explore.drag(axes.at(0.55, 0.1), axes.at(0.95, 0.6))
    assert sorted(explore.driver.selected()) == ["dusky-lynx", "eager-finch", "fleet-marten"]
    panel.canvas.setFocus()
    explore.driver.press("Right").press("Return")
    assert panel.canvas.accessibleDescription() == "0.725 to 0.75: 1 run"
    assert explore.driver.selected() == ["calm-ibis"]


def test_texts_have_a_bar_each(explore: Explore) -> None:
    explore.choose("value", "optimizer")
    rows = [*csv.reader(io.StringIO(panel_of(explore).csv().decode()))]
    assert rows == [["value", "runs"], ["adam", "3"], ["sgd", "3"]]


def test_who_is_not_shown_is_said(explore: Explore) -> None:
    explore.choose("value", "loss")
    assert "1 run without a value of loss not shown." in explore.note
    explore.choose("value", "seed").tick("log")
    assert "1 with a value of 0 or less have no place on a logarithmic axis." in explore.note


def test_a_metric_over_its_steps(explore: Explore) -> None:
    explore.pick("look", "Over the steps").choose("value", "loss")
    panel = panel_of(explore)
    assert explore.note.startswith("6 runs; each counts once in a column of steps")
    assert "1 point that are NaN or infinite not shown." in explore.note
    axes = panel._axes(QRectF(panel.canvas.rect()))
    words = panel.words_at(axes.at(0.999, 0.5))
    # Five runs at the last step: 0.05 and a hundredth more for each.
    assert words.splitlines()[0].endswith("5 runs")
    assert "50%: 0.07" in words.splitlines()
    explore.choose("value", "lr")
    assert panel.message == "Nothing to draw"


def test_the_map_is_drawn(explore: Explore) -> None:
    before = explore.canvas.grab().toImage()
    explore.pick("look", "Over the steps")
    assert explore.canvas.grab().toImage() != before
    assert panel_of(explore).words_at(QPointF(1, 1)) == ""
