"""Decodes the events of one TensorBoard file into columns of points and the few other things that are kept.

Most records of most files are one plain scalar each: wall time, step, and a summary of one tag with a float32.
Those have one of a few byte layouts, so they are taken out in bulk with NumPy; everything else is decoded one by
one. Values are float32 in such records and are widened as they are.

Source: tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto, plugins/hparams/api.proto.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from runfolio.model.metrics import Floats, Ints
from runfolio.model.params import Json
from runfolio.readers.protobuf import BYTES, FIXED32, FIXED64, VARINT, BadMessage, double, fields, signed, single, text

_FLOAT, _DOUBLE, _INT32, _STRING, _INT64, _BOOL, _HALF = 1, 2, 3, 7, 9, 10, 19
_WIDTHS = {_FLOAT: "<f4", _DOUBLE: "<f8", _INT32: "<i4", _INT64: "<i8", _HALF: "<f2"}


LATEST_S = 253_402_300_799.0
"""The end of year 9999, as a Unix time: later wall times, and those up to 1970, come from a broken clock."""


def sound_walls(walls: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which wall times (seconds) a clock can have shown; NaN and infinities are none of them."""
    with np.errstate(invalid="ignore"):
        sound: np.ndarray[tuple[int], np.dtype[np.bool_]] = (walls > 0) & (walls <= LATEST_S)
    return sound


@dataclass(slots=True)
class TagPoints:
    """Points of one tag in one file, in written order; parts are joined when the file is done."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    order: list[int] = field(default_factory=list)


@dataclass(slots=True)
class FileEvents:
    """What one event file holds.

    columns     tag -> (record numbers, steps, wall times in seconds, values).
    plugins     tag -> plugin name, from the first event of a tag that carries metadata.
    non_scalar  kind -> tag -> how many ("text", "images", "histograms"...).
    hparams     param -> value as the plugin stores it.
    end_status  1 success, 2 failure, 3 running, from hparams' session end; None where there is none.
    bad         messages that could not be decoded: (record number, offset, why).
    """

    columns: dict[str, tuple[Ints, Ints, Floats, Floats]] = field(default_factory=dict)
    plugins: dict[str, str] = field(default_factory=dict)
    non_scalar: dict[str, Counter[str]] = field(default_factory=dict)
    hparams: dict[str, Json] = field(default_factory=dict)
    end_status: int | None = None
    first_wall: float | None = None
    span: tuple[float, float] | None = None
    restarts: list[int] = field(default_factory=list)
    doubles: set[str] = field(default_factory=set)
    records: int = 0
    bad: list[tuple[int, int, str]] = field(default_factory=list)
    odd_times: int = 0


def decode(data: bytes, spans: list[tuple[int, int]], known_plugins: dict[str, str]) -> FileEvents:
    """Everything in the records of a file.

    known_plugins   plugin of each tag as earlier files of the folder declared it; metadata is written only once.
    """
    out = FileEvents(plugins=known_plugins, records=len(spans))
    parts: dict[str, TagPoints] = {}
    bulk = _bulk_scalars(data, spans)
    rest = bulk.rest
    view = memoryview(data)
    for number in rest:
        start, end = spans[number]
        try:
            _event(view[start:end], number, out, parts)
        except BadMessage as bad:
            out.bad.append((number + 1, start, str(bad)))
    _join(out, parts, bulk)
    return out


@dataclass(slots=True)
class _Bulk:
    tags: list[tuple[str, Ints, Ints, Floats, Floats]]
    rest: list[int]


def _bulk_scalars(data: bytes, spans: list[tuple[int, int]]) -> _Bulk:
    """Takes out records of the layout `09 wall(8) [10 step] 2a len 0a len 0a len tag 15 value(4)`.

    Records are grouped by length, so that one fancy-indexed matrix holds a whole group. Only records whose every
    structural byte agrees are taken; all others are left to the general decoder.
    """
    if len(spans) < 32:
        return _Bulk([], list(range(len(spans))))
    bounds = np.asarray(spans, dtype=np.int64)
    starts, lengths = bounds[:, 0], bounds[:, 1] - bounds[:, 0]
    raw = np.frombuffer(data, dtype=np.uint8)
    taken = np.zeros(len(spans), dtype=bool)
    found: list[tuple[str, Ints, Ints, Floats, Floats]] = []
    for length in np.unique(lengths):
        if not 20 <= length <= 300:
            continue
        group = np.flatnonzero(lengths == length)
        if len(group) < 8:
            continue
        rows = raw[starts[group][:, None] + np.arange(length)]
        for step_bytes in range(11):
            _bulk_layout(rows, group, int(length), step_bytes, taken, found)
    return _Bulk(found, np.flatnonzero(~taken).tolist())


def _bulk_layout(
    rows: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    group: Ints,
    length: int,
    step_bytes: int,
    taken: np.ndarray[tuple[int], np.dtype[np.bool_]],
    found: list[tuple[str, Ints, Ints, Floats, Floats]],
) -> None:
    at = 9 + (1 + step_bytes if step_bytes else 0)
    tag_length = length - at - 2 - 2 - 2 - 5
    # Longer summaries have two-byte lengths and go the general way.
    if tag_length < 1 or tag_length > 110:
        return
    fits = (rows[:, 0] == 0x09) & ~taken[group]
    if step_bytes:
        fits &= rows[:, 9] == 0x10
        for i in range(step_bytes):
            more = rows[:, 10 + i] >= 0x80
            fits &= more if i < step_bytes - 1 else ~more
    head = (0x2A, tag_length + 9, 0x0A, tag_length + 7, 0x0A, tag_length)
    for i, byte in enumerate(head):
        fits &= rows[:, at + i] == byte
    tag_at = at + 6
    fits &= rows[:, tag_at + tag_length] == 0x15
    if not fits.any():
        return
    chosen, which = rows[fits], group[fits]
    taken[which] = True
    walls = np.ascontiguousarray(chosen[:, 1:9]).view("<f8")[:, 0]
    value_at = tag_at + tag_length + 1
    values = np.ascontiguousarray(chosen[:, value_at : value_at + 4]).view("<f4")[:, 0].astype(np.float64)
    steps = np.zeros(len(chosen), dtype=np.uint64)
    for i in range(step_bytes):
        steps |= (chosen[:, 10 + i] & 0x7F).astype(np.uint64) << np.uint64(7 * i)
    tags = np.ascontiguousarray(chosen[:, tag_at : tag_at + tag_length]).view(f"V{tag_length}")[:, 0]
    names, inverse = np.unique(tags, return_inverse=True)
    for i, name in enumerate(names):
        mine = inverse == i
        tag = name.tobytes().decode("utf-8", "surrogateescape")
        found.append((tag, which[mine], steps[mine].view(np.int64), walls[mine], values[mine]))


def _join(out: FileEvents, parts: dict[str, TagPoints], bulk: _Bulk) -> None:
    pieces: dict[str, list[tuple[Ints, Ints, Floats, Floats]]] = {}
    for tag, order, steps, walls, values in bulk.tags:
        pieces.setdefault(tag, []).append((order, steps, walls, values))
    for tag, part in parts.items():
        pieces.setdefault(tag, []).append(
            (
                np.asarray(part.order, dtype=np.int64),
                np.asarray(part.steps, dtype=np.int64),
                np.asarray(part.walls, dtype=np.float64),
                np.asarray(part.values, dtype=np.float64),
            )
        )
    low, high = math.inf, -math.inf
    for tag, mine in pieces.items():
        order, steps, walls, values = (np.concatenate([p[i] for p in mine]) for i in range(4))
        if len(mine) > 1:
            # Plain and other records of a tag may alternate; the file's order is the order of the points.
            by = np.argsort(order, kind="stable")
            order, steps, walls, values = order[by], steps[by], walls[by], values[by]
        out.columns[tag] = (order, steps, walls, values)
        sound = walls[sound_walls(walls)]
        if len(sound):
            low, high = min(low, float(sound.min())), max(high, float(sound.max()))
    if low <= high:
        before = out.span or (low, high)
        out.span = (min(low, before[0]), max(high, before[1]))
    # Tags in the order in which the file first names them.
    out.columns = dict(sorted(out.columns.items(), key=lambda c: int(c[1][0][0])))


def _event(event: memoryview, number: int, out: FileEvents, parts: dict[str, TagPoints]) -> None:
    wall, step = 0.0, 0
    summary: memoryview | None = None
    for name, kind, value in fields(event):
        if name == 1 and kind == FIXED64 and isinstance(value, memoryview):
            wall = double(value)
        elif name == 2 and kind == VARINT and isinstance(value, int):
            step = signed(value)
        elif name == 5 and kind == BYTES and isinstance(value, memoryview):
            summary = value
        elif name == 7 and kind == BYTES and isinstance(value, memoryview):
            out.restarts += [step] if _is_start(value) else []
    if out.first_wall is None and math.isfinite(wall):
        out.first_wall = wall
    if summary is None:
        return
    for name, kind, value in fields(summary):
        if name == 1 and kind == BYTES and isinstance(value, memoryview):
            _value(value, number, wall, step, out, parts)


def _is_start(session_log: memoryview) -> bool:
    """SessionLog.status 1 is START: a writer began again at this step."""
    return any(name == 1 and value == 1 for name, _, value in fields(session_log))


def _value(data: memoryview, number: int, wall: float, step: int, out: FileEvents, parts: dict[str, TagPoints]) -> None:
    tag, node = "", ""
    simple: float | None = None
    tensor: memoryview | None = None
    other, content = "", memoryview(b"")
    for name, kind, value in fields(data):
        if name == 2 and kind == FIXED32 and isinstance(value, memoryview):
            simple = single(value)
        elif not isinstance(value, memoryview) or kind != BYTES:
            continue
        elif name == 1:
            tag = text(value)
        elif name == 7:
            node = text(value)
        elif name == 8:
            tensor = value
        elif name == 9:
            content = _metadata(value, tag, out)
        elif name in (4, 5, 6):
            other = {4: "images", 5: "histograms", 6: "audio"}[name]
    tag = tag or node
    plugin = out.plugins.get(tag, "")
    if plugin == "hparams":
        _hparams(content, out)
        if tensor is not None:
            _widen(out, wall)
    elif simple is not None:
        _point(parts, tag, number, step, wall, simple)
    elif other:
        _count(out, other, tag)
    elif tensor is not None:
        _tensor(tensor, plugin, tag, number, wall, step, out, parts)


def _metadata(data: memoryview, tag: str, out: FileEvents) -> memoryview:
    content = memoryview(b"")
    for name, kind, value in fields(data):
        if name == 1 and kind == BYTES and isinstance(value, memoryview):
            for inner, inner_kind, inner_value in fields(value):
                if inner_kind == BYTES and isinstance(inner_value, memoryview):
                    if inner == 1:
                        out.plugins.setdefault(tag, text(inner_value))
                    elif inner == 2:
                        content = inner_value
    return content


def _tensor(
    data: memoryview,
    plugin: str,
    tag: str,
    number: int,
    wall: float,
    step: int,
    out: FileEvents,
    parts: dict[str, TagPoints],
) -> None:
    _widen(out, wall)
    if plugin not in ("scalars", ""):
        _count(out, {"text": "text", "images": "images", "histograms": "histograms"}.get(plugin, plugin), tag)
        return
    value, kind = _scalar(data)
    if value is None:
        _count(out, "text" if kind == _STRING else "tensors", tag)
        return
    if kind in (_DOUBLE, _INT64):
        out.doubles.add(tag)
    _point(parts, tag, number, step, wall, value)


def _scalar(data: memoryview) -> tuple[float | None, int]:
    """The one number of a rank-0 tensor, None when it is not one, and its dtype."""
    kind = 0
    rank = 0
    numbers: list[float] = []
    for name, wire, value in fields(data):
        if name == 1 and isinstance(value, int):
            kind = value
        elif name == 2 and isinstance(value, memoryview):
            rank = sum(1 for f, _, _ in fields(value) if f == 2)
        elif name == 4 and isinstance(value, memoryview) and kind in _WIDTHS:
            width = np.dtype(_WIDTHS[kind]).itemsize
            if len(value) == width:
                numbers.append(float(np.frombuffer(value, dtype=_WIDTHS[kind])[0]))
        elif name in (5, 6):
            numbers += _floats(value, wire, single=name == 5)
        elif name in (7, 10) and isinstance(value, int):
            numbers.append(float(signed(value)))
    return (numbers[0] if rank == 0 and len(numbers) == 1 else None), kind


def _floats(value: int | memoryview, wire: int, *, single: bool) -> list[float]:
    """`float_val` or `double_val`: repeated, packed or not."""
    if isinstance(value, int) or wire == VARINT:
        return []
    code, width = ("<f", 4) if single else ("<d", 8)
    if len(value) % width or len(value) > 64:
        return []
    return [float(v) for (v,) in struct.iter_unpack(code, value)]


def _hparams(content: memoryview, out: FileEvents) -> None:
    """HParamsPluginData: 3 session_start_info {1 hparams map}, 4 session_end_info {1 status}."""
    for name, kind, value in fields(content):
        if kind != BYTES or not isinstance(value, memoryview):
            continue
        if name == 3:
            for inner, inner_kind, entry in fields(value):
                if inner == 1 and inner_kind == BYTES and isinstance(entry, memoryview):
                    key, held = _hparam(entry)
                    out.hparams[key] = held
        elif name == 4:
            for inner, _, status in fields(value):
                if inner == 1 and isinstance(status, int):
                    out.end_status = status


def _hparam(entry: memoryview) -> tuple[str, Json]:
    """A map entry of google.protobuf.Value: 1 null, 2 number, 3 string, 4 bool."""
    key, held = "", None
    for name, kind, value in fields(entry):
        if name == 1 and isinstance(value, memoryview):
            key = text(value)
        elif name == 2 and kind == BYTES and isinstance(value, memoryview):
            held = _protobuf_value(value)
    return key, held


def _protobuf_value(data: memoryview) -> Json:
    for name, kind, value in fields(data):
        if name == 2 and kind == FIXED64 and isinstance(value, memoryview):
            return double(value)
        if name == 3 and isinstance(value, memoryview):
            return text(value)
        if name == 4 and isinstance(value, int):
            return bool(value)
    return None


def _point(parts: dict[str, TagPoints], tag: str, number: int, step: int, wall: float, value: float) -> None:
    part = parts.setdefault(tag, TagPoints())
    part.order.append(number)
    part.steps.append(step)
    part.walls.append(wall)
    part.values.append(value)


def _count(out: FileEvents, kind: str, tag: str) -> None:
    out.non_scalar.setdefault(kind, Counter())[tag] += 1


def _widen(out: FileEvents, wall: float) -> None:
    if 0 < wall <= LATEST_S:
        low, high = out.span or (wall, wall)
        out.span = (min(low, wall), max(high, wall))
