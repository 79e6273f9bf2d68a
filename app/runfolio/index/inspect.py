"""The `runfolio inspect` document: what the readers see in folders, without an index.

Its shape is stable, since importers are checked by it: `{"schema": 1, "recordings", "runs", "problems"}`. Each
recording has path, id, name, status, status_raw, started_at, ended_at, params, tags, metrics, artifacts, datasets,
extra and format; each run the same, merged, and `recordings: [{index, reason}]`. Numbers that JSON cannot hold are
the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from runfolio.errors import FolderUnreadable
from runfolio.index.inspect_metrics import MetricTexts, metric_json, number
from runfolio.index.json_text import write
from runfolio.index.linkable import FOLDER_PARAMS, RESUME_PARAMS, Linkable, LinkedRun, SeriesMark
from runfolio.index.links import gather
from runfolio.model import times
from runfolio.model.display import storable
from runfolio.model.metrics import Floats, MetricSeries, summarise
from runfolio.model.params import Json, Param, nest
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording, content_identity, params_digest
from runfolio.readers.contract import problem_from
from runfolio.readers.parse import Parsed
from runfolio.readers.pool import Limits, ParsePool
from runfolio.readers.scanner import Unit, scan

SCHEMA = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the readers saw: recordings, the runs that they are linked to, and what went wrong."""

    recordings: Sequence[Recording]
    runs: Sequence[LinkedRun]
    problems: Sequence[Problem]

    def document(self, *, points: bool = False) -> dict[str, Json]:
        """As values; metrics carry all their points when asked."""
        shown: dict[str, Json] = _document(self, lambda metric: metric_json(metric, points=points))
        return shown

    def write(self, put: Callable[[str], object], *, points: bool = False) -> None:
        """Give `put` the same as indented JSON, piece by piece: what has millions of points need not lie in memory."""
        write(_document(self, MetricTexts(points=points).of), put)


def inspect(paths: Sequence[Path], *, points: bool = False, limits: Limits | None = None) -> dict[str, Json]:
    """The document for `paths`; metrics carry all their points when asked. Never raises for what a folder holds.

    Raises  FolderUnreadable when a path is not a folder that can be listed.
    """
    return look(paths, limits).document(points=points)


def inspect_with(pool: ParsePool[list[Parsed]], paths: Sequence[Path], *, points: bool = False) -> dict[str, Json]:
    """The same by workers that are there already."""
    return look_with(pool, paths).document(points=points)


def look(paths: Sequence[Path], limits: Limits | None = None) -> Seen:
    """What `inspect` tells of."""
    whole = [path.expanduser().absolute() for path in paths]
    with ParsePool(list[Parsed], limits) as pool:
        return look_with(pool, whole)


def look_with(pool: ParsePool[list[Parsed]], paths: Sequence[Path]) -> Seen:
    """The same by workers that are there already."""
    recordings: list[Recording] = []
    sources: list[int] = []
    problems: list[Problem] = []
    for source, path in enumerate(paths):
        root = path.expanduser().absolute()
        units = [*_units(root, problems)]
        read: dict[tuple[str, str], list[Parsed]] = {}
        for _, batch in pool.parse(root, (unit.claim for unit in units)):
            for parsed in batch:
                place = (parsed.claim.path, parsed.claim.reader)
                if parsed.is_first:
                    read[place] = []  # also of one that is read once more, because its worker died
                read[place].append(parsed)
        parts = [part for those in read.values() for part in those]
        found = [recording for part in parts for recording in part.recordings]
        recordings += found
        problems += [problem for part in parts for problem in part.problems]
        sources += [source] * len(found)
        problems += [problem for recording in found for problem in recording.problems]
        if not found and not any(p.severity is Severity.ERROR for p in problems):
            problems.append(_nothing_found(root, problems))
    runs, doubts = gather(
        [linkable(i, sources[i], r) for i, r in enumerate(recordings)],
        extends=lambda short, long: _extends(recordings[short], recordings[long]),
        values=lambda series: [_values(recordings[number], name) for number, name in series],
    )
    problems += [doubt.problem for doubt in doubts]
    return Seen(recordings, runs, problems)


def _document(seen: Seen, shown: Callable[[MetricSeries], T]) -> dict[str, Any]:
    """`shown` makes what stands for a metric."""
    return {
        "schema": SCHEMA,
        "recordings": [_recording_json(r, shown) for r in seen.recordings],
        "runs": [_run_json(run, seen.recordings, shown) for run in seen.runs],
        "problems": [_problem_json(p) for p in seen.problems],
    }


def linkable(number: int, source: int, recording: Recording) -> Linkable:
    """What linking needs to know of a recording."""
    marks = tuple(_mark(m) for m in recording.metrics)
    return Linkable(
        id=number,
        source=source,
        path=recording.path,
        format=recording.format,
        identity=content_identity(recording),
        has_id=recording.has_id,
        overlay=recording.overlay,
        precision=recording.precision,
        name=recording.name,
        parent_id=recording.parent_id,
        tracker_id=recording.id,
        experiment=recording.experiment,
        status=recording.status,
        status_raw=None if recording.status_raw is None else str(recording.status_raw),
        started_us=recording.started_us,
        ended_us=recording.ended_us,
        params_digest=params_digest(recording.params),
        series=marks,
        named_folders=tuple(p.text for p in recording.params if p.key in FOLDER_PARAMS),
        resumed_from=tuple(p.text for p in recording.params if p.path[-1] in RESUME_PARAMS),
    )


def _mark(metric: MetricSeries) -> SeriesMark:
    if not len(metric):
        return SeriesMark(metric.name, 0, None, None, None, None, None, None)
    facts = summarise(metric)
    return SeriesMark(
        metric.name,
        len(metric),
        int(metric.step[0]),
        float(metric.value[0]),
        int(metric.step[-1]),
        float(metric.value[-1]),
        facts.min,
        facts.max,
    )


def _extends(short: Recording, long: Recording) -> bool:
    """Whether the series of a recording are how those of the other begin, point by point; NaN equals NaN."""
    theirs = {metric.name: metric for metric in long.metrics}
    return all(
        (other := theirs.get(metric.name)) is not None
        and np.array_equal(metric.step, other.step[: len(metric)])
        and np.array_equal(metric.value, other.value[: len(metric)], equal_nan=True)
        for metric in short.metrics
    )


def _values(recording: Recording, name: str) -> Floats | None:
    return next((metric.value for metric in recording.metrics if metric.name == name), None)


def _units(root: Path, problems: list[Problem]) -> Iterator[Unit]:
    try:
        for found in scan(root):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                yield found
    except FolderUnreadable as failure:
        if not root.is_dir():
            raise
        problems.append(problem_from(failure, "folder-unreadable", "", Severity.ERROR))


def _nothing_found(root: Path, problems: list[Problem]) -> Problem:
    if problems:
        first = problems[0]
        return Problem(Severity.ERROR, "no-runs", first.path, f"No run could be read: {first.message}", first.hint)
    return Problem(
        Severity.ERROR,
        "no-runs",
        storable(root.name),
        "No run of any known tracker was found in here",
        "Open the folder that holds the runs; or teach the layout of a run folder: `runfolio layout suggest FOLDER`.",
    )


def _recording_json(recording: Recording, shown: Callable[[MetricSeries], T]) -> dict[str, Json | dict[str, T]]:
    return {
        "format": recording.format,
        "path": storable(recording.path),
        "id": storable(recording.id),
        "name": recording.name,
        "status": recording.status.value,
        "status_raw": recording.status_raw,
        "started_at": times.to_iso(recording.started_us),
        "ended_at": times.to_iso(recording.ended_us),
        "experiment": recording.experiment,
        "params": _clean(dict(nest(recording.params))),
        "tags": _clean(dict(recording.tags)),
        "metrics": {storable(m.name): shown(m) for m in recording.metrics},
        "artifacts": [storable(a.path) for a in recording.artifacts],
        "datasets": [{"name": d.name, "digest": d.digest, "context": d.context} for d in recording.datasets],
        "facts": _clean(dict(recording.facts)),
        "extra": _clean(dict(recording.extra)),
    }


def _run_json(
    run: LinkedRun, recordings: Sequence[Recording], shown: Callable[[MetricSeries], T]
) -> dict[str, Json | dict[str, T]]:
    members = [(recordings[m.recording], m) for m in run.members]
    primary = next(r for r, m in members if m.primary)
    params: dict[tuple[str, ...], Param] = {}
    series: dict[str, dict[int, MetricSeries]] = {}
    tags: dict[str, Json] = {}
    facts: dict[str, Json] = {}
    datasets: list[Json] = []
    artifacts: set[str] = set()
    for recording, member in members:
        for param in recording.params:
            params.setdefault(param.path, param)
        for metric in recording.metrics:
            series.setdefault(storable(member.prefix + metric.name), {}).setdefault(member.leg, metric)
        for name, text in recording.tags.items():
            tags.setdefault(storable(name), storable(text))
        for name, text in recording.facts.items():
            facts.setdefault(storable(name), storable(text))
        for dataset in recording.datasets:
            entry: Json = {"name": dataset.name, "digest": dataset.digest, "context": dataset.context}
            if entry not in datasets:
                datasets.append(entry)
        artifacts.update(storable(a.path) for a in recording.artifacts)
    return {
        "key": run.key,
        "format": run.format,
        "path": storable(run.path),
        "id": storable(primary.id),
        "name": primary.name if primary.name is not None else storable(run.name),
        "status": run.status,
        "status_raw": primary.status_raw,
        "started_at": times.to_iso(run.started_us),
        "ended_at": times.to_iso(run.ended_us),
        "experiment": run.experiment,
        "parent": run.parent_key,
        "params": _clean(dict(nest(params.values()))),
        "tags": tags,
        "metrics": {name: shown(_end_to_end(legs)) for name, legs in series.items()},
        "artifacts": [*sorted(artifacts)],
        "datasets": datasets,
        "facts": facts,
        "extra": _clean(dict(primary.extra)),
        "recordings": [{"index": m.recording, "reason": m.reason} for m in run.members],
    }


def _end_to_end(legs: Mapping[int, MetricSeries]) -> MetricSeries:
    """The series of a resumed run: its legs as they were written, one after the other, overlaps kept."""
    if len(legs) == 1:
        return next(iter(legs.values()))
    parts = [legs[leg] for leg in sorted(legs)]
    return replace(
        parts[-1],
        step=np.concatenate([p.step for p in parts]),
        value=np.concatenate([p.value for p in parts]),
        wall_time_us=np.concatenate([p.wall_time_us for p in parts]),
        has_step=all(p.has_step for p in parts),
    )


def _problem_json(problem: Problem) -> dict[str, Json]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "path": storable(problem.path),
        "message": storable(problem.message),
        "hint": storable(problem.hint),
    }


def _clean(value: Json) -> Json:
    """The same with texts that are valid UTF-8 and numbers that JSON can hold."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return value if _is_finite(value) else [_clean(v) for v in value]
    if isinstance(value, dict):
        return {storable(str(k)): _clean(v) for k, v in value.items()}
    return value


def _is_finite(values: list[Json]) -> bool:
    """Whether a list holds floats only, and no NaN or infinity."""
    return {float}.issuperset(map(type, values)) and all(map(math.isfinite, cast("list[float]", values)))
