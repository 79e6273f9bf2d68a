"""The whole way in the window: open a folder, find the best run, see why, promote it, export its chart."""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.views.charts import ChartsView
from runfolio.locate import resources
from support.driver import Driver
from support.guard import gui_thread_guard


@pytest.fixture
def driver(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    driver = Driver()
    with gui_thread_guard(monkeypatch):
        try:
            yield driver
        finally:
            driver.close()


def state_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}\0{path.lstat().st_mtime_ns}\0".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def rows(driver: Driver, table: str) -> list[list[str]]:
    found = driver.find(PlainTable, table)
    return found.rows_as_text(range(found.rowCount()))


def test_from_a_folder_to_a_promoted_run_and_its_chart(
    driver: Driver, tmp_path: Path, user_folders_of_its_own: Path
) -> None:
    folder = tmp_path / "cluster-copy"
    shutil.copytree(resources() / "samples" / "runs", folder)
    before = state_of(folder)

    driver.start(folder)
    driver.until(lambda: len(driver.window.context.state.scope_keys) == 29)

    # Find the best of the sweep, and one of the same setting on the older data.
    driver.filter("sensor-faults and val/acc.best >= 0.808 and optim.lr = 0.03")
    driver.click_header("val/acc · best")
    if driver.column("val/acc · best")[0] < driver.column("val/acc · best")[-1]:
        driver.click_header("val/acc · best")
    best = driver.column("Run")[0]
    assert best in ("quiet-elk", "olive-newt")
    # Runs picked for a first look may lie outside of the filter, where no dot can be clicked.
    driver.window.context.state.select([])
    driver.settle().click_dot(best).click_dot("ivory-stoat").highlight("ivory-stoat").do("runs.baseline")

    # Why do they differ?
    driver.do("view.compare")
    compared = {row[0]: row for row in rows(driver, "compare-table")}
    assert any("train_v2" in cell for cell in compared["train"])
    assert any("▲" in cell for cell in compared["val/acc"])

    # Promote it, with a reason.
    driver.do("view.runs").highlight(best).do("view.models")
    QTest.keyClicks(driver.find(QLineEdit, "reason"), "mended labels help on four seeds")
    stage = driver.find(QComboBox, "stage")
    stage.setCurrentIndex(stage.findText("staging"))
    driver.settle().click("promote")
    assert [row[2:] for row in rows(driver, "model-versions")] == [["staging", best]]
    driver.do("view.runs").filter("stage = staging").sees_runs(best)

    # Export the chart of both.
    driver.do("view.charts")
    view = driver.find(ChartsView, "charts")
    chart = next(p for p in view.panels if p.metric_name == "val/acc")
    chart.export_asked.emit("png")
    (dialog,) = view.findChildren(QFileDialog)
    out = tmp_path / "figure.png"
    dialog.fileSelected.emit(str(out))
    dialog.close()
    driver.until(out.exists)
    driver.settle()
    signature, width, height = struct.unpack(">8s8xII", out.read_bytes()[:24])
    assert signature == b"\x89PNG\r\n\x1a\n"
    assert width > height > 100

    # Without the index everything is there again, and the folder is as it was.
    driver.close()
    (user_folders_of_its_own / "cache" / "index.duckdb").unlink()
    driver.start(folder)
    driver.until(lambda: not driver.window.indexing.busy)
    driver.filter("stage = staging").sees_runs(best)
    assert state_of(folder) == before
