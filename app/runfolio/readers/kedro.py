"""Kedro's versioned data sets: what one `kedro run` wrote shares a stamp, the time its session started.

A version lies in `<layer>/<name>/<stamp>/<name>`. Params of a past run are not kept anywhere: those of the project are
shown under *extra* and never as the run's own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, numbers_in
from runfolio.readers.tabular import Logged, load_table, read_file, to_series

_LAYER = re.compile(r"\d\d_\w+")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")
_TEXT_TABLES = (".csv", ".tsv")
_TABLES = (*_TEXT_TABLES, ".parquet", ".jsonl")


class Kedro:
    """The data folder of a project that has versioned data sets."""

    name: ClassVar[str] = "kedro"
    title: ClassVar[str] = "Kedro"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder of layers (`09_tracking`) in which data sets have versions."""
        layers = frozenset(name for name in folder.folders if _LAYER.fullmatch(name))
        if not layers or not any(True for _ in _versions(folder, layers, [])):
            return None
        return Claim(
            self.name, folder.path, Strength.LAYOUT, "versioned data sets of Kedro", frozenset(), layers, deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each stamp."""
        problems: list[Problem] = []
        by_stamp: defaultdict[str, list[tuple[Folder, str, str]]] = defaultdict(list)
        for place, name, stamp in _versions(folder, claim.prune or frozenset(), problems):
            by_stamp[stamp].append((place, name, stamp))
        project = _project_params(folder, budget)
        for stamp in sorted(by_stamp):
            yield _recording(folder, stamp, by_stamp[stamp], project, budget)
        yield from problems


def _versions(folder: Folder, layers: frozenset[str], problems: list[Problem]) -> Iterator[tuple[Folder, str, str]]:
    """Folder, file name and stamp of every version, by layer and name."""
    for layer in sorted(layers):
        try:
            for name in folder.sub(layer).folders:
                dataset = folder.sub(layer).sub(name)
                for stamp in dataset.folders:
                    if _STAMP.fullmatch(stamp) and name in dataset.sub(stamp).files:
                        yield dataset.sub(stamp), name, stamp
        except FolderUnreadable as failure:
            problems.append(problem_from(failure, "folder-unreadable", folder.where(layer)))


def _recording(
    folder: Folder, stamp: str, versions: list[tuple[Folder, str, str]], project: Json, budget: Budget
) -> Recording:
    problems: list[Problem] = []
    metrics: dict[str, MetricSeries] = {}
    telling = ""
    for place, name, _ in versions:
        budget.check(place.shown)
        found: list[MetricSeries] = []
        if name.lower().endswith(".json"):
            document = read_document(place, name, budget)
            problems += document.problems
            points = SeriesBuilder()
            for metric, value in numbers_in(document.mapping):
                points.add(metric, None, value)
            found = [*points.series(place.where(name))]
            telling = place.shown if found else telling
        elif name.lower().endswith(_TABLES):
            logged = _read_table(place, name, budget)
            # A table without a step is data, not a history.
            found = logged.metrics if logged.step_column is not None else []
            problems += logged.problems if found else []
        for metric_series in found:
            known = metrics.get(metric_series.name)
            if known is None or len(metric_series) > len(known):
                metrics[metric_series.name] = metric_series
    return Recording(
        format=Kedro.name,
        path=telling or versions[0][0].shown,
        id=stamp,
        started_us=_time(stamp),
        metrics=tuple(metrics[name] for name in sorted(metrics)),
        artifacts=tuple(
            ArtifactRef(
                storable(f"{place.path}/{name}".removeprefix(f"{folder.path}/")), place.files[name].size, folder.path
            )
            for place, name, _ in versions
        ),
        extra={"project_params": project},
        problems=tuple(problems),
    )


def _read_table(place: Folder, name: str, budget: Budget) -> Logged:
    """The series of a table; in text an empty cell is NaN, as pandas writes it and Kedro's own reader has it."""
    if not name.lower().endswith(_TEXT_TABLES):
        return read_file(place, name, budget)
    where = place.where(name)
    try:
        table, _ = load_table(place.read(name, budget.metric_bytes), name, where, budget)
    except RunfolioError as failure:
        return Logged(problems=[problem_from(failure, "unreadable", where)])
    for title, column in table.columns.items():
        if len(column.rows) < table.rows and not column.bad:
            numbers = np.full(table.rows, np.nan)
            numbers[column.rows] = column.numbers
            table.columns[title] = replace(column, rows=np.arange(table.rows), numbers=numbers)
    return to_series(table, where)


def _project_params(folder: Folder, budget: Budget) -> Json:
    above = folder.parent()
    try:
        if above is None or "conf" not in above.folders or "base" not in above.sub("conf").folders:
            return None
        base = above.sub("conf").sub("base")
        return read_document(base, "parameters.yml", budget).value if "parameters.yml" in base.files else None
    except FolderUnreadable:
        return None  # the runs do not hang on it


def _time(stamp: str) -> int | None:
    try:
        moment = dt.datetime.strptime(stamp, "%Y-%m-%dT%H.%M.%S.%fZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return round((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))
