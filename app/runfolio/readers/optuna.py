"""Optuna's storages in a file: SQLite and the journal. Each trial is a run, its study the experiment.

Params are kept as numbers beside a distribution that says what they stand for. Intermediate values are the metric
`intermediate_value`; the objective values have no step. Times without a zone are those of the writer's clock.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import from_iso
from runfolio.readers.contract import Budget, Claim, Strength, problem_from
from runfolio.readers.folder import Folder
from runfolio.readers.optuna_journal import replayed
from runfolio.readers.optuna_trials import Distributions, Study, Trial, document, external
from runfolio.readers.sqlite_file import COMPANIONS, Cell, Store, mentions, opened

INTERMEDIATE = "intermediate_value"
_TABLES = ("studies", "trials")
_JOURNAL = (".log", ".jsonl", ".journal", ".txt")
_STATUS = {
    "RUNNING": RunStatus.RUNNING,
    "COMPLETE": RunStatus.FINISHED,
    "PRUNED": RunStatus.KILLED,
    "FAIL": RunStatus.FAILED,
}
_ODD_VALUES = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


class Optuna:
    """Files that hold studies."""

    name: ClassVar[str] = "optuna"
    title: ClassVar[str] = "Optuna"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """SQLite files with Optuna's tables, and files whose first line makes a study."""
        found = [
            name
            for name in folder.files
            if name not in taken and (_is_store(folder, name) or _is_journal(folder, name))
        ]
        if not found:
            return None
        files = {n + suffix for n in found for suffix in ("", *COMPANIONS)} & {*folder.files}
        return Claim(self.name, folder.path, Strength.IDENTITY, "studies of Optuna", frozenset(files))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The trials of every study of every file."""
        for name in sorted(claim.files):
            if name.endswith(COMPANIONS):
                continue
            where = folder.where(name)
            problems: list[Problem] = []
            try:
                if _is_store(folder, name):
                    trials = _from_store(folder, name, budget, problems)
                else:
                    trials = replayed(folder.read(name, budget.metric_bytes), where, budget, problems)
            except RunfolioError as failure:
                yield problem_from(failure, "unreadable-file", where)
                continue
            yield from (_recording(trial, where) for trial in trials)
            yield from problems


def _is_store(folder: Folder, name: str) -> bool:
    if name.endswith(COMPANIONS) or folder.files[name].size < 512:
        return False
    try:
        return mentions(folder, name, _TABLES)
    except FolderUnreadable:
        return False


def _is_journal(folder: Folder, name: str) -> bool:
    if not name.lower().endswith(_JOURNAL):
        return False
    try:
        head = folder.head(name, 4096)
    except FolderUnreadable:
        return False
    line = head.partition(b"\n")[0]
    return line.startswith(b"{") and b'"op_code"' in line and b'"worker_id"' in line


def _recording(trial: Trial, where: str) -> Recording:
    study = trial.study
    extra: dict[str, Json] = {
        "directions": [*study.directions],
        "study": storable(study.name),
        "study_user_attrs": {**study.user},
        "system_attrs": {**trial.system},
    }
    run_id = id_of(trial)
    return Recording(
        format=Optuna.name,
        path=where,
        id=run_id,
        # Numbers count from 0 in every study, and studies of one name are common: the start tells them apart.
        identity=f"optuna:{run_id}:{trial.started_us}" if trial.started_us is not None else "",
        name=storable(f"{study.name} #{trial.number}"),
        status=_STATUS.get(trial.state, RunStatus.UNKNOWN),
        status_raw=trial.state,
        started_us=trial.started_us,
        ended_us=trial.ended_us,
        experiment=storable(study.name),
        params=tuple(Param((storable(k),), text_of(v), v) for k, v in sorted(trial.params.items())),
        tags={storable(k): storable(v if isinstance(v, str) else json.dumps(v)) for k, v in trial.user.items()},
        metrics=tuple(_metrics(trial, where)),
        extra=extra,
    )


def id_of(trial: Trial) -> str:
    """Its study and its number in it."""
    return storable(f"{trial.study.name}/{trial.number}")


def _metrics(trial: Trial, where: str) -> Iterator[MetricSeries]:
    if trial.steps:
        steps, values = np.frombuffer(trial.steps, np.int64), np.frombuffer(trial.intermediate, np.float64)
        yield series(INTERMEDIATE, steps, values, source=where)
    for name, value in objectives(trial):
        if value is not None:
            yield series(name, None, [value], source=where)


def objectives(trial: Trial) -> Iterator[tuple[str, float | None]]:
    """The names of the values that a trial ended with, in their order, and the values; None where one is not set."""
    named = trial.study.system.get("study:metric_names")
    names = [n for n in named if isinstance(n, str)] if isinstance(named, list) else []
    for place, value in enumerate(trial.values):
        many = len(trial.values) > 1
        yield storable(names[place] if place < len(names) else (f"values_{place}" if many else "value")), value


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _from_store(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> list[Trial]:
    with opened(folder, name, budget) as store:
        trials = trials_in(store, folder.where(name), budget)
        problems += store.problems
    return [*trials.values()]


def trials_in(store: Store, where: str, budget: Budget) -> dict[Cell, Trial]:
    """The trials of a database by their ids in it."""
    studies = {number: Study(_text(title)) for number, title in store.rows("studies", ("study_id", "study_name"))}
    for number, direction, _ in store.rows(
        "study_directions", ("study_id", "direction", "objective"), order=("study_id", "objective")
    ):
        if number in studies:
            studies[number].directions.append(_text(direction).lower())
    for table, kind in (("study_user_attributes", "user"), ("study_system_attributes", "system")):
        for number, key, value in store.rows(table, ("study_id", "key", "value_json")):
            if number in studies:
                getattr(studies[number], kind)[_text(key)] = document(_text(value), where, budget)
    trials: dict[Cell, Trial] = {}
    columns = ("trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete")
    for trial_id, number, study, state, start, end in store.rows("trials", columns):
        if study in studies:
            owner = studies[study]
            place = number if isinstance(number, int) else owner.trials
            owner.trials += 1
            trials[trial_id] = Trial(owner, place, _text(state), from_iso(_text(start)), from_iso(_text(end)))
    distributions = Distributions(where, budget)
    parts = ("trial_id", "param_name", "param_value", "distribution_json")
    for trial_id, key, value, distribution in store.rows("trial_params", parts):
        if trial_id in trials:
            trials[trial_id].params[_text(key)] = external(_number(value), distributions.of(_text(distribution)))
    kinds = ("trial_id", "objective", "value", "value_type")
    for trial_id, _, value, value_type in store.rows("trial_values", kinds, order=("trial_id", "objective")):
        if trial_id in trials:
            trials[trial_id].values.append(kept_value(value, value_type))
    kinds = ("trial_id", "step", "intermediate_value", "intermediate_value_type")
    for trial_id, step, value, value_type in store.rows("trial_intermediate_values", kinds, order=("trial_id", "step")):
        found = kept_value(value, value_type)
        if trial_id in trials and isinstance(step, int) and found is not None:
            trials[trial_id].report(step, found)
    for table, kind_of in (("trial_user_attributes", "user"), ("trial_system_attributes", "system")):
        for trial_id, key, value in store.rows(table, ("trial_id", "key", "value_json")):
            if trial_id in trials:
                getattr(trials[trial_id], kind_of)[_text(key)] = document(_text(value), where, budget)
    return trials


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _number(value: Cell) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def kept_value(value: Cell, kind: Cell) -> float | None:
    """A value with its type: infinities and NaN are kept as null with a word for them."""
    if isinstance(kind, str) and kind in _ODD_VALUES:
        return _ODD_VALUES[kind]
    number = _number(value)
    # Before the types came (3.0), null was NaN.
    return math.nan if number is None and kind is None else number
