"""Compares a recording with what the tracker's own reader said of the same run.

The expected values are JSON in one form for all formats: numbers that JSON cannot hold are the strings "NaN",
"Infinity" and "-Infinity", times are ISO 8601 in UTC with milliseconds, a metric is told by its count, first and
last stored point, extremes and final value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from runfolio.model.metrics import MetricSeries, summarise
from runfolio.model.params import Json, Param, flatten
from runfolio.model.run import Recording
from runfolio.model.times import to_iso

RELATIVE_TOLERANCE = 1e-6  # some formats keep float32
_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def differences(expected: Mapping[str, Any], recording: Recording, ignore: Iterable[str] = ()) -> list[str]:
    """What a recording says otherwise than expected, a line each; empty when it is right.

    Keys that `expected` does not have are not compared, nor those in `ignore` ("id", "name", "status",
    "status_raw", "started_at", "ended_at", "params", "tags", "metrics", "artifacts", "datasets").
    """
    keys = expected.keys() - set(ignore)
    found: list[str] = []
    plain = {
        "id": recording.id,
        "name": recording.name,
        "status": recording.status.value,
        "status_raw": recording.status_raw,
        "started_at": to_iso(recording.started_us),
        "ended_at": to_iso(recording.ended_us),
        "tags": dict(recording.tags),
        "artifacts": [a.path for a in recording.artifacts],
    }
    for key in sorted(keys & plain.keys()):
        if expected[key] != plain[key]:
            found.append(f"{key}: expected {expected[key]!r}, got {plain[key]!r}")
    if "params" in keys:
        found += param_differences(expected["params"] or {}, recording.params)
    if "metrics" in keys:
        found += metric_differences(expected["metrics"] or {}, recording.metrics)
    if "datasets" in keys:
        wanted = {(d["name"], d["digest"], d.get("context")) for d in expected["datasets"] or []}
        got = {(d.name, d.digest, d.context) for d in recording.datasets}
        if wanted != got:
            found.append(f"datasets: expected {sorted(map(str, wanted))}, got {sorted(map(str, got))}")
    return found


def param_differences(expected: Mapping[str, Json], params: Iterable[Param]) -> list[str]:
    """Params that are missing, unexpected or differ. A number may be expected as the text it was written in."""
    wanted = {p.path: p.value for p in flatten(expected)}
    got = {p.path: p for p in params}
    found = [f"param {path}: missing" for path in wanted.keys() - got.keys()]
    found += [f"param {path}: unexpected" for path in got.keys() - wanted.keys()]
    for path in wanted.keys() & got.keys():
        param = got[path]
        if not same(wanted[path], param.value) and wanted[path] != param.text:
            found.append(f"param {path}: expected {wanted[path]!r}, got {param.value!r} ({param.text})")
    return sorted(found)


def metric_differences(expected: Mapping[str, Mapping[str, Any]], metrics: Iterable[MetricSeries]) -> list[str]:
    """Series that are missing, unexpected, or whose figures differ."""
    got = {m.name: m for m in metrics}
    found = [f"metric {name}: missing" for name in expected.keys() - got.keys()]
    found += [f"metric {name}: unexpected" for name in got.keys() - expected.keys()]
    for name in expected.keys() & got.keys():
        for key, figure in figures(got[name]).items():
            if key in expected[name] and not same(expected[name][key], figure):
                found.append(f"metric {name}, {key}: expected {expected[name][key]!r}, got {figure!r}")
    return sorted(found)


def figures(points: MetricSeries) -> dict[str, Json]:
    """The figures by which expected files tell a series."""
    summary = summarise(points)
    return {
        "count": summary.count,
        "first": None if summary.first is None else list(summary.first),
        "last": None if summary.last is None else list(summary.last),
        "min": summary.min,
        "max": summary.max,
        "has_nan": summary.has_nan,
        "final": summary.final,
    }


def same(expected: Json, got: Json) -> bool:
    """Equal values, numbers within the tolerance, NaN equal to NaN, and True not equal to 1."""
    if isinstance(expected, str) and isinstance(got, float):
        expected = _SPELLED.get(expected, expected)
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        if math.isnan(expected) or math.isnan(got):
            return math.isnan(expected) and math.isnan(got)
        return expected == got or math.isclose(expected, got, rel_tol=RELATIVE_TOLERANCE)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in expected)
    return expected == got
