"""Which metrics of runs can be charted, and in which order they are worth it; asked on query threads."""

from __future__ import annotations

from collections.abc import Sequence

from runfolio.api import Workspace
from runfolio.model.direction import Direction
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey


def offered(workspace: Workspace, keys: Sequence[RunKey]) -> tuple[tuple[str, ...], tuple[FieldRef, ...]]:
    """The metrics that runs share, and the params that they differ in: what can be charted, and grouped by."""
    values: dict[str, set[str]] = {}
    for run in workspace.runs(keys):
        for param in run.params:
            values.setdefault(param.key, set()).add(param.text)
    varying = tuple(FieldRef(FieldKind.PARAM, key) for key in sorted(values) if len(values[key]) > 1)
    return shared_metrics(workspace, keys), varying


def shared_metrics(workspace: Workspace, keys: Sequence[RunKey], limit: int = 2_000) -> tuple[str, ...]:
    """Names of the metrics that the runs have, those that most of them share and say most first."""
    counts: dict[str, int] = {}
    directions: dict[str, Direction] = {}
    told: set[str] = set()
    for run in workspace.runs(keys):
        told.update(metric.name for metric in run.told_metrics)
        for metric in run.metrics:
            counts[metric.name] = counts.get(metric.name, 0) + (metric.count > 1)
            directions[metric.name] = metric.direction

    def telling(name: str) -> tuple[bool, int, bool, bool, bool, str]:
        lower = name.lower()
        # What a model is judged by comes first, what the machine did last.
        dull = directions[name] is Direction.UNKNOWN or not any(
            word in lower for word in ("acc", "loss", "err", "score")
        )
        # What is shown under an aligned name in every run comes last.
        return (
            name not in told,
            -counts[name],
            dull,
            "val" not in lower,
            directions[name] is not Direction.HIGHER,
            name,
        )

    return tuple(sorted(counts, key=telling)[:limit])
