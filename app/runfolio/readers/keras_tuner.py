"""Keras Tuner: a search with `oracle.json`, and its trials in `trial_<id>/trial.json`.

Each trial is a run. What is observed of a metric at a step is a list with a value for each execution of the trial;
all of them are kept, at that step. The oracle says when a trial began in local time only, which is no point in time
elsewhere, so it stands under *extra*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.documents import Document, params_of
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step

_ORACLE, _TRIAL = "oracle.json", "trial.json"
_FOLDER = re.compile(r"trial_.+", re.DOTALL)
_MARKS = (b'"trial_id"', b'"hyperparameters"')
_GLOBAL_ID = re.compile(r"[0-9a-f]{32}")
_STATUS = {
    "COMPLETED": RunStatus.FINISHED,
    "FAILED": RunStatus.FAILED,
    "INVALID": RunStatus.FAILED,
    "RUNNING": RunStatus.RUNNING,
}
"""INVALID is a trial that crashed or whose score was NaN, and that may be tried again."""


class KerasTuner:
    """A search with its trials, or a trial's folder by itself."""

    name: ClassVar[str] = "keras_tuner"
    title: ClassVar[str] = "Keras Tuner"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """An oracle with folders of trials below it, or a trial that says its id and hyperparameters."""
        if _ORACLE in folder.files and _ORACLE not in taken:
            trials = frozenset(n for n in folder.holding(_TRIAL) if _FOLDER.fullmatch(n) and _is_trial(folder.sub(n)))
            if trials:
                reason = f"{_ORACLE} with {len(trials):,} trials"
                return Claim(self.name, folder.path, Strength.IDENTITY, reason, frozenset({_ORACLE}), trials, deep=True)
        if _TRIAL in folder.files and _TRIAL not in taken and _is_trial(folder):
            files = frozenset({_TRIAL, "build_config.json"} & {*folder.files})
            return Claim(self.name, folder.path, Strength.IDENTITY, "a trial of Keras Tuner", files)
        return None

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each trial, in the order of their folders' names."""
        if _TRIAL in claim.files:
            yield _recording(folder, {}, budget)
            return
        oracle = read_document(folder, _ORACLE, budget)
        yield from oracle.problems
        for name in sorted(claim.prune or ()):
            budget.check(folder.where(name))
            try:
                yield _recording(folder.sub(name), oracle.mapping, budget)
            except FolderUnreadable as failure:
                yield problem_from(failure, "folder-unreadable", folder.where(name))


def _is_trial(folder: Folder) -> bool:
    """By the first bytes; one that is empty by its folder's name, and by the oracle beside it."""
    try:
        head = folder.head(_TRIAL, 1 << 12)
    except FolderUnreadable:
        return False
    return all(mark in head for mark in _MARKS) or (not head.strip() and bool(_FOLDER.fullmatch(folder.name)))


def _recording(folder: Folder, oracle: Mapping[str, Json], budget: Budget) -> Recording:
    """A trial. Raises FolderUnreadable when its folder cannot be listed."""
    problems: list[Problem] = []
    where = folder.where(_TRIAL)
    document = read_document(folder, _TRIAL, budget)
    problems += document.problems
    trial = document.mapping
    given = trial.get("trial_id")
    own = storable(given) if isinstance(given, str) and given else storable(folder.name.removeprefix("trial_"))
    raw = trial.get("status")
    artifacts, odd_entries = artifacts_below(folder, budget)
    search = folder.parent()
    return Recording(
        format=KerasTuner.name,
        path=folder.shown,
        id=own,
        identity=f"keras_tuner:{own}" if _GLOBAL_ID.fullmatch(own) else "",
        name=storable(folder.name),
        status=_STATUS.get(raw, RunStatus.UNKNOWN) if isinstance(raw, str) else RunStatus.UNKNOWN,
        status_raw=raw if isinstance(raw, str) else None,
        experiment=storable(search.name) if search is not None else None,
        params=_params(document, budget, where, problems),
        metrics=tuple(_metrics(trial, where, budget, problems)),
        artifacts=tuple(ArtifactRef(a.path, a.size_bytes) for a in artifacts if a.path != _TRIAL),
        extra=_extra(trial, own, oracle),
        problems=(*problems, *odd_entries),
    )


def _params(document: Document, budget: Budget, where: str, problems: list[Problem]) -> tuple[Param, ...]:
    """The values that were tried; those of Hyperband and others that the tuner adds start with `tuner/`."""
    above = ("hyperparameters", "values")
    found = [
        Param(p.path[2:], p.text, p.value, p.source) for p in params_of(document) if p.path[:2] == above and p.path[2:]
    ]
    if len(found) > budget.names:
        message = f"{len(found):,} params; the first {budget.names:,} are kept"
        problems.append(warning("too-many-params", where, message))
    return tuple(found[: budget.names])


def _metrics(trial: Mapping[str, Json], where: str, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    points = SeriesBuilder()
    odd = 0
    for name, observed in _histories(trial).items():
        observations = observed.get("observations") if isinstance(observed, dict) else None
        if not isinstance(observations, list):
            odd += 1
            continue
        for count, observation in enumerate(observations):
            if count % 1024 == 0:
                budget.check(where)
            entry = observation if isinstance(observation, dict) else {}
            step = as_step(entry.get("step"))
            values = entry.get("value")
            for value in values if isinstance(values, list) else [values]:
                number = as_number(value)
                if number is None or step is None:
                    odd += 1
                else:
                    points.add(name, step, number)
    if odd:
        message = f"{odd:,} observations have no step or are no numbers, and are left out"
        problems.append(warning("odd-observation", where, message))
    yield from points.series(where)


def _histories(trial: Mapping[str, Json]) -> dict[str, Json]:
    tracker = trial.get("metrics")
    histories = tracker.get("metrics") if isinstance(tracker, dict) else None
    return histories if isinstance(histories, dict) else {}


def _extra(trial: Mapping[str, Json], own: str, oracle: Mapping[str, Json]) -> dict[str, Json]:
    directions: dict[str, Json] = {
        name: told["direction"]
        for name, told in _histories(trial).items()
        if isinstance(told, dict) and isinstance(told.get("direction"), str)
    }
    display = oracle.get("display")
    began = display.get("trial_start") if isinstance(display, dict) else None
    return {
        "score": trial.get("score"),
        "best_step": trial.get("best_step"),
        "message": trial.get("message"),
        "directions": directions or None,
        "local_start": began.get(own) if isinstance(began, dict) else None,
    }
