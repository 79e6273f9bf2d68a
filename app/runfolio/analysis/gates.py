"""Gates before a promotion: read from a YAML file, evaluated on a run.

    gates:
      - {name: accurate enough, metric: val/acc, aggregate: best, at_least: 0.94}
      - {metric: time_per_step_ms, at_most: 45, stages: [production]}
      - {not_worse: val/loss, allow: 0.01}
      - {status: finished}
      - {dataset: recorded}
      - {sign_off: 1}

A gate has one of metric (with at_least, above, at_most, below or equals), not_worse, status, dataset, sign_off. The
figure of a metric is its best value by direction unless `aggregate` says last, min or max.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Sequence

import yaml

from runfolio.errors import UsageError
from runfolio.model.direction import Direction
from runfolio.model.display import counted, number
from runfolio.model.promotion import Gate, GateResult, Outcome
from runfolio.model.run import RunStatus
from runfolio.model.run_detail import MetricFacts, RunDetail
from runfolio.model.stage import Stage

MAX_BYTES = 1 << 18
_BOUNDS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<", "equals": "=="}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
_FIGURES = ("last", "best", "min", "max")
_KINDS = ("metric", "not_worse", "status", "dataset", "sign_off")
_KEYS = frozenset({*_KINDS, "name", "aggregate", "allow", "stages", *_BOUNDS})


def load_gates(data: bytes, where: str = "gates file") -> tuple[Gate, ...]:
    """The gates of a YAML file. Raises UsageError that says which gate makes no sense, in which line, and why."""
    if len(data) > MAX_BYTES:
        raise UsageError(f"A gates file has at most {MAX_BYTES:,} bytes", where=where)
    try:
        tree = yaml.compose(data, yaml.SafeLoader)
        document = yaml.safe_load(data)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"Not a YAML file: {error.problem or error.context}", where=where + line) from error
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"Not a YAML file: {str(error).partition(chr(10))[0]}", where=where) from error
    _refuse_repeated(tree, where)
    lines = _lines(tree)
    rows = document.get("gates") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise UsageError("The file has no list called gates", hint="See the help page on gates.", where=where)
    return tuple(_gate(row, f"{where}, line {line}") for row, line in zip(rows, lines, strict=True))


def _refuse_repeated(root: yaml.Node | None, where: str) -> None:
    """A key that is given twice would silently hide what was given first: a stricter bound, or a whole list."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                place = f"{where}, line {key.start_mark.line + 1}"
                raise UsageError(f"{name} is given twice", hint="Make two gates of it, or drop one.", where=place)
            seen.add(name)
            pending.append(value)


def _lines(root: yaml.Node | None) -> list[int]:
    """The line in which each gate begins, from 1."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    lists = [value for key, value in pairs if key.value == "gates" and isinstance(value, yaml.SequenceNode)]
    return [item.start_mark.line + 1 for item in lists[-1].value] if lists else []


def _gate(row: object, where: str) -> Gate:
    if not isinstance(row, dict):
        raise UsageError("A gate is a mapping such as {metric: val/acc, at_least: 0.9}", where=where)
    if unknown := sorted(str(k) for k in row if k not in _KEYS):
        raise UsageError(f"Unknown key {unknown[0]!r}", hint=f"Known are {', '.join(sorted(_KEYS))}.", where=where)
    kinds = [k for k in _KINDS if k in row]
    if len(kinds) != 1:
        raise UsageError(f"A gate has exactly one of {', '.join(_KINDS)}", where=where)
    stages = _stages(row.get("stages"), where)
    name = str(row.get("name") or "")
    if kinds[0] == "metric":
        return _metric_gate(row, name, stages, where)
    if kinds[0] == "not_worse":
        metric = str(row["not_worse"])
        allow = _number(row.get("allow", 0), "allow", where)
        if allow < 0:
            raise UsageError("allow says how much worse is still allowed: 0 or more", where=where)
        aggregate = _aggregate(row, where)
        return Gate(name or f"{metric} not worse than production", "not_worse", metric, aggregate, "", allow, stages)
    return _plain_gate(kinds[0], row[kinds[0]], name, stages, where)


def _plain_gate(kind: str, wanted: object, name: str, stages: tuple[Stage, ...], where: str) -> Gate:
    if kind == "status":
        if wanted not in [s.value for s in RunStatus]:
            known = ", ".join(s.value for s in RunStatus)
            raise UsageError(f"Unknown status {wanted!r}", hint=f"Known are {known}.", where=where)
        return Gate(name or f"status is {wanted}", "status", str(wanted), stages=stages)
    if kind == "dataset":
        if wanted != "recorded":
            raise UsageError("A data set gate is written dataset: recorded", where=where)
        return Gate(name or "data set recorded by digest", "dataset", stages=stages)
    people = _number(wanted, "sign_off", where)
    if people < 1 or not people.is_integer():
        raise UsageError("sign_off says how many other people must approve: 1 or more", where=where)
    default = "approval by a second person" if people == 1 else f"approval by {people:.0f} other people"
    return Gate(name or default, "sign_off", threshold=people, stages=stages)


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
    gates: Sequence[Gate],
    run: RunDetail,
    stage: Stage,
    production: RunDetail | None,
    signers: Collection[str] = (),
) -> tuple[GateResult, ...]:
    """What each gate that guards `stage` says of a run.

    production   the run behind the version now in production, for "not worse" gates; None when there is none, and
                 such a gate then passes, since there is nothing to be worse than.
    signers      people other than the one who promotes, who have approved.
    A metric that is missing or whose figure is NaN fails, with that as its reason.
    """
    return tuple(_evaluate(g, run, production, signers) for g in gates if not g.stages or stage in g.stages)


def _evaluate(gate: Gate, run: RunDetail, production: RunDetail | None, signers: Collection[str]) -> GateResult:
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
    return _evaluate_sign_off(gate, signers)


def _evaluate_sign_off(gate: Gate, signers: Collection[str]) -> GateResult:
    people, wanted = sorted(set(signers)), round(gate.threshold)
    return GateResult(
        gate.name,
        Outcome.PASS if len(people) >= wanted else Outcome.SIGN_OFF,
        f"{len(people)} of {wanted}",
        f"{wanted} of {wanted}",
        f"approved by {', '.join(people)}" if people else "nobody else has approved yet",
    )


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
    # 0.4 is not more than 0.1 worse than 0.3, though float64 says 0.10000000000000003.
    met = worse_by <= gate.threshold or math.isclose(worse_by, gate.threshold, rel_tol=1e-9)
    return _result(
        gate, met=met, observed=number(value, 6), wanted=f"{sign} {number(bound, 6)}",
        evidence=f"{production.name} in production has {number(champion, 6)}",
    )  # fmt: skip


def _figure(run: RunDetail, gate: Gate) -> tuple[float | None, str]:
    """The figure that a gate looks at and where it is from; None with the reason when there is none."""
    metric = next((m for m in run.metrics if m.name == gate.metric), None)
    if metric is None:
        return None, "no such metric"
    value, figure = _pick(metric, gate.aggregate)
    if value is None:
        return None, "no finite value"
    if math.isnan(value):
        return None, "NaN"
    aligned = f", there called {metric.origin_words}" if metric.origin else ""
    return value, f"{figure} of {counted(metric.count, 'point')} in {metric.source or run.path}{aligned}"


def _pick(metric: MetricFacts, aggregate: str) -> tuple[float | None, str]:
    if aggregate == "min" or (aggregate == "best" and metric.direction is Direction.LOWER):
        return metric.best_min, "lowest"
    if aggregate == "max" or (aggregate == "best" and metric.direction is Direction.HIGHER):
        return metric.best_max, "highest"
    # Without a direction nothing is best; the last value is what a table shows.
    return metric.shown, "last"


def _result(gate: Gate, *, met: bool, observed: str, wanted: str, evidence: str) -> GateResult:
    return GateResult(gate.name, Outcome.PASS if met else Outcome.FAIL, observed, wanted, evidence)
