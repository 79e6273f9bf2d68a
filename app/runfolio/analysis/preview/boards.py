"""What TensorBoard event files hold besides scalars: histograms over time, and images, decoded when somebody asks.

Source: summary.proto (HistogramProto, Image) of TensorFlow, and the tensors that TensorBoard's own plugins write:
histograms as (k, 3) of left edge, right edge and count; images as strings of width, height and encoded images.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from runfolio.analysis.preview.reading import read_at
from runfolio.model.display import storable
from runfolio.model.previews import BoardTag, Histogram, Histograms, Sheet
from runfolio.readers.folder import Folder
from runfolio.readers.framing import frames
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, BadMessage, fields, signed, text

_PIECE = 4 << 20
_LARGEST_RECORD = 64 << 20
_MOST_TAGS = 20_000
_MOST_STEPS = 400
_MOST_BUCKETS = 2_000
_SECONDS = 15.0
_OLD = {4: "images", 5: "histograms", 6: "audio"}
_WIDTHS = {1: ("<f4", 4), 2: ("<f8", 8)}


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a summary: `data[start:end]` is its message (HistogramProto, Image or TensorProto)."""

    tag: str
    plugin: str
    step: int
    wall: float
    data: bytes
    start: int
    end: int
    is_tensor: bool


def values(folder: Folder, name: str, known: dict[str, str] | None = None) -> Iterator[Value]:
    """The values of an event file that are no plain scalars, in written order; damaged records are passed over."""
    plugins = {} if known is None else known
    until = time.monotonic() + _SECONDS
    with folder.open(name) as handle:
        size, at, piece = os.fstat(handle).st_size, 0, _PIECE
        while at < size and time.monotonic() < until:
            data = read_at(handle, piece, at)
            framed = frames(data)
            for start, length in zip(framed.starts.tolist(), framed.lengths.tolist(), strict=True):
                try:
                    yield from _event(data, start, start + length, plugins)
                except BadMessage:
                    continue
            at += framed.size
            piece = _PIECE
            if framed.stop is None:
                continue
            needs = framed.stop.needs
            if not needs or at + needs > size:
                return
            if needs > _LARGEST_RECORD:
                at += needs
            elif needs > len(data) - framed.size:
                piece = max(_PIECE, needs)


def _event(data: bytes, start: int, end: int, plugins: dict[str, str]) -> Iterator[Value]:
    wall, step = 0.0, 0
    summaries: list[tuple[int, int]] = []
    for name, wire, a, b in fields(data, start, end):
        if name == 1 and wire == FIXED64:
            wall = struct.unpack_from("<d", data, a)[0]
        elif name == 2 and wire == VARINT:
            step = signed(a)
        elif name == 5 and wire == BYTES:
            summaries.append((a, b))
    for a, b in summaries:
        for name, wire, c, d in fields(data, a, b):
            if name == 1 and wire == BYTES:
                value = _value(data, c, d, plugins, step, wall)
                if value is not None:
                    yield value


def _value(data: bytes, start: int, end: int, plugins: dict[str, str], step: int, wall: float) -> Value | None:
    tag, plugin, place, is_tensor = "", None, None, False
    for name, wire, a, b in fields(data, start, end):
        if wire != BYTES:
            continue
        if name == 1:
            tag = text(data, a, b)
        elif name in _OLD:
            plugin, place = _OLD[name], (a, b)
        elif name == 8:
            place, is_tensor = (a, b), True
        elif name == 9:
            for inner, kind, c, d in fields(data, a, b):
                if inner == 1 and kind == BYTES:
                    said = next((text(data, e, f) for n, w, e, f in fields(data, c, d) if n == 1 and w == BYTES), "")
                    if len(plugins) < _MOST_TAGS:
                        plugins.setdefault(tag, said)
    plugin = plugins.get(tag, "") if is_tensor else plugin
    if place is None or plugin in (None, "", "scalars", "hparams", "_hparams_"):
        return None
    return Value(storable(tag), plugin or "", step, wall, data, *place, is_tensor)


def board_tags(folder: Folder, name: str) -> tuple[BoardTag, ...]:
    """The tags of an event file that are no scalars, in the order of their first events."""
    counts: dict[tuple[str, str], int] = {}
    for value in values(folder, name):
        key = value.tag, value.plugin
        if key in counts or len(counts) < _MOST_TAGS:
            counts[key] = counts.get(key, 0) + 1
    return tuple(BoardTag(tag, plugin, times) for (tag, plugin), times in counts.items())


def events_sheet(folder: Folder, name: str) -> tuple[Sheet, tuple[str, ...]]:
    """The tags of an event file as a sheet."""
    tags = board_tags(folder, name)
    facts = (
        ("Tags that are no scalars", f"{len(tags):,}"),
        ("Scalars", "see the metrics of the run"),
    )
    rows = tuple((tag.tag, tag.plugin, f"{tag.count:,}") for tag in tags)
    return Sheet("TensorBoard events", facts, ("Tag", "Kind", "Events"), rows), ()


def histograms(folder: Folder, names: tuple[str, ...], tag: str) -> Histograms:
    """A histogram tag over time, from event files of one folder; spread evenly where there are too many steps."""
    found: list[Histogram] = []
    known: dict[str, str] = {}
    total = keep = 0
    every = 1
    for name in names:
        for value in values(folder, name, known):
            if value.tag != tag or value.plugin != "histograms":
                continue
            total += 1
            keep += 1
            if (keep - 1) % every:
                continue
            made = _histogram(value)
            if made is not None:
                found.append(made)
            if len(found) > _MOST_STEPS:
                # Every other one is given up, and from now on as many are passed over.
                del found[1::2]
                every *= 2
    return in_steps(tag, found, total)


def in_steps(tag: str, found: Iterable[Histogram], total: int) -> Histograms:
    """Histograms by their steps, of `total` that there are. What was written last of a step counts: a run that was
    begun again from a checkpoint writes some of them twice."""
    written = sorted(found, key=lambda one: one.wall_us)
    by_step = {one.step: one for one in written}
    return Histograms(tag, tuple(by_step[step] for step in sorted(by_step)), total - (len(written) - len(by_step)))


def _histogram(value: Value) -> Histogram | None:
    try:
        edges, counts = (_tensor_buckets if value.is_tensor else _old_buckets)(value)
    except (BadMessage, ValueError):
        return None
    if not len(counts) or len(edges) != len(counts) + 1 or not np.isfinite(edges).all() or (np.diff(edges) < 0).any():
        return None
    counts = np.nan_to_num(counts, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    wall = int(value.wall * 1e6) if 0 < value.wall < 4e9 else 0
    return Histogram(value.step, wall, tuple(edges.tolist()), tuple(counts.tolist()))


Buckets = tuple["np.ndarray[tuple[int], np.dtype[np.float64]]", "np.ndarray[tuple[int], np.dtype[np.float64]]"]


def _old_buckets(value: Value) -> Buckets:
    """HistogramProto: upper limits of buckets, the first from `min`, the last to `max`."""
    low, high = 0.0, 0.0
    limits, counts = np.empty(0), np.empty(0)
    for name, wire, a, b in fields(value.data, value.start, value.end):
        if name == 1 and wire == FIXED64:
            low = struct.unpack_from("<d", value.data, a)[0]
        elif name == 2 and wire == FIXED64:
            high = struct.unpack_from("<d", value.data, a)[0]
        elif name in (6, 7) and wire == BYTES:
            some = np.frombuffer(value.data, dtype="<f8", count=(b - a) // 8, offset=a).astype(np.float64)
            limits, counts = (some, counts) if name == 6 else (limits, some)
    size = min(len(limits), len(counts), _MOST_BUCKETS)
    limits, counts = limits[:size], counts[:size]
    used = np.flatnonzero(counts)
    if not len(used):
        return np.empty(0), np.empty(0)
    first, last = int(used[0]), int(used[-1]) + 1
    edges = np.concatenate([[limits[first - 1] if first else low], limits[first:last]])
    # The outermost buckets reach to the end of all numbers; the lowest and highest value say where they end.
    edges[0], edges[-1] = max(edges[0], low), min(edges[-1], high)
    return np.maximum.accumulate(edges), counts[first:last]


def _tensor_buckets(value: Value) -> Buckets:
    """(k, 3) of left edge, right edge, count, as float64 in `tensor_content` or in typed fields."""
    kind, content = 0, b""
    numbers: list[bytes] = []
    for name, wire, a, b in fields(value.data, value.start, value.end):
        if name == 1 and wire == VARINT:
            kind = a
        elif name == 4 and wire == BYTES:
            content = value.data[a:b]
        elif name in (5, 6) and wire == BYTES:
            numbers.append(value.data[a:b])
    raw = content or b"".join(numbers)
    if kind not in _WIDTHS or len(raw) % (3 * _WIDTHS[kind][1]):
        raise ValueError("not of three columns")
    rows = np.frombuffer(raw, dtype=_WIDTHS[kind][0]).astype(np.float64).reshape(-1, 3)[:_MOST_BUCKETS]
    if not len(rows):
        return np.empty(0), np.empty(0)
    return np.concatenate([rows[:1, 0], rows[:, 1]]), rows[:, 2].copy()


def board_images(folder: Folder, name: str, tag: str, steps: frozenset[int]) -> dict[int, bytes]:
    """The encoded images of a tag at some steps, of each the last one written."""
    found: dict[int, bytes] = {}
    for value in values(folder, name):
        if value.tag == tag and value.plugin == "images" and value.step in steps:
            data = _encoded(value)
            if data is not None:
                found[value.step] = data
    return found


def image_steps(folder: Folder, names: tuple[str, ...]) -> dict[str, list[int]]:
    """The steps at which there are images, by tag."""
    found: dict[str, list[int]] = {}
    known: dict[str, str] = {}
    for name in names:
        for value in values(folder, name, known):
            if value.plugin == "images":
                found.setdefault(value.tag, []).append(value.step)
    return {tag: sorted(set(steps)) for tag, steps in found.items()}


def _encoded(value: Value) -> bytes | None:
    try:
        parts = [
            value.data[a:b]
            for name, wire, a, b in fields(value.data, value.start, value.end)
            if wire == BYTES and name == (8 if value.is_tensor else 4)
        ]
    except BadMessage:
        return None
    # A tensor of images begins with width and height as texts.
    return parts[2] if value.is_tensor and len(parts) > 2 else parts[0] if parts and not value.is_tensor else None
