"""Runs made by hand, for tests of what only looks at what is known of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runfolio.model.datasets import DatasetRef
from runfolio.model.direction import guess_direction
from runfolio.model.metrics import series, summarise
from runfolio.model.params import Json, Param, flatten
from runfolio.model.promotion import RunMarks
from runfolio.model.run import RunKey, RunStatus
from runfolio.model.run_detail import MetricFacts, RunDetail


def metric(name: str, values: Sequence[float]) -> MetricFacts:
    """The facts of a metric whose points are `values` at steps 0, 1, 2..."""
    points = series(name, [*range(len(values))], [*values])
    facts = summarise(points)
    return MetricFacts(
        name=name,
        count=facts.count,
        first_step=facts.first[0] if facts.first else None,
        first=facts.first[1] if facts.first else None,
        last_step=facts.last[0] if facts.last else None,
        last=facts.last[1] if facts.last else None,
        min=facts.min,
        max=facts.max,
        best_min=facts.best_min,
        best_max=facts.best_max,
        nan_count=facts.nan_count,
        inf_count=facts.inf_count,
        shown=facts.shown,
        shown_rule="last value in the file",
        direction=guess_direction(name),
        recording=0,
        source=f"metrics/{name}",
    )


def run(
    name: str = "amber-heron",
    params: Mapping[str, Json] | Sequence[Param] = (),
    metrics: Mapping[str, Sequence[float]] | None = None,
    datasets: Sequence[DatasetRef] = (),
    facts: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    status: RunStatus = RunStatus.FINISHED,
) -> RunDetail:
    """A run of that name; nested mappings in `params` become nested params."""
    return RunDetail(
        key=RunKey(f"test:{name}"),
        name=name,
        experiment="beans",
        status=status,
        status_raw=None,
        started_us=1_767_268_800_000_000,
        ended_us=1_767_269_400_000_000,
        path=f"mlruns/1/{name}",
        source_path="/library",
        format="mlflow_file",
        parent=None,
        params=tuple(flatten(params)) if isinstance(params, Mapping) else tuple(params),
        tags=tags or {},
        facts=facts or {},
        metrics=tuple(metric(n, v) for n, v in (metrics or {}).items()),
        datasets=tuple(datasets),
        artifacts=(),
        recordings=(),
        problems=(),
        marks=RunMarks(),
    )
