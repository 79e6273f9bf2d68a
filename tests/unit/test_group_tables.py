"""Comparisons of groups as tables: on the command line, and for documents and spreadsheets."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from runfolio.analysis import grouprender
from runfolio.model.comparison import Comparison, Effect, Figures
from runfolio.model.direction import Direction
from runfolio.model.groups import GroupRow, GroupTable
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.statistics import Standing
from support.command import answer, call
from support.repeats import ACCURACY, write_repeats


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """The options of an index with the folder read."""
    place = tmp_path_factory.mktemp("compare")
    options: list[str | Path] = ["--index", place / "index.duckdb", "--ledger", place / "ledger"]
    call("index", write_repeats(place / "runs"), *options)
    return options


def lines(text: str) -> list[list[str]]:
    """The cells of each line, by the gaps between columns."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines() if line]


def test_repeated_runs_against_a_baseline_in_plain_words(index: list[str | Path]) -> None:
    done = call("compare", "--metric", "val/acc", *index)
    head, titles, *rows = lines(done.stdout)
    assert head == ["val/acc (best, higher is better), against optimizer=adam by paired t test"]
    assert titles[-1] == "verdict"
    assert [row[0] for row in rows] == ["optimizer=adam", "optimizer=lion", "optimizer=sgd"]
    assert [row[-1] for row in rows] == ["baseline", "▲ better", "not distinguishable with 4 pairs"]
    assert "but for trainer.random_seed, output_dir. 1 run is alone and left out." in done.stderr


def test_the_document_holds_what_scipy_finds(index: list[str | Path]) -> None:
    found = answer("compare", "sgd-1", "lion-2", "--metric", "val/acc.last", "--paired", "no", *index)
    (table,) = found["tables"]
    assert (table["metric"], table["figure"], table["direction"]) == ("val/acc", "last", "higher")
    assert (table["baseline"], [g["group"] for g in table["groups"]]) == (
        "optimizer=sgd",
        ["optimizer=sgd", "optimizer=lion"],
    )
    sgd, lion = ([v - 0.2 for v in ACCURACY[name].values()] for name in ("sgd", "lion"))
    theirs = stats.ttest_ind(lion, sgd, equal_var=False)
    ends = theirs.confidence_interval(0.95)
    compared = table["groups"][1]["comparison"]
    assert (compared["p"], compared["low"], compared["high"]) == pytest.approx((theirs.pvalue, ends.low, ends.high))
    assert compared["test"] == "Welch's t"
    assert sorted(table["groups"][1]["values"]) == pytest.approx(sorted(lion))
    assert len(table["groups"][1]["runs"]) == 4
    assert found["ignored"] == ["trainer.random_seed", "output_dir"]


def test_groups_by_a_field_against_one_of_them(index: list[str | Path]) -> None:
    found = answer("compare", "--by", "optimizer", "--against", "lion", "--metric", "loss", "--single", *index)
    (table,) = found["tables"]
    assert table["baseline"] == "lion"
    words = {g["group"]: g["comparison"] and g["comparison"]["words"] for g in table["groups"]}
    assert words == {
        "adam": "worse",
        "lion": None,
        "sgd": "worse",
        "rmsprop": "cannot be told: it is one run",
    }
    by_run = answer("compare", "--by", "optimizer", "--against", "lion-0", "--metric", "loss", *index)
    assert by_run["tables"][0]["baseline"] == "lion"


def test_a_worse_group_can_end_a_script(index: list[str | Path]) -> None:
    words = ["compare", "adam-0", "--metric", "val/acc", "--exit-code", *index]
    assert "▼ worse" in call(*words, "--against", "lion-3", code=1).stdout
    assert "not distinguishable" in call(*words, "--against", "sgd-3", code=0).stdout


def test_the_rule_can_be_changed_on_the_command_line(index: list[str | Path]) -> None:
    words = ["compare", "--metric", "loss", *index]
    done = call(*words, "--count", "trainer.random_seed", code=2)
    assert "No configuration was run more than once" in done.stderr
    found = answer(*words, "--ignore", "optimizer", "--count", "trainer.random_seed", "--by", "replicate")
    assert {*found["ignored"]} == {"output_dir", "optimizer"}
    assert [len(g["runs"]) for g in found["tables"][0]["groups"]] == [4, 3, 3, 3]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--metric", "val/akk"], "No run has a field 'val/akk'"),
        (["--metric", "optimizer"], "'optimizer' is no metric"),
        (["--metric", "loss", "--against", "nobody"], "No group and no run is called 'nobody'"),
        (["--metric", "loss", "--level", "95"], "between 0 and 1, not at 95"),
        (["--metric", "loss", "--by", "optimizer", "--ignore", "lr"], "--ignore and --count are for groups"),
        (["--metric", "loss", "--where", "optimizer = 'adam'"], "nothing to compare with the baseline"),
        (["adam-0", "adam-1", "--metric", "loss"], "nothing to compare with the baseline"),
        (["--metric", "loss", "--by", "note"], "No runs belong together"),
    ],
)
def test_what_makes_no_sense_is_said(index: list[str | Path], words: list[str], said: str) -> None:
    assert said in call("compare", *words, *index, code=2).stderr


def test_the_same_as_markdown_latex_and_tsv(index: list[str | Path]) -> None:
    words = ["compare", "--metric", "val/acc", *index]
    assert "| optimizer=lion | 4 | 0.965 |" in call(*words, "--markdown").stdout
    assert "optimizer=lion & 4 & 0.965 &" in call(*words, "--latex").stdout
    rows = [*csv.DictReader(io.StringIO(call(*words, "--tsv").stdout), delimiter="\t")]
    (lion,) = [row for row in rows if row["group"] == "optimizer=lion"]
    pairs = [[ACCURACY[name][seed] for seed in range(4)] for name in ("lion", "adam")]
    assert float(lion["p"]) == pytest.approx(stats.ttest_rel(*pairs).pvalue)
    assert lion["verdict"] == "better"


def test_names_from_folders_can_do_nothing_in_a_document() -> None:
    name = "=cmd|' /C calc'!A0 <b>$x$</b>\t|x"
    compared = Comparison(
        Standing.WORSE, "worse", (3, 3), difference=-0.5, low=-1.0, high=0.25, p=0.0001, p_holm=0.0002,
        effect=Effect("g", -2.0, -4.0, 0.1), notes=("1 run left out",),
    )  # fmt: skip
    rows = (
        GroupRow("base", (1.0, 2.0), Figures(2, 1, 1.5, 0.7, -4.0, 7.0, 1.0, 2.0), None),
        GroupRow(name, (1.0,), Figures(1, 0, 1.0), compared),
    )
    table = GroupTable(FieldRef(FieldKind.METRIC, "m_1", Aggregate.LAST), "last", Direction.UNKNOWN, 0, rows)
    assert grouprender.cells(rows[0])[:4] == ["base", "2 of 3", "1.5", "0.7"]
    assert grouprender.cells(rows[1])[4:] == ["−0.5", "[−1, +0.25]", "g = −2", "< 0.001", "< 0.001", "▼ worse"]
    markdown = grouprender.as_markdown([table])
    assert "<b>" not in markdown.replace("\\<b\\>", "")
    assert "m\\_1 (last)" in markdown
    latex = grouprender.as_latex([table])
    assert "\\$x\\$" in latex
    (spread,) = [line for line in grouprender.as_tsv([table]).splitlines() if "calc" in line]
    assert "\t'=cmd|' /C calc'!A0 <b>$x$</b> |x\t" in spread
    told = grouprender.explained(compared)
    assert told.splitlines()[0] == "▼ worse"
    assert "which way is better" not in told
    assert "which way is better is not known" in grouprender.explained(replace(compared, standing=Standing.LOWER))
    assert told.endswith("1 run left out")


def test_commas_inside_a_field_do_not_part_it(index: list[str | Path], tmp_path: Path) -> None:
    found = answer("compare", "--by", "mean(val/acc, last=1),optimizer", "--metric", "loss", "--single", *index)
    assert all("," in group["group"] for group in found["tables"][0]["groups"])
    out = tmp_path / "runs.csv"
    call("export", "table", out, "--columns", "name,mean(val/acc, last=2)", "--limit", "1", *index)
    head = out.read_text(encoding="utf-8-sig").splitlines()[0]
    assert next(csv.reader([head])) == ["name", "val/acc (mean of last 2)"]
    figures = call("export", "table", out, "--columns", "loss", "--group", "optimizer", "--figures", *index)
    assert figures.stderr.strip() == "4 groups, 9 columns"
    assert out.read_text(encoding="utf-8-sig").splitlines()[1].startswith("adam,")
