"""From a table of logged values to series: which column is the step, which the wall time, which the metrics."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import numpy as np

from runfolio.model import times
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, warning
from runfolio.readers.table import Table, TableColumn, read_csv, read_json, read_json_lines, read_parquet

STEP_NAMES = (
    "step", "global_step", "_step", "iter", "iteration", "iterations", "epoch", "epoque",
    "training_iteration", "total_steps", "batch", "index",
)  # fmt: skip
"""Names of step columns, the most telling first; compared without case and accents."""

_TIME_NAMES = frozenset({"time", "timestamp", "_timestamp", "wall_time", "walltime", "date", "datetime", "created_at"})
_INDEX_NAMES = frozenset({"", "unnamed: 0"})
_INT64 = 2.0**63
# Unix times between 1973 and 5138 in seconds, and the same in milliseconds; elapsed times are smaller.
_SECONDS = (1e8, 1e11)
_MILLIS = (1e11, 1e14)
_ROW_RULE = ""


@dataclass(slots=True)
class Logged:
    """Series of one metric file.

    step_column   its name; "" for the row number of an index column, None where there is no step at all.
    """

    metrics: list[MetricSeries] = field(default_factory=list)
    step_column: str | None = None
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0


def plain_name(name: str) -> str:
    """A column's name without case and accents, for comparing."""
    text = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in text if not unicodedata.combining(c)).strip()


def has_step(names: list[str]) -> bool:
    """Whether one of the names is that of a step column."""
    return any(plain_name(n) in STEP_NAMES for n in names)


def read_metrics(data: bytes, name: str, where: str, budget: Budget, *, epoch_first: bool = False) -> Logged:
    """The series of a metric file, by the suffix of its name. Never raises for what it holds."""
    suffix = name.lower().rpartition(".")[2]
    single = False
    if suffix in ("jsonl", "ndjson"):
        table = read_json_lines(data, where, budget)
    elif suffix == "json":
        table, single = read_json(data, where, budget)
    elif suffix in ("parquet", "pq"):
        table = read_parquet(data, where)
    else:
        table = read_csv(data, where, budget)
    return to_series(table, where, single=single, epoch_first=epoch_first)


def to_series(table: Table, where: str, *, single: bool = False, epoch_first: bool = False) -> Logged:
    """Series of a table. Cells without a value are no points; NaN is one.

    single        the table holds one figure for each metric and no history: their step is unknown.
    epoch_first   the step is the epoch although there may be a column called step (Keras).
    """
    logged = Logged(problems=table.problems, rows=table.rows)
    chosen = None if single else _step_column(table, epoch_first=epoch_first)
    steps, kept = _steps(table, chosen, where, logged)
    wall_name, wall = _wall_times(table)
    for name, column in table.columns.items():
        if name in (chosen, wall_name) or plain_name(name) in _INDEX_NAMES:
            continue
        here = column.present & kept
        if column.bad and not here.any():
            continue  # a column of text
        if column.bad:
            logged.problems.append(
                warning("not-a-number", where, f"{column.bad:,} cells of {name!r} are no numbers and were left out")
            )
        if not here.any():
            continue
        logged.metrics.append(
            MetricSeries(
                name,
                np.arange(int(here.sum()), dtype=np.int64) if steps is None else steps[here],
                np.ascontiguousarray(column.numbers[here]),
                np.full(int(here.sum()), times.NO_TIME, dtype=np.int64) if wall is None else wall[here],
                steps is not None,
                None,
                "",
                where,
            )
        )
    return logged


def _step_column(table: Table, *, epoch_first: bool) -> str | None:
    names = {plain_name(n): n for n in reversed(table.columns)}
    order = ("epoch", *STEP_NAMES) if epoch_first else STEP_NAMES
    for wanted in order:
        if wanted in names and _whole(table.columns[names[wanted]]):
            return names[wanted]
    for index in _INDEX_NAMES:
        if index in names and _whole(table.columns[names[index]]):
            return names[index]
    return None


def _whole(column: TableColumn) -> bool:
    """Whether the column can be a step: whole numbers wherever there are numbers. Fractional epochs cannot."""
    numbers = column.numbers[column.present]
    sound = numbers[np.isfinite(numbers)]
    return len(sound) > 0 and bool((sound == np.floor(sound)).all())


def _steps(
    table: Table, chosen: str | None, where: str, logged: Logged
) -> tuple[Ints | None, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    everything = np.ones(table.rows, dtype=bool)
    if chosen is None:
        if table.rows > 1:
            # A history without a step column still has an order: the row number.
            return np.arange(table.rows, dtype=np.int64), everything
        return None, everything
    logged.step_column = chosen
    column = table.columns[chosen]
    sound = column.present & np.isfinite(column.numbers) & (np.abs(column.numbers) < _INT64)
    if lost := table.rows - int(sound.sum()):
        logged.problems.append(
            warning(
                "no-step",
                where,
                f"{lost:,} rows have no step that can be used (empty, no number, or past 64 bits); they were left out",
            )
        )
    steps = np.zeros(table.rows, dtype=np.int64)
    steps[sound] = column.numbers[sound].astype(np.int64)
    # Float64 holds whole numbers exactly up to 2**53; larger ones are read from their text.
    for i in np.flatnonzero(sound & (np.abs(column.numbers) > 2.0**53)):
        written = column.texts[int(i)]
        if isinstance(written, str) and written.lstrip("+-").isdigit() and abs(int(written)) < 2**63:
            steps[i] = int(written)
    return steps, sound


def _wall_times(table: Table) -> tuple[str | None, Ints | None]:
    """The column of points in time and its microseconds; a column of elapsed times is a metric instead."""
    for name, column in table.columns.items():
        if plain_name(name) not in _TIME_NAMES:
            continue
        if column.present.any():
            scale = _unix_scale(column.numbers[column.present])
            if scale is None:
                continue
            micros = np.full(table.rows, times.NO_TIME, dtype=np.int64)
            micros[column.present] = np.round(column.numbers[column.present] * scale).astype(np.int64)
            return name, micros
        parsed = [times.from_iso(t) if isinstance(t, str) else None for t in column.texts.to_list()]
        if any(p is not None for p in parsed):
            return name, np.asarray([times.NO_TIME if p is None else p for p in parsed], dtype=np.int64)
    return None, None


def _unix_scale(numbers: Floats) -> float | None:
    if not np.isfinite(numbers).all():
        return None
    low, high = float(numbers.min()), float(numbers.max())
    if _SECONDS[0] <= low and high < _SECONDS[1]:
        return 1e6
    if _MILLIS[0] <= low and high < _MILLIS[1]:
        return 1e3
    return None


def span_of(metrics: list[MetricSeries]) -> tuple[int | None, int | None]:
    """First and last wall time of all points, in microseconds; (None, None) where there is none."""
    walls = [m.wall_time_us[m.wall_time_us != times.NO_TIME] for m in metrics]
    walls = [w for w in walls if len(w)]
    if not walls:
        return None, None
    return times.checked(min(int(w.min()) for w in walls)), times.checked(max(int(w.max()) for w in walls))


def merge_files(files: list[tuple[str, Logged]], budget: Budget) -> list[MetricSeries]:
    """Series of several metric files of one run: equal ones once, others under their file's name as well."""
    shown: dict[str, MetricSeries] = {}
    for file, logged in files:
        for metric in logged.metrics:
            other = shown.get(metric.name)
            if other is None:
                shown[metric.name] = metric
            elif not _same(metric, other) and len(shown) < budget.names:
                name = f"{file}/{metric.name}"
                shown[name] = MetricSeries(
                    name, metric.step, metric.value, metric.wall_time_us, metric.has_step, None, "", metric.source
                )
    return [*shown.values()]


def _same(one: MetricSeries, other: MetricSeries) -> bool:
    return len(one) == len(other) and bool(np.allclose(one.value, other.value, rtol=1e-6, atol=0, equal_nan=True))
