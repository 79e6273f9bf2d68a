"""Hundreds of columns: what is not in view is not read, facets stay few, and a column comes back as wide as it was."""

from __future__ import annotations

from pathlib import Path

from runfolio.desktop.facets import MOST, FacetPanel
from runfolio.desktop.run_widths import first_width
from runfolio.desktop.table_look import columns_of
from runfolio.desktop.widgets import PlainLabel
from support.driver import Driver

SUMS = tuple(f"derived:seed + {number}" for number in range(300))


def test_hundreds_of_columns_are_read_when_scrolled_to_and_come_back_as_wide(driver: Driver, indexed: Path) -> None:
    runs = driver.start().click_header("Run")
    columns = runs.window.runs_view().columns
    columns.put(columns_of(("builtin:name", *SUMS)))
    runs.settle()
    assert runs.column("seed + 0") == ["0", "1", "2", "3", "4", "5"]
    assert set(runs.column("seed + 299")) == {"…"}
    runs.press("Ctrl+Shift+F")
    panel = runs.window.findChild(FacetPanel)
    assert panel is not None
    assert len(panel.shown) == MOST
    assert runs.find(PlainLabel, "facets-further").text() == f"{300 - MOST} more columns are here: search for them."
    runs.table.horizontalScrollBar().setValue(runs.table.horizontalScrollBar().maximum())
    runs.settle()
    assert runs.column("seed + 299") == ["299", "300", "301", "302", "303", "304"]

    # What comes back has its cells already, and is as wide as it was.
    best = ("builtin:name", "metric:val/acc:best")
    columns.put(columns_of(best))
    runs.settle()
    width = runs.table.columnWidth(1)
    columns.put(columns_of(("builtin:name", "param:lr")))
    runs.settle().do("edit.undo")
    assert runs.titles()[1] == "val/acc · best"
    assert runs.table.columnWidth(1) == width > first_width(runs.table.runs.columns[1])
