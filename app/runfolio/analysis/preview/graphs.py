"""Model graphs told from their structure: ONNX, TensorFlow Lite and HDF5. Weights are passed over, never read.

Sources: onnx.proto3, the TensorFlow Lite schema with the FlatBuffers internals page, the HDF5 file format.
"""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from typing import cast

from runfolio.analysis.preview.reading import read_at
from runfolio.analysis.preview.weights import SHOWN_ROWS, BadHeader, shape_text, types_text
from runfolio.model.display import count, plain, size
from runfolio.model.previews import Sheet
from runfolio.readers.protobuf import BYTES, VARINT, BadMessage, fields, signed, text

_MOST_PARTS = 1_000_000
_ONNX_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip


def onnx(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """Producer, operator sets, inputs and outputs, operators by kind, and initializers."""
    if not whole:
        raise BadHeader("the file is empty")
    # Mapped, so that weights of gigabytes are passed over without being read.
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as mapped:
        data = cast(bytes, mapped)
        try:
            return _onnx_model(data, whole)
        except BadMessage as bad:
            raise BadHeader(str(bad)) from bad


def _onnx_model(data: bytes, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    facts: list[tuple[str, str]] = []
    titles = {2: "Producer", 3: "Producer version", 4: "Domain", 6: "Description"}
    sets: list[str] = []
    graph = None
    for name, wire, a, b in fields(data, 0, whole):
        if name == 1 and wire == VARINT:
            facts.append(("IR version", str(a)))
        elif name in titles and wire == BYTES:
            facts.append((titles[name], _text(data, a, b)))
        elif name == 8 and wire == BYTES:
            sets.append(_operator_set(data, a, b))
        elif name == 7 and wire == BYTES:
            graph = a, b
    if graph is None:
        raise BadHeader("it holds no graph")
    facts.append(("Operator sets", ", ".join(sets) or "not told"))
    return _onnx_graph(data, *graph, facts)


def _onnx_graph(data: bytes, start: int, end: int, facts: list[tuple[str, str]]) -> tuple[Sheet, tuple[str, ...]]:
    operators: Counter[str] = Counter()
    ends: dict[int, list[str]] = {11: [], 12: []}
    rows: list[tuple[str, ...]] = []
    kinds: dict[str, int] = {}
    params = tensors = parts = 0
    for name, wire, a, b in fields(data, start, end):
        parts += 1
        if parts > _MOST_PARTS:
            raise BadHeader(f"the graph has more than {_MOST_PARTS:,} parts")
        if wire != BYTES:
            continue
        if name == 1:
            operators[next((_text(data, c, d) for n, w, c, d in fields(data, a, b) if n == 4 and w == BYTES), "?")] += 1
        elif name == 2:
            facts.append(("Graph", _text(data, a, b)))
        elif name == 5:
            title, kind, shape = _tensor(data, a, b)
            elements = 1
            for edge in shape:
                elements *= edge
            tensors, params = tensors + 1, params + elements
            kinds[kind] = kinds.get(kind, 0) + elements
            if len(rows) < SHOWN_ROWS:
                rows.append((title, kind, shape_text(shape), count(min(elements, 1 << 62))))
        elif name in ends:
            ends[name].append(
                next((_text(data, c, d) for n, w, c, d in fields(data, a, b) if n == 1 and w == BYTES), "?")
            )
    facts += [
        ("Inputs", plain(", ".join(ends[11]), 300) or "none"),
        ("Outputs", plain(", ".join(ends[12]), 300) or "none"),
        ("Operators", count(sum(operators.values()))),
        ("Initializers", count(tensors)),
        ("Parameters", count(min(params, 1 << 62))),
        ("Types", types_text(kinds)),
    ]
    facts += [(f"  {kind}", count(times)) for kind, times in operators.most_common(40)]
    notes = (f"The first {len(rows):,} initializers are listed",) if tensors > len(rows) else ()
    return Sheet("ONNX graph", tuple(facts), ("Initializer", "Type", "Shape", "Elements"), tuple(rows)), notes


def _tensor(data: bytes, start: int, end: int) -> tuple[str, str, list[int]]:
    title, kind, shape = "?", 0, list[int]()
    for name, wire, a, b in fields(data, start, end):
        if name == 1 and wire == VARINT:
            shape.append(max(0, min(signed(a), 1 << 40)))
        elif name == 1 and wire == BYTES:
            shape += [max(0, byte) for byte in data[a : min(b, a + 8)] if byte < 0x80]
        elif name == 2 and wire == VARINT:
            kind = a
        elif name == 8 and wire == BYTES:
            title = _text(data, a, b)
    return title, _ONNX_TYPES.get(kind, f"type {kind}"), shape[:16]


def _operator_set(data: bytes, start: int, end: int) -> str:
    domain, version = "ai.onnx", 0
    for name, wire, a, b in fields(data, start, end):
        if name == 1 and wire == BYTES:
            domain = _text(data, a, b) or domain
        elif name == 2 and wire == VARINT:
            version = a
    return f"{domain} {version}"


def _text(data: bytes, start: int, end: int) -> str:
    return plain(text(data, start, min(end, start + 400)), 200)


# --- TensorFlow Lite ----------------------------------------------------------------------------------------------


def tflite(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """Schema version, description, and how many operators and subgraphs there are."""
    if whole < 16:
        raise BadHeader("the file is cut off")
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as mapped:
        data = cast(bytes, mapped)
        if data[4:8] != b"TFL3":
            raise BadHeader("it does not say that it is a TensorFlow Lite model")
        root = struct.unpack_from("<I", data, 0)[0]
        version = _flat(data, root, 0)
        facts = [("Schema version", str(struct.unpack_from("<I", data, version)[0]) if version else "not told")]
        for place, title in ((1, "Operator kinds"), (2, "Subgraphs"), (4, "Buffers")):
            facts.append((title, count(_vector_length(data, _flat(data, root, place)))))
        said = _flat(data, root, 3)
        if said:
            begin = said + struct.unpack_from("<I", data, said)[0]
            length = struct.unpack_from("<I", data, begin)[0]
            raw = data[begin + 4 : begin + 4 + min(length, 400)]
            facts.append(("Description", plain(raw.decode("utf-8", "replace"), 200)))
    return Sheet("TensorFlow Lite model", tuple(facts)), ()


def _flat(data: bytes, table: int, field: int) -> int:
    """Where a field of a table lies; 0 when it is not there."""
    fields_at = table - struct.unpack_from("<i", data, table)[0]
    if not 0 <= fields_at < len(data) - 4:
        raise BadHeader("a table lies outside of the file")
    if 4 + 2 * field >= struct.unpack_from("<H", data, fields_at)[0]:
        return 0
    offset = struct.unpack_from("<H", data, fields_at + 4 + 2 * field)[0]
    return table + offset if offset else 0


def _vector_length(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at + struct.unpack_from("<I", data, at)[0])[0]) if at else 0


# --- HDF5 ---------------------------------------------------------------------------------------------------------

_HDF5_HEAD = 4096
_NAMES = (b"model_config", b"keras_version", b"model_weights", b"optimizer_weights", b"training_config", b"layer_names")
_LOOKED_THROUGH = 4 << 20


def hdf5(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """The superblock, and the names by which Keras marks its files."""
    head = read_at(handle, _HDF5_HEAD)
    if head[:8] != b"\x89HDF\r\n\x1a\n":
        raise BadHeader("it does not begin as an HDF5 file does")
    version = head[8]
    if version in (0, 1):
        offsets, lengths = head[13], head[14]
        at = 24 if version == 0 else 28
        end_at = at + 2 * offsets
    elif version in (2, 3):
        offsets, lengths = head[9], head[10]
        end_at = 12 + 2 * offsets
    else:
        raise BadHeader(f"superblock version {version} is not known")
    if offsets not in (2, 4, 8):
        raise BadHeader(f"offsets of {offsets} bytes")
    stated = int.from_bytes(head[end_at : end_at + offsets], "little")
    beginning = read_at(handle, min(whole, _LOOKED_THROUGH))
    marks = [mark.decode() for mark in _NAMES if mark in beginning]
    facts = [
        ("Superblock", f"version {version}"),
        ("Offsets, lengths", f"{offsets} and {lengths} bytes"),
        ("Size by its header", size(min(stated, 1 << 62))),
        ("Keras", ", ".join(marks) if marks else "no mark of it near the start"),
    ]
    notes = (f"The file is cut off: its header says {stated:,} bytes, {whole:,} are there",) if stated > whole else ()
    return Sheet("HDF5 file", tuple(facts)), notes
