"""MMCV 1.x (OpenMMLab before MMEngine): `<time>.log.json` files, one for each launch, in a work folder they share.

A first line holds environment, seed and config; then a row for each time something was logged, of training or of
validation. Rows of training count iterations within an epoch, unless the runner counts iterations only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, Param, flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim, Strength, info, problem_from, warning
from runfolio.readers.documents import decode
from runfolio.readers.files import artifacts_below
from runfolio.readers.folder import Folder
from runfolio.readers.python_literals import literals_before_mistake
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, rows_of

_SUFFIX = ".log.json"
_STAMP = re.compile(r"\d{8}_\d{6}")
_ROW = re.compile(rb'"mode"\s*:\s*"(?:train|val|test)"')
_META = re.compile(rb'"(?:env_info|exp_name)"\s*:')
_PROGRESS = re.compile(rb"Epoch \[\d+\]\[\d+/(?P<of_epoch>\d{1,12})\]|Iter \[\d+/\d+\]")
_HEAD = 1 << 16
_LARGEST_CONFIG = 4 << 20
_AXES = ("mode", "epoch", "iter")
_FACTS = {"Python": "python", "PyTorch": "torch.version", "MMCV": "mmcv.version"}
_PARTS = {"train": "train", "val": "val", "test": "test"}


class Mmcv:
    """A work folder with the logs of one launch or some."""

    name: ClassVar[str] = "mmcv"
    title: ClassVar[str] = "MMCV"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Files that end with `.log.json` and whose first lines are rows of the text logger, or what it begins with."""
        logs = [n for n in folder.files if n.endswith(_SUFFIX) and n not in taken and _is_log(folder, n)]
        if not logs:
            return None
        return Claim(self.name, folder.path, Strength.LAYOUT, "log.json of MMCV", frozenset(logs))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """A recording for each log, in the order of their names, which is that of time."""
        logs = sorted(claim.files)
        artifacts, odd = artifacts_below(folder, budget) if len(logs) == 1 else ((), [])
        for name in logs:
            budget.check(folder.shown)
            yield _recording(folder, name, budget, len(logs), artifacts, odd)


def _is_log(folder: Folder, name: str) -> bool:
    try:
        head = folder.head(name, _HEAD)
    except FolderUnreadable:
        return False
    if not head.strip():
        return bool(_STAMP.fullmatch(name.removesuffix(_SUFFIX)))  # killed before it logged anything
    return bool(_ROW.search(head) or _META.search(head))


def _recording(
    folder: Folder, name: str, budget: Budget, logs: int, artifacts: Iterable[ArtifactRef], odd: list[Problem]
) -> Recording:
    where = folder.where(name)
    problems: list[Problem] = []
    rows: list[dict[str, Json]] = []
    try:
        rows = [*rows_of(folder.read(name, budget.metric_bytes), where, budget, problems)]
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
    meta = next((row for row in rows if "mode" not in row), {})
    points = [row for row in rows if isinstance(row.get("mode"), str)]
    if not points and not problems:
        problems.append(info("no-scalars", where, "There are no rows: the run ended before it logged any"))
    config, config_file = _config(folder, meta, logs, problems)
    given = {k: v for k, v in meta.items() if k in ("seed", "deterministic") and not isinstance(v, dict | list)}
    stamp = name.removesuffix(_SUFFIX)
    exp_name = meta.get("exp_name")
    title = exp_name.rpartition("/")[2].removesuffix(".py") if isinstance(exp_name, str) else folder.name
    return Recording(
        format=Mmcv.name,
        path=where,
        id=where,
        name=storable(f"{title} {stamp}" if logs > 1 else title),
        params=(
            *_params({k: v for k, v in config.items() if k not in given}, config_file or where),
            *_params(given, where),
        ),
        metrics=tuple(_metrics(points, _iterations(folder, stamp, points, problems), where)),
        artifacts=tuple(a for a in artifacts if a.path != name),
        datasets=tuple(_datasets(config)),
        facts=_facts(meta),
        extra={
            "local_start": stamp if _STAMP.fullmatch(stamp) else None,
            "launches_in_this_folder": logs,
            "hook_msgs": meta.get("hook_msgs"),
        },
        problems=(*problems, *(odd if logs == 1 else ())),
    )


# --- steps -----------------------------------------------------------------------------------------------------------


def _iterations(folder: Folder, stamp: str, rows: Iterable[Mapping[str, Json]], problems: list[Problem]) -> int | None:
    """How many iterations an epoch has; None where the runner counts iterations over the whole run."""
    highest = before = restarts = runs_on = 0
    epoch: Json = None
    validated: Counter[str] = Counter()
    for row in rows:
        count = as_step(row.get("iter"))
        if row.get("mode") != "train":
            # A runner that counts epochs validates at the end of them.
            validated[str(row.get("epoch"))] += before > 0
            continue
        if count is None:
            continue
        if epoch is not None and row.get("epoch") != epoch:
            restarts += count <= before
            runs_on += count > before
        highest, before, epoch = max(highest, count), count, row.get("epoch")
    told = _told_iterations(folder, f"{stamp}.log")
    if told is not None:
        return told or None
    if runs_on > restarts or (not restarts and max(validated.values(), default=0) > 1):
        return None
    if restarts:
        message = f"How many iterations an epoch has is not written: {highest:,}, the highest one logged, is taken"
        problems.append(info("iterations-inferred", folder.where(f"{stamp}{_SUFFIX}"), message))
    return highest or None


def _told_iterations(folder: Folder, name: str) -> int | None:
    """What the log for people says: `Epoch [1][50/7330]` has 7,330, `Iter [50/90000]` counts none (0)."""
    if name not in folder.files:
        return None
    try:
        match = _PROGRESS.search(folder.head(name, 1 << 20))
    except FolderUnreadable:
        return None
    return int(match["of_epoch"] or 0) if match else None


def _metrics(rows: Iterable[Mapping[str, Json]], iterations: int | None, where: str) -> Iterator[MetricSeries]:
    """Series named by mode: those of training over iterations; of validation over epochs, or the iteration reached."""
    points = SeriesBuilder()
    reached: int | None = None
    for row in rows:
        mode, epoch, count = row.get("mode"), as_step(row.get("epoch")), as_step(row.get("iter"))
        if mode == "train":
            step = count
            if iterations is not None and epoch is not None and count is not None and 0 < epoch < 2**40:
                step = (epoch - 1) * iterations + count
            reached = step if step is not None else reached
        else:
            step = reached if iterations is None else epoch
        for name, value in row.items():
            if name in _AXES:
                continue
            for inner, number in _numbers(name, value):
                points.add(f"{mode}/{inner}", as_step(step), number)
    yield from points.series(where)


def _numbers(name: str, value: Json) -> Iterator[tuple[str, float]]:
    """A number; of a mapping (rates of several optimizers) each, of a list each by its place."""
    if isinstance(value, dict):
        for key, below in value.items():
            if (number := as_number(below)) is not None:
                yield f"{name}/{key}", number
    elif isinstance(value, list):
        for place, below in enumerate(value):
            if (number := as_number(below)) is not None:
                yield f"{name}/{place}", number
    elif (number := as_number(value)) is not None:
        yield name, number


# --- config ----------------------------------------------------------------------------------------------------------


def _config(
    folder: Folder, meta: Mapping[str, Json], logs: int, problems: list[Problem]
) -> tuple[dict[str, Json], str]:
    """The settings in the first line; else those in the one config of the folder, which the last launch wrote.

    With them the name of that config, "" for the first line.
    """
    own_text = meta.get("config")
    text = own_text if isinstance(own_text, str) else None
    where = ""
    if text is None:
        named = meta.get("exp_name")
        own = named.rpartition("/")[2] if isinstance(named, str) else ""
        found = [n for n in folder.files if n.endswith(".py")]
        name = own if own in found else found[0] if len(found) == 1 else ""
        if not name:
            return {}, ""
        where = folder.where(name)
        try:
            text, odd = decode(folder.read(name, _LARGEST_CONFIG), where)
        except RunfolioError as failure:
            problems.append(problem_from(failure, "unreadable-file", where))
            return {}, ""
        problems += odd
        if not text.strip():
            problems.append(warning("config-empty", where, "The config is empty: its params are lost"))
        if logs > 1:
            message = f"{logs} launches share this folder, and the config in it: it is that of the last one"
            problems.append(info("config-shared", where, message))
    try:
        settings, left, mistake = literals_before_mistake(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as failure:
        message = storable(f"The config is no Python that can be read: {failure}")
        hint = "Check whether the file was copied completely."
        problems.append(warning("config-syntax", where or folder.shown, message, hint))
        return {}, ""
    if mistake is not None:
        message = storable(f"The config is no Python from some line on: {mistake}; what comes before is shown")
        hint = "Check whether the file was copied completely."
        problems.append(warning("config-syntax", where or folder.shown, message, hint))
    if left:
        message = f"{left} settings could only be had by running the config, and are left out"
        problems.append(info("config-not-literal", where or folder.shown, message))
    return settings, where


def _params(config: Mapping[str, Json], where: str) -> Iterator[Param]:
    for param in flatten({storable(key): value for key, value in config.items()}):
        yield replace(param, source=where)


def _facts(meta: Mapping[str, Json]) -> dict[str, str]:
    text = meta.get("env_info")
    facts: dict[str, str] = {}
    for line in text.split("\n")[:100] if isinstance(text, str) else ():
        key, colon, value = line.partition(": ")
        if colon and key in _FACTS:
            facts[_FACTS[key]] = storable(value.strip())
    for name, given in meta.items():
        if name.endswith("_version") and isinstance(given, str):
            facts[f"{storable(name.removesuffix('_version'))}.version"] = storable(given)
    return facts


def _datasets(config: Mapping[str, Json]) -> Iterator[DatasetRef]:
    """The data sets that `data` names, without a digest: root, annotation file or folder of images."""
    data = config.get("data")
    for part, context in _PARTS.items():
        entry = data.get(part) if isinstance(data, dict) else None
        for dataset in entry if isinstance(entry, list) else [entry]:
            while isinstance(dataset, dict) and isinstance(dataset.get("dataset"), dict):
                dataset = dataset["dataset"]  # repeated or concatenated: the one inside counts
            if not isinstance(dataset, dict):
                continue
            kind, root, notes, images = (
                _text(dataset.get(key)) for key in ("type", "data_root", "ann_file", "img_prefix")
            )
            place = "/".join(piece.strip("/") for piece in (root, notes or images) if piece) or kind
            if place:
                yield DatasetRef(storable(place), None, context, source=storable(root or images))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
