"""OpenAI Spinning Up and what copied its logger: `progress.txt`, separated by tabs, and `config.json`.

The x axis is `TotalEnvInteracts`, as in Spinning Up's own plots, else `Epoch`, else the row. Saved models and
`vars.pkl` are pickles and are only listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Appended, Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.csv_table import header_of, read_csv
from runfolio.readers.files import artifacts_below, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.table import Table

_PROGRESS, _CONFIG = "progress.txt", "config.json"
_STEPS = ("TotalEnvInteracts", "Epoch")
_HEADER = frozenset({*_STEPS, "EpRet", "AverageEpRet", "AverageTestEpRet", "Time"})
_CONFIG_MARK = re.compile(rb'"(?:logger_kwargs|exp_name)"\s*:')
_MODELS = re.compile(r"(?:pyt_save|(?:tf1|simple)_save)\d*")
_EXACT = 2.0**63


class SpinningUp:
    """The output folder of a logger."""

    name: ClassVar[str] = "spinning_up"
    title: ClassVar[str] = "Spinning Up"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A progress.txt with names that the logger writes; one without rows by the config beside it."""
        if _PROGRESS not in folder.files or _PROGRESS in taken or not _is_ours(folder):
            return None
        files = frozenset({_PROGRESS, _CONFIG} & {*folder.files}) - taken
        models = frozenset(name for name in folder.folders if _MODELS.fullmatch(name))
        reason = "progress.txt of Spinning Up"
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, models, deep=bool(models))

    def appended(self, name: str) -> Appended | None:
        """The progress; the configuration is written once."""
        return Appended.TABLE if name == _PROGRESS else None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        params: tuple[Param, ...] = ()
        if _CONFIG in claim.files:
            params, problems = read_params(folder, _CONFIG, budget)
        metrics = tuple(_metrics(folder, budget, problems))
        experiment = next((p.text for p in params if p.path == ("exp_name",) and isinstance(p.value, str)), None)
        artifacts, odd_entries = artifacts_below(folder, budget)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            experiment=experiment,
            params=tuple(p for p in params if not _is_state(p)),
            metrics=metrics,
            artifacts=tuple(a for a in artifacts if a.path not in claim.files),
            problems=(*problems, *odd_entries),
        )


def _is_ours(folder: Folder) -> bool:
    try:
        head = folder.head(_PROGRESS, 1 << 16)
        if not head.strip():
            return _CONFIG in folder.files and bool(_CONFIG_MARK.search(folder.head(_CONFIG, 1 << 16)))
    except FolderUnreadable:
        return False
    # The header alone: damage further down is told by reading it.
    header = head.lstrip().partition(b"\n")[0]
    return b"\t" in header and not _HEADER.isdisjoint(header_of(header))


def _is_state(param: Param) -> bool:
    """Whether a param is the logger's own state, which `save_config(locals())` takes along under an address."""
    return param.path[0] == "logger" and len(param.path) > 1 and param.path[1].startswith("<")


def _metrics(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    where = folder.where(_PROGRESS)
    try:
        table = read_csv(folder.read(_PROGRESS, budget.metric_bytes), where, budget)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    problems += table.problems
    if not table.rows:
        problems.append(info("no-rows", where, "There are no rows: the run ended before its first epoch did"))
        return
    axis = next((name for name in _STEPS if name in table.columns and _is_axis(table, name)), None)
    steps, stepped = np.arange(table.rows, dtype=np.int64), np.ones(table.rows, dtype=bool)
    if axis is not None:
        given = table.columns[axis]
        sound = np.isfinite(given.numbers) & (np.abs(given.numbers) < _EXACT)
        stepped[:] = False
        stepped[given.rows[sound]] = True
        steps[given.rows[sound]] = given.numbers[sound].astype(np.int64)
        if lost := table.rows - int(stepped.sum()):
            message = f"{lost:,} rows have no {axis} and are left out"
            problems.append(warning("no-step", where, message, "Check whether the file was copied completely."))
    for name, column in table.columns.items():
        if name == axis:
            continue
        if column.bad:
            message = f"{column.bad:,} cells of {name[:80]!r} are no numbers and are left out"
            problems.append(warning("not-a-number", where, message))
        kept = stepped[column.rows]
        if kept.any():
            yield series(storable(name), steps[column.rows[kept]], column.numbers[kept], source=where)


def _is_axis(table: Table, name: str) -> bool:
    """Whether a column holds whole numbers wherever it holds finite ones."""
    finite = table.columns[name].numbers[np.isfinite(table.columns[name].numbers)]
    return len(finite) > 0 and bool((finite == np.floor(finite)).all())
