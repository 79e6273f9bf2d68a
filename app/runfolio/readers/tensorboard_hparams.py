"""Params and status that the hparams plugin keeps in the metadata of its three tags.

Source: tensorboard/plugins/hparams/plugin_data.proto and api.proto; google/protobuf/struct.proto for values.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, fields, text

PLUGIN = "hparams"


@dataclass(slots=True)
class Session:
    """What the plugin says of a run.

    params    as stored: every number is a double, torch stores True as 1.0, TensorFlow as a bool.
    changed   params that a later session of the same folder gave another value: name -> that value.
    status    1 success, 2 failure, 3 running; None where no session end was written.
    group     name of the group of repeated sessions; start_s in seconds; None without a session start.
    """

    params: dict[str, Json] = field(default_factory=dict)
    changed: dict[str, Json] = field(default_factory=dict)
    status: int | None = None
    group: str | None = None
    start_s: float | None = None

    def read(self, data: bytes, start: int, end: int) -> None:
        """Takes in an HParamsPluginData. The first value of a param stays, as TensorBoard shows it."""
        for name, wire, a, b in fields(data, start, end):
            if wire != BYTES:
                continue
            if name == 3:
                self._read_start(data, a, b)
            elif name == 4:
                for inner, inner_wire, status, _ in fields(data, a, b):
                    if inner == 1 and inner_wire == VARINT:
                        self.status = status

    def _read_start(self, data: bytes, start: int, end: int) -> None:
        """SessionStartInfo: 1 map of params, 4 group_name, 5 start_time_secs."""
        group, start_s = "", 0.0
        for name, wire, a, b in fields(data, start, end):
            if name == 1 and wire == BYTES:
                key, value = _entry(data, a, b)
                if self.params.setdefault(key, value) != value:
                    self.changed[key] = value
            elif name == 4 and wire == BYTES:
                group = text(data, a, b)
            elif name == 5 and wire == FIXED64:
                start_s = _double(data, a)
        if self.group is None:
            self.group, self.start_s = group, start_s


def _entry(data: bytes, start: int, end: int) -> tuple[str, Json]:
    key: str = ""
    held: Json = None
    for name, wire, a, b in fields(data, start, end):
        if name == 1 and wire == BYTES:
            key = text(data, a, b)
        elif name == 2 and wire == BYTES:
            held = _value(data, a, b)
    return key, held


def _value(data: bytes, start: int, end: int) -> Json:
    """google.protobuf.Value as far as the plugin allows it: 1 null, 2 number, 3 string, 4 bool."""
    for name, wire, a, b in fields(data, start, end):
        if name == 2 and wire == FIXED64:
            return _double(data, a)
        if name == 3 and wire == BYTES:
            return text(data, a, b)
        if name == 4 and wire == VARINT:
            return bool(a)
    return None


def _double(data: bytes, at: int) -> float:
    return float(struct.unpack_from("<d", data, at)[0])
