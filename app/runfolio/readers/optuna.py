"""Optuna's storages in a file: SQLite and the journal. Each trial is a run, its study the experiment.

Params are kept as numbers beside a distribution that says what they stand for. Intermediate values are the metric
`intermediate_value`; the objective values have no step. Times without a zone are those of the writer's clock.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import from_iso
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.documents import parse_json
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import load_json
from runfolio.readers.sqlite_file import COMPANIONS, Cell, mentions, opened

_TABLES = ("studies", "trials")
_JOURNAL = (".log", ".jsonl", ".journal", ".txt")
_STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
"""By their numbers in the journal (optuna.trial.TrialState)."""
_STATUS = {
    "RUNNING": RunStatus.RUNNING,
    "COMPLETE": RunStatus.FINISHED,
    "PRUNED": RunStatus.KILLED,
    "FAIL": RunStatus.FAILED,
}
_DIRECTIONS = ("not set", "minimize", "maximize")
_ODD_VALUES = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


@dataclass(slots=True)
class _Study:
    name: str
    directions: list[str] = field(default_factory=list)
    user: dict[str, Json] = field(default_factory=dict)
    system: dict[str, Json] = field(default_factory=dict)
    trials: int = 0


@dataclass(slots=True)
class _Trial:
    study: _Study
    number: int
    state: str = "RUNNING"
    started_us: int | None = None
    ended_us: int | None = None
    params: dict[str, Json] = field(default_factory=dict)
    user: dict[str, Json] = field(default_factory=dict)
    system: dict[str, Json] = field(default_factory=dict)
    values: list[float | None] = field(default_factory=list)
    steps: array[int] = field(default_factory=lambda: array("q"))
    intermediate: array[float] = field(default_factory=lambda: array("d"))
    reported: set[int] = field(default_factory=set)


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
                    trials = _from_journal(folder.read(name, budget.metric_bytes), where, budget, problems)
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


def _recording(trial: _Trial, where: str) -> Recording:
    study = trial.study
    extra: dict[str, Json] = {
        "directions": [*study.directions],
        "study": storable(study.name),
        "study_user_attrs": {**study.user},
        "system_attrs": {**trial.system},
    }
    run_id = storable(f"{study.name}/{trial.number}")
    return Recording(
        format=Optuna.name,
        path=where,
        id=run_id,
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


def _metrics(trial: _Trial, where: str) -> Iterator[MetricSeries]:
    if trial.steps:
        steps, values = np.frombuffer(trial.steps, np.int64), np.frombuffer(trial.intermediate, np.float64)
        yield series("intermediate_value", steps, values, source=where)
    named = trial.study.system.get("study:metric_names")
    names = [n for n in named if isinstance(n, str)] if isinstance(named, list) else []
    for place, value in enumerate(trial.values):
        if value is None:
            continue
        many = len(trial.values) > 1
        name = names[place] if place < len(names) else (f"values_{place}" if many else "value")
        yield series(storable(name), None, [value], source=where)


def _external(value: float | None, distribution: Json) -> Json:
    """What a kept number stands for: a choice, a whole number, or itself."""
    if not isinstance(distribution, dict):
        return value
    kind, attributes = distribution.get("name"), distribution.get("attributes")
    choices = attributes.get("choices") if isinstance(attributes, dict) else None
    if isinstance(choices, list) and value is not None and 0 <= value < len(choices):
        return choices[int(value)]
    whole = isinstance(kind, str) and kind.startswith("Int") and value is not None and math.isfinite(value)
    return int(value) if whole and value is not None else value


def _document(text: str | bytes, where: str, budget: Budget) -> Json:
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return parse_json(data, where, budget).value


# --- SQLite ---------------------------------------------------------------------------------------------------------


def _from_store(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> list[_Trial]:
    where = folder.where(name)
    with opened(folder, name, budget) as store:
        studies = {number: _Study(_text(title)) for number, title in store.rows("studies", ("study_id", "study_name"))}
        for number, direction, _ in store.rows(
            "study_directions", ("study_id", "direction", "objective"), order=("study_id", "objective")
        ):
            if number in studies:
                studies[number].directions.append(_text(direction).lower())
        for table, kind in (("study_user_attributes", "user"), ("study_system_attributes", "system")):
            for number, key, value in store.rows(table, ("study_id", "key", "value_json")):
                if number in studies:
                    getattr(studies[number], kind)[_text(key)] = _document(_text(value), where, budget)
        trials: dict[Cell, _Trial] = {}
        columns = ("trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete")
        for trial_id, number, study, state, start, end in store.rows("trials", columns):
            if study in studies:
                owner = studies[study]
                place = number if isinstance(number, int) else owner.trials
                owner.trials += 1
                trials[trial_id] = _Trial(owner, place, _text(state), from_iso(_text(start)), from_iso(_text(end)))
        parts = ("trial_id", "param_name", "param_value", "distribution_json")
        for trial_id, key, value, distribution in store.rows("trial_params", parts):
            if trial_id in trials:
                known = _document(_text(distribution), where, budget)
                trials[trial_id].params[_text(key)] = _external(_number(value), known)
        kinds = ("trial_id", "objective", "value", "value_type")
        for trial_id, _, value, value_type in store.rows("trial_values", kinds, order=("trial_id", "objective")):
            if trial_id in trials:
                trials[trial_id].values.append(_kept(value, value_type))
        kinds = ("trial_id", "step", "intermediate_value", "intermediate_value_type")
        for trial_id, step, value, value_type in store.rows("trial_intermediate_values", kinds):
            found = _kept(value, value_type)
            if trial_id in trials and isinstance(step, int) and found is not None:
                trials[trial_id].steps.append(step)
                trials[trial_id].intermediate.append(found)
        for table, kind_of in (("trial_user_attributes", "user"), ("trial_system_attributes", "system")):
            for trial_id, key, value in store.rows(table, ("trial_id", "key", "value_json")):
                if trial_id in trials:
                    getattr(trials[trial_id], kind_of)[_text(key)] = _document(_text(value), where, budget)
        problems += store.problems
    return [*trials.values()]


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _number(value: Cell) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _kept(value: Cell, kind: Cell) -> float | None:
    """A value with its type: infinities and NaN are kept as null with a word for them."""
    if isinstance(kind, str) and kind in _ODD_VALUES:
        return _ODD_VALUES[kind]
    number = _number(value)
    # Before the types came (3.0), null was NaN.
    return math.nan if number is None and kind is None else number


# --- the journal ----------------------------------------------------------------------------------------------------


def _from_journal(data: bytes, where: str, budget: Budget, problems: list[Problem]) -> list[_Trial]:
    """The trials after all operations; a line that is none is told and passed over."""
    studies: list[_Study] = []
    trials: list[_Trial] = []
    odd: list[int] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if number % 1024 == 0:
            budget.check(where)
        if not line.strip():
            continue
        try:
            operation = load_json(line)
            if not isinstance(operation, dict):
                raise TypeError("no operation")
            _apply(operation, studies, trials, where, budget)
        except (ValueError, KeyError, IndexError, TypeError, RecursionError, OverflowError):
            odd.append(number)
    if odd:
        is_cut = odd == [len(lines)]
        message = (
            "The last line is cut off"
            if is_cut
            else f"{len(odd)} lines are no operations of a journal, first line {odd[0]}"
        )
        hint = "Check whether the file was copied completely."
        problems.append(
            warning("cut-journal" if is_cut else "odd-journal", where, f"{message}: the rest is shown", hint)
        )
    return trials


def _apply(operation: dict[str, Json], studies: list[_Study], trials: list[_Trial], where: str, budget: Budget) -> None:
    code = operation["op_code"]
    if code == 0:
        given = operation.get("directions")
        numbers = [d for d in given if isinstance(d, int)] if isinstance(given, list) else []
        studies.append(_Study(str(operation["study_name"]), [_DIRECTIONS[n] for n in numbers]))
    elif code in (2, 3):
        kind = "user" if code == 2 else "system"
        attributes = operation[f"{kind}_attr"]
        if isinstance(attributes, dict):
            getattr(studies[_index(operation["study_id"])], kind).update(attributes)
    elif code == 4:
        study = studies[_index(operation["study_id"])]
        trial = _Trial(study, study.trials)
        study.trials += 1
        trials.append(trial)
        trial.started_us = from_iso(str(operation.get("datetime_start") or ""))
        trial.ended_us = from_iso(str(operation.get("datetime_complete") or ""))
        if (state := operation.get("state")) is not None:
            trial.state = _STATES[_index(state)]
        _values(trial, operation)
        for kind, key in (("user", "user_attrs"), ("system", "system_attrs")):
            attributes = operation.get(key)
            if isinstance(attributes, dict):
                getattr(trial, kind).update(attributes)
        params, distributions = operation.get("params"), operation.get("distributions")
        if isinstance(params, dict) and isinstance(distributions, dict):
            for name, value in params.items():
                known = distributions.get(name)
                known = _document(known, where, budget) if isinstance(known, str) else known
                trial.params[name] = _external(float(value), known) if isinstance(value, int | float) else value
        intermediate = operation.get("intermediate_values")
        for step, value in intermediate.items() if isinstance(intermediate, dict) else ():
            trial.steps.append(int(step))
            trial.intermediate.append(float(value) if isinstance(value, int | float) else math.nan)
    elif isinstance(code, int) and 5 <= code <= 9:
        _apply_to_trial(code, trials[_index(operation["trial_id"])], operation, where, budget)


def _apply_to_trial(code: int, trial: _Trial, operation: dict[str, Json], where: str, budget: Budget) -> None:
    if code == 5:
        known = operation.get("distribution")
        distribution = _document(known, where, budget) if isinstance(known, str) else known
        value = operation["param_value_internal"]
        trial.params[str(operation["param_name"])] = _external(
            float(value) if isinstance(value, int | float) else None, distribution
        )
    elif code == 6:
        trial.state = _STATES[_index(operation["state"])]
        _values(trial, operation)
        trial.started_us = from_iso(str(operation.get("datetime_start") or "")) or trial.started_us
        trial.ended_us = from_iso(str(operation.get("datetime_complete") or "")) or trial.ended_us
    elif code == 7:
        step, value = operation["step"], operation["intermediate_value"]
        if isinstance(step, int) and step not in trial.reported:  # Optuna keeps the first report of a step
            trial.reported.add(step)
            trial.steps.append(step)
            trial.intermediate.append(float(value) if isinstance(value, int | float) else math.nan)
    else:
        kind = "user" if code == 8 else "system"
        attributes = operation[f"{kind}_attr"]
        if isinstance(attributes, dict):
            getattr(trial, kind).update(attributes)


def _values(trial: _Trial, operation: dict[str, Json]) -> None:
    values = operation.get("values")
    if isinstance(values, list):
        trial.values = [float(v) if isinstance(v, int | float) else None for v in values]


def _index(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"not an index: {value!r}")
    return value
