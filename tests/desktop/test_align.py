"""Metric names shown as one in the window: suggested, previewed, confirmed, edited, kept apart, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton

from runfolio.desktop.align_groups import GroupKind, NameGroup, NameRow, group_with
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.plain_table import PlainTable
from runfolio.model.query import FieldKind, FieldRef
from support.driver import Driver

RUNS = {
    "amber-heron": {"val/acc": [0.5, 0.75], "loss": [1.0, 0.5]},
    "brisk-otter": {"val/acc": [0.5, 0.625], "loss": [1.0, 0.25]},
    "calm-ibis": {"Val Acc": [50.0, 87.5], "loss": [2.0, 1.0]},
    "dusky-lynx": {"validation_accuracy": [0.25, 0.5], "train_loss": [2.0, 1.0]},
}
ACC = TableColumn(FieldRef(FieldKind.METRIC, "val/acc"))


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mixed")
    for name, metrics in RUNS.items():
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "params.json").write_text(json.dumps({"lr": 0.1}))
        lines = [
            json.dumps({"step": step} | {metric: values[step] for metric, values in metrics.items()})
            for step in range(2)
        ]
        (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def mixed(four: Path, library: Callable[[Path], None]) -> Path:
    """The user's library holds them."""
    library(four)
    return four


def groups(driver: Driver) -> list[str]:
    table = driver.find(PlainTable, "align-groups")
    return [row[0] for row in table.rows_as_text(range(table.rowCount()))]


def names(driver: Driver) -> list[tuple[str, str, bool]]:
    """Name, scale and box of each row."""
    table = driver.find(PlainTable, "align-names")
    found = []
    for row in range(table.rowCount()):
        item, scale = table.item(row, 0), table.item(row, 1)
        assert item is not None
        assert scale is not None
        found.append((item.text(), scale.text(), item.checkState() is Qt.CheckState.Checked))
    return found


def show(driver: Driver, group: str) -> None:
    table = driver.find(PlainTable, "align-groups")
    table.selectRow(groups(driver).index(group))
    driver.settle()


def accuracy(driver: Driver) -> dict[str, str]:
    return {name: cell for name, cell in zip(driver.column("Run"), driver.column("val/acc"), strict=True) if cell}


def test_a_suggestion_is_confirmed_used_and_undone(driver: Driver, mixed: Path) -> None:
    driver.start()
    columns = driver.window.runs_view().columns
    columns.put((*columns.table.shown_columns(), ACC))
    driver.settle()
    assert accuracy(driver) == {"amber-heron": "0.7500", "brisk-otter": "0.6250"}
    driver.do("metrics.align")
    assert groups(driver)[:2] == ["SUGGESTED", "val/acc"]
    assert names(driver) == [("val/acc", "1", True), ("validation_accuracy", "1", True), ("Val Acc", "0.01", True)]
    why = driver.find(PlainTable, "align-names").rows_as_text([2])[0][4]
    assert (
        why == "likely: spelled differently; percent against fractions: values go up to 87.5, those of val/acc to 0.75"
    )
    assert driver.text("align-preview") == "4 runs get a value: 2 their own, 2 from other names."
    driver.click("align-confirm")
    assert driver.notice().startswith("validation_accuracy, Val Acc × 0.01 shown as val/acc.")
    assert groups(driver)[:2] == ["ALIGNED", "val/acc"]
    assert accuracy(driver) == {
        "amber-heron": "0.7500",
        "brisk-otter": "0.6250",
        "calm-ibis": "0.8750",
        "dusky-lynx": "0.5000",
    }
    driver.click("align-close")
    assert driver.header("val/acc") == "val/acc ≈"
    model = driver.table.model()
    row, place = driver.column("Run").index("calm-ibis"), driver.titles().index("val/acc")
    assert model.index(row, place).data(Qt.ItemDataRole.ToolTipRole) == "0.875\nfrom Val Acc × 0.01"
    head = model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "Some runs call it otherwise: Val Acc × 0.01, validation_accuracy" in str(head)
    driver.do("edit.undo")
    driver.until(lambda: accuracy(driver) == {"amber-heron": "0.7500", "brisk-otter": "0.6250"})
    assert driver.header("val/acc") == "val/acc"


def test_target_scale_and_boxes_are_edited_before_confirming(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align")
    target = driver.find(QComboBox, "align-target")
    # Shown as percent: scales are taken against the name that is chosen.
    target.setCurrentIndex([target.itemText(i) for i in range(target.count())].index("Val Acc"))
    driver.settle()
    assert names(driver) == [("val/acc", "100", True), ("validation_accuracy", "100", True), ("Val Acc", "1", True)]
    line = target.lineEdit()
    assert line is not None
    line.setFocus()
    line.selectAll()
    driver.type("quality").settle()
    table = driver.find(PlainTable, "align-names")
    item, scale = table.item(1, 0), table.item(0, 1)
    assert item is not None
    assert scale is not None
    item.setCheckState(Qt.CheckState.Unchecked)
    scale.setText("nonsense")
    assert "“nonsense” is no scale." in driver.notice()
    assert names(driver)[0] == ("val/acc", "100", True)
    scale.setText("50")
    driver.until(lambda: driver.text("align-preview").startswith("3 runs get a value: 0 their own, 3 from other"))
    driver.click("align-confirm")
    assert driver.notice().startswith("val/acc × 50, Val Acc shown as quality.")
    driver.filter("quality > 60").sees_runs("calm-ibis")


def test_an_alignment_is_renamed_widened_and_ended(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align").click("align-confirm")
    more = driver.find(QComboBox, "align-more")
    line = more.lineEdit()
    assert line is not None
    more.setEditText("loss")
    QTest.keyClick(line, Qt.Key.Key_Return)
    driver.settle()
    assert names(driver)[-1] == ("loss", "1", True)
    driver.find(QComboBox, "align-target").setEditText("anything")
    driver.settle()
    assert driver.find(QPushButton, "align-confirm").text() == "Save changes"
    driver.click("align-confirm")
    assert groups(driver)[:2] == ["ALIGNED", "anything"]
    assert "val/acc" in {name for name, _, _ in names(driver)}
    driver.click("align-remove")
    assert driver.notice().startswith("Only anything itself is shown as it.")
    assert groups(driver)[0] == "SUGGESTED"


def test_ctrl_z_in_the_dialog_takes_a_decision_back(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align").click("align-confirm")
    assert groups(driver)[0] == "ALIGNED"
    driver.find(PlainTable, "align-groups").setFocus()
    driver.press("Ctrl+Z")
    driver.until(lambda: groups(driver)[0] == "SUGGESTED")
    assert [name for name, _, _ in names(driver)] == ["val/acc", "validation_accuracy", "Val Acc"]


def test_what_is_being_edited_stays_when_the_library_changes(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align").click("align-confirm")
    driver.find(QComboBox, "align-target").setEditText("quality")
    key = driver.window.context.state.scope_keys[0]
    driver.window.context.jobs.action(lambda workspace: workspace.tag([key], add=["x"]))
    driver.settle()
    assert driver.find(QComboBox, "align-target").currentText() == "quality"
    driver.click("align-confirm")
    assert groups(driver)[:2] == ["ALIGNED", "quality"]
    assert groups(driver).count("val/acc") == 0, "it was renamed"


def test_a_name_typed_on_the_way_to_another_leaves_the_scales_alone(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align")
    target = driver.find(QComboBox, "align-target")
    line = target.lineEdit()
    assert line is not None
    line.setFocus()
    line.selectAll()
    driver.type("Val Acc")
    driver.type("uracy").settle()
    assert [scale for _, scale, _ in names(driver)] == ["1", "1", "0.01"]
    line.selectAll()
    driver.type("Val Acc")
    driver.find(PlainTable, "align-groups").setFocus()
    driver.settle()
    assert [scale for _, scale, _ in names(driver)] == ["100", "100", "1"]


def test_names_that_are_not_one_are_kept_apart_until_they_are_suggested_again(driver: Driver, mixed: Path) -> None:
    driver.start().do("metrics.align")
    before = groups(driver)
    driver.click("align-dismiss")
    assert driver.notice().startswith("3 names are kept apart.")
    assert "val/acc" not in groups(driver)
    show(driver, "Val Acc, val/acc, validation_accuracy")
    assert [name for name, _, _ in names(driver)] == ["Val Acc", "val/acc", "validation_accuracy"]
    driver.click("align-again")
    assert groups(driver) == before


def test_the_menu_of_a_metric_starts_with_that_metric(driver: Driver, mixed: Path) -> None:
    driver.start()
    driver.window.runs_view().columns.align("loss")
    driver.settle()
    assert ("loss", "1", True) in names(driver)
    driver.window.runs_view().columns.align("val/acc")
    driver.settle()
    assert names(driver)[0] == ("val/acc", "1", True)


def test_the_chooser_tells_how_many_metrics_might_be_aligned(driver: Driver, mixed: Path) -> None:
    driver.start().do("columns.choose")
    assert driver.find(QPushButton, "column-align").text() == "Align names (1)…"
    driver.click("column-align")
    assert "val/acc" in groups(driver)


def test_names_that_would_act_as_markup_are_shown_as_they_are(driver: Driver, tmp_path: Path) -> None:
    odd = '<img src="/dev/zero"> \u202eacc'
    for run, name in (("a", odd), ("b", odd.replace(" ", "_")), ("c", "\n\x1b[31m acc")):
        folder = tmp_path / "odd" / run
        folder.mkdir(parents=True)
        (folder / "params.json").write_text("{}")
        lines = [json.dumps({"step": step, name: value}) for step, value in enumerate((0.25, 0.5))]
        (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    driver.start(tmp_path / "odd")
    driver.window.runs_view().columns.align(odd)
    driver.settle()
    assert names(driver)[0][0] == odd.replace("\u202e", "\\u202e")
    assert not driver.window.grab().isNull()
    driver.click("align-confirm")
    assert driver.window.context.state.undo.last is not None
    shown: list[str] = []
    driver.window.context.jobs.query(
        "test", lambda workspace: [a.alignment.target for a in workspace.alignments()], shown.extend
    )
    driver.until(lambda: shown == [odd])


def test_scales_are_taken_against_the_name_that_is_chosen() -> None:
    rows = tuple(NameRow(name, scale, True, "", None) for name, scale in (("a", 1.0), ("b", 0.01), ("c", 0.001)))
    group = NameGroup(GroupKind.SUGGESTED, "a", rows)
    assert [row.scale for row in group.with_target("b").rows] == [100.0, 1.0, 0.1]
    assert [row.scale for row in group.with_target("other").rows] == [1.0, 0.01, 0.001]
    assert group_with([group], "c") == 0
    assert group_with([group], "d") is None
