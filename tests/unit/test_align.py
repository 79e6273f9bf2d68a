"""Which names are suggested to be one metric, which never are, and what is said about each."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.analysis.align import LARGEST_FAMILY, families, held_out_parts, suggest
from runfolio.analysis.metric_words import take_apart
from runfolio.model.alignment import (
    AlignedName,
    Alignment,
    Dismissal,
    Evidence,
    NameFacts,
    Strength,
    Suggestion,
    Together,
)

SAME = [
    ("val_acc", "val/acc"),
    ("val_acc", "validation_accuracy"),
    ("val_acc", "valAcc"),
    ("val_acc", "Accuracy/val"),
    ("val_acc", "Val Acc"),
    ("valid loss", "val.loss"),
    ("lr", "learning_rate"),
    ("lr", "LearningRate"),
    ("f1", "F1Score"),
    ("top1", "top_1"),
    ("top1", "Top-1"),
    ("test_mse", "test/mean_squared_error"),
    ("metrics/mAP_0.5", "metrics/mAP50"),
    ("metrics/mAP_0.5:0.95", "metrics/mAP50-95"),
    ("loss", "Loss"),
]

APART = [
    ("val_acc", "train_acc"),
    ("val_acc", "val_loss"),
    ("mAP50", "mAP50-95"),
    ("top1", "top5"),
    ("precision", "recall"),
    ("lr-Adam", "lr-SGD"),
    ("validation_0-logloss", "validation_1-logloss"),
    ("quantile_0.5", "quantile_05"),
    ("epoch", "step"),
    ("time_per_step", "time_per_epoch"),
    ("train/val gap", "val/gap"),
    ("потери", "точность"),
]


def facts(name: str, runs: int = 3, low: float = 0.1, high: float = 0.9) -> NameFacts:
    """Runs that all keep to one range."""
    fraction = low >= 0 and high <= 1
    percent = low >= 0 and 1 < high <= 100
    return NameFacts(name, runs, low, high, runs if fraction else 0, runs if percent else 0)


def only(*names: NameFacts, together: Mapping[tuple[str, str], Together] | None = None) -> Suggestion:
    (found,) = suggest(Evidence(names, together or {}))
    return found


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_metric_written_in_two_ways_is_suggested_as_sure(one: str, other: str) -> None:
    found = only(facts(one, 5), facts(other, 2))
    assert (found.target, [(n.name, n.scale, n.strength) for n in found.names]) == (
        one,
        [(other, 1.0, Strength.SURE)],
    )
    assert found.names[0].reason
    assert families([one, other]) == (tuple(sorted([one, other])),)


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_metrics_are_not_suggested(one: str, other: str) -> None:
    assert suggest(Evidence((facts(one), facts(other)))) == ()


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("val_acc", "eval_acc", "may be other data"),
        ("val_acc", "test_acc", "may be other data"),
        ("train_loss", "train_loss_epoch", "how often"),
        ("train_loss", "loss", "may be the training one"),
        ("val_auroc", "val_auc", "mostly"),
        ("accuracy", "categorical_accuracy", "mostly"),
    ],
)
def test_what_only_the_user_can_know_is_possible(one: str, other: str, said: str) -> None:
    found = only(facts(one, 5), facts(other, 2))
    assert found.strength is Strength.POSSIBLE
    assert said in found.names[0].reason


def test_eval_is_not_val_where_a_run_has_both() -> None:
    assert suggest(Evidence((facts("val_acc"), facts("eval_acc")), parts=frozenset({("eval", "val")}))) == ()


def test_a_name_without_a_part_is_the_training_one_beside_a_validation_one() -> None:
    beside = {("loss", "val_loss"): Together(3, 0)}
    found = only(facts("train_loss", 5), facts("loss", 3), facts("val_loss", 3), together=beside)
    assert [(found.target, n.name, n.strength) for n in found.names] == [("train_loss", "loss", Strength.LIKELY)]


def test_names_of_one_run_with_other_values_are_never_one() -> None:
    names = (facts("val_acc", 5), facts("val/acc", 4), facts("validation_accuracy", 3))
    both = {("val/acc", "val_acc"): Together(2, 1)}
    found = only(*names, together=both)
    assert {found.target, *(n.name for n in found.names)} == {"val_acc", "validation_accuracy"}
    equal = only(*names, together={("val/acc", "val_acc"): Together(2, 2)})
    assert "the same values in 2 runs with both" in equal.names[0].reason


def test_percent_is_told_from_fractions_by_values_or_by_name() -> None:
    found = only(facts("val_acc", 9, 11.0, 97.3), facts("val/acc", 2))
    assert (found.target, found.names[0].name, found.names[0].scale) == ("val/acc", "val_acc", 0.01)
    assert "values go up to 97.3, those of val/acc to 0.9" in found.names[0].reason
    assert found.strength is Strength.LIKELY
    marked = only(facts("top1", 9), facts("top1_pct", 2, 0.0, 0.8))
    assert (marked.target, marked.names[0].scale) == ("top1", 0.01)
    # A loss may well lie in both ranges.
    assert only(facts("val_loss", 9, 2.0, 97.3), facts("val/loss", 2)).names[0].scale == 1.0


def test_a_name_that_some_runs_write_in_percent_and_others_as_a_fraction_is_left_alone() -> None:
    mixed = NameFacts("val_acc", 4, 0.1, 97.0, fractions=2, percents=2)
    assert suggest(Evidence((mixed, facts("val/acc", 2)))) == ()


def test_what_stands_is_settled_and_new_names_may_join_it() -> None:
    names = (facts("val_acc", 9, 10.0, 95.0), facts("val/acc", 2), facts("validation accuracy", 1, 20.0, 80.0))
    standing = [Alignment("quality", (AlignedName("val_acc", 0.01), AlignedName("val/acc")))]
    (found,) = suggest(Evidence(names), standing)
    assert (found.target, found.extends, found.own) == ("quality", True, None)
    assert [(n.name, n.scale) for n in found.names] == [("validation accuracy", 0.01)]
    assert suggest(Evidence(names[:2]), standing) == ()


def test_what_was_dismissed_is_not_suggested_again() -> None:
    names = (facts("val_acc", 5), facts("val/acc", 4), facts("validation_accuracy", 3))
    assert suggest(Evidence(names[:2]), (), [Dismissal(("val/acc", "val_acc"))]) == ()
    (found,) = suggest(Evidence(names), (), [Dismissal(("val/acc", "val_acc"))])
    assert [found.target, found.names[0].name] == ["val_acc", "validation_accuracy"]


def test_confirming_takes_what_is_more_than_possible() -> None:
    found = only(facts("val_acc", 5), facts("val/acc", 4), facts("eval_acc", 3))
    assert [n.name for n in found.names] == ["val/acc", "eval_acc"]
    assert found.parts == (AlignedName("val/acc"),)


def test_held_out_parts_matter_only_where_there_are_several() -> None:
    assert held_out_parts(["val_loss", "loss", "val/acc"]) == {}
    assert held_out_parts(["val_loss", "loss", "test/acc"]) == {"val_loss": "val", "test/acc": "test"}


def test_hundreds_of_spellings_are_not_looked_into() -> None:
    names = [f"a{'_' * n}loss" for n in range(1, LARGEST_FAMILY + 2)]
    assert families(names) == ()
    assert suggest(Evidence(tuple(facts(name) for name in names))) == ()
    assert len(only(*(facts(name) for name in names[1:])).names) == LARGEST_FAMILY - 1


def test_a_very_long_name_is_not_looked_into() -> None:
    assert take_apart("a_" * 400).words == ()


WORDS = st.sampled_from(
    ["val", "valid", "train", "eval", "test", "acc", "accuracy", "loss", "lr", "epoch", "step", "%", "top", "1", "F1"]
)
NAMES = st.one_of(st.text(max_size=12), st.lists(WORDS, min_size=1, max_size=4).map("_".join), WORDS)


@settings(derandomize=True, deadline=None, database=None)
@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), st.data())
def test_no_suggestion_holds_two_names_that_a_run_tells_apart(names: list[str], data: st.DataObject) -> None:
    pairs = [(one, other) for one in names for other in names if one < other]
    told = data.draw(st.sets(st.sampled_from(pairs), max_size=6)) if pairs else set()
    evidence = Evidence(tuple(facts(n) for n in names), {pair: Together(2, 1) for pair in told})
    seen: set[str] = set()
    for found in suggest(evidence):
        group = {found.target, *(n.name for n in found.names)}
        assert len(group) == 1 + len(found.names)
        assert not group & seen, "a name is asked about once"
        seen |= group
        assert not any(one in group and other in group for one, other in told)
