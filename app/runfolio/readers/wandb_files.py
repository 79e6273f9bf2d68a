"""What lies beside the log of a W&B run: config, summary and metadata, and the history of versions before 0.10.

Those kept all in text files directly in the run's folder (`run-*`, `dryrun-*`), with the state of the run in its
metadata; later ones keep the same names in `files/`, where the state is always "running" and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import RunStatus
from runfolio.model.times import NO_TIME, from_iso, from_seconds
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.documents import params_of
from runfolio.readers.files import artifacts_below, odd_entries, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_step, rows_of
from runfolio.readers.wandb_values import number_of

FOLDER = re.compile(r"(?:(?:offline-|dry)?run-\d{8}_\d{6}-(?P<id>[^/]{1,256})|latest-run)")
_FILES, _CONFIG, _SUMMARY, _METADATA = "files", "config.yaml", "wandb-summary.json", "wandb-metadata.json"
_HISTORY, _EVENTS = "wandb-history.jsonl", "wandb-events.jsonl"
_OWN = frozenset({_SUMMARY, _METADATA, _HISTORY})
OLD_NAMES = frozenset({*_OWN, _CONFIG, _EVENTS, "requirements.txt", "diff.patch", "output.log"})
"""What versions before 0.10 wrote into the run's folder itself."""
_OWN_CONFIG = re.compile(rb"^_?wandb(?:_version)?:", re.MULTILINE)
_STATES = {
    "finished": RunStatus.FINISHED,
    "failed": RunStatus.FAILED,
    "crashed": RunStatus.FAILED,
    "killed": RunStatus.KILLED,
    "running": RunStatus.RUNNING,
}


def has_files(folder: Folder) -> bool:
    """Whether a folder of a run's name holds W&B's files, by their names or by a config that says so.

    SwanLab names its folders alike.
    """
    if not FOLDER.fullmatch(folder.name):
        return False
    if not _OWN.isdisjoint(folder.files):
        return True
    if _FILES not in folder.folders:
        return False
    try:
        files = folder.sub(_FILES)
        if not _OWN.isdisjoint(files.files):
            return True
        if _CONFIG not in files.files:
            return False
        return folder.name.startswith("offline-") or bool(_OWN_CONFIG.search(files.head(_CONFIG, 1 << 16)))
    except FolderUnreadable:
        return False


class Files:
    """The files of one run.

    is_old     they lie in the run's folder itself, as before 0.10.
    problems   fills while they are read.
    """

    def __init__(self, folder: Folder, budget: Budget) -> None:
        self.problems: list[Problem] = []
        self.is_old = not _OWN.isdisjoint(folder.files)
        self._run = folder
        self._budget = budget
        self._folder = folder if self.is_old else self._below(folder)
        self.metadata = self._mapping(_METADATA)

    def _below(self, folder: Folder) -> Folder | None:
        if _FILES not in folder.folders:
            return None
        files = folder.sub(_FILES)
        try:
            files.listing  # noqa: B018 - asked here, where it can be told
        except FolderUnreadable as failure:
            self.problems.append(problem_from(failure, "folder-unreadable", files.shown))
            return None
        return files

    def _mapping(self, name: str) -> Mapping[str, Json]:
        if self._folder is None or name not in self._folder.files:
            return {}
        document = read_document(self._folder, name, self._budget)
        self.problems += document.problems
        if document.value is not None and not isinstance(document.value, dict):
            message = "The file is not a mapping of names to values"
            self.problems.append(warning("odd-document", self._folder.where(name), message))
        return document.mapping

    def summary(self) -> Mapping[str, Json]:
        """The latest values by name, nested as they were logged."""
        return self._mapping(_SUMMARY)

    def params(self) -> Iterator[Param]:
        """The config without what wandb keeps there for itself."""
        if self._folder is None or _CONFIG not in self._folder.files:
            return
        document = read_document(self._folder, _CONFIG, self._budget)
        self.problems += document.problems
        for param in params_of(document):
            # Each entry is {desc: ..., value: ...}; wandb's own are `wandb_version` and `_wandb`.
            if len(param.path) >= 2 and param.path[1] == "value" and param.path[0] != "_wandb":
                yield Param((param.path[0], *param.path[2:]), param.text, param.value, param.source)

    def artifacts(self) -> tuple[ArtifactRef, ...]:
        """Every file, and what in the run's folder is neither file nor folder among the problems."""
        try:
            if self._folder is not self._run:
                self.problems += odd_entries(self._run)
            if self._folder is None:
                return ()
            kept, odd = artifacts_below(self._folder, self._budget)
        except LimitReached as failure:
            self.problems.append(problem_from(failure, "too-many-files", self._run.shown))
            return ()
        self.problems += odd
        return kept

    # --- before 0.10 ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> str | None:
        """The state as the metadata of old versions have it."""
        state = self.metadata.get("state") if self.is_old else None
        return state if isinstance(state, str) else None

    @property
    def status(self) -> RunStatus:
        """What the state stands for."""
        return _STATES.get(self.state or "", RunStatus.UNKNOWN)

    def time_of(self, key: str) -> int | None:
        """A time of the metadata, microseconds UTC."""
        text = self.metadata.get(key)
        return from_iso(text) if isinstance(text, str) else None

    def history(self) -> list[MetricSeries]:
        """The rows of `wandb-history.jsonl`, then those of system metrics; none where there are no such files."""
        return [*self._rows(_HISTORY, prefix="", has_step=True), *self._rows(_EVENTS, prefix="system/", has_step=False)]

    def _rows(self, name: str, *, prefix: str, has_step: bool) -> Iterator[MetricSeries]:
        if self._folder is None or name not in self._folder.files:
            return
        where = self._folder.where(name)
        points = SeriesBuilder()
        try:
            data = self._folder.read(name, self._budget.metric_bytes)
            for number, row in enumerate(rows_of(data, where, self._budget, self.problems)):
                step = as_step(row.get("_step")) if has_step else None
                time_s = number_of(row.get("_timestamp"))
                time_us = None if time_s is None else from_seconds(time_s)
                for key, value in _scalars(row):
                    shown = prefix + (key.removeprefix("system.") if prefix else key)
                    at = (number if step is None else step) if has_step else None
                    points.add(shown, at, value, NO_TIME if time_us is None else time_us)
        except RunfolioError as failure:
            self.problems.append(problem_from(failure, "unreadable-file", where))
        yield from points.series(where)


def _scalars(row: Mapping[str, Json]) -> Iterator[tuple[str, float]]:
    """The numbers of a row by names joined with dots, without what wandb itself puts there, and media."""
    pending: list[tuple[str, Json]] = [item for item in reversed([*row.items()]) if item[0][:1] != "_"]
    while pending:
        name, value = pending.pop()
        if isinstance(value, dict):
            if "_type" not in value:
                pending += [(f"{name}.{key}", below) for key, below in reversed([*value.items()])]
        elif (number := number_of(value)) is not None:
            yield name, number
