"""The panel of recorded histograms, with event files read by a real worker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from runfolio.api import Workspace
from runfolio.desktop.export_dialog import ExportDialog
from runfolio.desktop.kinds.recorded import RecordedPanel
from runfolio.desktop.kinds.settings import RecordedSettings
from runfolio.desktop.panel_settings import PanelSettings
from runfolio.export.recipe_file import read_recipe
from support.driver import Driver
from support.event_files import event, new_histogram, record, scalar, version, write
from support.explore import Explore
from support.sweep import write_sweep


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """Two runs with histograms, one of them with another tag as well, among others that have none."""
    for name, last, tags in (("long", 4, ("w", "bias")), ("short", 2, ("w",))):
        records = [version()]
        for step in range(last):
            records.append(scalar(step, last / (step + 1)))
            records += [
                event(step, new_histogram(tag, [[0.0, 1.0, 3.0 - step], [1.0, 2.0, float(step)]])) for tag in tags
            ]
        write(tmp_path / "tb" / name, map(record, records))
    write_sweep(tmp_path / "tb" / "sweep")
    return tmp_path / "tb"


def test_recorded_histograms_are_chosen_walked_exported_and_rendered(
    driver: Driver, boards: Path, tmp_path: Path, user_folders_of_its_own: Path
) -> None:
    explore = Explore(driver.start(boards), "recorded")
    panel = explore.view.panel
    assert isinstance(panel, RecordedPanel)
    driver.until(lambda: panel.answer is not None and len(panel.answer.runs) == 2 and panel.settled).settle()
    names = [driver.window.context.state.name_of(key) for key in panel.answer.runs] if panel.answer else []
    assert (panel.heading, sorted(names)) == ("w over the steps", ["long", "short"])
    assert explore.note.startswith("2 runs, in the order of the table.")
    assert "6 looked at have no such histogram" in explore.note
    rows = [*csv.reader(io.StringIO(panel.csv().decode()))]
    assert rows[0] == ["run", "key", "step", "from", "to", "count"]
    assert [row[2:] for row in rows if row[0] == "short"] == [
        ["0", "0.0", "1.0", "3.0"], ["0", "1.0", "2.0", "0.0"], ["1", "0.0", "1.0", "2.0"], ["1", "1.0", "2.0", "1.0"],
    ]  # fmt: skip
    # Right marks the first step and the next, Enter shows it, Right goes on; each choice is a step of undo.
    panel.canvas.setFocus()
    for keys in ("Right", "Right", "Return", "Right"):
        driver.press(keys)
    assert panel.heading == "w at step 2"
    assert sorted(panel.pane_title(place) for place in range(2)) == ["long · step 2", "short · step 1"]
    # Of the three values of step 2 one lies below 1 and two above.
    place = names.index("long")
    area = panel._axes(panel.canvas.rect().toRectF())[place].area
    assert panel.words_at(area.center() + QPoint(5, 0)).splitlines()[1:] == ["step 2: 3 values", "1 to 2: 2"]
    QTest.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    assert driver.selected() == ["long"]
    driver.do("edit.undo").do("edit.undo")
    assert panel.settings == RecordedSettings(look="step", step="1")
    assert b"<svg" in panel.canvas.picture("svg")
    # Step by step the fourth quarter is the fourth step; a run without it has nothing there.
    explore.pick("look", "Step by step")
    assert "equally far" in explore.note
    for place, name in enumerate(names):
        area = panel._axes(panel.canvas.rect().toRectF())[place].area
        words = panel.words_at(area.center() + QPointF(area.width() * 3 / 8, 0)).splitlines()
        assert words[:2] == (["long", "step 3: 3 values"] if name == "long" else ["short"])
    driver.do("edit.undo")
    # A page keeps it, and a saved view as well.
    kept = PanelSettings(chart=panel.settings).saved()
    assert PanelSettings.from_saved(kept).chart == panel.settings
    explore.view.export()
    driver.settle()
    dialog = driver.find(ExportDialog, "export-dialog")

    recipe = dialog.recipe
    assert recipe is not None
    dialog.close()
    assert sorted(run.name for run in recipe.runs) == ["long", "short"], "a figure of two runs names no others"
    tags = panel.findChild(QComboBox, "kind-tag")
    assert tags is not None
    assert [tags.itemText(place) for place in range(tags.count())] == ["w (that most have)", "w · 2", "bias · 1"]
    driver.close()
    with Workspace.open(user_folders_of_its_own / "cache" / "index.duckdb", tmp_path / "ledger") as workspace:
        for suffix in ("svg", "csv"):
            first = workspace.export_chart(recipe, tmp_path / f"first.{suffix}")
            again = workspace.render(read_recipe(first), tmp_path / f"again.{suffix}")
            assert again.read_bytes() == first.read_bytes(), suffix
