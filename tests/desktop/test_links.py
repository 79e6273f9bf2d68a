"""Recordings of runs in the window: seen with their reasons, split off, joined, taken back."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QRadioButton

from runfolio.desktop.plain_table import PlainTable
from support.driver import Driver
from support.inspected import CORPUS


def test_a_recording_is_split_off_in_the_inspector_and_undo_brings_it_back(driver: Driver, tmp_path: Path) -> None:
    shutil.copytree(CORPUS / "lightning/runs", tmp_path / "lightning")
    driver.start(tmp_path / "lightning")
    before = len(driver.column("Run"))
    name = driver.column("Run")[0]
    driver.highlight(name).do("window.inspector")
    table = driver.find(PlainTable, "recordings")
    driver.until(lambda: table.rowCount() == 2)
    button = driver.find(QPushButton, "split-recordings")
    assert not button.isEnabled()
    table.selectRow(1)
    assert button.isEnabled()
    driver.click("split-recordings")
    assert driver.notice().startswith("1 recording split off.")
    assert len(driver.column("Run")) == before + 1
    driver.press("Ctrl+Z")
    driver.until(lambda: len(driver.column("Run")) == before)


def test_highlighted_runs_are_joined_as_the_legs_of_one(driver: Driver, indexed: Path) -> None:
    driver.start()
    names = driver.column("Run")
    driver.highlight(names[0], names[1]).press("J")
    QTest.mouseClick(driver.find(QRadioButton, "join-legs"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    driver.find(QLineEdit, "join-reason").setFocus()
    driver.type("went on after the crash").click("join")
    assert driver.notice().startswith("2 runs are one.")
    assert len(driver.column("Run")) == len(names) - 1
    driver.highlight(names[0]).do("window.inspector")
    table = driver.find(PlainTable, "recordings")
    driver.until(lambda: table.rowCount() == 2)
    assert any("leg 2 of 2, chained by hand" in row[1] for row in table.rows_as_text([0, 1]))
    driver.press("Ctrl+Z")
    assert not driver.window.inspector_dock.isVisible(), "what was done last is undone first"
    driver.press("Ctrl+Z")
    driver.until(lambda: len(driver.column("Run")) == len(names))


def test_one_highlighted_run_cannot_be_joined(driver: Driver, indexed: Path) -> None:
    driver.start()
    driver.highlight(driver.column("Run")[0]).press("J")
    assert "two runs or more" in driver.notice()


def test_what_ran_when_it_was_copied_is_called_unfinished(driver: Driver, tmp_path: Path) -> None:
    folder = tmp_path / "mlruns" / "0" / "a"
    folder.mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\nname: e\nlifecycle_stage: active\n")
    (folder / "meta.yaml").write_text(
        "run_id: 0123456789abcdef0123456789abcdef\nrun_uuid: 0123456789abcdef0123456789abcdef\nexperiment_id: '0'\n"
        "run_name: heron\nstatus: 1\nstart_time: 1767268800000\nend_time: null\nlifecycle_stage: active\n"
    )
    driver.start(tmp_path / "mlruns").sees_runs("heron")
    assert driver.column("Status") == ["unfinished (as copied)"]
