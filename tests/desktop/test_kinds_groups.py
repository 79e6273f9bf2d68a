"""The groups panel, used as a person uses it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from runfolio.desktop.kinds.groups import GroupsPanel
from support.driver import Driver
from support.explore import Explore

SGD = ["amber-heron", "calm-ibis", "eager-finch"]
ADAM = ["brisk-otter", "dusky-lynx", "fleet-marten"]


@pytest.fixture
def explore(driver: Driver, indexed: Path) -> Explore:
    return Explore(driver.start(), "groups")


def panel_of(explore: Explore) -> GroupsPanel:
    panel = explore.view.panel
    assert isinstance(panel, GroupsPanel)
    return panel


def test_the_text_that_varies_groups_and_a_click_selects_a_group(explore: Explore) -> None:
    panel = panel_of(explore)
    answer = panel.answer
    assert answer is not None
    assert [(box.name, len(box.values)) for box in answer.groups] == [("adam", 3), ("sgd", 3)]
    area = panel._axes(QRectF(panel.canvas.rect())).area
    empty = QPointF(area.left() + 4, area.top() + 4)
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=empty.toPoint())
    assert sorted(explore.driver.settle().selected()) == ADAM
    # sgd: 0.70, 0.74, 0.78.
    assert panel.words_at(QPointF(area.right() - 4, area.top() + 4)).startswith("sgd: n = 3\nmean 0.74, 95 %")
    explore.drag(area.topLeft() + QPointF(area.width() / 2 + 2, 0), area.bottomRight() + QPointF(0, 8))
    assert sorted(explore.driver.selected()) == SGD


@pytest.mark.parametrize("look", ["Violin", "Strip", "Bar of means", "Box"])
def test_every_look_is_drawn_and_explained(explore: Explore, look: str) -> None:
    before = explore.canvas.grab().toImage()
    explore.pick("look", look)
    assert explore.note.startswith("2 groups, 6 runs; n stands above each group.")
    assert (explore.canvas.grab().toImage() == before) == (look == "Box")


def test_groups_by_number_and_missing_values(explore: Explore) -> None:
    explore.choose("value", "loss")
    assert "1 run without a finite loss not shown." in explore.note
    explore.choose("group", "seed")
    assert "No value in 5." in explore.note


def test_keys_walk_through_groups(explore: Explore) -> None:
    explore.canvas.setFocus()
    explore.driver.press("Right").press("Right").press("Return")
    assert sorted(explore.driver.selected()) == SGD
    assert explore.canvas.accessibleDescription().startswith("sgd: n = 3")


def test_figures_are_saved_as_csv(explore: Explore) -> None:
    head, adam, _ = [*csv.reader(io.StringIO(panel_of(explore).csv().decode()))]
    found = dict(zip(head, adam, strict=True))
    assert (found["group"], found["n"]) == ("adam", "3")
    # 0.72, 0.76, 0.80: the deviation is 0.04, and t with two degrees of freedom 4.302653.
    assert float(found["mean"]) == pytest.approx(0.76)
    assert float(found["95 % to"]) - 0.76 == pytest.approx(4.302653 * 0.04 / 3**0.5, abs=1e-6)
