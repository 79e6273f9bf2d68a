"""Optuna's journal: a line for each operation, replayed as Optuna replays it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.times import from_iso
from runfolio.readers.contract import Budget, info, warning
from runfolio.readers.json_text import load_json
from runfolio.readers.optuna_trials import DIRECTIONS, FINISHED, STATES, Distributions, Study, Trial, external
from runfolio.readers.yaml_nodes import some


def replayed(data: bytes, where: str, budget: Budget, problems: list[Problem]) -> list[Trial]:
    """The trials after all operations; a line that is none is told and passed over.

    Operations that Optuna passes over when it replays a journal count for nothing here either: those of a worker that
    came too late to make a study, to begin a trial or to change a finished one.
    """
    studies: list[Study] = []
    trials: list[Trial] = []
    odd: list[int] = []
    for _ in operations(data, where, budget, studies, trials, odd):
        pass
    lines = data.count(b"\n") + 1
    if odd:
        is_cut = odd == [lines]
        message = (
            "The last line is cut off"
            if is_cut
            else f"{len(odd)} lines are no operations of a journal, first line {odd[0]}"
        )
        hint = "Check whether the file was copied completely."
        problems.append(
            warning("cut-journal" if is_cut else "odd-journal", where, f"{message}: the rest is shown", hint)
        )
    if gone := [study for study in studies if study.is_deleted]:
        message = f"Studies that were deleted are not shown: {some([storable(study.name) for study in gone])}"
        problems.append(info("deleted-study", where, message))
    return [trial for trial in trials if not trial.study.is_deleted]


def operations(
    data: bytes, where: str, budget: Budget, studies: list[Study], trials: list[Trial], odd: list[int]
) -> Iterator[tuple[int, dict[str, Json]]]:
    """Apply the operations one by one; each with its line, from 1, when it has taken effect, if it has one.

    studies, trials   grow; odd   gets the lines that are no operations.
    """
    kinds = Distributions(where, budget)
    for number, line in enumerate(data.split(b"\n"), 1):
        if number % 1024 == 0:
            budget.check(where)
        if not line.strip():
            continue
        try:
            operation = load_json(line)
            if not isinstance(operation, dict):
                raise ValueError("not an operation")
            _apply(operation, studies, trials, kinds)
        except (ValueError, KeyError, IndexError, TypeError, RecursionError, OverflowError):
            odd.append(number)
            continue
        yield number, operation


def _apply(operation: dict[str, Json], studies: list[Study], trials: list[Trial], kinds: Distributions) -> None:
    code = operation["op_code"]
    if code == 0:
        name = str(operation["study_name"])
        if any(study.name == name and not study.is_deleted for study in studies):
            return
        given = operation.get("directions")
        numbers = [d for d in given if isinstance(d, int)] if isinstance(given, list) else []
        studies.append(Study(name, [DIRECTIONS[n] for n in numbers]))
    elif code == 1:
        studies[_index(operation["study_id"])].is_deleted = True
    elif code in (2, 3):
        kind = "user" if code == 2 else "system"
        attributes = operation[f"{kind}_attr"]
        if isinstance(attributes, dict):
            getattr(studies[_index(operation["study_id"])], kind).update(attributes)
    elif code == 4:
        study = studies[_index(operation["study_id"])]
        if study.is_deleted:
            return
        trial = Trial(study, study.trials)
        study.trials += 1
        trials.append(trial)
        trial.started_us = from_iso(str(operation.get("datetime_start") or ""))
        trial.ended_us = from_iso(str(operation.get("datetime_complete") or ""))
        if (state := operation.get("state")) is not None:
            trial.state = STATES[_index(state)]
        _values(trial, operation)
        for kind, key in (("user", "user_attrs"), ("system", "system_attrs")):
            attributes = operation.get(key)
            if isinstance(attributes, dict):
                getattr(trial, kind).update(attributes)
        params, distributions = operation.get("params"), operation.get("distributions")
        if isinstance(params, dict) and isinstance(distributions, dict):
            for name, value in params.items():
                known = kinds.of(distributions.get(name))
                trial.study.takes(name, known)
                trial.params[name] = external(float(value), known) if isinstance(value, int | float) else value
        intermediate = operation.get("intermediate_values")
        for step, value in intermediate.items() if isinstance(intermediate, dict) else ():
            trial.report(int(step), float(value) if isinstance(value, int | float) else math.nan)
    elif isinstance(code, int) and 5 <= code <= 9:
        trial = trials[_index(operation["trial_id"])]
        if trial.state not in FINISHED:
            _apply_to_trial(code, trial, operation, kinds)


def _apply_to_trial(code: int, trial: Trial, operation: dict[str, Json], kinds: Distributions) -> None:
    if code == 5:
        distribution = kinds.of(operation.get("distribution"))
        name, value = str(operation["param_name"]), operation["param_value_internal"]
        if trial.study.takes(name, distribution):
            trial.params[name] = external(float(value) if isinstance(value, int | float) else None, distribution)
    elif code == 6:
        state = STATES[_index(operation["state"])]
        if state == trial.state == "RUNNING":
            return
        trial.state = state
        _values(trial, operation)
        trial.started_us = from_iso(str(operation.get("datetime_start") or "")) or trial.started_us
        trial.ended_us = from_iso(str(operation.get("datetime_complete") or "")) or trial.ended_us
    elif code == 7:
        step, value = operation["step"], operation["intermediate_value"]
        if isinstance(step, int):
            trial.report(step, float(value) if isinstance(value, int | float) else math.nan)
    else:
        kind = "user" if code == 8 else "system"
        attributes = operation[f"{kind}_attr"]
        if isinstance(attributes, dict):
            getattr(trial, kind).update(attributes)


def _values(trial: Trial, operation: dict[str, Json]) -> None:
    values = operation.get("values")
    if values is None and isinstance(value := operation.get("value"), int | float):
        values = [value]  # a trial that was added whole has its one value so
    if isinstance(values, list):
        trial.values = [float(v) if isinstance(v, int | float) else None for v in values]


def _index(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"not an index: {value!r}")
    return value
