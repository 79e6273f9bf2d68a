"""Sacred's FileStorageObserver: `run.json`, `config.json` and `metrics.json` in a folder for each run.

Values that jsonpickle wrote (NumPy arrays) are shown as the data they are and never decoded. Times are UTC without
saying so. Figures and steps in pairs of lists in `info.json`, PyMARL's way from before metrics came, are metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import DatasetRef
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers.contract import Budget, Claim, Strength, warning
from runfolio.readers.documents import Document
from runfolio.readers.files import artifacts_below, read_document, read_params
from runfolio.readers.folder import Folder
from runfolio.readers.json_pieces import read_large_json
from runfolio.readers.series_builder import as_number, as_step, fractional_steps, is_between

_RUN, _CONFIG, _METRICS, _INFO, _OUT = "run.json", "config.json", "metrics.json", "info.json", "cout.txt"
_MARK = re.compile(rb'"(?:heartbeat|experiment|start_time|resources)"\s*:')
_QUEUED = re.compile(rb'"status"\s*:\s*"QUEUED"')
_STATUS = {
    "COMPLETED": RunStatus.FINISHED,
    "FAILED": RunStatus.FAILED,
    "INTERRUPTED": RunStatus.KILLED,
    "TIMEOUT": RunStatus.KILLED,
    "RUNNING": RunStatus.RUNNING,
}
_STORED = re.compile(r".*_([0-9a-f]{32})(?:\.[^.]*)?")


class Sacred:
    """A run's folder."""

    name: ClassVar[str] = "sacred"
    title: ClassVar[str] = "Sacred"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A run.json of Sacred, by its keys or by the files beside it."""
        if _RUN not in folder.files or _RUN in taken:
            return None
        try:
            head = folder.head(_RUN, 1 << 16)
        except FolderUnreadable:
            return None
        marks = len(set(_MARK.findall(head))) + bool(_QUEUED.search(head))
        beside = len({_CONFIG, _METRICS, _OUT} & {*folder.files})
        if marks < 2 and not (beside > 1 and _OUT in folder.files):
            return None
        files = {_RUN, _CONFIG, _METRICS, _INFO, _OUT} & {*folder.files}
        return Claim(self.name, folder.path, Strength.LAYOUT, "run.json of Sacred", frozenset(files) - taken)

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        run = _document(folder, _RUN, budget, problems)
        params: tuple[Param, ...] = ()
        if _CONFIG in claim.files:
            params, odd = read_params(folder, _CONFIG, budget)
            params = _with_arrays(params)
            problems += odd
        metrics = [*_metrics(folder, budget, problems)] if _METRICS in claim.files else []
        info = _document(folder, _INFO, budget, problems).value if _INFO in claim.files else None
        if isinstance(info, dict):
            found, info = _info_series(info, {m.name for m in metrics}, folder.where(_INFO))
            metrics += found
        experiment = run.mapping.get("experiment")
        experiment = experiment if isinstance(experiment, dict) else {}
        host = run.mapping.get("host")
        host = host if isinstance(host, dict) else {}
        name = experiment.get("name")
        raw = run.text("status")
        artifacts, odd_entries = artifacts_below(folder, budget)
        yield Recording(
            format=self.name,
            path=folder.shown,
            id=storable(folder.name) if folder.path else folder.shown,
            name=name if isinstance(name, str) else None,
            status=_STATUS.get(raw or "", RunStatus.UNKNOWN),
            status_raw=raw,
            started_us=_time(run.text("start_time")),
            ended_us=_time(run.text("stop_time")),
            experiment=name if isinstance(name, str) else None,
            params=params,
            metrics=tuple(metrics),
            artifacts=tuple(a for a in artifacts if a.path not in claim.files),
            datasets=tuple(_datasets(run)),
            facts=_facts(experiment, host),
            extra={
                "command": run.mapping.get("command"),
                "heartbeat": run.mapping.get("heartbeat"),
                "info": info,
                "meta": run.mapping.get("meta"),
                "result": run.mapping.get("result"),
                "fail_trace": run.mapping.get("fail_trace"),
            },
            problems=(*problems, *odd_entries),
        )


def _with_arrays(params: tuple[Param, ...]) -> tuple[Param, ...]:
    """The params with arrays of NumPy as lists: Sacred keeps one as a mapping of type, number type and numbers."""
    arrays = {p.path[:-1] for p in params if p.path[-1] == "py/object" and p.value == "numpy.ndarray"}
    if not arrays:
        return params
    found: list[Param] = []
    for param in params:
        if param.path[:-1] not in arrays:
            found.append(param)
        elif param.path[-1] == "values":
            found.append(replace(param, path=param.path[:-1]))
    return tuple(found)


def _document(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> Document:
    is_large = name in (_METRICS, _INFO) and name in folder.files and folder.files[name].size > budget.text_bytes
    document = read_large_json(folder, name, budget) if is_large else read_document(folder, name, budget)
    problems += document.problems
    return document


def _metrics(folder: Folder, budget: Budget, problems: list[Problem]) -> Iterator[MetricSeries]:
    where = folder.where(_METRICS)
    document = _document(folder, _METRICS, budget, problems)
    for name, entry in document.mapping.items():
        if not isinstance(entry, dict):
            problems.append(warning("odd-metric", where, f"The metric {name[:80]!r} is no mapping: left out"))
            continue
        steps, values, stamps = (_list(entry.get(key)) for key in ("steps", "values", "timestamps"))
        numbers = [as_number(_plain(value)) for value in values]
        kept = [i for i, number in enumerate(numbers) if number is not None]
        if len(kept) < len(values):
            message = f"{len(values) - len(kept)} values of the metric {name[:80]!r} are no numbers: left out"
            problems.append(warning("odd-value", where, message))
        if len(steps) != len(values):
            message = f"The metric {name[:80]!r} has {len(values)} values and {len(steps)} steps"
            problems.append(warning("odd-length", where, message, "The file may be cut."))
        at = [as_step(_plain(steps[i])) if i < len(steps) else None for i in kept]
        if any(is_between(step) for step in steps):
            problems.append(fractional_steps([name], where))
        times = [_time(text) if i < len(stamps) and isinstance(text := stamps[i], str) else None for i in kept]
        yield series(
            storable(name),
            [i if step is None else step for i, step in zip(kept, at, strict=True)],
            np.array([numbers[i] for i in kept], dtype=np.float64),
            [NO_TIME if time is None else time for time in times],
            source=where,
        )


def _info_series(info: dict[str, Json], known: set[str], where: str) -> tuple[list[MetricSeries], dict[str, Json]]:
    """What users of PyMARL log into the info: a list of figures, and under the same name with `_T` one of their steps.

    Returns the series, and the info without them. A list with anything but numbers in it stays where it is.
    """
    found: list[MetricSeries] = []
    rest = dict(info)
    for name, written in info.items():
        given = info.get(f"{name}_T")
        if not isinstance(written, list) or not isinstance(given, list) or len(written) != len(given) or name in known:
            continue
        values = [as_number(_plain(value)) for value in written]
        steps = [as_step(_plain(value)) for value in given]
        if written and None not in values and None not in steps:
            numbers = np.array(values, dtype=np.float64)
            found.append(series(storable(name), [s for s in steps if s is not None], numbers, source=where))
            del rest[name], rest[f"{name}_T"]
    return found, rest


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _plain(value: Json) -> Json:
    """The number in what jsonpickle and Sacred make of a NumPy scalar or an array of one; a truth value is 1 or 0."""
    if isinstance(value, dict):
        value = value.get("value", value.get("values"))
    return int(value) if isinstance(value, bool) else value


def _time(text: str | None) -> int | None:
    return from_iso(text) if text else None


def _datasets(run: Document) -> Iterator[DatasetRef]:
    """Files that were opened as resources: the name they had, and the digest in the name of the stored copy."""
    for entry in _list(run.mapping.get("resources")):
        if not isinstance(entry, list) or len(entry) < 2 or not all(isinstance(part, str) for part in entry[:2]):
            continue
        original, stored = str(entry[0]), str(entry[1])
        digest = _STORED.fullmatch(re.split(r"[/\\]", stored)[-1])
        name = storable(re.split(r"[/\\]", original)[-1])
        yield DatasetRef(name, f"md5:{digest[1]}" if digest else None, algorithm="md5", source=storable(original))


def _facts(experiment: dict[str, Json], host: dict[str, Json]) -> dict[str, str]:
    found: dict[str, Json] = {
        "host": host.get("hostname"),
        "python": host.get("python_version"),
        "script": experiment.get("mainfile"),
    }
    system = host.get("os")
    if isinstance(system, list) and system and all(isinstance(part, str) for part in system):
        found["os"] = " ".join(str(part) for part in system)
    for repository in _list(experiment.get("repositories")):
        if isinstance(repository, dict):
            found["git.repo"] = repository.get("url")
            found["git.commit"] = repository.get("commit")
            if isinstance(repository.get("dirty"), bool):
                found["git.dirty"] = "true" if repository["dirty"] else "false"
            break
    return {name: value for name, value in found.items() if isinstance(value, str) and value}
