"""MMEngine (OpenMMLab) runs: `vis_data/scalars.json` and `vis_data/config.py` below a folder named by the time.

The config is Python. It is parsed and not run: assignments of literals and of `dict(...)` calls are params, anything
else is left out. Rows of training and of validation have steps of their own (iterations, epochs) in one file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import DatasetRef
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

_VIS, _SCALARS, _CONFIG = "vis_data", "scalars.json", "config.py"
_STAMP = re.compile(r"\d{8}_\d{6}")
_LARGEST_CONFIG = 4 << 20
_DATA = re.compile(r"(?P<context>train|val|test)_dataloader")


class MMEngine:
    """A run's folder, with `vis_data` in it."""

    name: ClassVar[str] = "mmengine"
    title: ClassVar[str] = "MMEngine"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with the scalars or the config of a run in `vis_data`."""
        if _VIS not in folder.folders:
            return None
        inner = folder.sub(_VIS)
        try:
            found = {name for name in inner.files if name in (_SCALARS, _CONFIG) or _is_copy(name)}
        except FolderUnreadable:
            return None
        if not found or (found == {_CONFIG} and not _STAMP.fullmatch(folder.name)):
            return None
        return Claim(
            self.name, folder.path, Strength.LAYOUT, "vis_data of MMEngine", frozenset(), frozenset({_VIS}), deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording; of a folder that was given to several launches, one for each."""
        inner = folder.sub(_VIS)
        copies = sorted(name for name in inner.files if _is_copy(name))
        if len(copies) < 2:
            # The file named by the time repeats the rows.
            name = _SCALARS if _SCALARS in inner.files or not copies else copies[0]
            yield self._recording(folder, inner, name, "", budget)
            return
        for name in copies:
            yield self._recording(folder, inner, name, name.removesuffix(".json"), budget, is_last=name == copies[-1])

    def _recording(
        self, folder: Folder, inner: Folder, scalars: str, launch: str, budget: Budget, *, is_last: bool = True
    ) -> Recording:
        """What the scalars of a launch say; `launch` is its time where there are several in the folder."""
        problems: list[Problem] = []
        metrics = [*_metrics(inner, scalars, budget, problems)]
        config = _config(inner, problems) if is_last else {}
        if not is_last:
            message = "Several launches wrote into this folder, and config.py is that of the last: params are not known"
            problems.append(info("config-of-another", inner.where(scalars), message))
        work = folder.parent()
        artifacts, odd_entries = artifacts_below(folder, budget)
        shared: list[Json] = []
        if work is not None:
            shared = [storable(n) for n in work.files if n.endswith(".pth")]
        name = storable(work.name) if work is not None and not launch else storable(folder.name)
        stamp = launch or (folder.name if _STAMP.fullmatch(folder.name) else None)
        return Recording(
            format=self.name,
            path=folder.shown,
            id=f"{folder.shown}#{launch}" if launch else folder.shown,
            name=f"{name} {launch}" if launch else name,
            params=tuple(_params(config, inner.where(_CONFIG))),
            metrics=tuple(metrics),
            artifacts=artifacts,
            datasets=tuple(_datasets(config)),
            extra={"local_start": stamp, "shared_work_dir_files": shared},
            problems=(*problems, *odd_entries),
        )


def _is_copy(name: str) -> bool:
    return name.endswith(".json") and bool(_STAMP.fullmatch(name.removesuffix(".json")))


def _metrics(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    if name not in folder.files:
        message = "There are no scalars: the run ended before it logged any"
        problems.append(info("no-scalars", folder.shown, message))
        return
    where = folder.where(name)
    try:
        data = folder.read(name, budget.metric_bytes)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return
    points = SeriesBuilder()
    for row in rows_of(data, where, budget, problems):
        step = next(
            (n for n in map(as_step, (row.get("step"), row.get("iter"), row.get("epoch"))) if n is not None), None
        )
        for key, value in row.items():
            if key != "step" and (number := as_number(value)) is not None:
                points.add(key, step, number)
    made = [*points.series(where)]
    if not made:
        problems.append(info("no-scalars", where, "There are no rows: the run ended before it logged any"))
    yield from made


def _config(folder: Folder, problems: list[Problem]) -> dict[str, Json]:
    """The assignments of the config; {} when it cannot be read without running it."""
    if _CONFIG not in folder.files:
        return {}
    where = folder.where(_CONFIG)
    try:
        text, odd = decode(folder.read(_CONFIG, _LARGEST_CONFIG), where)
        problems += odd
        if not text.strip():
            problems.append(warning("config-empty", where, "The config is empty: its params are lost"))
        found, left, mistake = literals_before_mistake(text)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return {}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as failure:
        message = f"The config is no Python that can be read: {failure}"
        problems.append(warning("config-syntax", where, message, "Check whether the file was copied completely."))
        return {}
    if mistake is not None:
        message = f"The config is no Python from some line on: {mistake}; what comes before is shown"
        problems.append(warning("config-syntax", where, message, "Check whether the file was copied completely."))
    if left:
        message = f"{left} settings could only be had by running the config, and are left out"
        problems.append(info("config-not-literal", where, message))
    return found


def _params(config: dict[str, Json], where: str) -> Iterator[Param]:
    for param in flatten({storable(key): value for key, value in config.items()}):
        yield replace(param, source=where)


def _datasets(config: dict[str, Json]) -> Iterator[DatasetRef]:
    """The data sets that the loaders name, without a digest: type, root and annotation file."""
    for key, loader in config.items():
        match = _DATA.fullmatch(key)
        dataset = loader.get("dataset") if match and isinstance(loader, dict) else None
        if match is None or not isinstance(dataset, dict):
            continue
        parts = [dataset.get(name) for name in ("type", "data_root", "ann_file")]
        kind, root, annotations = (part if isinstance(part, str) else "" for part in parts)
        name = "/".join(part.strip("/") for part in (root, annotations) if part) or kind
        if name:
            yield DatasetRef(storable(name), None, match["context"], source=storable(root))
