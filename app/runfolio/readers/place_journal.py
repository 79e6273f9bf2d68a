"""Finds a param or a value in Optuna's journal: the line of the operation that set it last."""

from __future__ import annotations

from runfolio.model.display import plain, storable
from runfolio.model.origin import Wanted
from runfolio.model.params import Json, text_of
from runfolio.readers.contract import Budget
from runfolio.readers.optuna import INTERMEDIATE, id_of, objectives
from runfolio.readers.optuna_journal import operations
from runfolio.readers.optuna_trials import Study, Trial
from runfolio.readers.place_text import Found

_MADE, _PARAM, _STATE, _REPORTED = 4, 5, 6, 7
"""Operations on trials that may hold a param or a value."""


def find_in_journal(data: bytes, where: str, wanted: Wanted, budget: Budget) -> Found | None:
    """The line of the operation after which the trial has the value that is shown; the last one that says so."""
    studies: list[Study] = []
    trials: list[Trial] = []
    found: int | None = None
    runs: set[str] = set()
    for number, operation in operations(data, where, budget, studies, trials, []):
        code = operation["op_code"]
        if code not in (_MADE, _PARAM, _STATE, _REPORTED):
            continue
        told = operation.get("trial_id")
        trial: Trial | None = None
        if code == _MADE:
            trial = trials[-1] if trials else None
        elif isinstance(told, int):
            trial = trials[told]
        if trial is None or trial.study.is_deleted or wanted.run not in ("", id_of(trial)):
            continue
        if _says(operation, code, wanted) and _has(trial, wanted):
            found = number
            runs.add(id_of(trial))
    if found is None or len(runs) != 1:
        return None
    line = data.split(b"\n")[found - 1].decode("utf-8", "surrogateescape")
    return Found(found, f"key {plain('.'.join(wanted.path) or wanted.name, 120)}", line)


def _says(operation: dict[str, Json], code: Json, wanted: Wanted) -> bool:
    """Whether an operation is of the kind that sets what is wanted."""
    point = wanted.point
    if point is None:
        params = operation.get("params")
        names = (storable(str(operation.get("param_name"))),)
        return (code == _PARAM and names == wanted.path) or (code == _MADE and isinstance(params, dict))
    if wanted.name == INTERMEDIATE and point.step is not None:
        return code == _MADE or (code == _REPORTED and operation.get("step") == point.step)
    return code in (_MADE, _STATE) and (operation.get("values") or operation.get("value")) is not None


def _has(trial: Trial, wanted: Wanted) -> bool:
    point = wanted.point
    if point is None:
        return any((storable(k),) == wanted.path and wanted.means(text_of(v)) for k, v in trial.params.items())
    if wanted.name == INTERMEDIATE and point.step is not None:
        place = trial.places.get(point.step)
        return place is not None and point.has(trial.intermediate[place])
    return any(name == wanted.name and value is not None and point.has(value) for name, value in objectives(trial))
