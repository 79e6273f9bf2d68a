"""Groups of repeated runs, found in folders, and their comparison, against SciPy on the numbers that were written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy import stats

from runfolio.analysis.replicates import ignored_keys, is_seed, named_apart, repeats, rule_text, short_titles
from runfolio.api import Workspace
from runfolio.errors import FilterSyntax, UsageError
from runfolio.model.groups import Grouping, RunGroup
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey
from runfolio.model.statistics import Standing
from support.repeats import ACCURACY, write_repeats, write_run

OPTIMIZER = FieldRef(FieldKind.PARAM, "optimizer")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    place = tmp_path_factory.mktemp("repeats")
    with opened(place, write_repeats(place / "runs")) as made:
        yield made


def opened(place: Path, runs: Path) -> Workspace:
    """A workspace with the folder read."""
    made = Workspace.open(place / "index.duckdb", place / "ledger")
    made.index([str(runs)])
    return made


def by_name(grouping: Grouping) -> dict[str, RunGroup]:
    """The groups by what they are called."""
    return {group.name: group for group in grouping.groups}


def names(workspace: Workspace, group: RunGroup) -> list[str]:
    """Names of a group's runs, sorted."""
    return sorted(run.name for run in workspace.runs(group.runs))


# --- which params do not count -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["seed", "SEED", "trainer.random_seed", "Random-Seed", "rng_seed", "data/torchSeed", "sklearn.random_state"]
)
def test_seeds_are_known_by_the_last_part_of_their_name(key: str) -> None:
    assert is_seed(key)


@pytest.mark.parametrize("key", ["seed_length", "model.seeded", "seed.kind", "lr", "name", "model.name", "device"])
def test_what_only_looks_like_a_seed_counts(key: str) -> None:
    assert not repeats(key)


def test_what_only_names_a_run_does_not_count() -> None:
    keys = ["lr", "trainer.default_root_dir", "hostname", "seed", "ddp.master-port", "run_name"]
    assert ignored_keys(keys) == ("seed", "trainer.default_root_dir", "hostname", "ddp.master-port", "run_name")


def test_the_rule_is_told_in_words() -> None:
    assert rule_text(["seed"], experiment=True, data=True) == (
        "same experiment, data and params (fractions to 12 digits), but for seed"
    )
    assert rule_text([], experiment=False, data=False) == "same params (fractions to 12 digits)"
    assert rule_text([*"abcdef"], experiment=True, data=False) == (
        "same experiment and params (fractions to 12 digits), but for a, b, c, d and 2 more"
    )


def test_groups_are_named_by_as_little_as_tells_them_apart() -> None:
    assert named_apart([["lr=1", "lr=2"], ["wd=0", "wd=1"]], ["a", "b"]) == ["lr=1", "lr=2"]
    assert named_apart([["lr=1", "lr=1"], ["wd=0", ""]], ["a", "b"]) == ["wd=0", "b"]
    three = [["lr=1", "lr=1", "lr=2"], ["wd=0", "wd=1", "wd=0"]]
    assert named_apart(three, ["a", "b", "c"]) == ["lr=1, wd=0", "lr=1, wd=1", "lr=2, wd=0"]
    assert named_apart([["lr=1", "lr=1"]], ["a", "b"]) == ["a", "b"]
    four = [["lr=1", "lr=2", "lr=1", "lr=2"]]
    assert named_apart(four, [*"abcd"], 2) == ["lr=1", "lr=2", "lr=1 · c", "lr=2 · d"]
    assert named_apart([], ["a", "a"]) == ["a", "a (2)"]


def test_keys_are_shortened_where_they_stay_apart() -> None:
    assert short_titles(["optim.lr", "model.name", "data.name", "a/b", "dot."]) == [
        "lr", "model.name", "data.name", "b", "dot.",
    ]  # fmt: skip


# --- replicate groups ----------------------------------------------------------------------------------------------


def test_runs_that_differ_in_seed_and_folder_are_one_group(workspace: Workspace) -> None:
    found = workspace.replicate_groups()
    groups = by_name(found)
    assert sorted(groups) == ["optimizer=adam", "optimizer=lion", "optimizer=rmsprop", "optimizer=sgd"]
    assert names(workspace, groups["optimizer=lion"]) == ["lion-0", "lion-1", "lion-2", "lion-3"]
    assert sorted(groups["optimizer=lion"].seeds) == ["0", "1", "2", "3"]
    assert found.groups[-1].name == "optimizer=rmsprop"
    assert found.ignored == ("trainer.random_seed", "output_dir")
    assert found.offered == ("optimizer",)
    assert (
        found.rule
        == "same experiment, data and params (fractions to 12 digits), but for trainer.random_seed, output_dir"
    )
    assert (found.single, found.unknown) == (1, 0)


def test_the_rule_can_be_changed(workspace: Workspace) -> None:
    strict = workspace.replicate_groups(ignored=["output_dir"])
    assert len(strict.groups) == 13
    loose = workspace.replicate_groups(ignored=["output_dir", "trainer.random_seed", "optimizer"])
    assert len(loose.groups) == 1
    assert len(loose.groups[0].runs) == 13


def test_only_runs_that_are_asked_for_are_in_groups(workspace: Workspace) -> None:
    found = workspace.replicate_groups(RunQuery("optimizer = 'adam' or name = 'sgd-2'"))
    assert {len(group.runs) for group in found.groups} == {4, 1}
    keys = workspace.run_keys(RunQuery("optimizer = 'adam'"))
    (only,) = workspace.replicate_groups([*keys, RunKey("gone")]).groups
    assert set(only.runs) == {*keys}
    assert workspace.replicate_groups([]).groups == ()


def test_values_count_as_in_a_diff_and_experiments_and_data_apart(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write_run(runs / "one" / "a", "adam", 0, 0.9, wd=1e-3, amp=True, warm=None)
    write_run(runs / "one" / "b", "adam", 1, 0.9, wd="0.001", amp="true", warm="None")
    write_run(runs / "one" / "c", "adam", 2, 0.9, wd=1e-3, amp=1, warm=None)
    write_run(runs / "one" / "d", "adam", 3, 0.9, wd=1e-3, amp=True)
    write_run(runs / "two" / "e", "adam", 4, 0.9, wd=1e-3, amp=True, warm=None)
    (runs / "two" / "bare").mkdir()
    (runs / "two" / "bare" / "metrics.jsonl").write_text('{"step": 1, "loss": 1}\n{"step": 2, "loss": 0.5}\n')
    with opened(tmp_path, runs) as made:
        experiments = {run.name: run.experiment for run in made.find_runs()}
        found = made.replicate_groups()
        together = {tuple(names(made, group)) for group in found.groups}
        assert ("a", "b") in together
        assert {("c",), ("d",)} <= together
        apart = experiments["a"] != experiments["e"]
        assert (("e",) in together) == apart
        assert found.unknown == 1
        across = made.replicate_groups(ignored=[*found.ignored, "experiment"])
        assert ["a", "b", "e"] in [names(made, group) for group in across.groups]


def test_fractions_that_print_the_same_at_twelve_digits_are_one_configuration(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    values: dict[str, object] = {
        "a1": 0.1 + 0.2, "a2": 0.3, "a3": 0.3000000000001, "b": 0.300000000001,
        # Just below a whole number, and the whole number.
        "c1": 0.7 + 0.1 + 0.2, "c2": 1, "d1": -1.1 - 2.2, "d2": -3.3, "e1": 1e-320, "e2": 2e-320,
        # Whole numbers are exact, past what float64 can tell apart as well.
        "f1": 1234567890123456, "f2": 1234567890123457, "g1": 2**53, "g2": 2**53 + 1, "h": float("inf"),
    }  # fmt: skip
    for seed, (name, value) in enumerate(values.items()):
        write_run(runs / name, "adam", seed, 0.9, wd=value)
    with opened(tmp_path, runs) as made:
        found = made.replicate_groups()
        assert "fractions to 12 digits" in found.rule
        together = sorted(tuple(names(made, group)) for group in found.groups)
    alone = [(name,) for name in ("b", "e1", "e2", "f1", "f2", "g1", "g2", "h")]
    assert together == sorted([("a1", "a2", "a3"), ("c1", "c2"), ("d1", "d2"), *alone])


# --- groups by a field ---------------------------------------------------------------------------------------------


def test_groups_by_a_field_have_partners_where_all_else_is_equal(workspace: Workspace) -> None:
    found = workspace.field_groups([OPTIMIZER])
    groups = by_name(found)
    assert sorted(groups) == ["adam", "lion", "rmsprop", "sgd"]
    assert found.rule == "same optimizer"
    adam, lion = groups["adam"], groups["lion"]
    assert len({*adam.others}) == 4
    assert {*adam.others} == {*lion.others}
    both = workspace.field_groups([OPTIMIZER, FieldRef(FieldKind.PARAM, "lr")])
    assert "optimizer=adam, lr=0.1" in by_name(both)


def test_runs_without_the_field_are_in_no_group(workspace: Workspace) -> None:
    found = workspace.field_groups([FieldRef(FieldKind.BUILTIN, "note")])
    assert (found.groups, found.unknown) == ((), 13)
    with pytest.raises(UsageError, match="No field to group by"):
        workspace.field_groups([])


# --- comparing -----------------------------------------------------------------------------------------------------


def test_groups_are_compared_by_their_best_value_paired_by_seed(workspace: Workspace) -> None:
    groups = sorted(workspace.replicate_groups().groups, key=lambda g: g.name)
    (table,) = workspace.compare_groups(groups, [workspace.figure_of("val/acc")])
    assert (table.figure, table.direction.value, table.baseline) == ("best", "higher", 0)
    adam, lion, rmsprop, sgd = table.rows
    seeds = sorted(ACCURACY["adam"])
    theirs = {
        name: stats.ttest_rel([ACCURACY[name][s] for s in seeds], [ACCURACY["adam"][s] for s in seeds])
        for name in ("lion", "sgd")
    }
    assert adam.comparison is None
    assert adam.figures.mean == pytest.approx(0.915)
    assert lion.comparison is not None
    assert sgd.comparison is not None
    assert rmsprop.comparison is not None
    assert lion.comparison.pairs == sgd.comparison.pairs == 4
    assert lion.comparison.p == pytest.approx(theirs["lion"].pvalue)
    # Two of the three can be tested.
    assert lion.comparison.p_holm == pytest.approx(2 * theirs["lion"].pvalue)
    assert sgd.comparison.p_holm == pytest.approx(theirs["sgd"].pvalue)
    assert (lion.comparison.standing, lion.comparison.words) == (Standing.BETTER, "better")
    assert sgd.comparison.words == "not distinguishable with 4 pairs"
    assert rmsprop.comparison.words == "cannot be told: it is one run"
    apart = workspace.compare_groups(groups[:2], [workspace.figure_of("val/acc")], pairing=False)[0].rows[1]
    assert apart.comparison is not None
    welch = stats.ttest_ind([*ACCURACY["lion"].values()], [*ACCURACY["adam"].values()], equal_var=False)
    assert apart.comparison.p == pytest.approx(welch.pvalue)


def test_another_figure_of_the_metric_can_be_compared(workspace: Workspace) -> None:
    assert workspace.figure_of("val/acc") == FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST)
    assert workspace.figure_of("val/acc.last") == FieldRef(FieldKind.METRIC, "val/acc", Aggregate.LAST)
    assert workspace.figure_of("best(loss)") == FieldRef(FieldKind.METRIC, "loss", Aggregate.BEST)
    with pytest.raises(UsageError, match="no metric"):
        workspace.figure_of("optimizer")
    with pytest.raises(FilterSyntax, match="val/akk"):
        workspace.figure_of("val/akk")
    groups = by_name(workspace.replicate_groups())
    (table,) = workspace.compare_groups([groups["optimizer=adam"]], [workspace.figure_of("val/acc.last")])
    assert table.rows[0].figures.mean == pytest.approx(0.715)


def test_what_cannot_be_compared_is_refused(workspace: Workspace) -> None:
    groups = workspace.replicate_groups().groups
    metric = [workspace.figure_of("loss")]
    with pytest.raises(UsageError, match="baseline is group 5"):
        workspace.compare_groups(groups, metric, 4)
    with pytest.raises(UsageError, match="between 0 and 1"):
        workspace.compare_groups(groups, metric, level=95)
    with pytest.raises(UsageError, match="501 groups"):
        workspace.compare_groups(groups[:1] * 501, metric)


def test_runs_that_diverged_are_counted(tmp_path: Path) -> None:
    for optimizer, by_seed in {"adam": [0.9, 0.8, math.nan], "sgd": [0.5, 0.4, 0.45]}.items():
        for seed, accuracy in enumerate(by_seed):
            write_run(tmp_path / "runs" / f"{optimizer}-{seed}", optimizer, seed, accuracy)
    with opened(tmp_path, tmp_path / "runs") as made:
        groups = sorted(made.replicate_groups().groups, key=lambda g: g.name)
        (table,) = made.compare_groups(groups, [made.figure_of("val/acc")])
        assert table.rows[0].figures.excluded == 1
        assert table.rows[1].comparison is not None
        assert table.rows[1].comparison.pairs == 2
        assert "1 run of the baseline without a finite value is left out" in table.rows[1].comparison.notes


def test_runs_side_by_side_stand_for_their_configurations(workspace: Workspace) -> None:
    keys = {run.name: run.key for run in workspace.find_runs()}
    chosen = [keys["adam-0"], keys["lion-2"], keys["adam-1"]]
    found = workspace.significance(chosen, keys["adam-0"], ["val/acc", "loss"])
    assert {*found} == {("val/acc", keys["lion-2"]), ("loss", keys["lion-2"])}
    accuracy = found["val/acc", keys["lion-2"]]
    assert (accuracy.words, accuracy.pairs) == ("better", 4)
    alone = workspace.significance([keys["rmsprop-0"], keys["adam-0"]], keys["rmsprop-0"], ["val/acc"])
    assert alone["val/acc", keys["adam-0"]].words == "cannot be told: the baseline is one run"


def test_runs_that_were_never_repeated_say_nothing(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "a", "adam", 0, 0.9)
    write_run(tmp_path / "runs" / "b", "sgd", 0, 0.8)
    with opened(tmp_path, tmp_path / "runs") as made:
        a, b = made.run_keys()
        assert made.significance([a, b], a, ["val/acc"]) == {}
        assert made.significance([a, b], RunKey("gone"), ["val/acc"]) == {}
