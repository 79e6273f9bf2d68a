"""Ray Tune trials: `params.json` and `result.json`, and what the experiment's state says of their end.

`progress.csv` and event files in a trial repeat the results with fewer columns or digits; each is read only where what
comes before it is lost. Pickles (`params.pkl`, `tuner.pkl`, `error.pkl`) are never opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.csv_table import header_of
from runfolio.readers.documents import parse_json
from runfolio.readers.files import artifacts_below, read_document, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, numbers_in, rows_of
from runfolio.readers.tabular import read_file

_PARAMS, _RESULT, _PROGRESS, _ERROR = "params.json", "result.json", "progress.csv", "error.txt"
_STATE = re.compile(r"experiment_state-.*\.json")
_TRIAL = re.compile(r".*?_(?P<id>[0-9a-f]{5,8}_\d{5})(?:_.*)?")
_MARK = re.compile(rb'"training_iteration"|"time_this_iter_s"|"trial_id"')
_HOUSEKEEPING = frozenset(
    {
        "timestamp", "date", "pid", "hostname", "node_ip", "time_this_iter_s", "time_total_s", "time_since_restore",
        "trial_id", "done", "checkpoint_dir_name", "should_checkpoint", "iterations_since_restore", "experiment_tag",
        "timesteps_total", "episodes_total", "training_iteration", "config", "timesteps_since_restore", "warmup_time",
        "experiment_id", "episodes_this_iter", "timesteps_this_iter",
    }
)  # fmt: skip
_STATUS = {"TERMINATED": RunStatus.FINISHED, "ERROR": RunStatus.FAILED}
"""What the last state calls RUNNING is PENDING to Ray when it reads the state again: how it ended is not known."""
_LARGEST_STATE = 64 << 20
_LAST_STATE: dict[tuple[str, str, str, int, int], tuple[dict[str, str], tuple[Problem, ...]]] = {}


class RayTune:
    """A trial's folder."""

    name: ClassVar[str] = "ray_tune"
    title: ClassVar[str] = "Ray Tune"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Params and results of a trial; one whose params are lost, or that has no result yet, by its name, too."""
        has_params = _PARAMS in folder.files and _PARAMS not in taken
        has_result = _RESULT in folder.files and _RESULT not in taken and _is_result(folder)
        has_table = _PROGRESS in folder.files and _PROGRESS not in taken and _is_table(folder)
        is_named = bool(_TRIAL.fullmatch(folder.name))
        if not (has_params and has_result) and not (
            is_named and (has_result or has_table or (has_params and "params.pkl" in folder.files))
        ):
            return None
        files = {_PARAMS, _RESULT, _PROGRESS, _ERROR}
        if has_table or (has_result and folder.files[_RESULT].size):
            # They repeat the results. Where those are lost they are the last to tell of them.
            files |= {name for name in folder.files if "tfevents" in name}
        checkpoints = frozenset(n for n in folder.folders if n.startswith("checkpoint_"))
        state = _newest_state(folder.parent())
        return Claim(
            self.name,
            folder.path,
            Strength.IDENTITY,
            "a trial of Ray Tune",
            frozenset(files & {*folder.files}),
            checkpoints,
            deep=bool(checkpoints),
            watch=frozenset({state} if state else ()),
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        params: tuple[Param, ...] = ()
        if _PARAMS in claim.files:
            params, odd = read_params(folder, _PARAMS, budget)
            problems += odd
        points = SeriesBuilder()
        facts: dict[str, str] = {}
        last: Mapping[str, Json] = {}
        started: int | None = None
        ended = NO_TIME
        where = folder.where(_RESULT)
        if _RESULT in folder.files:
            try:
                data = folder.read(_RESULT, budget.metric_bytes)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable-file", where))
                data = b""
            for row in rows_of(data, where, budget, problems):
                step = as_step(row.get("training_iteration"))
                time_s = as_number(row.get("timestamp"))
                time_us = round(time_s * 1e6) if time_s is not None and 0 < time_s < 9e9 else NO_TIME
                if started is None and time_us != NO_TIME:
                    took = as_number(row.get("time_total_s")) or 0.0
                    started = time_us - round(took * 1e6) if 0 <= took * 1e6 < time_us else None
                ended = max(ended, time_us)
                kept = {k: v for k, v in row.items() if k not in _HOUSEKEEPING}
                for name, value in numbers_in(kept):
                    points.add(name, step, value, time_us)
                last = row
            if isinstance(last.get("hostname"), str):
                facts["host"] = storable(str(last["hostname"]))
            if not params and isinstance(config := last.get("config"), dict):
                params = tuple(flatten(config))
        metrics = [*points.series(where)]
        if not metrics and _PROGRESS in folder.files:
            logged = read_file(folder, _PROGRESS, budget)
            metrics = [m for m in logged.metrics if m.name.partition("/")[0] not in _HOUSEKEEPING]
            # Columns of text are its bookkeeping.
            problems += [p for p in logged.problems if p.code != "text-columns"]
        status, raw = _status(folder, _id(folder, last), budget, problems)
        artifacts, odd_entries = artifacts_below(folder, budget)
        experiment = folder.parent()
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=_id(folder, last),
            name=storable(folder.name),
            status=status,
            status_raw=raw,
            started_us=started,
            ended_us=ended if ended != NO_TIME and status in (RunStatus.FINISHED, RunStatus.FAILED) else None,
            experiment=storable(experiment.name) if experiment is not None else None,
            params=params,
            metrics=tuple(metrics),
            artifacts=tuple(a for a in artifacts if a.path not in claim.files - {_ERROR} and a.path != "params.pkl"),
            facts=facts,
            extra={
                "done": last.get("done"),
                "experiment": storable(experiment.name) if experiment is not None else None,
                "experiment_tag": last.get("experiment_tag"),
                "has_error_file": _ERROR in folder.files,
            },
            problems=(*problems, *odd_entries),
        )


def _is_result(folder: Folder) -> bool:
    try:
        head = folder.head(_RESULT, 1 << 14)
    except FolderUnreadable:
        return False
    return not head.strip() or bool(_MARK.search(head.partition(b"\n")[0]))


def _is_table(folder: Folder) -> bool:
    try:
        header = folder.head(_PROGRESS, 1 << 16).lstrip().partition(b"\n")[0]
    except FolderUnreadable:
        return False
    return {"training_iteration", "trial_id"} <= {*header_of(header)}


def _id(folder: Folder, last: Mapping[str, Json]) -> str:
    given = last.get("trial_id")
    if isinstance(given, str) and given:
        return storable(given)
    found = _TRIAL.fullmatch(folder.name)
    return found["id"] if found else folder.shown


def _status(folder: Folder, trial: str, budget: Budget, problems: list[Problem]) -> tuple[RunStatus, str | None]:
    """What the newest state of the experiment says of the trial; an error file speaks for itself."""
    raw: str | None = None
    above = folder.parent()
    state = _newest_state(above)
    if above is not None and state:
        statuses, odd = _statuses(above, state.rpartition("/")[2], budget)
        problems += odd
        raw = statuses.get(trial)
    if raw in _STATUS:
        return _STATUS[raw], raw
    return (RunStatus.FAILED if _ERROR in folder.files else RunStatus.UNKNOWN), raw


def _newest_state(above: Folder | None) -> str:
    """The path of the experiment's newest state, in the folder above a trial's; "" when there is none."""
    if above is None:
        return ""
    try:
        name = max(filter(_STATE.fullmatch, above.files), default="")
    except FolderUnreadable:
        return ""
    return above.join(name) if name else ""


def _statuses(folder: Folder, name: str, budget: Budget) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The status of each trial by its id, and what was wrong with the state.

    The last state is remembered while its size and time stay: it holds every trial, and every trial asks for it.
    """
    entry = folder.files[name]
    key = (str(folder.root), folder.path, name, entry.size, entry.mtime_ns)
    if key not in _LAST_STATE:
        problems: list[Problem] = []
        statuses: dict[str, str] = {}
        for told in _trials(folder, name, budget, problems):
            trial, status = told.get("trial_id"), told.get("status")
            if isinstance(trial, str) and isinstance(status, str):
                statuses[storable(trial)] = storable(status)
        _LAST_STATE.clear()
        _LAST_STATE[key] = statuses, tuple(problems)
    return _LAST_STATE[key]


def _trials(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Iterator[dict[str, Json]]:
    """The trials of an experiment's state, each of which is JSON within JSON."""
    if folder.files[name].size > _LARGEST_STATE:
        message = "The experiment's state is too large: the status of its trials is not known"
        problems.append(warning("state-too-large", folder.where(name), message))
        return
    document = read_document(folder, name, budget)
    problems += document.problems
    listed = document.mapping.get("trial_data") or document.mapping.get("checkpoints")
    for entry in listed if isinstance(listed, list) else ():
        inner: Json = entry
        while isinstance(inner, list):
            inner = inner[0] if inner else None
        if isinstance(inner, str):
            inner = parse_json(inner.encode("utf-8", "replace"), folder.where(name), budget).value
        if isinstance(inner, dict):
            yield inner
