"""Stable-Baselines3: `progress.csv` or `progress.json` of its logger, its evaluations, and monitor files.

The logger's x axis is `time/total_timesteps`; that of a monitor the steps of all episodes so far. Model files are zips
with pickles and are only listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import Floats, Ints, MetricSeries, series
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.csv_table import header_of, read_csv
from runfolio.readers.files import artifacts_below, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.sb3_evaluations import EVALUATIONS, evaluations, is_evaluations
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, rows_of

_CSV, _JSON, _STEP = "progress.csv", "progress.json", "time/total_timesteps"
MONITOR = re.compile(r"(?:.*[._])?monitor\.csv")
_HEAD = re.compile(rb'#\s*\{.*"t_start"')
_TRUTH = {"True": 1.0, "False": 0.0}
_ZOO = ("config.yml", "args.yml")
_MOST_STEPS = 2**63


class StableBaselines:
    """A log folder."""

    name: ClassVar[str] = "sb3"
    title: ClassVar[str] = "Stable-Baselines3"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A table with total timesteps, monitor files with their head, or evaluations."""
        files = {name for name in folder.files if name not in taken and is_ours(folder, name)}
        if not files:
            return None
        files |= {"log.txt", *_ZOO} & {*folder.files} if files & {_CSV, _JSON} else set()
        below = frozenset(_zoo_folders(folder))
        reason = "logs of Stable-Baselines3"
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, frozenset(files - taken), below, bool(below))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        metrics: list[MetricSeries] = []
        if _CSV in claim.files:
            metrics += _progress(folder, budget, problems)
        if not metrics and _JSON in claim.files:
            metrics += _progress_json(folder, budget, problems)
        monitors = sorted(name for name in claim.files if MONITOR.fullmatch(name))
        head, episodes = _heads(folder, monitors)
        metrics += _monitors(folder, monitors, budget, problems)
        if EVALUATIONS in claim.files:
            # The logger has the same means, where it was told to write a table.
            logged = {metric.name for metric in metrics}
            metrics += [m for m in evaluations(folder, budget, problems) if m.name not in logged]
        params: list[Param] = []
        places = [(folder, name) for name in _ZOO if name in claim.files]
        places += [(folder.sub(below), name) for below in sorted(claim.prune or ()) for name in _ZOO]
        for place, name in places:
            found, odd = read_params(place, name, budget)
            problems += odd
            # What was asked for (`n_timesteps: -1`) is told beside what the config gave.
            known = {param.path for param in params}
            params += [replace(p, path=(name.partition(".")[0], *p.path)) if p.path in known else p for p in found]
        artifacts, odd_entries = artifacts_below(folder, budget)
        started = as_number(head.get("t_start"))
        environment = head.get("env_id")
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            # The monitor writes the text "None" for an environment that is not registered.
            name=storable(environment) if isinstance(environment, str) and environment != "None" else None,
            started_us=round(started * 1e6) if started is not None and 0 < started < 9e9 else None,
            params=tuple(params),
            metrics=tuple(metrics),
            artifacts=tuple(a for a in artifacts if _is_artifact(a.path, claim)),
            extra={"monitor_header": head or None, "monitors": episodes},
            problems=(*problems, *odd_entries),
        )


def _is_artifact(path: str, claim: Claim) -> bool:
    # Of evaluations only the means are shown as metrics.
    return path == EVALUATIONS or (path not in claim.files and "tfevents" not in path)


def _zoo_folders(folder: Folder) -> list[str]:
    """The folder in which RL Zoo keeps the config of a run: named like the environment, with both of its files."""
    found: list[str] = []
    for name in folder.folders:
        try:
            inside = folder.sub(name).files
        except FolderUnreadable:
            continue  # the walk comes there, too, and tells
        if all(part in inside for part in _ZOO) and not any(MONITOR.fullmatch(part) for part in inside):
            found.append(name)
    return found


def is_ours(folder: Folder, name: str) -> bool:
    """Whether a file is one of the logger, a monitor or evaluations, by its name and its beginning or end."""
    try:
        if name == EVALUATIONS:
            return is_evaluations(folder, name)
        if MONITOR.fullmatch(name):
            return bool(_HEAD.match(folder.head(name, 4096)))
        if name == _CSV:
            # The header alone: damage further down is told by reading it.
            return _STEP in header_of(folder.head(name, 1 << 16).lstrip().partition(b"\n")[0])
        return name == _JSON and _STEP.encode() in folder.head(name, 1 << 16)
    except FolderUnreadable:
        return False


def _progress(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    where = folder.where(_CSV)
    try:
        table = read_csv(folder.read(_CSV, budget.metric_bytes), where, budget)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    problems += table.problems
    steps = np.arange(table.rows, dtype=np.int64)
    if (given := table.columns.get(_STEP)) is not None:
        sound = np.isfinite(given.numbers) & (np.abs(given.numbers) < 2.0**63)
        steps[given.rows[sound]] = given.numbers[sound].astype(np.int64)
    for name, column in table.columns.items():
        if name != _STEP and len(column.rows):
            yield series(storable(name), steps[column.rows], column.numbers, source=where)


def _progress_json(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    where = folder.where(_JSON)
    try:
        data = folder.read(_JSON, budget.metric_bytes)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    points = SeriesBuilder()
    for row in rows_of(data, where, budget, problems):
        step = as_step(row.get(_STEP))
        for name, value in row.items():
            if name != _STEP and (found := as_number(value)) is not None:
                points.add(name, step, found)
    yield from points.series(where)


def _heads(folder: Folder, names: list[str]) -> tuple[dict[str, Json], int]:
    for name in names:
        try:
            line = folder.head(name, 4096).partition(b"\n")[0].lstrip(b"# ")
            found = load_json(line)
        except (FolderUnreadable, ValueError):
            continue  # reading the episodes tells of a file that cannot be opened
        if isinstance(found, dict):
            return found, len(names)
    return {}, len(names)


@dataclass(slots=True)
class _Episodes:
    """The episodes of one environment, in the order of the file.

    ended    seconds, the file's start added to the column `t`.
    lengths  steps of each.
    columns  by name: the rows that have a number there, and the numbers.
    """

    ended: Floats
    lengths: Ints
    columns: dict[str, tuple[Ints, Floats]]


def _monitors(folder: Folder, names: list[str], budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The episodes of all environments of the run, by the time they ended; x is the steps of all of them so far."""
    found: list[_Episodes] = []
    for name in names:
        where = folder.where(name)
        try:
            data = folder.read(name, budget.metric_bytes)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
            continue
        found.append(_episodes(data, where, budget, problems))
    if not found:
        return
    ended = np.concatenate([e.ended for e in found])
    order = np.argsort(ended, kind="stable")
    steps = np.empty(len(ended), dtype=np.int64)
    steps[order] = np.cumsum(np.concatenate([e.lengths for e in found])[order])
    beyond = np.abs(np.cumsum(np.concatenate([e.lengths for e in found])[order].astype(np.float64))) >= _MOST_STEPS
    kept = int(beyond.argmax()) if beyond.any() else len(order)
    if kept < len(order):
        message = f"The episodes have more than {_MOST_STEPS:,} steps together: those from there on are left out"
        problems.append(warning("too-many-steps", folder.where(names[0]), message))
    times = np.full(len(ended), NO_TIME, dtype=np.int64)
    known = (ended > 1e8) & (ended < 9e9)
    times[known] = np.rint(ended[known] * 1e6)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    firsts = np.cumsum([0, *(len(e.ended) for e in found)])
    for name in dict.fromkeys(name for e in found for name in e.columns):
        parts = [(e.columns[name], first) for e, first in zip(found, firsts, strict=False) if name in e.columns]
        rows = np.concatenate([part[0] + first for part, first in parts])
        values = np.concatenate([part[1] for part, _ in parts])
        inner = np.argsort(rank[rows])
        inner = inner[rank[rows[inner]] < kept]
        at = rows[inner]
        if len(at):
            label = storable(f"monitor/{name}")
            yield series(label, steps[at], values[inner], times[at], source=folder.where(names[0]))


def _episodes(data: bytes, where: str, budget: Budget, problems: list[Problem]) -> _Episodes:
    head, _, body = data.partition(b"\n")
    began = began_at(head)
    lines = body.decode("utf-8", "replace").split("\n")
    names = [c.strip() for c in lines[0].split(",")] if lines else []
    lines = [line for line in lines[1:] if line.strip()]
    columns = _numbers(names, lines)
    count = len(lines)
    if columns is None:
        rows: list[dict[str, float]] = []
        for number, line in enumerate(lines):
            if number % 4096 == 0:
                budget.check(where)
            row = episode_of(names, line)
            if row is not None:
                rows.append(row)
        if len(rows) < count:
            message = f"{count - len(rows)} lines are no episodes and are left out"
            problems.append(warning("bad-line", where, message, "Check whether the file was copied completely."))
        count = len(rows)
        columns = {}
        for name in dict.fromkeys(name for row in rows for name in row):
            kept = [(n, row[name]) for n, row in enumerate(rows) if name in row]
            columns[name] = (np.array([n for n, _ in kept], dtype=np.int64), np.array([v for _, v in kept]))
    ended = np.full(count, began)
    if "t" in columns:
        at, seconds = columns.pop("t")
        ended[at] += seconds
    lengths = np.zeros(count, dtype=np.int64)
    at, steps = columns.get("l", (np.zeros(0, dtype=np.int64), np.zeros(0)))
    sound = np.abs(steps) < 2.0**63
    lengths[at[sound]] = steps[sound].astype(np.int64)
    return _Episodes(ended, lengths, columns)


def _numbers(names: list[str], lines: list[str]) -> dict[str, tuple[Ints, Floats]] | None:
    """All rows at once, where each has as many numbers as there are names; None for the careful way."""
    if not {"r", "l"} <= set(names) or len(set(names)) < len(names):
        return None
    if any(line.count(",") != len(names) - 1 for line in lines):
        return None
    cells = ",".join(lines).split(",") if lines else []
    try:
        table = np.array([_TRUTH.get(cell, cell) for cell in cells], dtype=np.float64).reshape(len(lines), len(names))
    except ValueError:
        return None
    rows = np.arange(len(lines), dtype=np.int64)
    return {name: (rows, np.ascontiguousarray(table[:, n])) for n, name in enumerate(names)}


def episode_of(columns: list[str], line: str) -> dict[str, float] | None:
    """The numbers of a row; None unless its reward and length are some. Other columns are whatever the user named."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != len(columns):
        return None
    row: dict[str, float] = {}
    for name, cell in zip(columns, cells, strict=True):
        try:
            row[name] = _TRUTH[cell] if cell in _TRUTH else float(cell)
        except ValueError:
            continue
    return row if {"r", "l"} <= row.keys() else None


def began_at(head: bytes) -> float:
    """Seconds at which the first line of a monitor file says that it begins; 0 where it does not."""
    try:
        found = load_json(head.lstrip(b"# "))
    except ValueError:
        return 0.0
    return (as_number(found.get("t_start")) or 0.0) if isinstance(found, dict) else 0.0
