"""Output folders of the Hugging Face Trainer: `trainer_state.json`, in the folder or in its checkpoints.

The folder is the run, and its `checkpoint-<step>` folders are parts of it. What the training was started with is kept
only in `training_args.bin`, a pickle: its plain values are read without running it (see `pickle_data`).
"""

from __future__ import annotations

import os
import re
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, cast

import numpy as np

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, info, warning
from runfolio.readers.documents import Document
from runfolio.readers.files import artifacts_below, read_document, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.pickle_data import Call, NotReadable, plain_data, read_pickle
from runfolio.readers.trainer_log import STATE, TrainerLog, read_log
from runfolio.readers.zip_file import DAMAGE

_ARGS, _CONFIG = "training_args.bin", "config.json"
_TEXT_ARGS = ("training_args.json", "training_args.yaml", "training_args.yml")
_MARKS = (b'"global_step"', b'"log_history"', b'"best_model_checkpoint"')
_RESULTS = ("all_results.json", "train_results.json", "eval_results.json", "test_results.json", "predict_results.json")
_RESULT = re.compile(rb'\s*\{(?=[^{}\[]*"(?:eval|train|test|predict)_(?:loss|runtime|samples)")[^{}\[]*(?:\}\s*)?\Z')
"""Flat, and with one of the figures that the Trainer always has."""
_CHECKPOINT = re.compile(r"checkpoint-(?P<step>\d{1,18})")
_LARGEST_ARGS = 1 << 20
_SECRET = frozenset({"hub_token", "push_to_hub_token"})


class HfTrainer:
    """A folder that `Trainer` writes its state, checkpoints and results to."""

    name: ClassVar[str] = "hf_trainer"
    title: ClassVar[str] = "HF Trainer"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a state, with checkpoints that have one, or with the results that `save_metrics` writes."""
        checkpoints = frozenset(_checkpoints(folder))
        own = STATE in folder.files and STATE not in taken and _is_state(folder)
        results = next((name for name in _RESULTS if name not in taken and _is_result(folder, name)), None)
        if not checkpoints and not own and results is None:
            return None
        reason = STATE if own else f"checkpoints with {STATE}" if checkpoints else f"{results} of the Trainer"
        names = {STATE, _ARGS, *_TEXT_ARGS, _CONFIG, "generation_config.json", "adapter_config.json", *_RESULTS}
        files = frozenset(names & {*folder.files}) - taken
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, checkpoints, deep=bool(checkpoints))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording: the state that got furthest, of the folder itself and its checkpoints."""
        problems: list[Problem] = []
        newest_first = sorted(claim.prune or (), key=_step_of, reverse=True)
        places = [folder] if STATE in folder.files else []
        log = read_log([*places, *(folder.sub(name) for name in newest_first)], budget)
        problems += log.problems
        trial = log.state.get("trial_params")
        told = flatten({"trial_params": trial}) if isinstance(trial, dict) and trial else ()
        tried = (replace(param, source=log.where) for param in told)
        params = (*_params(folder, claim, budget, problems), *tried)
        by_name = {p.key: p.value for p in params}
        artifacts, odd = artifacts_below(folder, budget)
        config = _document(folder, _CONFIG, budget, problems).mapping if _CONFIG in folder.files else {}
        if not config:
            newest = max(claim.prune or (), key=_step_of, default=None)
            if newest is not None and _CONFIG in folder.sub(newest).files:
                config = _document(folder.sub(newest), _CONFIG, budget, problems).mapping
        run_name = by_name.get("run_name")
        version = config.get("transformers_version")
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=folder.shown,
            name=run_name if isinstance(run_name, str) and run_name != by_name.get("output_dir") else None,
            params=params,
            metrics=tuple(_metrics(log, problems) if log.where else _results(folder, claim, budget)),
            artifacts=artifacts,
            facts={"transformers.version": version} if isinstance(version, str) else {},
            extra=_extra(folder, claim, log.state, config, budget, problems),
            problems=(*problems, *odd),
        )


def _checkpoints(folder: Folder) -> Iterator[str]:
    for name in folder.holding(STATE):
        if _CHECKPOINT.fullmatch(name):
            yield name


def _is_state(folder: Folder) -> bool:
    """Whether the file of that name is a state, or may have been one before it was damaged."""
    try:
        head = folder.head(STATE, 4096).strip()
    except FolderUnreadable:
        return True  # reading it tells
    whole = head.startswith(b"{") and head.endswith(b"}")
    return not whole or any(mark in head for mark in _MARKS)


def _is_result(folder: Folder, name: str) -> bool:
    try:
        return name in folder.files and _RESULT.match(folder.head(name, 1 << 16)) is not None
    except FolderUnreadable:
        return False


def _results(folder: Folder, claim: Claim, budget: Budget) -> Iterator[MetricSeries]:
    """The last figures of a training whose log was not kept; they have no step."""
    known: set[str] = set()
    for name in _RESULTS:
        # What is wrong with the file is told where it is kept as it is.
        found = _document(folder, name, budget, []).mapping if name in claim.files else {}
        for label, value in found.items():
            if label not in known and not isinstance(value, bool) and isinstance(value, int | float):
                known.add(label)
                yield series(storable(label), None, np.array([_as_float(value)]), source=folder.where(name))


def _step_of(name: str) -> int:
    match = _CHECKPOINT.fullmatch(name)
    return int(match["step"]) if match else -1


def _document(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Document:
    document = read_document(folder, name, budget)
    problems += document.problems
    return document


def _metrics(log: TrainerLog, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The log, a series for each name that has numbers; a row's step is that of the optimizer."""
    where = log.where
    if log.rows is None:
        if log.state or not log.problems:
            problems.append(info("no-log", where, "The state has no log_history: there are no metrics"))
        return
    steps: dict[str, array[int]] = {}
    values: dict[str, array[float]] = {}
    odd = 0
    for row in log.rows:
        step = row.get("step") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(step, int | float) or not abs(step) < 2**63:
            odd += 1
            continue
        for name, value in row.items():
            if name == "step" or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name not in steps:
                steps[name], values[name] = array("q"), array("d")
            steps[name].append(int(step))
            values[name].append(_as_float(value))
    if odd:
        message = f"{odd} rows of the log have no step, or are no rows, and are left out"
        problems.append(warning("odd-row", where, message))
    for name in steps:
        yield series(
            storable(name), np.frombuffer(steps[name], np.int64), np.frombuffer(values[name], np.float64), source=where
        )


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _params(folder: Folder, claim: Claim, budget: Budget, problems: list[Problem]) -> tuple[Param, ...]:
    """The training arguments that somebody wrote as text; else the plain values of training_args.bin."""
    for name in _TEXT_ARGS:
        if name in claim.files:
            found, odd = read_params(folder, name, budget)
            problems += odd
            if found:
                return tuple(p for p in found if p.path[0] not in _SECRET and p.path[0][:1] != "_")
    return _packed_params(folder, claim, problems)


def _packed_params(folder: Folder, claim: Claim, problems: list[Problem]) -> tuple[Param, ...]:
    """The plain values of training_args.bin: a zip of torch with a pickle in it, which is read and not run."""
    places = [folder, *(folder.sub(n) for n in sorted(claim.prune or (), key=_step_of, reverse=True))]
    for place in places:
        try:
            entry = place.files.get(_ARGS)
        except FolderUnreadable:
            continue  # told where the states are read
        if entry is None:
            continue
        if entry.size > _LARGEST_ARGS:
            problems.append(info("args-not-read", place.where(_ARGS), f"{entry.size:,} bytes: too large for arguments"))
            return ()
        try:
            found = plain_data(_state_of(read_pickle(_pickle_in(place))))
        except (NotReadable, FolderUnreadable, *DAMAGE) as failure:
            message = f"The training arguments cannot be read without running them: {failure}"
            problems.append(info("args-not-read", place.where(_ARGS), message))
            return ()
        if not isinstance(found, dict):
            return ()
        tree = {storable(str(k)): cast("Json", v) for k, v in found.items() if k not in _SECRET and k[:1] != "_"}
        return tuple(replace(param, source=place.where(_ARGS)) for param in flatten(tree))
    return ()


def _pickle_in(folder: Folder) -> bytes:
    with folder.open(_ARGS) as handle, os.fdopen(os.dup(handle), "rb") as file, zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.filename.rpartition("/")[2] == "data.pkl":
                if member.file_size > _LARGEST_ARGS:
                    raise NotReadable(f"it has {member.file_size:,} bytes")
                with archive.open(member) as packed:
                    return packed.read(_LARGEST_ARGS)
    raise NotReadable("there is no data.pkl in it")


def _state_of(value: object) -> object:
    return value.state if isinstance(value, Call) and value.state is not None else value


def _extra(
    folder: Folder,
    claim: Claim,
    state: dict[str, Json],
    config: dict[str, Json],
    budget: Budget,
    problems: list[Problem],
) -> dict[str, Json]:
    best = state.get("best_model_checkpoint")
    extra: dict[str, Json] = {
        "best_checkpoint": re.split(r"[/\\]", best)[-1] if isinstance(best, str) else None,
        "best_metric": state.get("best_metric"),
        "checkpoints": [*sorted(claim.prune or (), key=_step_of)],
        "epoch": state.get("epoch"),
        "global_step": state.get("global_step"),
        "max_steps": state.get("max_steps"),
        "model_config": config or None,
    }
    for name in _RESULTS:
        if name in folder.files:
            extra[name] = _document(folder, name, budget, problems).value
    return extra
