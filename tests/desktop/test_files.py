"""The Files workspace, used as a person uses it, on files that other programs wrote."""

from __future__ import annotations

import os
import pickle
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QSlider, QSpinBox, QTreeView

from runfolio.analysis.kinds.recorded import ROWS, density_maps
from runfolio.desktop import sound_output
from runfolio.desktop.numbered_text import NumberedText
from runfolio.desktop.preview_cell import CellDialog
from runfolio.desktop.preview_histograms import HistogramPane
from runfolio.desktop.preview_image_grid import ImageGrid
from runfolio.desktop.preview_nodes import BranchTree
from runfolio.desktop.preview_pane import PreviewPane
from runfolio.desktop.preview_picture import Canvas
from runfolio.desktop.preview_rows import RowsTable
from runfolio.desktop.preview_sound import columns_of
from runfolio.desktop.views.files import FilesView
from runfolio.model.previews import Histogram, Histograms
from support.driver import Driver
from support.event_files import event, new_histogram, record, scalar, version, write
from support.sweep import write_sweep

CHINESE = "".join(chr(0x4E00 + place) for place in range(4_000))


def tone() -> bytes:
    """25 seconds of a tone in two channels."""
    return np.repeat((np.sin(np.arange(200_000) / 9) * 20_000).astype("<i2"), 2).tobytes()


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of the sweep with files beside their params."""
    root = write_sweep(tmp_path_factory.mktemp("lab"), ("amber-heron", "brisk-otter", "calm-ibis"))
    for number, name in enumerate(("amber-heron", "brisk-otter")):
        folder = root / "sweep" / name
        (folder / "samples").mkdir()
        for step in range(8):
            Image.new("RGB", (20, 16), (30 * step, 200 * number, 9)).save(folder / "samples" / f"epoch_{step}.png")
        (folder / "config.yaml").write_text(f"model:\n  width: {64 * (number + 1)}\n  depth: 3\nseed: {number}\n")
        (folder / "report.html").write_text('<h1>Report</h1><img src="/etc/hostname">\n')
        (folder / "README.md").write_text("# Read me\n\nplain **bold**\n")
        (folder / "LONG.md").write_text("".join(f"## Part {n}\n\nSome *words*.\n\n" for n in range(400)))
        (folder / "chinese.txt").write_text(CHINESE)
        frame = pl.DataFrame({"id": range(1_200), "score": np.arange(1_200) / 8})
        frame.write_csv(folder / "predictions.csv")
        (folder / "model.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0], "path": Path("x")}))
        (folder / "train.log").write_text("".join(f"line {n}\n" for n in range(40_000)))
        with wave.open(str(folder / "tone.wav"), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(8_000)
            out.writeframes(tone())
    return root


@pytest.fixture
def lab(laboratory: Path, library: Callable[[Path], None]) -> Path:
    """The user's library holds them."""
    library(laboratory)
    return laboratory


@pytest.fixture
def own_lab(laboratory: Path, tmp_path: Path) -> Path:
    """A copy that may be changed, in nobody's library."""
    shutil.copytree(laboratory, tmp_path / "lab")
    return tmp_path / "lab"


def start(driver: Driver, *paths: Path, name: str = "amber-heron") -> FilesView:
    driver.start(*paths).highlight(name).do("view.files")
    view = driver.find(FilesView, "files")
    driver.until(lambda: len(view.files.files) > 0).settle()
    return view


def pick(driver: Driver, *names: str) -> None:
    """Select these runs and no others, by their dots; the first is the current one."""
    driver.do("view.runs")
    for name in driver.column("Run"):
        if (name in names) != (name in driver.selected()):
            driver.click_dot(name)
    driver.highlight(names[0])


def open_file(driver: Driver, name: str) -> None:
    """Click the row of a file."""
    tree = driver.find(BranchTree, "run-files-tree")
    branch = next(b for b in tree.rows.root.rows() if b.texts[0] == name)
    index = tree.rows.index_of(branch)
    tree.scrollTo(index)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(index).center())
    driver.settle()
    driver.until(lambda: driver.text("preview-title").endswith(name)).settle()


def test_files_are_listed_searched_and_shown_by_what_they_are(driver: Driver, lab: Path) -> None:
    view = start(driver)
    tree = driver.find(BranchTree, "run-files-tree")
    assert {"samples", "epoch_0.png", "config.yaml", "params.json"} <= {row[0] for row in tree.texts()}
    open_file(driver, "epoch_5.png")
    canvas = driver.find(Canvas, "preview-image")
    assert canvas.image is not None
    assert canvas.image.pixelColor(3, 3) == QColor(150, 0, 9)
    assert driver.text("preview-image-facts").startswith("20 × 16 · PNG · RGB")
    open_file(driver, "config.yaml")
    found = driver.find(QTreeView, "preview-tree")
    assert [found.model().index(row, 0).data() for row in range(found.model().rowCount())] == ["model", "seed"]
    driver.find(QLineEdit, "run-files-search").setFocus()
    driver.type("epoch")
    driver.until(lambda: len(tree.texts()) == 9)
    assert driver.text("run-files-told").startswith("8 of ")
    assert view.files.files, "what is not searched for is still known"


def test_pages_of_others_are_text_and_markdown_is_laid_out(driver: Driver, lab: Path) -> None:
    start(driver)
    open_file(driver, "report.html")
    assert driver.find(NumberedText, "preview-text").toPlainText() == '<h1>Report</h1><img src="/etc/hostname">'
    assert "not rendered" in driver.text("preview-notes")
    usual = QFontMetricsF(driver.find(NumberedText, "preview-text").font())
    open_file(driver, "chinese.txt")
    assert driver.find(NumberedText, "preview-text").toPlainText().replace("\n", "") == CHINESE
    unhinted = QFontMetricsF(driver.find(NumberedText, "preview-text").font())
    assert (unhinted.lineSpacing(), unhinted.horizontalAdvance("0" * 80)) == (
        usual.lineSpacing(),
        usual.horizontalAdvance("0" * 80),
    ), "columns stay where they are"
    open_file(driver, "README.md")
    view = driver.find(FilesView, "files")
    assert view.preview.parts.markdown.body.isVisible()
    assert view.preview.parts.markdown.body.toPlainText() == "Read me\nplain bold"
    driver.click("as-text")
    driver.until(lambda: driver.find(NumberedText, "preview-text").toPlainText().startswith("# Read me"))
    open_file(driver, "LONG.md")
    page = view.preview.parts.markdown.body
    driver.until(lambda: page.toPlainText().startswith("Part 0\nSome words.\nPart 1\n"))
    assert "Part 399" in page.toPlainText()
    driver.until(lambda: page.verticalScrollBar().maximum() > 9_000)
    page.verticalScrollBar().setValue(9_000)
    before = page.document()
    driver.do("theme.dark").until(lambda: page.document() is not before)
    assert page.verticalScrollBar().value() == 9_000
    page.put("# Other\n\n" + "word " * 400)
    assert page.toPlainText().startswith("Part 0"), "what was there stays until the other is laid out"
    driver.until(lambda: page.toPlainText().startswith("Other"))
    assert page.verticalScrollBar().value() == 0
    page.put("*short*")
    assert page.toPlainText() == "short"


class Ears:
    """Hears what is played, in samples, and takes no more than a few at once."""

    def __init__(self, rate: int, channels: int) -> None:
        self.form = (rate, channels)
        self.heard = b""
        self.stopped = False

    def free(self) -> int:
        return 100_003

    def write(self, data: bytes) -> int:
        self.heard += data
        return len(data)

    def seconds(self) -> float:
        return len(self.heard) / (2 * self.form[0] * self.form[1])

    def is_drained(self) -> bool:
        return True

    def stop(self) -> None:
        self.stopped = True


def test_a_sound_is_outlined_and_played_to_its_end(driver: Driver, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = start(driver)
    pane = view.preview.parts.sound.body
    monkeypatch.setattr(sound_output, "is_there", lambda: False)
    open_file(driver, "tone.wav")
    assert not pane.button.isEnabled(), "without the audio part of Qt"
    assert "runfolio[sound]" in pane.button.toolTip()
    assert "runfolio[sound]" in driver.text("preview-play-told")
    monkeypatch.setattr(sound_output, "is_there", lambda: True)
    open_file(driver, "README.md")
    open_file(driver, "tone.wav")
    ears: list[Ears] = []

    def listen(rate: int, channels: int, _parent: QObject) -> Ears:
        ears.append(Ears(rate, channels))
        return ears[-1]

    pane.player.output = listen
    driver.click("preview-play")
    driver.until(lambda: not pane.player.playing)
    assert ears[0].form == (8_000, 2)
    assert ears[0].heard == tone(), "every sample once, in order, over several pieces"
    assert ears[0].stopped
    assert (pane.button.text(), driver.text("preview-play-told")) == ("Play", "")
    # What is out of sight is not heard, and a device that is not there says so.
    pane.button.click()
    open_file(driver, "README.md")
    assert not pane.player.playing
    open_file(driver, "tone.wav")

    def refuse(rate: int, channels: int, parent: QObject) -> Ears:
        raise sound_output.CannotPlayError("This machine has no device that plays sounds.")

    pane.player.output = refuse
    driver.click("preview-play").until(lambda: not pane.player.playing)
    assert driver.text("preview-play-told") == "This machine has no device that plays sounds."


def test_the_outline_keeps_the_ends_of_each_column_of_pixels() -> None:
    peaks = tuple((-n / 10, n / 10) for n in range(10))
    assert columns_of(peaks, 20) == peaks
    # Of ten parts in four columns, the second covers a half of the third part and of the fifth.
    assert columns_of(peaks, 4) == ((-0.2, 0.2), (-0.4, 0.4), (-0.7, 0.7), (-0.9, 0.9))


def test_a_table_is_paged_and_gone_into(driver: Driver, lab: Path) -> None:
    start(driver)
    open_file(driver, "predictions.csv")
    table = driver.find(RowsTable, "preview-grid-table")
    assert table.texts()[0] == ["0", "0.0"]
    assert driver.text("preview-grid-rows") == "rows 1 to 500 of 1\u2009200 · 2 columns"
    driver.click("preview-grid-next")
    driver.until(lambda: table.texts()[0][0] == "500")
    driver.click("preview-grid-last")
    driver.until(lambda: table.texts()[-1] == ["1199", "149.875"])
    spin = driver.find(QSpinBox, "preview-grid-row")
    spin.setFocus()
    spin.selectAll()
    driver.type("701").press("Return")
    driver.until(lambda: table.texts()[0] == ["700", "87.5"])
    table.setFocus()
    table.setCurrentIndex(table.rows.index(2, 1))
    driver.press("Return").until(lambda: driver.find(CellDialog, "cell-dialog").isVisible())
    assert driver.find(QPlainTextEdit, "cell-text").toPlainText() == "87.75"
    driver.find(CellDialog, "cell-dialog").close()


def test_a_text_is_searched_with_the_keyboard(driver: Driver, lab: Path) -> None:
    start(driver)
    open_file(driver, "train.log")
    text = driver.find(NumberedText, "preview-text")
    driver.press("Ctrl+Alt+F").type("line 3999").press("Return")
    driver.until(lambda: driver.text("preview-find-told") == "1 of 11")
    driver.until(lambda: text.textCursor().block().text() == "line 3999")
    driver.press("F3")
    driver.until(lambda: text.textCursor().block().text() == "line 39990")
    assert driver.text("preview-find-told") == "2 of 11"
    driver.press("Shift+F3")
    driver.until(lambda: text.textCursor().block().text() == "line 3999")


def test_a_pickle_is_listed_with_a_warning(driver: Driver, lab: Path) -> None:
    start(driver)
    open_file(driver, "model.pkl")
    rows = driver.find(RowsTable, "preview-list").texts()
    assert any("Path" in row[0] for row in rows)
    assert driver.find(FilesView, "files").preview.parts.sheet.body.title.text() == "Pickle, listed and not loaded"


def test_what_cannot_be_shown_says_why_and_how_its_bytes_are_seen(
    driver: Driver, own_lab: Path, tmp_path: Path
) -> None:
    folder = own_lab / "sweep" / "amber-heron"
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"rubbish" * 40)
    (tmp_path / "secret.txt").write_text("canary")
    (folder / "linked.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe.log")
    view = start(driver, own_lab)
    tree = driver.find(BranchTree, "run-files-tree")
    assert not {"linked.txt", "pipe.log"} & {row[0] for row in tree.texts()}
    assert "2 entries that are not opened (link, pipe)" in driver.text("run-files-told")
    open_file(driver, "broken.png")
    assert view.preview.empty.isVisible()
    assert "Not an image" in view.preview.empty._text.text()
    QTest.mouseClick(view.preview.empty._button, Qt.MouseButton.LeftButton)
    driver.settle()
    driver.until(lambda: "rubbishrubbish" in driver.find(NumberedText, "preview-text").toPlainText())
    open_file(driver, "config.yaml")
    assert view.preview.parts.tree.body.isVisible(), "the next file is not affected"


def test_the_same_file_of_two_runs_is_compared(driver: Driver, lab: Path) -> None:
    view = start(driver)
    pick(driver, "amber-heron", "brisk-otter", "calm-ibis")
    driver.do("view.files")
    open_file(driver, "config.yaml")
    view.tabs.setCurrentIndex(2)
    driver.do("files.beside").do("edit.undo")
    assert (view.tabs.currentIndex(), view.isVisible()) == (0, True), "a walk through tabs is one step"
    driver.do("edit.redo")
    lines = driver.find(RowsTable, "beside-lines")
    driver.until(lambda: lines.isVisible() and len(lines.texts()) == 4)
    row = lines.texts()[1]
    assert (row[0], row[2], {row[1], row[3]}) == ("2", "2", {"  width: 64", "  width: 128"})
    assert driver.text("beside-told") == "2 changed"
    names = [str(lines.rows.headerData(c, Qt.Orientation.Horizontal)) for c in (1, 3)]
    assert sorted(names) == ["amber-heron", "brisk-otter"]
    right = driver.find(QComboBox, "beside-right")
    right.setFocus()
    driver.press("Home")
    driver.until(lambda: driver.text("beside-told") == "no difference")
    view.tabs.setCurrentIndex(0)
    open_file(driver, "epoch_3.png")
    driver.do("files.beside")
    driver.until(lambda: view.beside.panes.isVisible() and view.beside.panes.count() == 2)
    driver.settle()
    panes = [view.beside.panes.widget(place) for place in (0, 1)]
    colors = [pane.parts.picture.body.canvas.image for pane in panes if isinstance(pane, PreviewPane)]
    assert sorted(image.pixelColor(1, 1).name() for image in colors if image is not None) == ["#5a0009", "#5ac809"]


def test_images_stand_in_a_grid_of_runs_and_steps(driver: Driver, lab: Path) -> None:
    start(driver)
    pick(driver, "amber-heron", "brisk-otter")
    driver.do("files.images")
    grid = driver.find(ImageGrid, "image-grid")
    driver.until(lambda: grid.isVisible() and grid.shots.rowCount() == 2).settle()
    model = grid.shots
    assert [model.headerData(c, Qt.Orientation.Horizontal) for c in (0, 7)] == ["step 0", "step 7"]
    assert driver.text("image-step-text") == "step 7"
    driver.until(lambda: isinstance(model.index(0, 7).data(Qt.ItemDataRole.UserRole), QPixmap))
    driver.until(lambda: isinstance(model.index(1, 7).data(Qt.ItemDataRole.UserRole), QPixmap))
    shown = [model.index(row, 7).data(Qt.ItemDataRole.UserRole).toImage() for row in (0, 1)]
    names = [model.headerData(row, Qt.Orientation.Vertical) for row in (0, 1)]
    found = {name: image.pixelColor(2, 2).name() for name, image in zip(names, shown, strict=True)}
    assert found == {"amber-heron": "#d20009", "brisk-otter": "#d2c809"}
    slider = driver.find(QSlider, "image-step")
    slider.setFocus()
    driver.press("Home")
    assert driver.text("image-step-text") == "step 0"
    driver.until(lambda: isinstance(model.index(0, 0).data(Qt.ItemDataRole.UserRole), QPixmap))
    grid.setFocus()
    driver.press("Right").press("Return")
    driver.until(lambda: driver.text("preview-title") == "samples/epoch_1.png")


def test_histograms_of_selected_runs_are_shown_over_the_steps_on_one_scale(driver: Driver, tmp_path: Path) -> None:
    for name, last, reach in (("seed-30", 30, 2.0), ("seed-10", 10, 4.0)):
        records = [version()]
        for step in range(last):
            buckets = [[0.0, 1.0, float(last - step)], [1.0, reach, float(step)]]
            records += [scalar(step, reach / (step + 1)), event(step, new_histogram("w", buckets))]
        write(tmp_path / "tb" / name, map(record, records))
    driver.start(tmp_path / "tb").window.context.state.select(())
    names = driver.column("Run")
    driver.highlight(*(name for name in names if "30" in name)).do("files.histograms")
    pane = driver.find(FilesView, "files").histograms
    assert isinstance(pane, HistogramPane)
    driver.until(lambda: bool(pane.maps) and pane.maps[0].isVisible()).settle()
    assert driver.text("histogram-step-text") == "step 29"
    assert driver.text("histogram-told") == "30 steps"
    middle = pane.maps[0].area().center().toPoint()
    QTest.mouseClick(pane.maps[0], Qt.MouseButton.LeftButton, pos=middle)
    assert driver.text("histogram-step-text") in ("step 14", "step 15")
    assert pane.bars[0]._one is not None
    assert sum(pane.bars[0]._one.counts) == 30
    # Both runs beside each other: one scale of values, one step.
    state = driver.window.context.state
    state.select(list(state.scope_keys))
    driver.settle()
    driver.until(lambda: len(pane.maps) > 1 and pane.maps[1].isVisible()).settle()
    assert [(made.low, made.high) for made in pane._shown.maps] == [(0.0, 4.0), (0.0, 4.0)]
    pane.slider.setValue(20)
    assert driver.text("histogram-step-text") == "step 20"
    steps = {title: plot._one.step for title, plot in zip(pane._titles(), pane.bars, strict=True) if plot._one}
    assert sorted(steps.values()) == [9, 20], "of the one that ended before the last is shown, and said"
    assert any("step 9" in plot._title for plot in pane.bars)


def test_the_maps_of_histograms_keep_shares_on_one_scale() -> None:
    steps = (Histogram(0, 0, (0.0, 1.0, 2.0), (4.0, 0.0)), Histogram(1, 0, (0.0, 2.0), (7.0,)))
    (made,) = density_maps([Histograms("w", steps, 2)])
    first, second = (np.frombuffer(column, dtype=np.uint8) for column in made.cells)
    assert (made.low, made.high, len(first)) == (0.0, 2.0, ROWS)
    assert first[: ROWS // 2].min() >= 254
    assert set(first[ROWS // 2 :].tolist()) == {0}
    # Half the share in each row; the map shows the root of it, so that thin tails are seen.
    assert set(second.tolist()) == {int(255 * 0.5**0.5)}
    # Beside a run with values up to 4 the same values lie in half of the rows, and its even spread is fainter.
    wide = Histograms("w", (Histogram(0, 0, (0.0, 4.0), (9.0,)),), 1)
    narrow, other = density_maps([Histograms("w", steps, 2), wide])
    assert (narrow.high, other.high) == (4.0, 4.0)
    assert set(np.frombuffer(other.cells[0], dtype=np.uint8).tolist()) == {int(255 * 0.25**0.5)}


def test_states_say_what_to_do_and_a_session_brings_the_file_back(driver: Driver, own_lab: Path) -> None:
    driver.start().do("view.files")
    view = driver.find(FilesView, "files")
    assert view.files.empty.isVisible()
    assert any("No run is chosen" in label.text() for label in view.files.empty.findChildren(QLabel))
    for command in ("files.beside", "files.images", "files.histograms"):
        driver.do(command)
        assert not driver.window.grab().isNull()
    driver.close()
    driver.start(own_lab).do("files.preview").do("view.runs").highlight("brisk-otter").do("view.files")
    view = driver.find(FilesView, "files")
    driver.until(lambda: len(view.files.files) > 0).settle()
    open_file(driver, "README.md")
    driver.do("view.runs").highlight("amber-heron").do("view.files")
    driver.until(lambda: driver.text("preview-title") == "README.md")
    assert view.preview.place is not None
    assert "amber-heron" in view.preview.place.path
    driver.do("view.runs").highlight("calm-ibis").do("view.files")
    driver.until(lambda: view.preview.empty.isVisible())
    assert any("no such file" in label.text() for label in view.preview.empty.findChildren(QLabel))
    driver.do("view.runs").highlight("brisk-otter").do("view.files")
    driver.until(lambda: driver.text("preview-title") == "README.md")
    driver.restart().do("view.runs").highlight("brisk-otter").do("view.files")
    driver.until(lambda: driver.text("preview-title") == "README.md")
