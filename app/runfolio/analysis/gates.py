"""Gates before a promotion: read from a YAML file, evaluated on a run.

gates:
  - {name: accurate enough, metric: val/acc, aggregate: best, at_least: 0.94}
  - {metric: time_per_step_ms, at_most: 45, stages: [production]}
  - {not_worse: val/loss, allow: 0.01}
  - {status: finished}
  - {dataset: recorded}
  - {sign_off: 1}
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

import yaml

from runfolio.errors import UsageError
from runfolio.model.answers import MetricFacts, RunDetail
from runfolio.model.direction import Direction
from runfolio.model.display import number
from runfolio.model.promotion import Gate, GateResult, Outcome, Stage

MAX_BYTES = 1 << 20
_BOUNDS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<", "equals": "=="}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
_FIGURES = ("last", "best", "min", "max")
_KEYS = frozenset(
    {"name", "metric", "aggregate", "not_worse", "allow", "status", "dataset", "sign_off", "stages", *_BOUNDS}
)


def load_gates(data: bytes, where: str = "gates file") -> tuple[Gate, ...]:
    """The gates of a YAML file. Raises UsageError that says which gate makes no sense, and why."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"A gates file has at most {MAX_BYTES:,} bytes", where=where)
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise UsageError(f"Not a YAML file: {str(error).partition(chr(10))[0]}", where=where) from error
    rows = document.get("gates") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise UsageError("The file has no list called gates", hint="See the help page on gates.", where=where)
    return tuple(_gate(row, f"{where}, gate {i}") for i, row in enumerate(rows, 1))


def _gate(row: object, where: str) -> Gate:
    if not isinstance(row, dict):
        raise UsageError("A gate is a mapping such as {metric: val/acc, at_least: 0.9}", where=where)
    if unknown := sorted(str(k) for k in row if k not in _KEYS):
        raise UsageError(f"Unknown key {unknown[0]!r}", hint=f"Known are {', '.join(sorted(_KEYS))}.", where=where)
    name = str(row.get("name") or "")
    stages = _stages(row.get("stages"), where)
    if "metric" in row:
        return _metric_gate(row, name, stages, where)
    if "not_worse" in row:
        metric = str(row["not_worse"])
        allow = _number(row.get("allow", 0), "allow", where)
        aggregate = _aggregate(row, where)
        return Gate(name or f"{metric} not worse than production", "not_worse", metric, aggregate, "", allow, stages)
    if "status" in row:
        wanted = str(row["status"])
        return Gate(name or f"status is {wanted}", "status", wanted, stages=stages)
    if row.get("dataset") == "recorded":
        return Gate(name or "data set recorded by digest", "dataset", stages=stages)
    if "sign_off" in row:
        return Gate(name or "approval by a second person", "sign_off", threshold=1.0, stages=stages)
    raise UsageError("A gate needs one of metric, not_worse, status, dataset: recorded, sign_off", where=where)


def _metric_gate(row: dict[object, object], name: str, stages: tuple[Stage, ...], where: str) -> Gate:
    bounds = [k for k in _BOUNDS if k in row]
    if len(bounds) != 1:
        raise UsageError(f"A metric gate has exactly one of {', '.join(_BOUNDS)}", where=where)
    bound = _number(row[bounds[0]], bounds[0], where)
    metric = str(row["metric"])
    sign = _BOUNDS[bounds[0]]
    return Gate(
        name or f"{metric} {sign} {number(bound)}", "metric", metric, _aggregate(row, where), sign, bound, stages
    )


def _aggregate(row: dict[object, object], where: str) -> str:
    chosen = str(row.get("aggregate") or "best")
    if chosen not in _FIGURES:
        raise UsageError(f"Unknown aggregate {chosen!r}", hint=f"Known are {', '.join(_FIGURES)}.", where=where)
    return chosen


def _stages(value: object, where: str) -> tuple[Stage, ...]:
    if value is None:
        return ()
    names = value if isinstance(value, list) else [value]
    try:
        return tuple(Stage(str(n)) for n in names)
    except ValueError as error:
        known = ", ".join(s.value for s in Stage)
        raise UsageError(f"Unknown stage: {error}", hint=f"Known are {known}.", where=where) from error


def _number(value: object, key: str, where: str) -> float:
    # PyYAML reads 1e-3 as text.
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UsageError(f"{key} must be a number, not {value!r}", where=where)
    return found


def evaluate(
    gates: Sequence[Gate], run: RunDetail, stage: Stage, production: RunDetail | None
) -> tuple[GateResult, ...]:
    """What each gate that guards `stage` says of a run.

    production   the run behind the version now in production, for "not worse" gates; None when there is none, and
                 such a gate then passes, since there is nothing to be worse than.
    A metric that is missing or whose figure is NaN fails, with that as its reason.
    """
    return tuple(_evaluate(g, run, production) for g in gates if not g.stages or stage in g.stages)


def _evaluate(gate: Gate, run: RunDetail, production: RunDetail | None) -> GateResult:
    if gate.kind == "metric":
        return _evaluate_metric(gate, run)
    if gate.kind == "not_worse":
        return _evaluate_not_worse(gate, run, production)
    if gate.kind == "status":
        met = run.status.value == gate.metric
        return _result(gate, met=met, observed=run.status.value, wanted=gate.metric, evidence=f"status of {run.path}")
    if gate.kind == "dataset":
        digests = [f"{d.name} {d.digest}" for d in run.datasets if d.digest]
        observed = ", ".join(digests) or "none recorded"
        return _result(gate, met=bool(digests), observed=observed, wanted="a digest", evidence="data sets of the run")
    return GateResult(gate.name, Outcome.SIGN_OFF, "0 of 1", "1 of 1", "a second person has to look at it")


def _evaluate_metric(gate: Gate, run: RunDetail) -> GateResult:
    wanted = f"{gate.operator} {number(gate.threshold)}"
    value, why = _figure(run, gate)
    if value is None:
        return _result(gate, met=False, observed=why, wanted=wanted, evidence=f"{gate.aggregate} of {gate.metric}")
    met = _COMPARE[gate.operator](value, gate.threshold)
    return _result(gate, met=met, observed=number(value, 6), wanted=wanted, evidence=why)


def _evaluate_not_worse(gate: Gate, run: RunDetail, production: RunDetail | None) -> GateResult:
    value, why = _figure(run, gate)
    direction = next((m.direction for m in run.metrics if m.name == gate.metric), Direction.UNKNOWN)
    if value is None:
        return _result(gate, met=False, observed=why, wanted="not worse", evidence=f"{gate.aggregate} of {gate.metric}")
    if direction is Direction.UNKNOWN:
        return _result(
            gate, met=False, observed=number(value, 6), wanted="not worse",
            evidence=f"it is not known whether a higher {gate.metric} is better; use a metric gate instead",
        )  # fmt: skip
    if production is None:
        return _result(
            gate, met=True, observed=number(value, 6), wanted="not worse", evidence="nothing is in production"
        )
    champion, reason = _figure(production, gate)
    if champion is None:
        return _result(
            gate, met=False, observed=number(value, 6), wanted="not worse",
            evidence=f"the run in production, {production.name}: {reason}",
        )  # fmt: skip
    worse_by = champion - value if direction is Direction.HIGHER else value - champion
    sign = "≥" if direction is Direction.HIGHER else "≤"
    bound = champion - gate.threshold if direction is Direction.HIGHER else champion + gate.threshold
    return _result(
        gate, met=worse_by <= gate.threshold, observed=number(value, 6), wanted=f"{sign} {number(bound, 6)}",
        evidence=f"{production.name} in production has {number(champion, 6)}",
    )  # fmt: skip


def _figure(run: RunDetail, gate: Gate) -> tuple[float | None, str]:
    metric = next((m for m in run.metrics if m.name == gate.metric), None)
    if metric is None:
        return None, "no such metric"
    value = _pick(metric, gate.aggregate)
    if value is None:
        return None, "no finite value"
    if math.isnan(value):
        return None, "NaN"
    return value, f"{gate.aggregate} of {metric.count} points in {metric.source or run.path}"


def _pick(metric: MetricFacts, aggregate: str) -> float | None:
    if aggregate == "min":
        return metric.best_min
    if aggregate == "max":
        return metric.best_max
    if aggregate == "best" and metric.direction is not Direction.UNKNOWN:
        return metric.best
    return metric.shown


def _result(gate: Gate, *, met: bool, observed: str, wanted: str, evidence: str) -> GateResult:
    return GateResult(gate.name, Outcome.PASS if met else Outcome.FAIL, observed, wanted, evidence)
