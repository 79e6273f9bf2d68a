"""Teaching a layout in the window as a user does: choose a sample, say what is what, save, and the runs are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QListWidget, QWidget

from runfolio.desktop.layout_dialog import LayoutDialog
from runfolio.desktop.layout_files import LayoutFiles
from runfolio.desktop.layout_list import LayoutList
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.views.problems import ProblemsView
from runfolio.desktop.widgets import TextButton
from runfolio.model.layout import Role
from runfolio.readers.layout_files import parse_layout, read_layout, save_layout, saved_layouts
from support.driver import Driver
from support.lab import LAYOUT, write_lab

LAB = parse_layout(LAYOUT.encode(), "lab.toml")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return write_lab(tmp_path / "lab")


def rows(driver: Driver, table: str) -> list[list[str]]:
    found = driver.find(PlainTable, table)
    return found.rows_as_text(range(found.rowCount()))


def write_into(driver: Driver, name: str, text: str) -> None:
    field = driver.find(QLineEdit, name)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


def verdict(driver: Driver) -> str:
    """What the preview says once it has caught up."""
    driver.until(lambda: driver.text("layout-verdict") not in ("", "…"))
    return driver.settle().text("layout-verdict")


def teach(driver: Driver, folder: Path) -> LayoutDialog:
    driver.do("layouts.teach")
    write_into(driver, "layout-folder", str(folder))
    QTest.keyClick(driver.find(QLineEdit, "layout-folder"), Qt.Key.Key_Return)
    driver.settle()
    return driver.find(LayoutDialog, "teach-layout")


def save(driver: Driver) -> None:
    driver.click("layout-save")
    driver.until(lambda: not driver.window.findChildren(LayoutDialog))
    driver.until(lambda: not driver.window.indexing.busy).settle()


def kept() -> list[str]:
    return [s.layout.name for s in saved_layouts() if s.layout is not None]


def test_from_a_sample_folder_to_runs_in_the_table(driver: Driver, lab: Path, user_folders_of_its_own: Path) -> None:
    driver.start(lab).sees_runs()
    teach(driver, lab / "depth/plain_seed1")
    assert verdict(driver) == "fits"
    assert driver.text("layout-run") == "plain"
    assert [row[0] for row in rows(driver, "layout-metrics")] == ["loss", "acc_top1", "gpu_mem"]
    assert driver.find(QComboBox, "layout-step").currentText() == "it"
    assert driver.find(QComboBox, "layout-time").currentText() == "when"

    # The path: what it gives stands below at each letter.
    write_into(driver, "layout-path", "{experiment}/{name}_seed{seed:int")
    assert driver.text("layout-path-result").startswith("A { is never closed")
    assert driver.text("layout-trouble").startswith("runs.path: A { is never closed")
    assert not driver.find(TextButton, "layout-save").isEnabled()
    QTest.keyClicks(driver.find(QLineEdit, "layout-path"), "}")
    assert driver.text("layout-path-result") == "experiment = depth · name = plain · seed = 1"
    assert verdict(driver) == "fits"
    assert driver.text("layout-run") == "depth / plain"
    assert ["seed", "1"] in rows(driver, "layout-params")

    # One of the columns is no metric; one file is of no interest.
    columns = driver.find(QListWidget, "layout-columns")
    (memory,) = columns.findItems("gpu_mem", Qt.MatchFlag.MatchExactly)
    columns.setFocus()
    columns.setCurrentItem(memory)
    QTest.keyClick(columns, Qt.Key.Key_Space)
    driver.find(LayoutFiles, "layout-files").set_role("scratch.tmp", Role.IGNORED)
    write_into(driver, "layout-name", "lab")
    assert verdict(driver) == "fits"
    assert [row[0] for row in rows(driver, "layout-metrics")] == ["loss", "acc_top1"]
    save(driver)

    driver.sees_runs("plain", "plain", "wide_net")
    assert driver.rows_of("library") == ["lab 3", "depth 2", "width 1"]
    layout = read_layout(user_folders_of_its_own / "config" / "layouts" / "lab.toml")
    assert (layout.name, layout.path, layout.params, layout.metrics) == (
        "lab",
        "{experiment}/{name}_seed{seed:int}",
        ("run.ini",),
        ("log.tsv",),
    )
    assert (layout.step, layout.time, layout.columns, layout.ignore) == (
        "it",
        "when",
        ("loss", "acc_top1"),
        ("scratch.tmp",),
    )


def test_everything_can_be_reached_and_changed_by_keys(driver: Driver, lab: Path) -> None:
    driver.start(lab)
    dialog = teach(driver, lab / "depth/plain_seed1")
    assert verdict(driver) == "fits"
    dialog.folder.setFocus()
    seen: list[str] = []
    while (widget := QApplication.focusWidget()) is not None and widget.objectName() not in seen:
        seen.append(widget.objectName())
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    files = [f"{what}-{row}" for row in range(4) for what in ("role", "pattern")]
    assert seen[:2] == ["layout-folder", "layout-browse"]
    assert [name for name in seen if name in files] == [n for n in files if n not in ("pattern-2", "pattern-3")]
    wanted = ["layout-step", "layout-time", "layout-columns", "layout-path", "layout-name", "layout-metrics"]
    assert [name for name in seen if name in wanted] == wanted
    assert {"layout-cancel", "layout-save"} <= {*seen}
    role = driver.find(QComboBox, "role-0")
    role.setFocus()
    QTest.keyClick(role, Qt.Key.Key_Down)
    assert (role.currentText(), driver.find(QLineEdit, "pattern-0").isEnabled()) == ("Artifact", False)
    assert (dialog.layout_now().params, dialog.layout_now().metrics) == (("run.ini",), ())
    driver.press("Esc")


def test_it_begins_with_the_folder_that_needs_attention(driver: Driver, lab: Path) -> None:
    run = lab / "depth/plain_seed1"
    (run / "config.yaml").write_text("[1, 2]\n")
    driver.start(lab).do("view.problems")
    driver.find(ProblemsView, "problems").tabs.setCurrentIndex(1)
    driver.settle()
    button = driver.find(TextButton, "teach-folder")
    assert not button.isEnabled()
    table = driver.find(PlainTable, "folder-table")
    table.selectRow([row[2] for row in rows(driver, "folder-table")].index("depth/plain_seed1"))
    assert button.isEnabled()
    driver.click("teach-folder")
    assert verdict(driver) == "fits"
    assert driver.find(QLineEdit, "layout-folder").text() == str(run)
    driver.click("layout-cancel")
    assert kept() == []


def test_a_pattern_may_stand_for_files_that_are_called_otherwise_in_each_run(driver: Driver, lab: Path) -> None:
    for number, run in enumerate(sorted(lab.glob("*/*"))):
        (run / "log.tsv").rename(run / f"log_{number}.tsv")
    driver.start(lab)
    dialog = teach(driver, lab / "depth/plain_seed1")
    assert rows(driver, "layout-files")[0][0] == "log_0.tsv"
    write_into(driver, "pattern-0", "log_*.tsv")
    assert verdict(driver) == "fits"
    assert dialog.layout_now().metrics == ("log_*.tsv",)
    save(driver)
    assert len(driver.column("Run")) == 3


def test_empty_wrong_and_telling_nothing_each_have_their_words(driver: Driver, lab: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    driver.start(lab)
    dialog = teach(driver, tmp_path / "gone")
    preview = driver.find(QWidget, "layout-preview")

    def says() -> str:
        return " ".join(w.accessibleName() for w in preview.findChildren(QWidget) if w.isVisible())

    assert "There is no such folder" in says()
    assert not driver.find(TextButton, "layout-save").isEnabled()
    dialog.choose(str(tmp_path / "nothing"))
    driver.settle()
    assert "Nothing tells what is what" in says()
    dialog.choose(str(lab / "depth"))
    driver.settle()
    assert "Several runs" in says()
    dialog.choose(str(lab / "depth/plain_seed1"))
    assert verdict(driver) == "fits"
    write_into(driver, "layout-path", "{name}-{seed}")
    assert verdict(driver) == "does not fit"
    assert driver.text("layout-why") == "The path plain_seed1 does not fit {name}-{seed}."
    driver.press("Esc")
    driver.until(lambda: not driver.window.findChildren(LayoutDialog))
    assert kept() == []


def test_names_out_of_a_folder_are_shown_as_they_are(driver: Driver, tmp_path: Path) -> None:
    run = tmp_path / "<b>run_seed1"
    run.mkdir()
    (run / "run.ini").write_text("[<img src=x>]\n<i>k</i> = <b>1</b>\n")
    (run / "<u>log.csv").write_text("step,<s>loss\n0,1.0\n1,0.5\n")
    driver.start()
    teach(driver, run)
    assert verdict(driver) == "fits"
    assert driver.text("layout-run") == "<b>run"
    assert rows(driver, "layout-files")[0][0] == "<u>log.csv"
    assert [row[0] for row in rows(driver, "layout-metrics")] == ["<s>loss"]
    assert rows(driver, "layout-params")[0] == ["<img src=x>.<i>k</i>", "<b>1</b>"]


# --- the list --------------------------------------------------------------------------------------------------------


def open_list(driver: Driver) -> LayoutList:
    driver.do("layouts.list")
    return driver.find(LayoutList, "layouts")


def test_a_layout_is_changed_removed_and_brought_back(driver: Driver, lab: Path) -> None:
    save_layout(LAB)
    driver.start(lab).sees_runs("plain", "plain", "wide_net")
    dialog = open_list(driver)
    assert rows(driver, "layout-table") == [
        ["lab", "{experiment}/{name}_seed{seed:int}", "run.ini log.tsv", "Runs of our own script"]
    ]
    driver.click("layouts-change")
    assert driver.find(QComboBox, "layout-step").currentText() == "it"
    write_into(driver, "layout-name", "ours")
    write_into(driver, "layout-path", "{experiment}/{net}_seed{seed:int}")
    save(driver)
    assert kept() == ["ours"]
    driver.until(lambda: rows(driver, "layout-table")[0][0] == "ours")
    driver.click("layouts-remove").until(lambda: kept() == []).settle()
    driver.until(lambda: dialog.stack.currentIndex() == 0)
    driver.click("layouts-close").settle()
    driver.until(lambda: not driver.window.indexing.busy and driver.column("Run") == [])
    driver.press("Ctrl+Z").until(lambda: kept() == ["ours"])
    driver.until(lambda: len(driver.column("Run")) == 3)
    assert saved_layouts()[0].layout is not None


def test_a_layout_is_handed_on_and_taken_in(driver: Driver, lab: Path, tmp_path: Path) -> None:
    save_layout(LAB)
    driver.start(lab)
    open_list(driver).write(LAB, tmp_path / "for jo.toml")
    driver.settle()
    assert read_layout(tmp_path / "for jo.toml") == LAB
    open_file = tmp_path / "theirs.toml"
    open_file.write_text(LAYOUT.replace('name = "lab"', 'name = "theirs"').replace('"acc*"', '"gpu_mem"'))
    driver.click("layouts-import")
    (chooser,) = driver.find(LayoutList, "layouts").findChildren(QFileDialog)
    chooser.fileSelected.emit(str(open_file))
    chooser.close()
    driver.until(lambda: bool(driver.window.findChildren(LayoutDialog))).settle()
    dialog = driver.find(LayoutDialog, "teach-layout")
    dialog.choose(str(lab / "depth/plain_seed2"))
    assert verdict(driver) == "fits"
    assert driver.text("layout-run") == "depth / plain", "what was taken in is tried, not guessed again"
    assert [row[0] for row in rows(driver, "layout-metrics")] == ["loss", "gpu_mem"]
    save(driver)
    assert kept() == ["lab", "theirs"]


def test_files_that_make_no_sense_are_told_and_nothing_is_taken_in(
    driver: Driver, lab: Path, tmp_path: Path, user_folders_of_its_own: Path
) -> None:
    folder = user_folders_of_its_own / "config" / "layouts"
    folder.mkdir(parents=True)
    (folder / "broken.toml").write_text("runfolio_layout = 9\n")
    (tmp_path / "escape.toml").write_text(LAYOUT.replace('"run.ini"', '"../run.ini"'))
    driver.start(lab)
    dialog = open_list(driver)
    ((name, why, *_),) = rows(driver, "layout-table")
    assert (name, why) == ("broken.toml", "Not used: runfolio_layout is 9")
    assert not driver.find(TextButton, "layouts-remove").isEnabled()
    dialog.take_in(str(tmp_path / "escape.toml"))
    driver.settle()
    assert "'../run.ini' is no file in a run's folder" in driver.notice()
    assert not driver.window.findChildren(LayoutDialog)
    # Into the folder of runs nothing is written.
    save_layout(LAB)
    dialog.write(LAB, lab / "x.toml")
    driver.settle()
    assert "only read" in driver.notice()
    assert not (lab / "x.toml").exists()


def test_a_name_that_is_taken_is_replaced_knowingly(driver: Driver, lab: Path) -> None:
    save_layout(LAB)
    driver.start(lab)
    teach(driver, lab / "depth/plain_seed1")
    assert verdict(driver) == "fits"
    write_into(driver, "layout-name", "LAB")
    assert driver.find(TextButton, "layout-save").text() == "Replace"
    assert "already" in driver.text("layout-trouble")
    save(driver)
    assert kept() == ["LAB"]
