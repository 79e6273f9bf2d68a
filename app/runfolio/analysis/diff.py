"""What differs between runs: params, metrics, data sets, code and environment, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from runfolio.analysis.typed import canonical
from runfolio.errors import UsageError
from runfolio.model.datasets import DatasetRef
from runfolio.model.direction import Direction
from runfolio.model.display import counted, number
from runfolio.model.params import Json, Param
from runfolio.model.run import RunKey
from runfolio.model.run_detail import MetricFacts, RunDetail

MISSING = "—"
"""How a cell is written where a run has no such thing. A missing value differs from every value, null too."""

_DIGEST_SHOWN = 8


class Verdict(StrEnum):
    """How a metric stands against the baseline's; UNKNOWN without a direction, a figure or a baseline's figure."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


class SectionId(StrEnum):
    """The sections, in the order they stand."""

    PARAMS = "params"
    METRICS = "metrics"
    DATASETS = "datasets"
    CODE = "code"
    TAGS = "tags"


TITLES: Mapping[SectionId, str] = {
    SectionId.PARAMS: "Params",
    SectionId.METRICS: "Metrics",
    SectionId.DATASETS: "Data",
    SectionId.CODE: "Code & environment",
    SectionId.TAGS: "Tags",
}


@dataclass(frozen=True, slots=True)
class DiffCell:
    """One run's entry in a row.

    text       for people: params as written, metrics with five significant digits, digests and commits cut.
    value      typed and whole; None where missing (see `missing`) or where the value is null.
    delta      metrics: value minus the baseline's; None where either has no figure, and for the baseline itself.
    relative   metrics: delta over the baseline's absolute value; None where that is 0 or not finite.
    verdict    metrics: see Verdict; None for the baseline and in other sections.
    origin     metrics: the run's own name for it and the scale, where names were aligned; "" for most.
    """

    text: str
    value: Json = None
    missing: bool = False
    delta: float | None = None
    relative: float | None = None
    verdict: Verdict | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One thing compared; `cells` has one entry for each run.

    path       params: the nested key, outside in; else a single part.
    figure     metrics: which figure is compared: "lowest", "highest" or "last".
    direction  metrics: which way is better.
    """

    key: str
    path: tuple[str, ...]
    cells: tuple[DiffCell, ...]
    differs: bool
    figure: str = ""
    direction: Direction = Direction.UNKNOWN


@dataclass(frozen=True, slots=True)
class DiffSection:
    """Rows of one kind, those that are alike included."""

    id: SectionId
    title: str
    rows: tuple[DiffRow, ...]

    @property
    def differing(self) -> int:
        """How many rows differ."""
        return sum(row.differs for row in self.rows)


@dataclass(frozen=True, slots=True)
class DiffRun:
    """A run as the header of a column."""

    key: RunKey
    name: str


@dataclass(frozen=True, slots=True)
class RunDiff:
    """Runs side by side. `baseline` is the position in `runs` that deltas are measured against."""

    runs: tuple[DiffRun, ...]
    baseline: int
    sections: tuple[DiffSection, ...]

    def section(self, wanted: SectionId) -> DiffSection:
        """The section of that kind; it is there even when it has no rows."""
        return next(s for s in self.sections if s.id is wanted)

    @property
    def differing(self) -> int:
        """How many rows differ, over all sections."""
        return sum(s.differing for s in self.sections)

    def only_differences(self) -> RunDiff:
        """The same without the rows in which all runs are alike."""
        kept = tuple(replace(s, rows=tuple(r for r in s.rows if r.differs)) for s in self.sections)
        return replace(self, sections=kept)


def diff_runs(runs: Sequence[RunDetail], baseline: int = 0) -> RunDiff:
    """Compare one or more runs, deltas against `runs[baseline]`.

    Rows stand in the order in which the runs recorded them, the baseline's first, nested params together.
    Raises UsageError when there is no run or no such baseline.
    """
    if not runs:
        raise UsageError("There is no run to compare", hint="Select at least two runs.")
    if not 0 <= baseline < len(runs):
        raise UsageError(f"The baseline is run {baseline + 1}, but there are only {len(runs)}")
    first = [runs[baseline], *(r for i, r in enumerate(runs) if i != baseline)]
    rows = {
        SectionId.PARAMS: _param_rows(runs, first),
        SectionId.METRICS: _metric_rows(runs, first, baseline),
        SectionId.DATASETS: _dataset_rows(runs, first),
        SectionId.CODE: _fact_rows(runs, first),
        SectionId.TAGS: _text_rows([r.tags for r in runs], [r.tags for r in first]),
    }
    return RunDiff(
        tuple(DiffRun(r.key, r.name) for r in runs),
        baseline,
        tuple(DiffSection(s, TITLES[s], tuple(rows[s])) for s in SectionId),
    )


def _param_rows(runs: Sequence[RunDetail], first: Sequence[RunDetail]) -> list[DiffRow]:
    def numbered(run: RunDetail) -> dict[tuple[str, int], Param]:
        # A flat key `a.b` beside a nested `a: {b:}` is rare, but neither may vanish: the second gets a row too.
        found: dict[tuple[str, int], Param] = {}
        for param in run.params:
            again = 0
            while (param.key, again) in found:
                again += 1
            found[param.key, again] = param
        return found

    # Trackers flatten nested keys with dots: the dotted key is what runs share, the longest path what shows most.
    paths: dict[tuple[str, int], tuple[str, ...]] = {}
    for run in first:
        for place, param in numbered(run).items():
            if len(param.path) > len(paths.get(place, ())):
                paths[place] = param.path
    columns = [numbered(run) for run in runs]
    rows = []
    for place in _gathered(paths, lambda p: paths[p][:-1]):
        found = [column.get(place) for column in columns]
        cells = tuple(DiffCell(MISSING, missing=True) if p is None else DiffCell(p.text, p.value) for p in found)
        alike = _alike(None if p is None else canonical(p.value) for p in found)
        rows.append(DiffRow(place[0], paths[place], cells, not alike))
    return rows


def _gathered(
    places: Iterable[tuple[str, int]], group: Callable[[tuple[str, int]], tuple[str, ...]]
) -> list[tuple[str, int]]:
    """Places in order of appearance, but those of one group (and of groups inside of it) side by side."""
    order = list(places)
    seen: dict[tuple[str, ...], int] = {}
    for index, place in enumerate(order):
        branch = group(place)
        for depth in range(1, len(branch) + 1):
            seen.setdefault(branch[:depth], index)
    position = {place: index for index, place in enumerate(order)}

    def rank(place: tuple[str, int]) -> tuple[int, ...]:
        branch = group(place)
        return (*(seen[branch[:depth]] for depth in range(1, len(branch) + 1)), position[place])

    return sorted(order, key=rank)


def _metric_rows(runs: Sequence[RunDetail], first: Sequence[RunDetail], baseline: int) -> list[DiffRow]:
    directions: dict[str, Direction] = {}
    for run in first:
        # What is shown under an aligned name is compared there.
        for metric in run.told_metrics:
            if directions.get(metric.name, Direction.UNKNOWN) is Direction.UNKNOWN:
                directions[metric.name] = metric.direction
    columns = [{m.name: m for m in run.metrics} for run in runs]
    rows = []
    for name, direction in directions.items():
        figures = [_figure(column.get(name), direction) for column in columns]
        cells = tuple(
            _metric_cell(value, None if i == baseline else figures[baseline], direction, own=i == baseline)
            for i, value in enumerate(figures)
        )
        if any(name in column and column[name].origin for column in columns):
            origins = [column[name].origin_words if name in column else "" for column in columns]
            cells = tuple(replace(cell, origin=origin) for cell, origin in zip(cells, origins, strict=True))
        alike = _alike(None if v is None else canonical(v) for v in figures)
        rows.append(DiffRow(name, (name,), cells, not alike, _FIGURES[direction], direction))
    return rows


_FIGURES = {Direction.HIGHER: "highest", Direction.LOWER: "lowest", Direction.UNKNOWN: "last"}


def _figure(metric: MetricFacts | None, direction: Direction) -> float | None:
    """The figure compared: the best finite one by direction; the last where there is no direction or none is finite."""
    if metric is None:
        return None
    if direction is Direction.UNKNOWN:
        return metric.shown
    best = metric.best_max if direction is Direction.HIGHER else metric.best_min
    return metric.shown if best is None else best


def _metric_cell(value: float | None, base: float | None, direction: Direction, *, own: bool) -> DiffCell:
    if value is None:
        return DiffCell(MISSING, missing=True, verdict=None if own else Verdict.UNKNOWN)
    if own:
        return DiffCell(number(value), value)
    if base is None or not (math.isfinite(base) and math.isfinite(value)):
        same = base is not None and (value == base or (math.isnan(value) and math.isnan(base)))
        return DiffCell(number(value), value, verdict=Verdict.SAME if same else Verdict.UNKNOWN)
    delta = value - base
    relative = delta / abs(base) if base and math.isfinite(delta / abs(base)) else None
    return DiffCell(number(value), value, delta=delta, relative=relative, verdict=_verdict(delta, direction))


def _verdict(delta: float, direction: Direction) -> Verdict:
    if delta == 0:
        return Verdict.SAME
    if direction is Direction.UNKNOWN:
        return Verdict.UNKNOWN
    return Verdict.BETTER if (delta > 0) == (direction is Direction.HIGHER) else Verdict.WORSE


def _dataset_rows(runs: Sequence[RunDetail], first: Sequence[RunDetail]) -> list[DiffRow]:
    # A renamed file that is used for training is still the training data, so the context says what belongs
    # together, unless a run has two data sets in it; then the name does.
    crowded = {
        context
        for run in runs
        for context in (d.context for d in run.datasets)
        if context is None or sum(d.context == context for d in run.datasets) > 1
    }

    def place(dataset: DatasetRef) -> tuple[str, str]:
        return (dataset.context or "", dataset.name if dataset.context in crowded else "")

    order = dict.fromkeys(place(d) for run in first for d in run.datasets)
    rows = []
    for context, name in order:
        found = [next((d for d in run.datasets if place(d) == (context, name)), None) for run in runs]
        names = {d.name for d in found if d is not None}
        title = " · ".join(p for p in (context, name or (next(iter(names)) if len(names) == 1 else "")) if p)
        cells = tuple(_dataset_cell(d, named=len(names) > 1) for d in found)
        alike = _alike(None if d is None else (d.digest or "", "" if d.digest else d.name, d.rows) for d in found)
        rows.append(DiffRow(title or "data", (title or "data",), cells, not alike))
    return rows


def _dataset_cell(dataset: DatasetRef | None, *, named: bool) -> DiffCell:
    if dataset is None:
        return DiffCell(MISSING, missing=True)
    parts = [dataset.name] if named else []
    parts.append(short_digest(dataset.digest) if dataset.digest else "no digest")
    if dataset.rows is not None:
        parts.append(counted(dataset.rows, "row"))
    value: dict[str, Json] = {"name": dataset.name, "digest": dataset.digest, "rows": dataset.rows}
    return DiffCell("  ".join(parts), value)


def short_digest(digest: str) -> str:
    """Enough of a digest to tell versions apart by eye."""
    return digest if len(digest) <= _DIGEST_SHOWN + 2 else digest[:_DIGEST_SHOWN] + "…"


def _fact_rows(runs: Sequence[RunDetail], first: Sequence[RunDetail]) -> list[DiffRow]:
    def facts(run: RunDetail) -> dict[str, str]:
        found = dict(run.facts)
        dirty = found.get("git.dirty", "").lower() in ("true", "1", "yes")
        if dirty and "git.commit" in found:
            found["git.commit"] += " + dirty"
        if "git.commit" in found:
            found.pop("git.dirty", None)
        return found

    rows = _text_rows([facts(r) for r in runs], [facts(r) for r in first])
    return [replace(r, cells=tuple(map(_short_commit, r.cells))) if r.key == "git.commit" else r for r in rows]


def _short_commit(cell: DiffCell) -> DiffCell:
    commit, dirty, _ = cell.text.partition(" + dirty")
    return replace(cell, text=commit[:7] + dirty) if len(commit) == 40 else cell


def _text_rows(columns: Sequence[Mapping[str, str]], first: Sequence[Mapping[str, str]]) -> list[DiffRow]:
    rows = []
    for key in dict.fromkeys(k for column in first for k in column):
        found = [column.get(key) for column in columns]
        cells = tuple(DiffCell(MISSING, missing=True) if t is None else DiffCell(t, t) for t in found)
        rows.append(DiffRow(key, (key,), cells, not _alike(found)))
    return rows


def _alike(values: Iterable[Hashable]) -> bool:
    return len(set(values)) <= 1
