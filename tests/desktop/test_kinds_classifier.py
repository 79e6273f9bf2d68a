"""The classifier panel, with a real table judged in a real worker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QFileDialog

from runfolio.desktop.kinds.classifier import ClassifierPanel
from support.driver import Driver
from support.explore import Explore


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.csv"
    with path.open("w", newline="") as stream:
        rows = [(1, 0.9), (1, 0.8), (0, 0.7), (1, 0.6), (0, 0.3), (0, 0.2), (0, 0.1), ("", 0.5)]
        csv.writer(stream).writerows([("y_true", "y_score"), *rows])
    return path


def panel_of(explore: Explore) -> ClassifierPanel:
    panel = explore.view.panel
    assert isinstance(panel, ClassifierPanel)
    return panel


def judged(explore: Explore) -> ClassifierPanel:
    panel = panel_of(explore)
    explore.driver.until(lambda: panel._job is None)
    return panel


def test_a_table_is_chosen_and_judged(driver: Driver, indexed: Path, table: Path) -> None:
    explore = Explore(driver.start(), "classifier")
    panel = panel_of(explore)
    assert panel.message == "No table is chosen"
    driver.click("kind-table")
    dialog = driver.find(QFileDialog, "choose-table")
    dialog.fileSelected.emit(str(table))
    dialog.close()
    judged(explore)
    assert explore.note == (
        "predictions.csv: 7 rows. 1 with a gap in a column used are left out. Accuracy 0.8571 (6 right). "
        "Predicted: 1 where the score is 0.5 or more."
    )
    axes = panel._axes(QRectF(panel.canvas.rect()))
    # The true 0 are on top, the predicted 1 at the right.
    assert panel.words_at(axes.at(0.75, 0.75)) == "0 predicted as 1: 1 (25.0% of 0)"
    before = panel.canvas.picture("png")
    explore.pick("look", "ROC")
    # Of the twelve pairs of a positive and a negative one is in the wrong order.
    assert "Area under the curve 0.9167; the diagonal is chance. Positive: 1." in explore.note
    assert panel.canvas.picture("png") != before
    explore.pick("look", "Precision and recall")
    # Precision is 1, 1 and three quarters where a third of the recall is gained each time.
    assert "Average precision 0.9167; by chance 0.4286." in explore.note
    explore.pick("look", "Calibration")
    assert f"Brier score {round(float(np.mean([0.01, 0.04, 0.49, 0.16, 0.09, 0.04, 0.01])), 4)}." in explore.note
    rows = [*csv.reader(io.StringIO(panel.csv().decode()))]
    assert rows[0] == ["mean score", "share of positives", "rows"]
    driver.do("edit.undo")
    assert panel.settings.look == "pr"
    assert b"<svg" in panel.canvas.picture("svg")


def test_a_table_that_cannot_be_judged_says_why(driver: Driver, indexed: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    explore = Explore(driver.start(), "classifier")
    panel_of(explore).open_table(str(path))
    assert judged(explore).message == "No column is known to hold the true classes"
    panel_of(explore).open_table(str(tmp_path / "gone.csv"))
    assert judged(explore).message == "The data file does not exist"
