"""Runs side by side: what counts as a difference, how metrics are judged, and how a diff leaves the application."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from runfolio.analysis.diff import MISSING, DiffRow, RunDiff, SectionId, Verdict, diff_runs
from runfolio.analysis.reasons import headline
from runfolio.analysis.render import as_json, as_latex, as_markdown, as_tsv, delta_text, latex, title_of
from runfolio.analysis.typed import canonical
from runfolio.errors import UsageError
from runfolio.model.datasets import DatasetRef
from runfolio.model.params import Json, Param
from support.run_details import run


def rows(diff: RunDiff, section: SectionId) -> dict[str, DiffRow]:
    return {row.key: row for row in diff.section(section).rows}


def params_differ(left: Json, right: Json) -> bool:
    diff = diff_runs([run("a", {"p": left}), run("b", {"p": right})])
    return rows(diff, SectionId.PARAMS)["p"].differs


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0.001, "1e-3"),
        ("1e-3", "0.001"),
        (1, 1.0),
        (1, "1"),
        (None, "None"),
        ("null", None),
        (True, "True"),
        ("true", "True"),
        (math.nan, math.nan),
        ("nan", math.nan),
        ([64, 32], "[64, 32]"),
        ("(64, 32)", [64, 32]),
        ("[64,32]", "[64, 32.0]"),
        (["a", None, True], "['a', None, True]"),
        ('["a", null, true]', "['a', None, True]"),
        ("{'b': 1, 'a': [2]}", '{"a": [2.0], "b": 1}'),
        (-0.0, 0),
        ("inf", "Infinity"),
    ],
)
def test_values_that_mean_the_same_do_not_differ(left: Json, right: Json) -> None:
    assert not params_differ(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        ("True", "1"),
        (False, 0),
        (None, ""),
        (None, 0),
        ("", 0),
        ([1, 2], [2, 1]),
        ([1, [2]], [[1], 2]),
        ([True], [1]),
        ("[1, 2", "[1, 2]"),
        (2**53, 2**53 + 1),
        (str(2**53), str(2**53 + 1)),
        ("adam", "Adam"),
        ("1_000", 1000),
        (math.nan, 0.0),
        ([], None),
        ({}, []),
    ],
)
def test_values_that_do_not_mean_the_same_differ(left: Json, right: Json) -> None:
    assert params_differ(left, right)


@pytest.mark.parametrize(
    "text", ["[" * 5000, "[" * 150 + "]" * 150, "[" + "-" * 9000 + "1]", "[{}: 1]", "{[]: 1}", "[\\d]"]
)
def test_a_text_that_only_looks_like_a_list_is_compared_as_text(text: str) -> None:
    assert canonical(text) == canonical(text)
    assert canonical(text) != canonical(text + " x")


def test_a_missing_param_is_a_dash_and_differs_even_from_null() -> None:
    diff = diff_runs([run("a", {"aug": {"mixup": None}}), run("b", {})])
    row = rows(diff, SectionId.PARAMS)["aug.mixup"]
    assert row.differs
    assert [c.text for c in row.cells] == ["null", MISSING]
    assert [c.missing for c in row.cells] == [False, True]


def test_nested_params_of_one_tracker_meet_the_dotted_ones_of_another() -> None:
    flat = run("a", [Param(("optim.lr",), "1e-3", "1e-3")])
    nested = run("b", {"optim": {"lr": 0.001}})
    row = rows(diff_runs([flat, nested]), SectionId.PARAMS)["optim.lr"]
    assert not row.differs
    assert row.path == ("optim", "lr")
    assert [c.text for c in row.cells] == ["1e-3", "0.001"]


def test_a_flat_and_a_nested_param_of_one_name_in_one_run_both_get_a_row() -> None:
    both = run("a", [Param(("a.b",), "1", 1), Param(("a", "b"), "2", 2)])
    diff = diff_runs([both, run("b", {"a": {"b": 1}})])
    assert [[c.text for c in r.cells] for r in diff.section(SectionId.PARAMS).rows] == [["1", "1"], ["2", MISSING]]


def test_params_stand_in_the_baselines_order_with_nested_ones_together() -> None:
    one = run("a", {"optim": {"lr": 1, "sched": {"warmup": 5}}, "seed": 1})
    other = run("b", {"seed": 1, "optim": {"beta": 2, "sched": {"decay": 3}, "lr": 1}, "extra": 0})
    keys = [r.key for r in diff_runs([other, one], baseline=1).section(SectionId.PARAMS).rows]
    assert keys == ["optim.lr", "optim.sched.warmup", "optim.sched.decay", "optim.beta", "seed", "extra"]


def test_metrics_compare_the_best_value_and_say_better_or_worse_by_direction() -> None:
    base = run("a", metrics={"val/acc": [0.5, 0.9412, 0.9], "val/loss": [0.4, 0.2010], "grad_norm": [3.0, 2.0]})
    other = run("b", metrics={"val/acc": [0.9467, 0.1], "val/loss": [0.5, 0.2107], "grad_norm": [9.0, 4.0]})
    found = rows(diff_runs([base, other]), SectionId.METRICS)

    acc = found["val/acc"]
    assert (acc.figure, [c.value for c in acc.cells]) == ("highest", [0.9412, 0.9467])
    assert acc.cells[0].verdict is None
    assert acc.cells[1].verdict is Verdict.BETTER
    assert acc.cells[1].delta == pytest.approx(0.0055, abs=1e-12)
    assert acc.cells[1].relative == pytest.approx(0.0055 / 0.9412, rel=1e-9)
    assert delta_text(acc.cells[1]) == "+0.0055 (+0.6 %) ▲"

    loss = found["val/loss"]
    assert (loss.figure, loss.cells[1].verdict) == ("lowest", Verdict.WORSE)
    assert delta_text(loss.cells[1]) == "+0.0097 (+4.8 %) ▼"

    norm = found["grad_norm"]
    assert (norm.figure, [c.value for c in norm.cells]) == ("last", [2.0, 4.0])
    assert norm.cells[1].verdict is Verdict.UNKNOWN
    assert delta_text(norm.cells[1]) == "+2 (+100.0 %)"


def test_equal_metrics_are_the_same_and_do_not_differ() -> None:
    diff = diff_runs([run("a", metrics={"acc": [0.5]}), run("b", metrics={"acc": [0.1, 0.5]})])
    row = rows(diff, SectionId.METRICS)["acc"]
    assert (row.differs, row.cells[1].verdict, delta_text(row.cells[1])) == (False, Verdict.SAME, "")


def test_a_diverged_or_missing_metric_has_no_delta_and_no_verdict() -> None:
    base = run("a", metrics={"loss": [0.5]})
    diff = diff_runs(
        [base, run("nan", metrics={"loss": [math.nan]}), run("none"), run("inf", metrics={"loss": [math.inf]})]
    )
    row = rows(diff, SectionId.METRICS)["loss"]
    assert [c.text for c in row.cells] == ["0.5", "NaN", MISSING, "∞"]
    assert [c.verdict for c in row.cells] == [None, Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert [c.delta for c in row.cells] == [None] * 4


def test_two_diverged_runs_are_alike() -> None:
    diff = diff_runs([run("a", metrics={"loss": [math.nan]}), run("b", metrics={"loss": [math.nan]})])
    row = rows(diff, SectionId.METRICS)["loss"]
    assert (row.differs, row.cells[1].verdict) == (False, Verdict.SAME)


def test_a_baseline_of_zero_has_a_delta_but_no_percentage() -> None:
    diff = diff_runs([run("a", metrics={"loss": [0.0]}), run("b", metrics={"loss": [0.25]})])
    cell = rows(diff, SectionId.METRICS)["loss"].cells[1]
    assert (cell.delta, cell.relative, delta_text(cell)) == (0.25, None, "+0.25 ▼")


def test_a_small_difference_is_not_written_as_none() -> None:
    diff = diff_runs([run("a", metrics={"loss": [1.997]}), run("b", metrics={"loss": [1.9967]})])
    assert delta_text(rows(diff, SectionId.METRICS)["loss"].cells[1]) == "−0.0003 (−0.015 %) ▲"


def test_the_title_of_metrics_says_which_figure_is_compared() -> None:
    known, unknown = run("a", metrics={"loss": [1]}), run("a", metrics={"loss": [1], "lr": [1]})
    assert title_of(diff_runs([known]).section(SectionId.METRICS)) == "Metrics (best)"
    assert title_of(diff_runs([unknown]).section(SectionId.METRICS)) == "Metrics (best, or last without a direction)"


def test_the_relative_difference_from_a_negative_baseline_keeps_the_sign_of_the_change() -> None:
    diff = diff_runs([run("a", metrics={"reward": [-4.0]}), run("b", metrics={"reward": [-3.0]})])
    cell = rows(diff, SectionId.METRICS)["reward"].cells[1]
    assert (cell.delta, cell.relative, cell.verdict) == (1.0, 0.25, Verdict.BETTER)


def test_any_run_can_be_the_baseline_and_swapping_it_mirrors_the_deltas() -> None:
    pair = [run("a", metrics={"acc": [0.5]}), run("b", metrics={"acc": [0.75]})]
    forth = rows(diff_runs(pair, 0), SectionId.METRICS)["acc"]
    back = rows(diff_runs(pair, 1), SectionId.METRICS)["acc"]
    assert (forth.cells[1].delta, back.cells[0].delta) == (0.25, -0.25)
    assert (forth.cells[1].verdict, back.cells[0].verdict) == (Verdict.BETTER, Verdict.WORSE)


def test_data_sets_of_one_context_meet_and_differ_by_digest() -> None:
    before = DatasetRef("cifar10-v1", "9f2c" + "0" * 28, "train", rows=50_000)
    after = DatasetRef("cifar10-v2", "b771" + "0" * 28, "train", rows=52_000)
    held_out = DatasetRef("cifar10", "02ad" + "0" * 28, "val", rows=10_000)
    found = rows(
        diff_runs([run("a", datasets=[before, held_out]), run("b", datasets=[after, held_out])]), SectionId.DATASETS
    )
    assert found["train"].differs
    assert found["train"].cells[1].text == "cifar10-v2  b7710000…  52\u2009000 rows"
    assert not found["val · cifar10"].differs


def test_a_renamed_data_set_with_the_same_digest_is_the_same_data() -> None:
    left, right = DatasetRef("train.csv", "9f2c", "train"), DatasetRef("copy.csv", "9f2c", "train")
    diff = diff_runs([run("a", datasets=[left]), run("b", datasets=[right])])
    assert diff.section(SectionId.DATASETS).differing == 0


def test_two_data_sets_in_one_context_are_told_apart_by_name() -> None:
    east, west = DatasetRef("east", "1111", "train"), DatasetRef("west", "2222", "train")
    found = rows(diff_runs([run("a", datasets=[east, west]), run("b", datasets=[west])]), SectionId.DATASETS)
    assert {k: r.differs for k, r in found.items()} == {"train · east": True, "train · west": False}


def test_commits_are_cut_for_the_eye_and_say_when_the_tree_was_dirty() -> None:
    clean = run("a", facts={"git.commit": "4be1c0" + "a" * 34, "git.dirty": "false", "torch": "2.12.1"})
    dirty = run("b", facts={"git.commit": "4be1c0" + "a" * 34, "git.dirty": "true", "torch": "2.12.1"})
    found = rows(diff_runs([clean, dirty]), SectionId.CODE)
    assert [c.text for c in found["git.commit"].cells] == ["4be1c0a", "4be1c0a + dirty"]
    assert found["git.commit"].cells[0].value == "4be1c0" + "a" * 34
    assert (found["git.commit"].differs, found["torch"].differs, "git.dirty" in found) == (True, False, False)


def test_only_differences_leaves_out_what_is_alike() -> None:
    diff = diff_runs([run("a", {"lr": 1, "seed": 3}), run("b", {"lr": 2, "seed": 3})])
    assert [r.key for r in diff.only_differences().section(SectionId.PARAMS).rows] == ["lr"]
    assert diff.differing == 1


def test_comparing_nothing_or_against_a_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no run"):
        diff_runs([])
    with pytest.raises(UsageError, match="baseline is run 3"):
        diff_runs([run("a"), run("b")], baseline=2)


# --- why they differ -----------------------------------------------------------------------------------------------

BEFORE = run(
    "amber-heron",
    {"optim": {"lr": "1e-3"}, "seed": 1},
    {"val/acc": [0.9412]},
    [DatasetRef("cifar10", "9f2c", "train", rows=50_000)],
    {"git.commit": "4be1c0", "torch": "2.12"},
)
AFTER = run(
    "brisk-otter",
    {"optim": {"lr": "3e-3"}, "seed": 2},
    {"val/acc": [0.9467]},
    [DatasetRef("cifar10", "b771", "train", rows=52_000)],
    {"git.commit": "91aa07", "torch": "2.13"},
)


def test_the_headline_names_data_first_and_seeds_last_among_params() -> None:
    assert [(r.kind, r.text) for r in headline(diff_runs([BEFORE, AFTER]))] == [
        ("dataset", "train · cifar10 changed: 9f2c → b771 (+2\u2009000 rows)"),
        ("param", "optim.lr 1e-3 → 3e-3"),
        ("param", "seed 1 → 2"),
        ("code", "commit 4be1c0 → 91aa07"),
        ("environment", "torch 2.12 → 2.13"),
    ]


def test_the_headline_of_many_runs_names_each_other_value_once() -> None:
    runs = [run(str(i), {"lr": value}) for i, value in enumerate([1, 2, 2, 3, 4, 5, 1])]
    assert [r.text for r in headline(diff_runs(runs))] == ["lr 1 → 2, 3, 4, …"]


def test_a_long_headline_ends_with_how_much_is_left_out() -> None:
    left, right = run("a", {f"p{i}": 0 for i in range(20)}), run("b", {f"p{i}": 1 for i in range(20)})
    found = headline(diff_runs([left, right]), limit=5)
    assert [r.text for r in found] == ["p0 0 → 1", "p1 0 → 1", "p2 0 → 1", "p3 0 → 1", "and 16 more"]


def test_alike_runs_have_no_reasons() -> None:
    assert headline(diff_runs([BEFORE, BEFORE])) == ()


# --- leaving the application ---------------------------------------------------------------------------------------

HOSTILE = run("a|b\n<img src=x>", {"=cmd|' /C calc'!A0": "x\ty\nz", "p": '=HYPERLINK("http://x")', "n": -0.5})


def test_markdown_has_one_line_a_row_and_nothing_in_it_acts() -> None:
    text = as_markdown(diff_runs([HOSTILE, run("b", {"n": 1})]))
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 4 for line in table)
    assert "\\<img src=x\\>" in text
    assert "<img" not in text.replace("\\<img", "")


def test_tsv_parses_back_and_no_cell_starts_a_formula() -> None:
    text = as_tsv(diff_runs([HOSTILE, run("b", {"n": 1}, {"loss": [0.1 + 0.2]})]))
    table = [*csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)]
    assert {len(line) for line in table} == {5}
    assert not [c for line in table for c in line if c[:1] in "=+@" and c]
    assert table[1][1:3] == ["'=cmd|' /C calc'!A0", "x y⏎z"]
    assert [line[2] for line in table if line[1] == "n"] == ["-0.5"]
    assert [line[3] for line in table if line[1] == "loss"] == ["0.30000000000000004"]


def test_tsv_gives_metric_differences_as_numbers() -> None:
    text = as_tsv(diff_runs([run("a", metrics={"acc": [0.5]}), run("b", metrics={"acc": [0.75]})]))
    assert text.splitlines()[0].split("\t") == ["section", "key", "a (baseline)", "b", "Δ b"]
    assert "metrics\tacc\t0.5\t0.75\t0.25" in text.splitlines()


def test_latex_escapes_what_tex_acts_on() -> None:
    # A row may begin with these, and the row before ends in a command that takes them.
    assert [latex(text) for text in ("[1, 2]", "*x", "a[1]")] == ["{[}1, 2]", "{*}x", "a[1]"]
    text = as_latex(diff_runs([run("50%_a&b", {"path": "C:\\x_{1}#$"}), run("b")]))
    assert "50\\%\\_a\\&b (baseline) & b" in text
    assert "C:\\textbackslash{}x\\_\\{1\\}\\#\\$ & --- \\\\" in text


def test_json_is_strict_and_holds_what_a_script_needs() -> None:
    diff = diff_runs([run("a", metrics={"loss": [math.nan, 1.0]}), run("b", {"x": [math.inf]}, {"loss": [math.nan]})])
    found = json.loads(json.dumps(as_json(diff), allow_nan=False))
    (row,) = next(s for s in found["sections"] if s["id"] == "metrics")["rows"]
    cells = row["cells"]
    assert row["key"] == "loss"
    assert [c["value"] for c in cells] == [1.0, "NaN"]
    assert [c["verdict"] for c in cells] == [None, "unknown"]
