"""SwanLab run folders: the log of 0.7 and later (protocol buffers) and of earlier versions (JSON), and the config.

Source: swanlab's own data store and proto of 0.10; the log is LevelDB's, with zlib's CRC-32.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, Claim, Strength, problem_from, warning
from runfolio.readers.documents import params_of
from runfolio.readers.files import artifacts_below, read_document
from runfolio.readers.folder import Folder
from runfolio.readers.leveldb_log import Damage, records
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, BadMessage, fields, signed, text
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step

_HEAD = b":SWL\xd6\xe1"
_FOLDER = re.compile(r"run-\d{8}_\d{6}-(?P<id>[^/]{1,256})")
_STATES = {1: "RUN_STATE_FINISHED", 2: "RUN_STATE_CRASHED", 3: "RUN_STATE_ABORTED"}
_STATUS = {
    "RUN_STATE_FINISHED": RunStatus.FINISHED,
    "RUN_STATE_CRASHED": RunStatus.FAILED,
    "RUN_STATE_ABORTED": RunStatus.KILLED,
}
_HINT = "The process was killed before it wrote, or the folder was copied in part."


@dataclass(slots=True)
class _Log:
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    started_us: int | None = None
    ended_us: int | None = None
    state: str | None = None
    points: SeriesBuilder = field(default_factory=SeriesBuilder)


class SwanLab:
    """A run's folder with its log."""

    name: ClassVar[str] = "swanlab"
    title: ClassVar[str] = "SwanLab"

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """A folder with a `.swanlab` log."""
        logs = [n for n in folder.files if n.endswith(".swanlab") and n not in taken and _is_log(folder, n)]
        if not logs:
            return None
        return Claim(
            self.name, folder.path, Strength.IDENTITY, "the log of a SwanLab run", frozenset(logs), None, deep=True
        )

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """One recording for each log."""
        for name in sorted(claim.files):
            yield _recording(folder, name, budget)


def _is_log(folder: Folder, name: str) -> bool:
    try:
        head = folder.head(name, 8)
    except FolderUnreadable:
        return False
    return head.startswith(_HEAD[:4]) or (not head and bool(_FOLDER.fullmatch(folder.name)))


def _recording(folder: Folder, name: str, budget: Budget) -> Recording:
    where = folder.where(name)
    problems: list[Problem] = []
    log = _read(folder, name, budget, problems)
    params: list[Param] = []
    kept: tuple[ArtifactRef, ...] = ()
    if "files" in folder.folders:
        files = folder.sub("files")
        try:
            if "config.yaml" in files.files:
                document = read_document(files, "config.yaml", budget)
                problems += document.problems
                for param in params_of(document):
                    if len(param.path) >= 2 and param.path[1] == "value":
                        path = (param.path[0], *param.path[2:])
                        params.append(Param(path, param.text, param.value))
            kept, odd = artifacts_below(files, budget)
            problems += odd
        except FolderUnreadable as failure:
            problems.append(problem_from(failure, "folder-unreadable", files.shown))
    match = _FOLDER.fullmatch(folder.name)
    run_id = log.texts.get("id") or (match["id"] if match else folder.shown)
    extra: dict[str, Json] = {key: storable(log.texts.get(key, "")) for key in ("description", "error", "project")}
    return Recording(
        format=SwanLab.name,
        path=folder.path,
        id=storable(run_id),
        identity=f"swanlab:{storable(run_id)}:{log.started_us}" if log.started_us is not None else "",
        name=storable(log.texts["name"]) if log.texts.get("name") else None,
        status=_STATUS.get(log.state or "", RunStatus.UNKNOWN),
        status_raw=log.state,
        started_us=log.started_us,
        ended_us=log.ended_us,
        experiment=storable(log.texts.get("project", "")) or None,
        params=tuple(params),
        tags={storable(tag): "" for tag in log.tags},
        metrics=tuple(log.points.series(where)),
        artifacts=kept,
        extra=extra,
        problems=tuple(problems),
    )


def _read(folder: Folder, name: str, budget: Budget, problems: list[Problem]) -> _Log:
    where = folder.where(name)
    log = _Log()
    try:
        head = folder.head(name, len(_HEAD) + 2)
    except RunfolioError as failure:
        problems.append(problem_from(failure, "unreadable-file", where))
        return log
    if len(head) <= len(_HEAD) + 1:
        problems.append(warning("empty-log", where, "The run's log holds no record", _HINT))
        return log
    is_json = head[len(_HEAD)] == 1
    bad = 0
    damage: list[Damage] = []
    for number, record in enumerate(records(lambda at, size: folder.part(name, at, size), len(_HEAD) + 1)):
        if number % 1024 == 0:
            budget.check(where)
        if isinstance(record, Damage):
            damage.append(record)
            continue
        try:
            if is_json:
                _take_json(json.loads(record), log)
            else:
                _take(record, log)
        except (BadMessage, ValueError, TypeError, KeyError, RecursionError):
            bad += 1
    if damage:
        code = "cut-log" if damage[0].is_end else "damaged-log"
        problems.append(
            warning(code, where, f"{damage[0].message}; the sound records are shown", _HINT, damage[0].offset)
        )
    if bad:
        problems.append(warning("bad-record", where, f"{bad} records cannot be read; the others are shown"))
    return log


# --- protocol buffers -------------------------------------------------------------------------------------------------


def _take(data: bytes, log: _Log) -> None:
    for number, kind, a, b in fields(data, 0, len(data)):
        if kind != BYTES:
            continue
        if number == 10:
            _start(data, a, b, log)
        elif number == 11:
            for inner, wire, c, d in fields(data, a, b):
                if inner == 1 and wire == VARINT:
                    log.state = _STATES.get(c, f"state {c}")
                elif inner == 2 and wire == BYTES:
                    log.texts["error"] = text(data, c, d)
                elif inner == 3 and wire == BYTES:
                    log.ended_us = _timestamp_us(data, c, d)
        elif number == 13:
            _scalar(data, a, b, log)


def _start(data: bytes, start: int, end: int, log: _Log) -> None:
    names = {1: "project", 2: "workspace", 4: "name", 5: "description", 10: "id"}
    for number, kind, a, b in fields(data, start, end):
        if kind != BYTES:
            continue
        if number in names:
            log.texts[names[number]] = text(data, a, b)
        elif number == 6:
            log.tags.append(text(data, a, b))
        elif number == 12:
            log.started_us = _timestamp_us(data, a, b)


def _scalar(data: bytes, start: int, end: int, log: _Log) -> None:
    key, step, time_us, value = "", 0, NO_TIME, None
    for number, kind, a, b in fields(data, start, end):
        if number == 1 and kind == BYTES:
            key = text(data, a, b)
        elif number == 2 and kind == VARINT:
            step = signed(a)
        elif number == 4 and kind == BYTES:
            time_us = _timestamp_us(data, a, b)
        elif number == 5 and kind == BYTES:
            value = 0.0  # what is left out of a message is 0
            for inner, wire, c, d in fields(data, a, b):
                if wire == FIXED64:
                    value = float(struct.unpack_from("<d", data, c)[0])
                elif wire == VARINT and inner == 2:
                    value = float(signed(c))
                elif wire == BYTES:
                    value = _spelled(text(data, c, d))
    if key and value is not None:
        log.points.add(key, step, value, time_us)


def _timestamp_us(data: bytes, start: int, end: int) -> int:
    seconds = nanos = 0
    for number, kind, a, _ in fields(data, start, end):
        if kind == VARINT and number == 1:
            seconds = signed(a)
        elif kind == VARINT and number == 2:
            nanos = signed(a)
    return seconds * 1_000_000 + nanos // 1000


# --- JSON -------------------------------------------------------------------------------------------------------------


def _take_json(record: Json, log: _Log) -> None:
    if not isinstance(record, dict):
        raise TypeError("no mapping")
    kind, data = record.get("model_type"), record.get("data")
    if isinstance(data, str):
        data = json.loads(data)
    if not isinstance(data, dict):
        return
    if kind == "Project":
        log.texts["project"] = str(data.get("name") or "")
    elif kind == "Experiment":
        for name in ("id", "name", "description"):
            value = data.get(name)
            if isinstance(value, str):
                log.texts[name] = value
        tags = data.get("tags")
        log.tags += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    elif kind == "Header":
        log.started_us = _iso(data.get("create_time"))
    elif kind == "Footer":
        success = data.get("success")
        log.state = "RUN_STATE_FINISHED" if success else "RUN_STATE_CRASHED"
        log.ended_us = _iso(data.get("create_time"))
        log.texts["error"] = str(data.get("error") or "")
    elif kind == "Scalar":
        key, step, metric = data.get("key"), as_step(data.get("step")), data.get("metric")
        given = metric.get("data") if isinstance(metric, dict) else metric
        number = _spelled(given) if isinstance(given, str) else as_number(given)
        if isinstance(key, str) and step is not None and number is not None:
            made = _iso(metric.get("create_time")) if isinstance(metric, dict) else None
            log.points.add(key, step, number, NO_TIME if made is None else made)


def _spelled(word: str) -> float:
    known = {"nan": math.nan, "inf": math.inf, "infinity": math.inf, "-inf": -math.inf, "-infinity": -math.inf}
    found = known.get(word.lower())
    return float(word) if found is None else found


def _iso(value: Json) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return round((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))
