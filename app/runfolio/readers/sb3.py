"""Stable-Baselines3: `progress.csv` or `progress.json` of its logger, and monitor files of its environments.

The logger's x axis is `time/total_timesteps`; that of a monitor the steps of all episodes so far. Model files are zips
with pickles and are only listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.csv_table import header_of, read_csv
from runfolio.readers.files import artifacts_below, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, rows_of

_CSV, _JSON, _STEP = "progress.csv", "progress.json", "time/total_timesteps"
_MONITOR = re.compile(r"(?:.*[._])?monitor\.csv")
_HEAD = re.compile(rb'#\s*\{.*"t_start"')
_TRUTH = {"True": 1.0, "False": 0.0}
_ZOO = ("config.yml", "args.yml")
_MOST_STEPS = 2**63


class StableBaselines:
    """A log folder."""

    name: ClassVar[str] = "sb3"
    title: ClassVar[str] = "Stable-Baselines3"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A table with total timesteps, or monitor files with their head."""
        files = {name for name in folder.files if name not in taken and _is_ours(folder, name)}
        if not files:
            return None
        files |= {"log.txt", *_ZOO} & {*folder.files} if files & {_CSV, _JSON} else set()
        return Claim(self.name, folder.path, Strength.LAYOUT, "logs of Stable-Baselines3", frozenset(files - taken))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        metrics: list[MetricSeries] = []
        if _CSV in claim.files:
            metrics += _progress(folder, budget, problems)
        if not metrics and _JSON in claim.files:
            metrics += _progress_json(folder, budget, problems)
        monitors = sorted(name for name in claim.files if _MONITOR.fullmatch(name))
        head, episodes = _heads(folder, monitors)
        metrics += _monitors(folder, monitors, budget, problems)
        params: list[Param] = []
        for name in _ZOO:
            if name in claim.files:
                found, odd = read_params(folder, name, budget)
                params += found
                problems += odd
        artifacts, odd_entries = artifacts_below(folder, budget)
        started = as_number(head.get("t_start"))
        environment = head.get("env_id")
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            name=storable(environment) if isinstance(environment, str) else None,
            started_us=round(started * 1e6) if started is not None and 0 < started < 9e9 else None,
            params=tuple(params),
            metrics=tuple(metrics),
            artifacts=tuple(a for a in artifacts if a.path not in claim.files and "tfevents" not in a.path),
            extra={"monitor_header": head or None, "monitors": episodes},
            problems=(*problems, *odd_entries),
        )


def _is_ours(folder: Folder, name: str) -> bool:
    try:
        if _MONITOR.fullmatch(name):
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


def _monitors(folder: Folder, names: list[str], budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The episodes of all environments of the run, by the time they ended; x is the steps of all of them so far."""
    episodes: list[tuple[float, float, dict[str, float]]] = []
    source = folder.where(names[0]) if names else folder.shown
    for name in names:
        where = folder.where(name)
        try:
            data = folder.read(name, budget.metric_bytes)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
            continue
        head, _, body = data.partition(b"\n")
        began = _began(head)
        lines = body.decode("utf-8", "replace").split("\n")
        columns = [c.strip() for c in lines[0].split(",")] if lines else []
        odd = 0
        for number, line in enumerate(lines[1:]):
            if number % 4096 == 0:
                budget.check(where)
            if not line.strip():
                continue
            row = _episode(columns, line)
            if row is None:
                odd += 1
                continue
            episodes.append((began + row.get("t", 0.0), row.get("l", 0.0), row))
        if odd:
            message = f"{odd} lines are no episodes and are left out"
            problems.append(warning("bad-line", where, message, "Check whether the file was copied completely."))
    episodes.sort(key=lambda e: e[0])
    points = SeriesBuilder()
    total = 0
    for moment, length, row in episodes:
        total += as_step(length) or 0
        if abs(total) >= _MOST_STEPS:
            message = f"The episodes have more than {_MOST_STEPS:,} steps together: those from there on are left out"
            problems.append(warning("too-many-steps", source, message))
            break
        time_us = round(moment * 1e6) if 1e8 < moment < 9e9 else NO_TIME
        for name, value in row.items():
            if name != "t":
                points.add(f"monitor/{name}", total, value, time_us)
    yield from points.series(source)


def _episode(columns: list[str], line: str) -> dict[str, float] | None:
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


def _began(head: bytes) -> float:
    try:
        found = load_json(head.lstrip(b"# "))
    except ValueError:
        return 0.0
    return (as_number(found.get("t_start")) or 0.0) if isinstance(found, dict) else 0.0
