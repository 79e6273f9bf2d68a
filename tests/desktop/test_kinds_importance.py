"""The importance panel, with a real forest in a real worker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from runfolio.desktop.kinds.importance import ImportancePanel
from support.driver import Driver
from support.explore import Explore
from support.sweep import write_sweep


def panel_of(explore: Explore) -> ImportancePanel:
    panel = explore.view.panel
    assert isinstance(panel, ImportancePanel)
    return panel


def learn(explore: Explore) -> ImportancePanel:
    panel = panel_of(explore)
    explore.driver.until(lambda: not panel.learning)
    return panel


def test_params_are_ordered_and_their_effects_shown(driver: Driver, tmp_path: Path) -> None:
    runs = write_sweep(tmp_path / "runs", tuple(f"run-{i:02}" for i in range(24)))
    driver.start(runs)
    explore = Explore(driver, "importance")
    panel = learn(explore)
    answer = panel.answer
    assert answer is not None, panel.message
    assert answer.runs == 24
    assert {p.field.name for p in answer.params} == {"lr", "seed", "optimizer"}
    # Accuracy rises with the run's number, which lr and seed tell, and the optimizer hardly does.
    assert answer.params[-1].field.name == "optimizer"
    assert explore.note.startswith("Out-of-bag R² 0.9")
    assert "lr and seed were changed together" in driver.text("kind-warning")
    bars = panel._bars(QRectF(panel.canvas.rect()))
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=QPointF(bars.left() + 30, bars.top() + 40).toPoint())
    assert panel.chosen == 1
    panel.canvas.setFocus()
    driver.press("Down")
    assert panel.chosen == 2
    driver.do("edit.undo")
    assert panel.chosen == 1
    assert panel.words_at(QPointF(bars.left() + 30, bars.top() + 10)).startswith(answer.params[0].field.name)
    rows = [*csv.reader(io.StringIO(panel.csv().decode()))]
    assert [float(row[1]) for row in rows[1:]] == answer.mean.tolist()
    assert b"<svg" in panel.canvas.picture("svg")


def test_too_few_runs_are_refused_in_words(driver: Driver, indexed: Path) -> None:
    explore = Explore(driver.start(), "importance")
    panel = learn(explore)
    assert panel.message == "6 runs in scope have a value of the metric; at least 8 are needed."
    assert panel.answer is None


def test_learning_can_be_cancelled_and_started_again(driver: Driver, indexed: Path) -> None:
    explore = Explore(driver.start(), "importance")
    panel = panel_of(explore)
    learn(explore)
    panel.refresh()
    driver.until(lambda: panel._job is not None)
    button = next(b for b in panel.empty.findChildren(QPushButton) if b.text() == "Cancel")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.message == "Cancelled"
    driver.settle()
    assert panel.message == "Cancelled"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert learn(explore).message.startswith("6 runs in scope")
