"""Output folders of the Hugging Face Trainer: `trainer_state.json`, in the folder or in its checkpoints.

The folder is the run, and its `checkpoint-<step>` folders are parts of it. What the training was started with is kept
only in `training_args.bin`, a pickle: its plain values are read without running it (see `pickle_data`).
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
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
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.pickle_data import Call, NotReadable, plain_data, read_pickle

_STATE, _ARGS, _CONFIG = "trainer_state.json", "training_args.bin", "config.json"
_RESULTS = ("all_results.json", "train_results.json", "eval_results.json", "test_results.json", "predict_results.json")
_CHECKPOINT = re.compile(r"checkpoint-(?P<step>\d{1,18})")
_LARGEST_ARGS = 1 << 20
_SECRET = frozenset({"hub_token", "push_to_hub_token"})


class HfTrainer:
    """A folder that `Trainer` writes its state, checkpoints and results to."""

    name: ClassVar[str] = "hf_trainer"
    title: ClassVar[str] = "HF Trainer"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a state, or with checkpoints that have one."""
        checkpoints = frozenset(_checkpoints(folder))
        if not checkpoints and (_STATE not in folder.files or _STATE in taken):
            return None
        reason = "trainer_state.json" if _STATE in folder.files else "checkpoints with trainer_state.json"
        names = {_STATE, _ARGS, _CONFIG, "generation_config.json", "adapter_config.json", *_RESULTS}
        files = frozenset(names & {*folder.files}) - taken
        return Claim(self.name, folder.path, Strength.LAYOUT, reason, files, checkpoints, deep=bool(checkpoints))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording: the state that got furthest, of the folder itself and its checkpoints."""
        problems: list[Problem] = []
        state, where = _state(folder, claim, budget, problems)
        params = _params(folder, claim, problems)
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
            metrics=tuple(_metrics(state, where, problems)),
            artifacts=artifacts,
            facts={"transformers.version": version} if isinstance(version, str) else {},
            extra=_extra(folder, claim, state.mapping, config, budget, problems),
            problems=(*problems, *odd),
        )


def _checkpoints(folder: Folder) -> Iterator[str]:
    for name in folder.holding(_STATE):
        if _CHECKPOINT.fullmatch(name):
            yield name


def _step_of(name: str) -> int:
    match = _CHECKPOINT.fullmatch(name)
    return int(match["step"]) if match else -1


def _document(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Document:
    document = read_document(folder, name, budget)
    problems += document.problems
    return document


def _state(folder: Folder, claim: Claim, budget: Budget, problems: list[Problem]) -> tuple[Document, str]:
    """The state with the greatest global step; the folder's own among equals."""
    best, where, furthest = Document(None), folder.where(_STATE), -1
    places = [folder] if _STATE in folder.files else []
    newest_first = sorted(claim.prune or (), key=_step_of, reverse=True)
    for place in [*places, *(folder.sub(name) for name in newest_first)]:
        if place is not folder and furthest >= _step_of(place.name):
            break  # older checkpoints hold a beginning of the same log
        try:
            document = _document(place, _STATE, budget, problems)
        except FolderUnreadable as failure:
            problems.append(warning("folder-unreadable", place.shown, failure.message))
            continue
        step = document.mapping.get("global_step")
        reached = step if isinstance(step, int) else (0 if document.mapping else -1)
        if reached > furthest:
            best, where, furthest = document, place.where(_STATE), reached
    return best, where


def _metrics(state: Document, where: str, problems: list[Problem]) -> Iterator[MetricSeries]:
    """The log, a series for each name that has numbers; a row's step is that of the optimizer."""
    log = state.mapping.get("log_history")
    if not isinstance(log, list):
        if state.mapping:
            problems.append(info("no-log", where, "The state has no log_history: there are no metrics"))
        return
    steps: dict[str, array[int]] = {}
    values: dict[str, array[float]] = {}
    odd = 0
    for row in log:
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


def _params(folder: Folder, claim: Claim, problems: list[Problem]) -> tuple[Param, ...]:
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
        except (
            NotReadable,
            FolderUnreadable,
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,  # a zip of a kind that the standard library does not unpack
            RuntimeError,  # an encrypted one
            ValueError,
        ) as failure:
            message = f"The training arguments cannot be read without running them: {failure}"
            problems.append(info("args-not-read", place.where(_ARGS), message))
            return ()
        if not isinstance(found, dict):
            return ()
        tree = {storable(str(k)): cast("Json", v) for k, v in found.items() if k not in _SECRET and k[:1] != "_"}
        return tuple(flatten(tree))
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
