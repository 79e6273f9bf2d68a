"""What one record of an event file says: its wall time, step, and the values of its summary.

Source: tensorflow/core/util/event.proto and framework/summary.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from runfolio.readers.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, signed, text
from runfolio.readers.tensorboard_tensor import Place, Tensor, read_tensor

_SESSION_START = 1
_OTHER_FORMS = {4: "images", 5: "histograms", 6: "audio"}


@dataclass(slots=True)
class Value:
    """One Summary.Value.

    simple    place of the float32 of an old style scalar.
    tensor    of a new style value.
    other     plugin name of an old style value that is no scalar ("images", "histograms", "audio").
    plugin    as its metadata names it, None without metadata; content is where the plugin's own data lies.
    """

    tag: str = ""
    simple: Place | None = None
    tensor: Tensor | None = None
    other: str = ""
    plugin: str | None = None
    content: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Event:
    """One record.

    wall       seconds since 1970 UTC as written, 0.0 when there is none; step 0 when there is none, as protobuf has it.
    restart    whether a writer says that it began (again) at this step.
    order      field numbers as written.
    """

    wall: float = 0.0
    step: int = 0
    values: list[Value] = field(default_factory=list)
    restart: bool = False
    order: list[int] = field(default_factory=list)


def read_event(data: bytes, start: int, end: int) -> Event:
    """The event in `data[start:end]`. Raises BadMessage."""
    event = Event()
    for name, wire, a, b in fields(data, start, end):
        event.order.append(name)
        if name == 1 and wire == FIXED64:
            event.wall = struct.unpack_from("<d", data, a)[0]
        elif name == 2 and wire == VARINT:
            event.step = signed(a)
        elif name == 5 and wire == BYTES:
            event.values += [
                _read_value(data, c, d) for inner, kind, c, d in fields(data, a, b) if inner == 1 and kind == BYTES
            ]
        elif name == 7 and wire == BYTES:
            event.restart = any(inner == 1 and value == _SESSION_START for inner, _, value, _ in fields(data, a, b))
    return event


def _read_value(data: bytes, start: int, end: int) -> Value:
    value = Value()
    node = ""
    for name, wire, a, b in fields(data, start, end):
        if name == 2 and wire == FIXED32:
            value.simple = Place(a, "<f")
        elif wire != BYTES:
            continue
        elif name == 1:
            value.tag = text(data, a, b)
        elif name in _OTHER_FORMS:
            value.other = _OTHER_FORMS[name]
        elif name == 7:
            node = text(data, a, b)
        elif name == 8:
            value.tensor = read_tensor(data, a, b)
        elif name == 9:
            _read_metadata(value, data, a, b)
    if not value.tag and value.tensor is not None:
        value.tag = node  # written before tags were separate from graph nodes; TensorBoard does the same
    return value


def _read_metadata(value: Value, data: bytes, start: int, end: int) -> None:
    value.plugin = ""
    for name, wire, a, b in fields(data, start, end):
        if name != 1 or wire != BYTES:
            continue
        for inner, kind, c, d in fields(data, a, b):
            if inner == 1 and kind == BYTES:
                value.plugin = text(data, c, d)
            elif inner == 2 and kind == BYTES:
                value.content = (c, d)
