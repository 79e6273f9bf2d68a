"""The classifier panel, with a real table judged in a real worker."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from runfolio.desktop.kinds.classifier import ClassifierPanel
from runfolio.desktop.kinds.classifier_paint import curve_axes, matrix_axes
from runfolio.desktop.widgets import PlainLabel
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
    explore.driver.until(lambda: panel.settled)
    return panel


def test_a_table_is_chosen_and_judged(driver: Driver, indexed: Path, table: Path) -> None:
    explore = Explore(driver.start(), "classifier")
    panel = panel_of(explore)
    assert judged(explore).message == "No tables"
    driver.click("kind-table")
    dialog = driver.find(QFileDialog, "choose-table")
    dialog.fileSelected.emit(str(table))
    dialog.close()
    judged(explore)
    assert explore.note == (
        "predictions.csv: 7 rows. 1 with a gap in a column used are left out. Accuracy 0.8571 (6 right). "
        "Predicted: 1 where the score is 0.5 or more."
    )
    assert panel.answer is not None
    (axes,) = matrix_axes(QRectF(panel.canvas.rect()), panel.answer.tables)
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


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs, of which two predicted three animals; the better one has the higher accuracy by far."""
    root = tmp_path_factory.mktemp("animals")
    names = ["cat", "dog", "emu"]
    for place, name in enumerate(["bad", "good", "none"]):
        folder = root / name
        folder.mkdir()
        (folder / "config.json").write_text(f'{{"lr": {place + 1}}}')
        (folder / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
        if name == "none":
            continue
        random = np.random.default_rng(3)
        truth = random.integers(0, 3, 60)
        scores = random.dirichlet((1, 1, 1), 60)
        scores[np.arange(60), truth] += place
        scores /= scores.sum(axis=1, keepdims=True)
        with (folder / "test_predictions.csv").open("w", newline="") as stream:
            rows = ([names[t], *map(repr, s)] for t, s in zip(truth.tolist(), scores.tolist(), strict=True))
            csv.writer(stream).writerows([["label", *(f"prob_{n}" for n in names)], *rows])
    return root


def auc_by_hand(path: Path, name: str) -> float:
    """The share of pairs of one of a class and one of another in which the first has the higher score."""
    with path.open(newline="") as stream:
        rows = [*csv.DictReader(stream)]
    own = [float(row[f"prob_{name}"]) for row in rows if row["label"] == name]
    others = [float(row[f"prob_{name}"]) for row in rows if row["label"] != name]
    return sum(a > b for a in own for b in others) / (len(own) * len(others))


def test_tables_of_the_runs_in_scope_are_judged_beside_each_other(
    driver: Driver, library: Callable[[Path], None], runs: Path, tmp_path: Path
) -> None:
    only_labels = tmp_path / "labels.csv"
    only_labels.write_text("label,pred\ncat,cat\ndog,cat\n")
    library(runs)
    explore = Explore(driver.start(), "classifier")
    panel = judged(explore)
    assert explore.note.startswith("2 runs, 120 rows. Accuracy ")
    assert panel.heading == "Confusion matrix · test_predictions.csv"
    assert panel.answer is not None
    first, other = matrix_axes(QRectF(panel.canvas.rect()), panel.answer.tables)
    for axes, table in zip((first, other), panel.answer.tables, strict=True):
        right, all_of = int(table.found.confusion[0, 0]), int(table.found.confusion[0].sum())
        said = f"{table.name}\ncat predicted as cat: {right} ({right / all_of:.1%} of cat)"
        assert panel.words_at(axes.at(0.1, 0.9)) == said
    picture, ground = explore.canvas.grab().toImage(), driver.window.context.theme.color("surface")
    for axes in (first, other):
        corners = [axes.at((column + 0.1) / 3, (row + 0.1) / 3).toPoint() for column in range(3) for row in range(3)]
        assert ground not in [picture.pixelColor(at) for at in corners], "each cell has its colour"
    # A click on a matrix selects its run.
    QTest.mouseClick(explore.canvas, Qt.MouseButton.LeftButton, pos=other.at(0.5, 0.5).toPoint())
    names = [table.name for table in panel.answer.tables]
    driver.settle()
    assert driver.selected() == names[1:]
    explore.pick("look", "ROC")
    explore.pick("of_class", "emu")
    assert "The diagonal is chance. Positive: emu." in explore.note
    rows = [*csv.DictReader(io.StringIO(panel.csv().decode()))]
    for name in names:
        own = [(float(r["false positive rate"]), float(r["true positive rate"])) for r in rows if r["run"] == name]
        area = np.trapezoid([y for _, y in own], [x for x, _ in own])
        assert area == pytest.approx(auc_by_hand(runs / name / "test_predictions.csv", "emu"))
    words = panel.words_at(curve_axes(QRectF(panel.canvas.rect()), "roc").at(0.0, 0.0))
    assert words.split("\n")[1] == "false positive rate 0, true positive rate 0"
    # One run alone shows each of its classes.
    driver.filter(f'name = "{names[0]}"')
    assert judged(explore).answer is not None
    driver.do("edit.undo")
    # A look that the table has nothing for says so in place of the chart, and the next one is drawn again.
    explore.pick("look", "Calibration")
    assert (judged(explore).message, panel.canvas.isVisible()) == ("", True)
    panel.open_table(str(only_labels))
    assert judged(explore).message == "No curve"
    assert any("needs scores of two classes" in label.text() for label in panel.empty.findChildren(PlainLabel))
    explore.pick("look", "Confusion matrix")
    assert (panel.message, panel.canvas.isVisible(), panel.note.isVisible()) == ("", True, True)
    explore.pick("table", "metrics.csv · 3")
    assert judged(explore).message == "The table cannot be judged"
