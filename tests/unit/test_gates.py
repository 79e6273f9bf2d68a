"""Gates: how they are written, and what each says of a run."""

from __future__ import annotations

import math

import pytest

from runfolio import locate
from runfolio.analysis.gates import MAX_BYTES, evaluate, load_gates
from runfolio.errors import UsageError
from runfolio.model.datasets import DatasetRef
from runfolio.model.promotion import Gate, GateResult, Outcome
from runfolio.model.run import RunStatus
from runfolio.model.run_detail import RunDetail
from runfolio.model.stage import Stage
from support.run_details import run

FILE = b"""
gates:
  - {name: accurate enough, metric: val/acc, at_least: 0.94}
  - metric: time_per_step_ms
    aggregate: last
    at_most: 45
    stages: [production]
  - {not_worse: val/loss, allow: 1e-2}
  - {status: finished}
  - {dataset: recorded}
  - {sign_off: 2}
"""


def one(
    text: str, subject: RunDetail, production: RunDetail | None = None, signers: tuple[str, ...] = ()
) -> GateResult:
    (result,) = evaluate(load_gates(f"gates: [{text}]".encode()), subject, Stage.STAGING, production, signers)
    return result


def test_a_file_gives_its_gates_in_order_with_names_made_up_where_there_is_none() -> None:
    assert load_gates(FILE) == (
        Gate("accurate enough", "metric", "val/acc", "best", ">=", 0.94),
        Gate("time_per_step_ms <= 45", "metric", "time_per_step_ms", "last", "<=", 45.0, (Stage.PRODUCTION,)),
        Gate("val/loss not worse than production", "not_worse", "val/loss", "best", "", 0.01),
        Gate("status is finished", "status", "finished"),
        Gate("data set recorded by digest", "dataset"),
        Gate("approval by 2 other people", "sign_off", threshold=2.0),
    )


def test_the_example_of_the_help_page_is_a_gates_file() -> None:
    page = (locate.resources() / "help" / "gates.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert [g.kind for g in load_gates(example.encode())] == [
        "metric", "metric", "not_worse", "status", "dataset", "sign_off",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (
            b"gates:\n  - {status: finished}\n  - {metric: a, at_least: x}\n",
            "at_least must be a number, not 'x'",
            "line 3",
        ),
        (b"gates:\n\n  - {metrics: a}\n", "Unknown key 'metrics'", "line 3"),
        (b"gates: [{metric: a}]", "exactly one of at_least", "line 1"),
        (b"gates: [{metric: a, at_least: 1, below: 2}]", "exactly one of at_least", "line 1"),
        (b"gates: [{metric: a, status: b}]", "exactly one of metric", "line 1"),
        (b"gates: [{metric: a, at_least: .nan}]", "must be a number", "line 1"),
        (b"gates: [{metric: a, at_least: true}]", "must be a number", "line 1"),
        (b"gates: [{metric: a, at_least: 1, aggregate: mean}]", "Unknown aggregate 'mean'", "line 1"),
        (b"gates: [{status: done}]", "Unknown status 'done'", "line 1"),
        (b"gates: [{dataset: yes}]", "dataset: recorded", "line 1"),
        (b"gates: [{sign_off: 0}]", "1 or more", "line 1"),
        (b"gates: [{not_worse: a, allow: -1}]", "0 or more", "line 1"),
        (b"gates: [{status: finished, stages: [prod]}]", "Unknown stage", "line 1"),
        (b"gates: [5]", "A gate is a mapping", "line 1"),
        (b"gates:\n  - {metric: a\n  - b", "Not a YAML file", "line 3"),
        (b"gates: !!python/object/apply:os.system ['true']", "Not a YAML file", "line 1"),
        (b"rules: []", "no list called gates", "gates file"),
        (b"", "no list called gates", "gates file"),
        (b"\xff\xfe\x00", "Not a YAML file", "gates file"),
        (b"#" * (MAX_BYTES + 1), "at most", "gates file"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_the_line(text: bytes, message: str, where: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_gates(text)
    assert caught.value.where.endswith(where)


@pytest.mark.parametrize(
    ("bound", "outcome"),
    [
        ("at_least: 0.75", Outcome.PASS),
        ("at_least: 0.76", Outcome.FAIL),
        ("above: 0.75", Outcome.FAIL),
        ("above: 0.74", Outcome.PASS),
        ("at_most: 0.75", Outcome.PASS),
        ("below: 0.75", Outcome.FAIL),
        ("equals: 0.75", Outcome.PASS),
        ("aggregate: last, at_least: 0.6", Outcome.FAIL),
        ("aggregate: min, equals: 0.25", Outcome.PASS),
        ("aggregate: max, equals: 0.75", Outcome.PASS),
    ],
)
def test_a_metric_is_held_against_its_bound(bound: str, outcome: Outcome) -> None:
    assert one(f"{{metric: val/acc, {bound}}}", run(metrics={"val/acc": [0.25, 0.75, 0.5]})).outcome is outcome


def test_a_result_says_what_was_seen_what_was_wanted_and_where_it_is_from() -> None:
    result = one("{metric: val/loss, at_most: 0.2}", run(metrics={"val/loss": [0.5, 0.201, 0.3]}))
    assert (result.observed, result.wanted) == ("0.201", "<= 0.2")
    assert result.evidence == "lowest of 3 points in metrics/val/loss"


def test_the_best_of_a_metric_without_a_direction_is_its_last_value() -> None:
    result = one("{metric: grad_norm, at_most: 2}", run(metrics={"grad_norm": [9.0, 1.5]}))
    assert (result.outcome, result.observed, result.evidence.split()[0]) == (Outcome.PASS, "1.5", "last")


@pytest.mark.parametrize(
    ("values", "aggregate", "reason"),
    [(None, "best", "no such metric"), ([math.nan], "best", "no finite value"), ([0.9, math.nan], "last", "NaN")],
)
def test_a_metric_that_is_missing_or_not_a_number_fails_and_says_so(
    values: list[float] | None, aggregate: str, reason: str
) -> None:
    subject = run(metrics={"val/acc": values} if values else {})
    for bound in ("at_least: -1000", "at_most: 1000"):
        result = one(f"{{metric: val/acc, aggregate: {aggregate}, {bound}}}", subject)
        assert (result.outcome, result.observed) == (Outcome.FAIL, reason)


@pytest.mark.parametrize(("loss", "outcome"), [(0.19, Outcome.PASS), (0.21, Outcome.PASS), (0.2101, Outcome.FAIL)])
def test_not_worse_allows_what_it_says_in_the_metrics_direction(loss: float, outcome: Outcome) -> None:
    champion = run("amber-heron", metrics={"val/loss": [0.2], "val/acc": [0.9]})
    result = one("{not_worse: val/loss, allow: 0.01}", run("b", metrics={"val/loss": [loss]}), champion)
    assert (result.outcome, result.wanted) == (outcome, "≤ 0.21")
    assert result.evidence == "amber-heron in production has 0.2"
    higher = one("{not_worse: val/acc}", run("b", metrics={"val/acc": [0.89]}), champion)
    assert (higher.outcome, higher.wanted) == (Outcome.FAIL, "≥ 0.9")


def test_rounding_of_floats_does_not_decide() -> None:
    for base, value, allow in ((0.3, 0.4, 0.1), (0.7, 0.8, 0.1), (0.2, 0.21, 0.01)):
        result = one(
            f"{{not_worse: loss, allow: {allow}}}", run(metrics={"loss": [value]}), run(metrics={"loss": [base]})
        )
        assert result.outcome is Outcome.PASS


def test_not_worse_passes_when_nothing_is_in_production() -> None:
    assert one("{not_worse: val/loss}", run(metrics={"val/loss": [5.0]})).outcome is Outcome.PASS


def test_not_worse_fails_when_it_cannot_be_said() -> None:
    base = run("a", metrics={"norm": [1.0], "loss": [1.0]})
    assert "not known whether" in one("{not_worse: norm}", base, base).evidence
    assert one("{not_worse: loss}", base, run("b")).evidence == "the run in production, b: no such metric"
    assert one("{not_worse: loss}", run("c"), base).observed == "no such metric"


def test_status_and_data_set_gates_look_at_the_run() -> None:
    failed = run(status=RunStatus.FAILED, datasets=[DatasetRef("cifar10"), DatasetRef("val", "02ad")])
    assert one("{status: finished}", failed).outcome is Outcome.FAIL
    assert one("{status: failed}", failed).outcome is Outcome.PASS
    assert (one("{dataset: recorded}", failed).outcome, one("{dataset: recorded}", failed).observed) == (
        Outcome.PASS,
        "val 02ad",
    )
    assert one("{dataset: recorded}", run(datasets=[DatasetRef("cifar10")])).outcome is Outcome.FAIL


def test_a_sign_off_waits_until_enough_different_people_have_approved() -> None:
    waiting = one("{sign_off: 2}", run(), signers=("mira", "mira"))
    assert (waiting.outcome, waiting.observed) == (Outcome.SIGN_OFF, "1 of 2")
    assert one("{sign_off: 2}", run(), signers=("mira", "jo")).outcome is Outcome.PASS
    assert one("{sign_off: 1}", run()).evidence == "nobody else has approved yet"


def test_a_gate_guards_only_the_stages_it_names() -> None:
    gates = load_gates(b"gates: [{status: finished, stages: production}, {dataset: recorded}]")
    assert [r.gate for r in evaluate(gates, run(), Stage.STAGING, None)] == ["data set recorded by digest"]
    assert len(evaluate(gates, run(), Stage.PRODUCTION, None)) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"gates:\n  - {metric: a, at_least: 0.9, at_least: 0.1}\n",
        b"gates: [{status: finished}]\ngates: [{dataset: recorded}]\n",
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_its_line(data: bytes) -> None:
    with pytest.raises(UsageError, match="given twice") as refused:
        load_gates(data)
    assert "line" in refused.value.where
