"""The import doctor: what became of each folder, found by verdict and text, and taken out as CSV."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QTabWidget

from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.views.folder_reports import FolderReports
from runfolio.desktop.views.problems import ProblemsView
from support.command import answer, answer_apart, call
from support.driver import Driver
from support.inspected import CORPUS


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Sound event files, cut ones, some whose steps go back, and a picture by such a name."""
    shutil.copytree(CORPUS / "tensorboard" / "runs", tmp_path / "tb")
    (tmp_path / "tb" / "torn").mkdir()
    (tmp_path / "tb" / "torn" / "events.out.tfevents.1700000000.host").write_bytes(b"\xff\xd8\xff\xe0 a picture" * 90)
    return tmp_path / "tb"


def rows(driver: Driver) -> list[list[str]]:
    table = driver.find(PlainTable, "folder-table")
    return table.rows_as_text(range(table.rowCount()))


def test_folders_are_found_by_verdict_and_text_and_taken_out(driver: Driver, runs: Path, tmp_path: Path) -> None:
    driver.start(runs).do("view.problems")
    tabs = driver.find(ProblemsView, "problems").findChild(QTabWidget)
    assert isinstance(tabs, QTabWidget)
    tabs.setCurrentIndex(1)
    driver.settle()
    everything = rows(driver)
    verdicts = {row[0] for row in everything}
    assert verdicts == {"skipped", "partial", "imported"}
    # The worst first.
    assert everything[0][0] == "skipped"
    driver.click("verdict-partial")
    assert {row[0] for row in rows(driver)} == {"partial"}
    driver.click("verdict-all")
    driver.find(FolderReports, "folder-reports").search.setFocus()
    driver.type("GOES BACK").settle()
    found = rows(driver)
    assert found
    assert all("goes back" in row[5] for row in found)
    assert driver.text("folder-counts") == f"{len(found)} of {len(everything)} folders"
    driver.find(FolderReports, "folder-reports").write(tmp_path / "report.csv")
    driver.settle()
    written = [*csv.DictReader((tmp_path / "report.csv").read_text("utf-8").splitlines())]
    assert {row["folder"] for row in written} == {row[2] for row in found}
    assert {row["hint"] for row in written if row["code"] == "steps-go-back"} != {""}


def test_the_command_line_says_the_same(runs: Path, tmp_path: Path) -> None:
    store = ("--index", tmp_path / "i.duckdb", "--ledger", tmp_path / "l")
    call("index", runs, *store)
    reports = answer_apart("doctor", *store)
    by_verdict = {v: [r for r in reports if r["verdict"] == v] for v in ("skipped", "partial", "imported")}
    assert [r["path"] for r in by_verdict["skipped"]] == ["torn"]
    assert all(r["recordings"] for r in by_verdict["partial"] + by_verdict["imported"])
    assert answer("doctor", "--only", "partial", *store) == by_verdict["partial"]
    shown = call("doctor", "--where", "torn", *store).stdout
    assert "torn" in shown
    assert "skipped" in shown
    table = [*csv.reader(call("doctor", "--csv", *store).stdout.splitlines())]
    assert len(table) == 1 + sum(max(1, len(r["problems"])) for r in reports)
