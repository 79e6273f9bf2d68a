"""Neptune's offline runs: the queue of operations that was never sent, in `.neptune/offline` or `.neptune/async`.

Params are what lies under `parameters/`, a habit of the documentation and no rule; everything else is kept as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import ClassVar

from runfolio.errors import RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param, text_of
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step, fractional_steps, is_between, rows_of

_DATA = re.compile(r"data-(\d{1,18})\.log")
_FOLDER = re.compile(
    r"(?:(?:run|model|project|experiment|model_version)__)?(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:__.*)?"
)
_METADATA = "metadata.json"
PARAMS = ("parameters", "params", "hyperparameters")


class Neptune:
    """A run's queue."""

    name: ClassVar[str] = "neptune"
    title: ClassVar[str] = "Neptune"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with the logs of a queue and the name of a run, or with Neptune's metadata."""
        logs = {n for n in folder.files if _DATA.fullmatch(n) and n not in taken}
        if not logs or not (_FOLDER.fullmatch(folder.name) or "last_put_version" in folder.files):
            return None
        files = logs | ({_METADATA, "last_put_version", "last_ack_version"} & {*folder.files})
        return Claim(self.name, folder.path, Strength.IDENTITY, "an offline run of Neptune", frozenset(files))

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording."""
        problems: list[Problem] = []
        metadata: Mapping[str, Json] = {}
        if _METADATA in folder.files:
            document = read_document(folder, _METADATA, budget)
            problems += document.problems
            metadata = document.mapping
        queue = _Queue()
        logs = sorted((n for n in claim.files if _DATA.fullmatch(n)), key=_number)
        for name in logs:
            where = folder.where(name)
            try:
                data = folder.read(name, budget.metric_bytes)
            except RunfolioError as failure:
                problems.append(problem_from(failure, "unreadable-file", where))
                continue
            for row in rows_of(data, where, budget, problems):
                queue.take(row, where)
        if not queue.count:
            message = "The queue is empty: the process was killed before it wrote anything"
            problems.append(warning("empty-queue", folder.where(logs[0]), message))
        if queue.between:
            problems.append(fractional_steps(queue.between, folder.where(logs[0])))
        match = _FOLDER.fullmatch(folder.name)
        given = metadata.get("containerId")
        run_id = given if isinstance(given, str) and given else (match["id"] if match else folder.shown)
        failed = queue.system.get("failed")
        title, host = queue.system.get("name"), queue.system.get("hostname")
        version = metadata.get("neptuneClientVersion")
        facts: dict[str, Json] = {"host": host, "tracker.version": version, "python": metadata.get("pythonVersion")}
        yield Recording(
            format=self.name,
            path=folder.path,
            id=storable(run_id),
            identity=f"neptune:{storable(run_id)}",
            name=title if isinstance(title, str) else None,
            # `failed` is written as false when a run starts, and as true by an exception.
            status=RunStatus.FAILED if failed is True else RunStatus.UNKNOWN,
            status_raw=None if failed is None else f"sys/failed={failed}",
            started_us=from_iso(created) if isinstance(created := metadata.get("createdAt"), str) else None,
            params=tuple(queue.params.values()),
            tags=dict.fromkeys(queue.tags, ""),
            metrics=tuple(queue.points.series(folder.where(logs[0]))),
            artifacts=tuple(ArtifactRef(path) for path in sorted(queue.files)),
            facts={key: value for key, value in facts.items() if isinstance(value, str) and value},
            extra={
                "dir_metadata": {**metadata},
                "other": {"_ops": {**queue.operations}, **queue.others},
                "sys": {**queue.system, "tags": [*sorted(queue.tags)]},
            },
            problems=tuple(problems),
        )


class _Queue:
    """What the operations add up to."""

    def __init__(self) -> None:
        self.count = 0
        self.points = SeriesBuilder()
        self.params: dict[tuple[str, ...], Param] = {}
        self.system: dict[str, Json] = {}
        self.others: dict[str, Json] = {}
        self.tags: dict[str, None] = {}
        self.files: set[str] = set()
        self.operations: Counter[str] = Counter()
        self.between: dict[str, None] = {}

    def take(self, row: Mapping[str, Json], where: str) -> None:
        """One operation. where   the log it stands in."""
        operation = row.get("obj", row)
        path = operation.get("path") if isinstance(operation, dict) else None
        if not isinstance(operation, dict) or not isinstance(path, list) or not path:
            return
        self.count += 1
        parts = tuple(storable(str(part)) for part in path)
        kind = str(operation.get("type"))
        if kind.startswith("Assign"):
            self._assign(parts, operation.get("value"), where)
        elif kind == "LogFloats":
            self._log("/".join(parts), operation.get("values"))
        elif kind in ("AddStrings", "RemoveStrings") and parts[-1] in ("tags", "group_tags"):
            values = operation.get("values")
            for tag in values if isinstance(values, list) else ():
                if kind == "AddStrings":
                    self.tags[storable(str(tag))] = None
                else:
                    self.tags.pop(storable(str(tag)), None)
        elif kind in ("UploadFile", "UploadFileContent", "TrackFilesToArtifact"):
            self.files.add("/".join(parts))
        elif kind == "DeleteAttribute":
            self._delete(parts)
        elif kind == "ClearFloatLog":
            self.points.drop("/".join(parts))
        elif kind == "ClearStringSet" and parts[-1] in ("tags", "group_tags"):
            self.tags.clear()
        elif kind not in ("LogStrings", "LogImages"):
            self.operations[kind] += 1

    def _assign(self, parts: tuple[str, ...], value: Json, where: str) -> None:
        if parts[0] in PARAMS and len(parts) > 1:
            path = ("/".join(parts[1:]),)
            self.params[path] = Param(path, text_of(value), value, where)
        elif parts[0] == "sys":
            self.system["/".join(parts[1:])] = value
        else:
            self.others["/".join(parts)] = value

    def _delete(self, parts: tuple[str, ...]) -> None:
        """What was deleted is gone on Neptune's server too; logged again it begins anew."""
        name = "/".join(parts)
        below = "/".join(parts[1:])
        if parts[0] in PARAMS:
            self.params.pop((below,), None)
        elif parts[0] == "sys":
            self.system.pop(below, None)
        self.others.pop(name, None)
        self.files.discard(name)
        self.points.drop(name)

    def _log(self, name: str, values: Json) -> None:
        for entry in values if isinstance(values, list) else ():
            value = as_number(entry.get("value")) if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or value is None:
                continue
            step, stamp = as_step(entry.get("step")), as_number(entry.get("ts"))
            if is_between(entry.get("step")):
                self.between[name] = None
            time_us = round(stamp * 1e6) if stamp is not None and 0 < stamp < 9e9 else NO_TIME
            self.points.add(name, step, value, time_us)


def _number(name: str) -> int:
    match = _DATA.fullmatch(name)
    return int(match[1]) if match else 0
