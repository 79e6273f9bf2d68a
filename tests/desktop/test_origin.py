"""Where a value is from, asked in the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from runfolio.desktop.origin_dialog import OriginDialog
from runfolio.desktop.preview_rows import RowsTable
from runfolio.desktop.views.inspector import InspectorView
from support.driver import Driver


def rows(driver: Driver) -> dict[str, str]:
    dialog = driver.find(OriginDialog, "origin")
    driver.until(lambda: dialog.rows.rowCount() > 0)
    return {row[0]: row[1] for row in dialog.rows.rows_as_text([*range(dialog.rows.rowCount())])}


def test_a_cell_of_the_table_leads_to_its_line(driver: Driver, sweep: Path, indexed: Path) -> None:
    driver.start().highlight("calm-ibis")
    table = driver.table
    table.setCurrentIndex(table.model().index(table.currentIndex().row(), driver.titles().index("lr")))
    driver.press("O")
    told = rows(driver)
    assert told["Value"] == "0.01"
    assert told["File"] == str(sweep / "sweep" / "calm-ibis" / "params.json")
    assert told["Place"] == "line 1, character 8, lr"
    driver.click("origin-copy")
    assert "params.json" in QApplication.clipboard().text()


def test_a_metric_of_the_inspector_is_asked_by_a_double_click(driver: Driver, indexed: Path) -> None:
    driver.start().highlight("brisk-otter").do("window.inspector")
    driver.find(InspectorView, "inspector").tabs.setCurrentIndex(2)
    metrics = driver.find(RowsTable, "metrics")
    driver.until(lambda: metrics.rows.rowCount() == 2).settle()
    row = [r[0] for r in metrics.texts()].index("val/acc")
    at = metrics.visualRect(metrics.rows.index(row, 3)).center()
    QTest.mouseClick(metrics.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(metrics.viewport(), Qt.MouseButton.LeftButton, pos=at)
    driver.settle()
    told = rows(driver)
    assert (told["Value"], told["Chosen by"], told["Place"]) == (
        "0.72",
        "highest finite value",
        "line 20, character 25, val/acc",
    )
    assert told["There stands"].startswith('{"step": 19, "val/acc": 0.72')
