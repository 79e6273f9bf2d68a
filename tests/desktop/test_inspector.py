"""The inspector's sections, used as a person uses them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QTextBrowser, QWidget

from runfolio.desktop.inspector_metrics import MetricsSection
from runfolio.desktop.inspector_sections import SECTIONS
from runfolio.desktop.numbered_text import NumberedText
from runfolio.desktop.preview_nodes import BranchTree
from runfolio.desktop.preview_rows import RowsTable
from runfolio.desktop.views.inspector import InspectorView
from runfolio.desktop.widgets import PlainLabel
from support.driver import Driver


def write_run(folder: Path, params: dict[str, object], metrics: dict[str, list[float]]) -> Path:
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(params))
    length = max(len(values) for values in metrics.values())
    rows = [
        {"step": n, "timestamp": 1.7e9 + 90 * n} | {k: v[n] for k, v in metrics.items() if n < len(v)}
        for n in range(length)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run with nested params, odd values, and a log."""
    params = {"model": {"width": 64, "name": "<b>wide</b>"}, "optim.lr": 0.001, "optim.name": "adam", "seed": 3}
    metrics = {
        "val/acc": [0.1, 0.9, float("nan"), 0.5],
        "loss": [4.0, 1.0, 2.0, float("inf")],
        "f1": [0.0, 0.0, 1.0, 1.0],
    }
    folder = write_run(tmp_path_factory.mktemp("runs") / "one", params, metrics)
    lines = [f"epoch {n}: loss {1 / (n + 1):.4f}" for n in range(9_000)]
    lines[8_000] += "  Traceback (most recent call last)"
    (folder / "output.log").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def run(one: Path, library: Callable[[Path], None]) -> Path:
    """The user's library holds it."""
    library(one.parent)
    return one


def start(driver: Driver, section: str) -> InspectorView:
    driver.start().highlight(driver.column("Run")[0]).do(f"inspector.{section}")
    view = driver.find(InspectorView, "inspector")
    driver.until(view.stack.isVisible)
    return view


def test_params_are_a_tree_that_is_searched_by_key_and_value(driver: Driver, run: Path) -> None:
    start(driver, "params")
    tree = driver.find(BranchTree, "params")
    driver.until(lambda: len(tree.texts()) > 0)
    assert tree.texts() == [
        ("model", "2 keys", ""),
        ("name", "<b>wide</b>", "str"),
        ("width", "64", "int"),
        ("optim", "2 keys", ""),
        ("lr", "0.001", "float"),
        ("name", "adam", "str"),
        ("seed", "3", "int"),
    ]
    assert QApplication.focusWidget() is driver.find(QLineEdit, "params-search"), "Alt+2 leads into the search"
    driver.type("ADAM")
    driver.until(lambda: len(tree.texts()) == 2)
    assert tree.texts() == [("optim", "1 keys", ""), ("name", "adam", "str")]
    assert driver.text("params-told") == "1 of 5"
    tree.setCurrentIndex(tree.rows.index_of(tree.rows.root.below[0].below[0]))
    tree.setFocus()
    driver.press("Ctrl+C")
    assert QApplication.clipboard().text().splitlines()[1] == "name\tadam\tstr"


def test_metrics_have_a_curve_and_every_figure(driver: Driver, run: Path) -> None:
    start(driver, "metrics")
    table = driver.find(RowsTable, "metrics")
    driver.until(lambda: table.rows.rowCount() == 3)
    rows = {row[0]: row[2:9] for row in table.texts()}
    # Last, best finite one by direction, lowest, highest, first, all points, and those that are NaN or infinite.
    assert rows["val/acc"] == ["0.5", "0.9", "0.1", "0.9", "0.1", "4", "1"]
    assert rows["loss"] == ["∞", "1", "1", "∞", "4", "4", "1"]
    section = table.parent()
    assert isinstance(section, MetricsSection)
    driver.until(lambda: len(section.curves) == 3)
    outline = next(curve for (_, name), curve in section.curves.items() if name == "val/acc")
    assert max(high for _, _, high in outline) == 1.0

    # Mean, deviation (n - 1) and slope of all points by hand; with NaN or infinity among them as in the runs table.
    # Then step and time of the first point as good as the best.
    driver.settle()
    worked_out = {row[0]: row[9:] for row in table.texts()}
    assert worked_out["val/acc"] == ["NaN", "NaN", "NaN", "1", "1 min 30 s"]
    assert worked_out["loss"] == ["∞", "NaN", "NaN", "1", "1 min 30 s"]
    assert worked_out["f1"] == ["0.5", "0.57735", "0.4", "2", "3 min"]
    driver.find(QLineEdit, "metrics-reach").setText("-1")
    driver.settle()
    assert {row[0]: row[12] for row in table.texts()} == {"val/acc": "0", "loss": "–", "f1": "0"}
    driver.find(QLineEdit, "metrics-search").setText("f1")
    table.setFocus()
    driver.press("Ctrl+C")
    header, row = (line.split("\t") for line in QApplication.clipboard().text().splitlines())
    assert header[-5:] == ["Mean", "Std", "Slope", "Reached at", "Time to reach"]
    assert [row[0], *row[-5:]] == ["f1", "0.5", "0.57735", "0.4", "0", "0 ms"]
    driver.find(QLineEdit, "metrics-search").setText("acc")
    assert [row[0] for row in table.texts()] == ["val/acc"]


def test_a_note_is_written_read_undone_and_follows_no_image(driver: Driver, run: Path, tmp_path: Path) -> None:
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    start(driver, "notes")
    note = driver.find(QPlainTextEdit, "note")
    note.setFocus()
    QApplication.clipboard().setText(f"# Good run\n\n**bold** ![plot]({pipe}) <img src={pipe}> [link](file://{pipe})")
    driver.press("Ctrl+V")
    assert driver.text("note-told") == "not saved yet"
    driver.press("Ctrl+Return")
    driver.until(lambda: "Entry 1" in driver.notice())
    driver.click("note-read-it")
    read = driver.find(QTextBrowser, "note-read")
    assert read.isVisible()
    assert read.toPlainText().startswith("Good run\nbold [image: plot] <img src=")
    assert not driver.window.grab().isNull(), "a pipe as an image would block for ever"
    driver.press("Ctrl+Z")
    driver.until(lambda: note.toPlainText() == "")


def test_what_is_being_written_is_not_lost_to_a_commit(driver: Driver, run: Path) -> None:
    start(driver, "notes")
    driver.find(QPlainTextEdit, "note").setFocus()
    driver.type("half a sentence")
    key = driver.window.context.state.current
    assert key is not None
    driver.window.context.jobs.action(lambda workspace: workspace.tag([key], add=["good"]))
    driver.settle()
    assert driver.find(QPlainTextEdit, "note").toPlainText() == "half a sentence"
    driver.click("discard-note")
    assert driver.find(QPlainTextEdit, "note").toPlainText() == ""


def test_the_log_is_paged_and_searched(driver: Driver, run: Path) -> None:
    start(driver, "log")
    text = driver.find(NumberedText, "log-text")
    driver.until(lambda: text.toPlainText().startswith("epoch 0: loss 1.0000"))
    assert driver.find(QComboBox, "log-file").currentText().startswith("output.log")
    driver.find(QLineEdit, "log-find").setFocus()
    driver.type("traceback").press("Return")
    driver.until(lambda: driver.text("log-find-told") == "1 of 1")
    driver.until(lambda: "Traceback" in text.textCursor().block().text())
    assert text.textCursor().block().text().startswith("epoch 8000:")
    assert text.textCursor().positionInBlock() == text.textCursor().block().text().index("Traceback")
    driver.click("log-first")
    driver.until(lambda: text.toPlainText().startswith("epoch 0:"))
    driver.click("log-end")
    driver.until(lambda: text.toPlainText().endswith("epoch 8999: loss 0.0001"))
    driver.click("log-find-regex")
    driver.find(QLineEdit, "log-find").setFocus()
    driver.find(QLineEdit, "log-find").clear()
    driver.type("(").press("Return")
    driver.until(lambda: "Not a regular expression" in driver.text("log-find-told"))


def test_files_open_in_their_workspace(driver: Driver, run: Path) -> None:
    start(driver, "files")
    tree = driver.find(BranchTree, "inspector-files-tree")
    driver.until(lambda: len(tree.texts()) == 3)
    assert [row[0] for row in tree.texts()] == ["metrics.jsonl", "output.log", "params.json"]
    row = tree.visualRect(tree.rows.index(2, 0)).center()
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row)
    QTest.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=row)
    driver.settle()
    driver.until(lambda: driver.text("preview-title") == "params.json")
    assert driver.find(QWidget, "files").isVisible()


def test_sections_wrap_and_are_walked_with_the_arrows(driver: Driver, run: Path) -> None:
    view = start(driver, "overview")
    buttons = [driver.find(QPushButton, f"inspector-{id}") for id, _ in SECTIONS]
    assert all(button.isVisible() for button in buttons)
    assert len({button.mapTo(view, QPoint()).y() for button in buttons}) == 2, "two rows in a narrow dock"
    assert all(button.mapTo(view, QPoint(button.width(), 0)).x() <= view.width() for button in buttons)
    buttons[0].setFocus()
    driver.press("Right").press("Right")
    assert view.tabs.currentIndex() == 2
    assert buttons[2].isChecked()
    # A walk is one step of undo, and takes no redo away.
    driver.press("Ctrl+Z")
    assert (view.tabs.currentIndex(), view.isVisible()) == (0, True)
    driver.press("Ctrl+Shift+Z")
    assert view.tabs.currentIndex() == 2
    driver.press("Alt+9")
    assert view.tabs.currentIndex() == 8
    driver.restart().do("window.inspector")
    assert driver.find(InspectorView, "inspector").tabs.currentIndex() == 8


def test_ten_thousand_params_and_five_thousand_metrics_do_not_stall_the_window(driver: Driver, tmp_path: Path) -> None:
    params: dict[str, object] = {f"block{n // 100}": {} for n in range(10_000)}
    for n in range(10_000):
        block = params[f"block{n // 100}"]
        assert isinstance(block, dict)
        block[f"key{n}"] = n
    folder = write_run(tmp_path / "runs" / "wide", params, {f"m{n}": [1.0 * n, 2.0] for n in range(5_000)})
    driver.start(folder.parent).highlight(driver.column("Run")[0]).do("inspector.params")
    view = driver.find(InspectorView, "inspector")
    tree = driver.find(BranchTree, "params")
    driver.until(lambda: len(tree.texts()) == 10_100)
    run = view._run
    assert run is not None
    spent, pages = [], view.pages
    for section in (pages.params.body, pages.metrics.body, pages.overview.body, pages.notes.body):
        started = time.thread_time()
        section.show_run(run)
        spent.append(time.thread_time() - started)
        driver.settle()
    assert max(spent) < 0.1
    driver.do("inspector.metrics")
    assert driver.find(RowsTable, "metrics").rows.rowCount() == 5_000
    started = time.thread_time()
    driver.find(QLineEdit, "metrics-search").setText("m499")
    assert time.thread_time() - started < 0.1
    assert driver.text("metrics-told") == "11 of 5\u2009000"


def test_a_long_name_leaves_the_window_its_shape_and_empty_sections_say_so(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / f"trial_{'lr=0.1,fail=False_' * 9}"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text('{"lr": 1}', encoding="utf-8")
    (folder / "metrics.csv").write_text("step,loss\n", encoding="utf-8")
    driver.start(folder.parent).highlight(driver.column("Run")[0]).do("inspector.metrics")
    view = driver.find(InspectorView, "inspector")
    assert view.minimumSizeHint().width() < 340
    assert view.pages.metrics.body.empty.isVisible()
    assert not view.pages.metrics.body.table.isVisible()
    driver.do("inspector.overview")
    assert any(label.text() == "1 param, 0 metrics" for label in view.findChildren(PlainLabel))
