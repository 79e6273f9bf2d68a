"""The runs table taken out of the window: to the clipboard in five forms, to files in three, with cancel."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from runfolio.desktop.export_progress import ExportProgress
from runfolio.desktop.table_look import columns_of
from runfolio.model.grouping import GroupBy
from runfolio.model.query import FieldRef
from support.driver import Driver
from support.sweep import NAMES


@pytest.fixture
def runs(driver: Driver, indexed: Path) -> Driver:
    driver.start().click_header("Run")
    driver.window.runs_view().columns.put(columns_of(("builtin:name", "metric:val/acc:best", "param:seed")))
    return driver.settle()


def copy(runs: Driver, form: str) -> str:
    runs.do(f"runs.copy-{form}")
    return QApplication.clipboard().text()


def test_highlighted_runs_are_copied_in_every_form(runs: Driver) -> None:
    runs.highlight("amber-heron", "brisk-otter")
    assert json.loads(copy(runs, "json")) == [
        {"Run": "amber-heron", "val/acc · best": 0.7, "seed": 0},
        {"Run": "brisk-otter", "val/acc · best": 0.72, "seed": 1},
    ]
    assert runs.notice() == "2 runs copied as JSON."
    assert copy(runs, "latex").splitlines()[5] == "amber-heron & 0.7 & 0 \\\\"
    assert '"seed": [0, 1],' in copy(runs, "python")
    assert copy(runs, "markdown").splitlines()[2] == "| amber-heron | 0.7 | 0 |"


def test_the_table_is_saved_as_it_is_shown(runs: Driver, tmp_path: Path) -> None:
    runs.click_header("val/acc · best").filter("seed > 1")
    runs.window.exports.write_table(tmp_path / "shown.csv")
    runs.settle()
    with (tmp_path / "shown.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["Run", "val/acc · best", "seed"]
    assert [row[0] for row in rows] == runs.column("Run") == [*reversed(NAMES[2:])]
    assert "4 runs with 3 columns saved to" in runs.notice()
    assert not runs.find(ExportProgress, "export-progress").isVisible()


def test_groups_are_saved_with_the_table(runs: Driver, tmp_path: Path) -> None:
    runs.window.runs_view().columns.group(GroupBy((FieldRef.from_id("param:optimizer"),)))
    runs.settle()
    runs.window.exports.write_table(tmp_path / "grouped.parquet")
    runs.settle()
    table = pq.read_table(tmp_path / "grouped.parquet")
    assert table.column_names == ["optimizer", "Run", "val/acc · best", "seed"]
    # As in the table: the group of the first run first, its members in the table's order.
    assert table["optimizer"].to_pylist() == ["sgd"] * 3 + ["adam"] * 3
    assert table["Run"].to_pylist() == [*NAMES[::2], *NAMES[1::2]]


def test_everything_is_saved_as_excel_through_the_dialog(runs: Driver, tmp_path: Path) -> None:
    runs.do("export.everything")
    dialog = runs.find(QFileDialog, "save-file")
    dialog.fileSelected.emit(str(tmp_path / "all.xlsx"))
    dialog.close()
    runs.settle()
    assert (tmp_path / "all.xlsx").read_bytes()[:2] == b"PK"
    assert "6 runs with" in runs.notice()


def test_an_export_that_is_cancelled_leaves_no_file(runs: Driver, tmp_path: Path) -> None:
    runs.window.exports.write_table(tmp_path / "gone.csv")
    progress = runs.find(ExportProgress, "export-progress")
    assert progress.isVisible()
    assert progress.busy
    runs.window.context.commands.run("export.cancel")
    runs.settle()
    assert not progress.isVisible()
    assert [*tmp_path.glob("*gone*")] == []
