"""Groups of runs compared in the window, as a person does it; figures against SciPy on what was written."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QMenu, QWidget
from scipy import stats

from runfolio.api import Workspace
from runfolio.desktop.compare_choice import ChoicePopup
from runfolio.desktop.compare_forest import forests
from runfolio.desktop.compare_settings import GroupSettings
from runfolio.desktop.compare_table import GroupTableView
from runfolio.desktop.plain_table import PlainTable
from runfolio.desktop.theme import ThemeMode
from runfolio.desktop.views.compare import CompareView
from runfolio.desktop.widgets import TextButton
from runfolio.model.comparison import Comparison, Figures
from runfolio.model.direction import Direction
from runfolio.model.groups import GroupRow, GroupTable
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.statistics import Method, Standing
from support.driver import Driver
from support.repeats import ACCURACY, write_repeats, write_run


@pytest.fixture(scope="session")
def repeats_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of repeated runs, to be copied."""
    home = tmp_path_factory.mktemp("repeats")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([write_repeats(home / "runs")])
    return home / "index.duckdb"


@pytest.fixture(autouse=True)
def indexed(repeats_index: Path, user_folders_of_its_own: Path) -> None:
    """The user's library holds them already."""
    cache = user_folders_of_its_own / "cache"
    cache.mkdir(parents=True)
    shutil.copy(repeats_index, cache / "index.duckdb")


def rows(driver: Driver) -> list[list[str]]:
    """The cells of the table of groups."""
    table = driver.find(GroupTableView, "groups-table")
    return table.rows_as_text(range(table.rows.rowCount()))


def by_group(driver: Driver) -> dict[str, list[str]]:
    """The rows of a single metric by the group's name."""
    return {row[0]: row for row in rows(driver)[1:]}


def go_to(driver: Driver, name: str) -> None:
    """Click a group's row."""
    table = driver.find(GroupTableView, "groups-table")
    row = [r[0] for r in rows(driver)].index(name)
    at = table.visualRect(table.model().index(row, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    driver.settle()


def chip(driver: Driver, name: str) -> str:
    """What a chip says to a screen reader."""
    return driver.find(TextButton, name).accessibleName()


def choose(driver: Driver, button: str, *titles: str) -> None:
    """Open a chip's list, search each title and press Enter on it; Escape closes the list."""
    driver.click(button)
    for title in titles:
        search = driver.find(QLineEdit, "choice-search")
        search.clear()
        QTest.keyClicks(search, title)
        QTest.keyClick(search, Qt.Key.Key_Return)
        driver.settle()
    for popup in QApplication.topLevelWidgets():
        if isinstance(popup, ChoicePopup) and popup.isVisible():
            QTest.keyClick(popup, Qt.Key.Key_Escape)
    driver.settle()


def test_repeated_runs_are_grouped_by_themselves_with_the_verdict_in_words(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    assert driver.text("groups-title") == "Compare 3 groups of 12 runs"
    assert rows(driver)[0][0] == "VAL/ACC (BEST, HIGHER IS BETTER)"
    found = by_group(driver)
    assert list(found) == ["optimizer=lion", "optimizer=sgd", "optimizer=adam"], "the best mean first"
    base = chip(driver, "groups-baseline").removeprefix("baseline: ")
    assert found[base][-1] == "baseline"
    notes = driver.text("groups-notes")
    assert "same experiment, data and params (fractions to 12 digits), but for trainer.random_seed, output_dir" in notes
    assert "1 run is alone and left out" in notes


def test_the_baseline_is_set_by_mouse_and_by_key_and_undone(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-baseline", "adam")
    assert chip(driver, "groups-baseline") == "baseline: optimizer=adam"
    seeds = sorted(ACCURACY["adam"])
    theirs = stats.ttest_rel([ACCURACY["lion"][s] for s in seeds], [ACCURACY["adam"][s] for s in seeds])
    lion = by_group(driver)["optimizer=lion"]
    ends = theirs.confidence_interval(0.95)
    assert lion[4] == f"+0.05  [+{ends.low:.2g}, +{ends.high:.2g}]"
    assert lion[6] == "< 0.001"
    assert 2 * theirs.pvalue < 0.001
    assert lion[7] == "▲ better"
    assert by_group(driver)["optimizer=sgd"][7] == "not distinguishable with 4 pairs"
    go_to(driver, "optimizer=lion")
    driver.press("B")
    assert by_group(driver)["optimizer=adam"][7] == "▼ worse"
    driver.press("Ctrl+Z")
    assert by_group(driver)["optimizer=adam"][7] == "baseline"


def test_space_selects_the_runs_of_a_group(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    go_to(driver, "optimizer=sgd")
    driver.press("Space")
    assert sorted(driver.selected()) == ["sgd-0", "sgd-1", "sgd-2", "sgd-3"]
    go_to(driver, "optimizer=lion")
    driver.click("groups-select")
    assert sorted(driver.selected()) == ["lion-0", "lion-1", "lion-2", "lion-3"]


def test_groups_by_a_field_and_back(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-by", "optimizer")
    assert chip(driver, "groups-by") == "groups: optimizer"
    assert sorted(by_group(driver)) == ["adam", "lion", "sgd"]
    assert not driver.find(TextButton, "groups-rule").isVisible()
    choose(driver, "groups-by", "Repetitions")
    assert chip(driver, "groups-by") == "groups: repetitions"
    driver.press("Ctrl+Z")
    assert sorted(by_group(driver)) == ["adam", "lion", "sgd"]


def test_several_metrics_stand_below_each_other(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-metric", "loss")
    heads = [row[0] for row in rows(driver) if not row[1]]
    assert heads == ["VAL/ACC (BEST, HIGHER IS BETTER)", "LOSS (BEST, LOWER IS BETTER)"]
    assert chip(driver, "groups-metric") == "2 metrics"
    assert len(rows(driver)) == 8


def test_the_rule_is_shown_and_changed(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    assert chip(driver, "groups-rule") == "ignored: trainer.random_seed + 1"
    driver.click("groups-rule")
    listing = driver.find(QListWidget, "choice-list")
    shown = {listing.item(i).text(): listing.item(i).checkState() for i in range(listing.count())}
    assert shown == {
        "trainer.random_seed": Qt.CheckState.Checked,
        "output_dir": Qt.CheckState.Checked,
        "optimizer": Qt.CheckState.Unchecked,
    }
    QTest.keyClick(driver.find(QLineEdit, "choice-search"), Qt.Key.Key_Escape)
    choose(driver, "groups-rule", "random_seed")
    assert chip(driver, "groups-rule") == "ignored: output_dir (changed)"
    empty = driver.find(CompareView, "compare").groups.empty
    assert empty.isVisible()
    assert empty.accessibleName() == "No two configurations were run more than once"
    choose(driver, "groups-rule", "optimizer")
    assert sorted(by_group(driver)) == [f"random_seed={seed}" for seed in range(4)]


def test_the_test_is_chosen_in_a_menu(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-baseline", "adam")
    menu = driver.find(QMenu, "groups-test-menu")
    menu.aboutToShow.emit()
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert actions["t test (Welch's, or of pairs)"].isChecked()
    assert actions["95 % intervals"].isChecked()
    actions["Permutation test"].trigger()
    driver.settle()
    assert chip(driver, "groups-test") == "permutation, 95 %"
    lion = by_group(driver)["optimizer=lion"]
    assert (lion[6], lion[7]) == ("0.250", "not distinguishable with 4 pairs"), "2 of 16 signs, twice for two tests"
    assert "no permutation p below 0.125" in driver.text("groups-notes")
    menu.aboutToShow.emit()
    {action.text(): action for action in menu.actions()}["Show runs that are alone"].trigger()
    driver.settle()
    assert by_group(driver)["optimizer=rmsprop"][7] == "cannot be told: it is one run"


def test_the_scope_decides_which_runs_are_grouped(driver: Driver) -> None:
    driver.start().filter("optimizer in ('adam', 'sgd')").press("Ctrl+Shift+G")
    assert sorted(by_group(driver)) == ["optimizer=adam", "optimizer=sgd"]
    driver.filter("optimizer = 'adam'")
    assert driver.find(CompareView, "compare").groups.empty.isVisible()
    driver.filter("")
    assert len(by_group(driver)) == 3


def test_what_was_chosen_comes_back_at_the_next_start(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-by", "optimizer")
    choose(driver, "groups-baseline", "sgd")
    choose(driver, "groups-metric", "loss")
    driver.restart()
    assert chip(driver, "groups-by") == "groups: optimizer"
    assert chip(driver, "groups-baseline") == "baseline: sgd"
    assert len(rows(driver)) == 8


def test_the_mode_is_undone_like_any_change_of_view(driver: Driver) -> None:
    driver.start().do("view.compare")
    view = driver.find(CompareView, "compare")
    assert view.runs.isVisible()
    driver.click("compare-mode-groups")
    assert view.groups.isVisible()
    driver.press("Ctrl+Z")
    assert view.runs.isVisible()


def test_the_tables_are_copied_for_documents_and_spreadsheets(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-baseline", "adam")
    menu = driver.find(QMenu, "groups-copy-menu")
    actions = {action.text(): action for action in menu.actions()}
    actions["Markdown"].trigger()
    assert "| optimizer=lion | 4 | 0.965 |" in QApplication.clipboard().text()
    actions["LaTeX"].trigger()
    assert "\\toprule" in QApplication.clipboard().text()
    actions["TSV"].trigger()
    found = [*csv.DictReader(io.StringIO(QApplication.clipboard().text()), delimiter="\t")]
    assert {row["group"]: row["standing"] for row in found} == {
        "optimizer=adam": "baseline",
        "optimizer=lion": "better",
        "optimizer=sgd": "alike",
    }


def test_intervals_are_drawn_where_they_lie_in_the_colour_of_the_verdict(driver: Driver) -> None:
    driver.start().press("Ctrl+Shift+G")
    choose(driver, "groups-baseline", "adam")
    theme = driver.window.context.theme
    for mode in (ThemeMode.LIGHT, ThemeMode.DARK):
        theme.set_mode(mode)
        driver.settle()
        table = driver.find(GroupTableView, "groups-table")
        row = [r[0] for r in rows(driver)].index("optimizer=lion")
        box = table.visualRect(table.model().index(row, 3))
        image = table.viewport().grab(box).toImage()
        good = [x for x in range(image.width()) if near(image, x, theme.color("good"))]
        assert good, "nothing is drawn"
        # The scale runs from the lowest run of sgd to the highest of lion; the interval lies in its right half.
        assert min(good) > image.width() * 0.5
        assert max(good) < image.width() - 10


def near(image: QImage, x: int, color: QColor) -> bool:
    """Whether a column of pixels has some of that colour."""
    for y in range(image.height()):
        pixel = image.pixelColor(QPoint(x, y))
        off = abs(pixel.red() - color.red()) + abs(pixel.green() - color.green()) + abs(pixel.blue() - color.blue())
        if off < 40:
            return True
    return False


def test_runs_side_by_side_say_how_sure_their_difference_is(driver: Driver) -> None:
    driver.start()
    for name in driver.selected():
        driver.click_dot(name)
    for name in ("adam-0", "lion-0", "sgd-0"):
        driver.click_dot(name)
    driver.highlight("adam-0").do("runs.baseline").do("view.compare")
    table = driver.find(PlainTable, "compare-table")
    head = [table.horizontalHeaderItem(i) for i in range(table.columnCount())]
    titles = ["" if item is None else item.text() for item in head]
    found = {row[0]: row for row in table.rows_as_text(range(table.rowCount()))}["val/acc"]
    assert found[titles.index("lion-0")] == "0.95  +0.05 (+5.6 %)  · ▲ better"
    assert found[titles.index("sgd-0")] == "0.89  −0.01 (−1.1 %)  · not distinguishable with 4 pairs"
    assert found[titles.index("adam-0  (baseline)")] == "0.9"


def test_names_from_folders_are_shown_as_the_characters_they_are(driver: Driver, tmp_path: Path) -> None:
    name = "<img src=x>&y"
    for seed in range(2):
        write_run(tmp_path / "h" / f"a{seed}", name, seed, 0.5 + seed / 100)
        write_run(tmp_path / "h" / f"b{seed}", "plain", seed, 0.6 + seed / 50)
    driver.start(tmp_path).filter("path ~ 'h/'").press("Ctrl+Shift+G")
    assert sorted(by_group(driver)) == [f"optimizer={name}", "optimizer=plain"]
    choose(driver, "groups-baseline", "img")
    assert chip(driver, "groups-baseline") == f"baseline: optimizer={name}"
    baseline = driver.find(TextButton, "groups-baseline")
    assert "&&y" in baseline.text(), "no mnemonic"
    assert "<img" not in baseline.toolTip().replace("<span>", "")
    table = driver.find(GroupTableView, "groups-table")
    tips = [str(table.rows.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)) for row in (1, 2)]
    assert not any("<img" in tip for tip in tips)


def test_a_scale_holds_every_interval_and_run_and_zero() -> None:
    metric = FieldRef(FieldKind.METRIC, "m", Aggregate.LAST)
    compared = Comparison(Standing.ALIKE, "", (2, 2), difference=3.0, low=-1.0, high=7.0)
    table = GroupTable(
        metric,
        "last",
        Direction.UNKNOWN,
        0,
        (
            GroupRow("a", (9.0, 11.0), Figures(2, 0, 10.0), None),
            GroupRow("b", (13.0, 13.0, None, float("nan")), Figures(2, 2, 13.0), compared),
        ),
    )
    scale, other = forests(table)
    assert scale.is_scale
    assert scale.span == other.span == (-1.0, 7.0)
    assert (scale.runs, other.runs) == ((-1.0, 1.0), (3.0, 3.0))


@pytest.mark.parametrize("kept", [None, {}, [], {"by": "x", "metrics": 3, "method": "magic", "level": 7, "ignored": 1}])
def test_an_old_or_damaged_session_gives_the_first_settings(kept: object) -> None:
    assert GroupSettings.from_saved(kept) == GroupSettings()  # type: ignore[arg-type]


def test_settings_survive_a_session() -> None:
    settings = GroupSettings(
        (FieldRef(FieldKind.PARAM, "lr"),), (FieldRef(FieldKind.METRIC, "a:b", Aggregate.BEST),), "x", Method.BCA, 0.99,
        False, True, ("a",), ("seed",),
    )  # fmt: skip
    assert GroupSettings.from_saved(settings.saved()) == settings


def test_a_param_can_be_taken_out_of_the_rule_and_put_back() -> None:
    first = GroupSettings()
    counted = first.with_param("seed", ignored=False, by_itself=True)
    assert counted.counted == ("seed",)
    assert counted.with_param("seed", ignored=True, by_itself=True) == first
    ignored = first.with_param("lr", ignored=True, by_itself=False)
    assert ignored.ignored == ("lr",)
    assert ignored.with_param("lr", ignored=False, by_itself=False) == first


def test_a_list_shows_some_of_very_many_and_finds_the_rest(driver: Driver) -> None:
    from runfolio.desktop.compare_choice import Choice

    driver.start()
    heard: list[tuple[str, bool]] = []
    rows_ = [Choice(f"k{i}", f"param {i}", False) for i in range(10_000)]
    popup = ChoicePopup("Many", "", rows_, lambda id, on: heard.append((id, on)), driver.window)
    popup.open_under(driver.find(QWidget, "columns-button"))
    assert popup.list.count() == 200
    QTest.keyClicks(popup.search, "9999")
    assert popup.list.count() == 1
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert heard == [("k9999", True)]
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert heard[-1] == ("k9999", False)
    popup.close()
