"""Weights told from their headers: safetensors, GGUF and NumPy files. No value of a tensor is read but those shown.

Sources: the safetensors format description, the GGUF specification, numpy.lib.format.
"""

from __future__ import annotations

import ast
import json
import math
import os
import struct
from typing import Any

import numpy as np

from runfolio.analysis.preview.reading import read_at
from runfolio.errors import FolderUnreadable
from runfolio.model.display import count, number, plain, size, storable
from runfolio.model.previews import Sheet
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import is_shallow

_LARGEST_HEADER = 100 << 20
"""What the format itself allows for safetensors."""
SHOWN_ROWS = 5_000
_BITS = {"F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16, "U16": 16}
_BITS |= {"I8": 8, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}


class BadHeader(ValueError):
    """A header that is damaged, cut off, or says what cannot be."""


def sheet_of(folder: Folder, name: str, describe: Any) -> tuple[Sheet, tuple[str, ...]]:
    """What `describe(handle, size)` makes of an open file. Raises FolderUnreadable for a header that is damaged."""
    with folder.open(name) as handle:
        try:
            found: tuple[Sheet, tuple[str, ...]] = describe(handle, os.fstat(handle).st_size)
            return found
        except (BadHeader, struct.error, IndexError, KeyError, ValueError, TypeError, RecursionError) as failure:
            # The words of the others are about Python, and none of the file.
            said = plain(str(failure), 200) if isinstance(failure, BadHeader | ValueError) else "it makes no sense"
            raise FolderUnreadable(
                f"The header cannot be read: {said}",
                hint="Check whether the file was copied completely.",
                where=folder.where(name),
            ) from failure


# --- safetensors --------------------------------------------------------------------------------------------------


def safetensors(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """Tensors with their types and shapes, and the metadata."""
    (length,) = struct.unpack("<Q", read_at(handle, 8))
    if length > min(_LARGEST_HEADER, whole - 8):
        raise BadHeader(f"it says the header has {length:,} bytes, the file has {whole:,}")
    text = read_at(handle, length, 8).decode("utf-8")
    if not is_shallow(text, 8):
        raise BadHeader("it is nested too deeply")
    header = json.loads(text)
    if not isinstance(header, dict):
        raise BadHeader("it is no mapping")
    metadata = header.pop("__metadata__", {})
    rows: list[tuple[str, ...]] = []
    kinds: dict[str, int] = {}
    params = 0
    odd: list[str] = []
    for name, entry in header.items():
        kind, shape, (start, end) = str(entry["dtype"]), entry["shape"], entry["data_offsets"]
        elements = math.prod(shape) if all(part >= 0 for part in shape) else 0
        params += elements
        kinds[kind] = kinds.get(kind, 0) + elements
        if (
            any(part < 0 for part in shape)
            or end > whole - 8 - length
            or start > end
            or (kind in _BITS and (elements * _BITS[kind] + 7) // 8 != end - start)
        ):
            odd.append(name)
        if len(rows) < SHOWN_ROWS:
            rows.append((plain(storable(name), 300), kind, shape_text(shape), size(end - start)))
    notes = []
    if odd:
        some = ", ".join(plain(storable(name), 60) for name in odd[:3])
        do_not = "1 tensor does not" if len(odd) == 1 else f"{len(odd):,} tensors do not"
        notes.append(f"{do_not} fit into the file as the header says: {some}")
    facts = [
        ("Tensors", count(len(header))),
        ("Parameters", count(params)),
        ("Types", types_text(kinds)),
        ("Header", size(length)),
    ]
    if isinstance(metadata, dict):
        facts += [(plain(storable(str(k)), 60), plain(storable(str(v)), 300)) for k, v in [*metadata.items()][:100]]
    if len(header) > len(rows):
        notes.append(f"The first {len(rows):,} tensors are listed")
    return Sheet("safetensors", tuple(facts), ("Tensor", "Type", "Shape", "Size"), tuple(rows)), tuple(notes)


def shape_text(shape: Any) -> str:
    """`3 × 224 × 224`; "scalar" for an empty one."""
    return " × ".join(str(int(edge)) for edge in shape) or "scalar"


def types_text(kinds: dict[str, int]) -> str:
    """Types with the share of each, the largest first."""
    total = sum(kinds.values()) or 1
    ordered = sorted(kinds.items(), key=lambda item: -item[1])
    return ", ".join(kind if len(ordered) == 1 else f"{kind} {100 * n / total:.0f} %" for kind, n in ordered) or "none"


# --- GGUF ---------------------------------------------------------------------------------------------------------

_GGUF_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_GGUF_TEXT, _GGUF_ARRAY = 8, 9
_GGUF_KINDS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16",
}  # fmt: skip
_GGUF_HEAD = 64 << 20
_MOST_PAIRS = 100_000
_ARRAY_SHOWN = 8


class _Reader:
    """Reads a GGUF head; every length is checked against what there is."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, code: str) -> Any:
        (value,) = struct.unpack_from(code, self.data, self.at)
        self.at += struct.calcsize(code)
        return value

    def text(self) -> str:
        length = self.number("<Q")
        if length > len(self.data) - self.at:
            raise BadHeader(f"a text of {length:,} bytes does not fit")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> str:
        if kind == _GGUF_TEXT:
            return self.text()
        if kind != _GGUF_ARRAY:
            return str(self.number(_GGUF_NUMBERS[kind]))
        inner, length = self.number("<I"), self.number("<Q")
        if inner == _GGUF_ARRAY or length > len(self.data) - self.at:
            raise BadHeader(f"an array of {length:,} items does not fit")
        shown = [self.value(inner) for _ in range(min(length, _ARRAY_SHOWN))]
        if inner == _GGUF_TEXT:
            for _ in range(length - len(shown)):
                self.text()
        else:
            self.at += (length - len(shown)) * struct.calcsize(_GGUF_NUMBERS[inner])
        return f"[{', '.join(shown)}{', …' if length > len(shown) else ''}] ({length:,} items)"


def gguf(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """Key and value pairs, and tensors."""
    reader = _Reader(read_at(handle, min(whole, _GGUF_HEAD)))
    reader.at = 4
    version, tensors, pairs = reader.number("<I"), reader.number("<Q"), reader.number("<Q")
    if version not in (2, 3):
        raise BadHeader(f"version {version} is not known")
    facts = [("Version", str(version)), ("Tensors", count(min(tensors, 1 << 62)))]
    rows: list[tuple[str, ...]] = []
    kinds: dict[str, int] = {}
    params = 0
    notes = []
    try:
        if pairs > _MOST_PAIRS or tensors > _MOST_PAIRS:
            raise BadHeader(f"it says it has {pairs:,} keys and {tensors:,} tensors")
        for _ in range(pairs):
            key = reader.text()
            facts.append((plain(key, 80), plain(reader.value(reader.number("<I")), 300)))
        for _ in range(tensors):
            name = reader.text()
            rank = reader.number("<I")
            if rank > 8:
                raise BadHeader(f"a tensor of {rank:,} dimensions")
            shape = [reader.number("<Q") for _ in range(rank)]
            kind = reader.number("<I")
            reader.number("<Q")
            elements = math.prod(shape) if all(part >= 0 for part in shape) else 0
            title = _GGUF_KINDS.get(kind, f"type {kind}")
            params += elements
            kinds[title] = kinds.get(title, 0) + elements
            if len(rows) < SHOWN_ROWS:
                rows.append((plain(name, 300), title, shape_text(shape), count(min(elements, 1 << 62))))
    except (BadHeader, struct.error, KeyError) as failure:
        notes.append(f"The header ends early: {plain(str(failure), 120)}")
    facts[2:2] = [("Parameters", count(min(params, 1 << 62))), ("Types", types_text(kinds))]
    return Sheet("GGUF", tuple(facts), ("Tensor", "Type", "Shape", "Elements"), tuple(rows)), tuple(notes)


# --- NumPy --------------------------------------------------------------------------------------------------------

_MAGIC = b"\x93NUMPY"
_NPY_HEADER = 64 << 10
_CORNER = 50


def npy_header(data: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, int]:
    """Type, shape, whether Fortran order, and where the values begin. Raises BadHeader."""
    if data[:6] != _MAGIC or len(data) < 12:
        raise BadHeader("it is no NumPy file")
    wide = data[6] >= 2
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    start = 12 if wide else 10
    if length > min(_NPY_HEADER, len(data) - start):
        raise BadHeader(f"it says the header has {length:,} bytes")
    head = ast.literal_eval(data[start : start + length].decode("utf-8" if data[6] >= 3 else "latin-1").strip())
    if not isinstance(head, dict) or not isinstance(head.get("shape"), tuple):
        raise BadHeader("it has no shape")
    shape = tuple(int(edge) for edge in head["shape"])
    if any(edge < 0 for edge in shape):
        raise BadHeader("a negative length")
    descr = head["descr"]
    kind = np.dtype([tuple(part) for part in descr] if isinstance(descr, list) else descr)
    return kind, shape, bool(head.get("fortran_order")), start + length


def npy_facts(kind: np.dtype[Any], shape: tuple[int, ...], *, fortran: bool) -> list[tuple[str, str]]:
    """For people."""
    elements = math.prod(shape)
    return [
        ("Type", plain(str(kind), 200)),
        ("Shape", shape_text(shape)),
        ("Elements", count(min(elements, 1 << 62))),
        ("Size", size(elements * kind.itemsize)),
        ("Order", "Fortran" if fortran else "C"),
    ]


def npy(handle: int, whole: int) -> tuple[Sheet, tuple[str, ...]]:
    """The header, and the first values. Objects are pickles, and are not read."""
    head = read_at(handle, _NPY_HEADER + 12)
    kind, shape, fortran, start = npy_header(head)
    facts = npy_facts(kind, shape, fortran=fortran)
    if kind.hasobject:
        warning = "The values are pickled objects: loading them runs code of the file. They are not read here."
        return Sheet("NumPy array", tuple(facts), warnings=(warning,)), ()
    notes = []
    stated = math.prod(shape) * kind.itemsize
    if stated > whole - start:
        notes.append(f"The header says {stated:,} bytes of values, {whole - start:,} are there")
    header, rows = _corner(handle, start, whole, kind, shape, fortran=fortran)
    return Sheet("NumPy array", tuple(facts), header, rows), tuple(notes)


def _corner(
    handle: int, start: int, whole: int, kind: np.dtype[Any], shape: tuple[int, ...], *, fortran: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The first rows and columns of an array of one or two dimensions, or of the first matrix of one of more."""
    if not kind.itemsize or not math.prod(shape) or kind.names is not None or (fortran and len(shape) > 1):
        return (), ()
    columns = shape[-1] if len(shape) > 1 else 1
    across = min(columns, _CORNER)
    rows = []
    for row in range(min(_CORNER * 4, math.prod(shape) // columns)):
        place = start + row * columns * kind.itemsize
        data = read_at(handle, across * kind.itemsize, place)
        if len(data) < across * kind.itemsize or place > whole:
            break
        values = np.frombuffer(data, dtype=kind)
        rows.append((str(row), *(_value(value) for value in values.tolist())))
    return ("", *(str(column) for column in range(across))), tuple(rows)


def _value(value: object) -> str:
    return number(value, 6) if isinstance(value, float) else plain(str(value), 60)
