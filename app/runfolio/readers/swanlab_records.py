"""What the records of a SwanLab log say: JSON texts in logs of version 1, protocol buffers in those of version 2.

Source: swanlab/proto/v0.py of 0.6 and 0.7 (version 1), and the protos `record`, `run`, `data` and `column` of 0.8 to
0.10 (version 2). Version 1 spells what is no number: "NaN", and "INF" for either infinity.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from dataclasses import dataclass, field

from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.model.times import NO_TIME, from_iso
from runfolio.readers import protobuf
from runfolio.readers.json_text import load_json
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, BadMessage, fields, signed, timestamp_us
from runfolio.readers.series_builder import SeriesBuilder, as_number, as_step

_STATES = {0: "RUN_STATE_RUNNING", 1: "RUN_STATE_FINISHED", 2: "RUN_STATE_CRASHED", 3: "RUN_STATE_ABORTED"}
_KINDS = {10: "start", 11: "finish", 12: "column", 13: "scalar", 14: "media", 16: "log", 20: "save"}
_TEXTS = {1: "project", 2: "workspace", 4: "name", 5: "description", 7: "group", 8: "job_type", 10: "id"}
_SPELLED = {"nan": math.nan, "inf": math.inf, "infinity": math.inf, "-inf": -math.inf, "-infinity": -math.inf}
_SYSTEM = 2
SUCCESS, NO_SUCCESS = "success: true", "success: false"
"""States of version 1, whose last record has no other."""


@dataclass(slots=True)
class Log:
    """Everything that a log told.

    counts     records by kind.
    texts      single facts by name: id, name, project, description, error, ...
    state      of the last record; None when the log ends without one.
    media      names of what was logged and is no scalar.
    folders    names of metrics by the folder that the dashboard keeps them in (version 1).
    shown      what SwanLab calls its own metrics of the machine, by key.
    """

    counts: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    started_us: int | None = None
    ended_us: int | None = None
    state: str | None = None
    points: SeriesBuilder = field(default_factory=SeriesBuilder)
    media: dict[str, None] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Json] = field(default_factory=dict)

    def take(self, record: bytes) -> None:
        """One record. Raises BadMessage for one that is neither JSON nor a message."""
        # No message begins like this: field 15 as a group, which is not in use.
        if record[:1] == b"{":
            _take_json(record, self)
        else:
            _take_message(record, self)


def spelled(value: Json) -> float | None:
    """A number, or the text that stands for one; None for anything else."""
    return _SPELLED.get(value.strip().lower()) if isinstance(value, str) else as_number(value)


# --- protocol buffers -------------------------------------------------------------------------------------------------


def _take_message(data: bytes, log: Log) -> None:
    for number, kind, a, b in fields(data, 0, len(data)):
        name = _KINDS.get(number)
        if name is None or kind != BYTES:
            continue
        log.counts[name] += 1
        if name == "scalar":
            _scalar(data, a, b, log)
        elif name == "start":
            _start(data, a, b, log)
        elif name == "finish":
            _finish(data, a, b, log)
        elif name == "column":
            _column(data, a, b, log)
        elif name == "media":
            log.media[_first_text(data, a, b)] = None


def _start(data: bytes, start: int, end: int, log: Log) -> None:
    for number, kind, a, b in fields(data, start, end):
        if kind != BYTES:
            continue
        if number in _TEXTS:
            log.texts[_TEXTS[number]] = _text(data, a, b)
        elif number == 6:
            log.tags.append(_text(data, a, b))
        elif number == 12:
            log.started_us = timestamp_us(data, a, b)


def _finish(data: bytes, start: int, end: int, log: Log) -> None:
    log.state = _STATES[0]  # what is left out of a message is 0
    for number, kind, a, b in fields(data, start, end):
        if kind == VARINT and number == 1:
            log.state = _STATES.get(a, f"state {a}")
        elif kind == BYTES and number == 2:
            log.texts["error"] = _text(data, a, b)
        elif kind == BYTES and number == 3:
            log.ended_us = timestamp_us(data, a, b)


def _column(data: bytes, start: int, end: int, log: Log) -> None:
    texts: dict[int, str] = {}
    column_class = 0
    for number, kind, a, b in fields(data, start, end):
        if kind == BYTES and number in (3, 4):
            texts[number] = _text(data, a, b)
        elif kind == VARINT and number == 1:
            column_class = a
    if column_class == _SYSTEM and texts.get(3) and texts.get(4):
        log.shown[texts[3]] = texts[4]


def _scalar(data: bytes, start: int, end: int, log: Log) -> None:
    key, step, value = "", 0, None
    time_us: int | None = None
    for number, kind, a, b in fields(data, start, end):
        if kind == BYTES:
            if number == 1:
                key = _text(data, a, b)
            elif number == 4:
                time_us = timestamp_us(data, a, b)
            elif number == 5:
                value = 0.0  # what is left out of a message is 0
                for inner, wire, c, _ in fields(data, a, b):
                    if inner == 1 and wire == FIXED64:
                        value = float(struct.unpack_from("<d", data, c)[0])
        elif kind == VARINT and number == 2:
            step = signed(a)
    if key and value is not None:
        log.points.add(key, step, value, NO_TIME if time_us is None else time_us)


def _first_text(data: bytes, start: int, end: int) -> str:
    for number, kind, a, b in fields(data, start, end):
        if number == 1 and kind == BYTES:
            return _text(data, a, b)
    return ""


def _text(data: bytes, start: int, end: int) -> str:
    return storable(protobuf.text(data, start, end))


# --- JSON -------------------------------------------------------------------------------------------------------------


def _take_json(record: bytes, log: Log) -> None:
    try:
        document = load_json(record)
    except ValueError as failure:
        raise BadMessage("a record is no JSON text") from failure
    if not isinstance(document, dict):
        raise BadMessage("a record is no mapping")
    kind, data = document.get("model_type"), document.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise BadMessage("a record does not say of which kind it is")
    log.counts[storable(kind.lower())] += 1
    if kind == "Scalar":
        _json_scalar(data, log)
    elif kind == "Column":
        key = _string(data.get("key"))
        if data.get("kid") is not None:
            log.folders[str(data["kid"])] = key
        if data.get("cls") == "SYSTEM" and _string(data.get("name")):
            log.shown[key] = _string(data.get("name"))
    elif kind == "Media":
        log.media[_string(data.get("key"))] = None
    elif kind == "Header":
        log.started_us = _time(data)
    elif kind == "Project":
        log.texts |= {"project": _string(data.get("name")), "workspace": _string(data.get("workspace"))}
    elif kind == "Experiment":
        log.texts |= {name: _string(data.get(name)) for name in ("id", "name", "description")}
        tags = data.get("tags")
        log.tags += [_string(tag) for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    elif kind == "Log" and data.get("level") == "ERROR":
        log.texts["error"] = _string(data.get("message"))  # the console itself is not read
    elif kind == "Footer":
        log.state = SUCCESS if data.get("success") else NO_SUCCESS
        log.ended_us = _time(data)


def _json_scalar(data: dict[str, Json], log: Log) -> None:
    key, step, metric = data.get("key"), as_step(data.get("step")), data.get("metric")
    if not isinstance(key, str) or not isinstance(metric, dict):
        raise BadMessage("a scalar has no key or no value")
    value = spelled(metric.get("data"))
    if value is None:
        raise BadMessage("a scalar is no number")
    time_us = _time(metric)
    log.points.add(storable(key), step, value, NO_TIME if time_us is None else time_us)


def _string(value: Json) -> str:
    return storable(value) if isinstance(value, str) else ""


def _time(data: dict[str, Json]) -> int | None:
    return from_iso(text) if (text := _string(data.get("create_time"))) else None
