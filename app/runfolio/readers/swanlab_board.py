"""What SwanLab keeps for its local dashboard: points in `logs/`, names and states in `runs.swanlab` beside the runs.

`logs/` has a folder for each metric, with JSON lines `{"index": step, "data": value, "create_time": ...}` in `<n>.log`,
or in early versions a JSON document with a list of them in `<n>.json`. The folder's name is the metric's, quoted as in
addresses, or a number that the database or the log of the run explains. Source: swanboard 0.1, swanlab 0.2 to 0.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import RunStatus
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers.contract import Budget, info, problem_from
from runfolio.readers.documents import parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_step, rows_of
from runfolio.readers.sqlite_file import Cell, Store, mentions, opened
from runfolio.readers.swanlab_records import spelled

LOGS = "logs"
DATABASE = "runs.swanlab"
_SLICE = re.compile(r"(\d{1,18})\.(log|json)")
_STATES = {1: RunStatus.FINISHED, 0: RunStatus.RUNNING, -1: RunStatus.FAILED}
_TABLES = ("project", "experiment", "tag")


@dataclass(slots=True)
class Entry:
    """A run as the dashboard's database has it; empty where it is not there.

    folders   names of metrics by their folders in `logs/`.
    """

    texts: dict[str, str] = field(default_factory=dict)
    started_us: int | None = None
    ended_us: int | None = None
    state: int | None = None
    folders: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> RunStatus:
        """What the state stands for."""
        return RunStatus.UNKNOWN if self.state is None else _STATES.get(self.state, RunStatus.UNKNOWN)


def has_database(folder: Folder) -> bool:
    """Whether the dashboard's database lies beside a run's folder."""
    above = folder.parent()
    try:
        return above is not None and DATABASE in above.files and mentions(above, DATABASE, _TABLES)
    except FolderUnreadable:
        return False


def entry_of(folder: Folder, budget: Budget, problems: list[Problem]) -> Entry:
    """What the database beside a run's folder says of it. What is wrong with the database is told."""
    above = folder.parent()
    if above is None or not has_database(folder):
        return Entry()
    try:
        with opened(above, DATABASE, budget) as store:
            entry = _entry(store, folder.name)
            problems += store.problems
            return entry
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", above.where(DATABASE)))
        return Entry()


def _entry(store: Store, run_folder: str) -> Entry:
    entry = Entry()
    columns = ("id", "project_id", "run_id", "name", "description", "status", "create_time", "finish_time", "version")
    number: Cell = None
    project: Cell = None
    for row in store.rows("experiment", columns):
        if row[2] != run_folder:
            continue
        number, project = row[0], row[1]
        pairs = {"name": row[3], "description": row[4], "version": row[8]}
        entry.texts = {key: storable(text) for key, text in pairs.items() if isinstance(text, str) and text}
        entry.state = row[5] if isinstance(row[5], int) else None
        entry.started_us, entry.ended_us = _instant(row[6]), _instant(row[7])
    if number is None:
        return entry
    for project_id, name in store.rows("project", ("id", "name")):
        if project_id == project and isinstance(name, str):
            entry.texts["project"] = storable(name)
    for experiment, name, where in store.rows("tag", ("experiment_id", "name", "folder")):
        if experiment == number and isinstance(name, str):
            # Databases of before 0.1.8 have no such column: there the folder is the quoted name.
            entry.folders[where if isinstance(where, str) and where else quote(name, safe="")] = storable(name)
    return entry


def _instant(value: Cell) -> int | None:
    return from_iso(value) if isinstance(value, str) else None


def series_in(
    folder: Folder, names: Mapping[str, str], budget: Budget, problems: list[Problem]
) -> Iterator[MetricSeries]:
    """The scalars in `logs/` of a run's folder; media have no points. names   of metrics by folder, where known."""
    if LOGS not in folder.folders:
        return
    nameless: list[str] = []
    try:
        logs = folder.sub(LOGS)
        for below in sorted(logs.folders, key=_natural):
            points = SeriesBuilder()
            name = names.get(below)
            if name is None:
                name = storable(unquote(below, errors="surrogateescape"))
            try:
                _read_metric(logs.sub(below), name, points, budget, problems)
            except FolderUnreadable as failure:
                problems.append(problem_from(failure, "folder-unreadable", logs.where(below)))
            if name in points and below.isdigit() and below not in names:
                nameless.append(below)
            yield from points.series(logs.where(below))
    except RunfolioError as failure:
        problems.append(problem_from(failure, "folder-unreadable", folder.where(LOGS)))
    if nameless:
        message = f"Of {len(nameless)} metrics only numbers are known; their names are in {DATABASE} beside the runs"
        problems.append(info("names-missing", folder.where(LOGS), message, "Copy that file too."))


def slices_in(folder: Folder) -> list[str]:
    """The files with the points of a metric, in their order. Raises FolderUnreadable."""
    slices = sorted((int(match[1]), file) for file in folder.files if (match := _SLICE.fullmatch(file)))
    return [file for _, file in slices]


def _read_metric(folder: Folder, name: str, points: SeriesBuilder, budget: Budget, problems: list[Problem]) -> None:
    for file in slices_in(folder):
        where = folder.where(file)
        try:
            data = folder.read(file, budget.metric_bytes)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
            continue
        rows: Iterator[Mapping[str, Json]]
        if file.endswith(".json"):
            document = parse_json(data, where, budget)
            problems += document.problems
            listed = document.mapping.get("data")
            rows = (row for row in listed if isinstance(row, dict)) if isinstance(listed, list) else iter(())
        else:
            rows = rows_of(data, where, budget, problems)
        for row in rows:
            step, value = as_step(row.get("index")), spelled(row.get("data"))
            if step is None or value is None:
                continue
            made = row.get("create_time")
            time_us = from_iso(made) if isinstance(made, str) else None
            points.add(name, step, value, NO_TIME if time_us is None else time_us)


def _natural(name: str) -> tuple[int, str]:
    return (int(name) if name.isascii() and name.isdigit() and len(name) < 19 else -1, name)
