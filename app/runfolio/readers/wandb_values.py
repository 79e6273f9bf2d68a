"""The small messages inside the records of a W&B log: items of config, history and summary, times, manifests.

Source: wandb/proto/wandb_internal.proto. An item is a key, or a path of nested keys, and a JSON text.
"""

from __future__ import annotations

import math
import struct

from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.readers import protobuf
from runfolio.readers.protobuf import BYTES, FIXED64, VARINT, BadMessage, fields, signed
from runfolio.readers.series_builder import as_number

Path = tuple[str, ...]

ABSENT: Json = "\0absent"


def text(data: bytes, start: int, end: int) -> str:
    """Text that can be stored, whatever its bytes are."""
    return storable(protobuf.text(data, start, end))


def parts(data: bytes, start: int, end: int) -> tuple[Path, bytes | None, Json]:
    """Key path, JSON text and typed value of an item; the text is None, the value ABSENT where there is none.

    A key of no characters is not written, and is a key all the same.
    """
    key = ""
    nested: list[str] = []
    raw: bytes | None = None
    typed: Json = ABSENT
    for number, kind, a, b in fields(data, start, end):
        if kind == BYTES:
            if number == 1:
                key = text(data, a, b)
            elif number == 2:
                nested.append(text(data, a, b))
            elif number == 16:
                raw = data[a:b]
            elif number == 7:
                typed = text(data, a, b)
            elif number == 8:
                raw = data[a:b]
        elif kind == VARINT and number in (4, 5):
            typed = bool(a) if number == 4 else signed(a)
        elif kind == FIXED64 and number == 6:
            typed = float(struct.unpack_from("<d", data, a)[0])
    return tuple(nested) if nested else (key,), raw, typed


def split_item(item: bytes) -> tuple[bytes, bytes] | None:
    """An item's bytes as (the fields of its key, its JSON text); None for an item that is otherwise made.

    What stands before the text is the same in every row, so that a caller can look it up instead of decoding it. It is
    the key's fields only if it can be decoded as such: the caller sees to that (`key_path`).
    """
    key, mark, rest = item.partition(_JSON_MARK)
    if not mark or not rest:
        return None
    if rest[0] == len(rest) - 1 and rest[0] < 0x80:
        return key, rest[1:]
    if len(rest) > 2 and rest[0] >= 0x80 and rest[1] < 0x80 and (rest[0] & 0x7F | rest[1] << 7) == len(rest) - 2:
        return key, rest[2:]
    return None


_JSON_MARK = b"\x82\x01"
"""Field 16, of bytes."""


def key_path(key: bytes) -> Path | None:
    """The key path in what `split_item` gave; None when that is more than keys."""
    try:
        numbers = {(number, kind) for number, kind, _, _ in fields(key, 0, len(key))}
        path, _, _ = parts(key, 0, len(key))
    except BadMessage:
        return None
    return path if numbers <= {(1, BYTES), (2, BYTES)} else None


def number_in(raw: bytes) -> float | None:
    """A JSON number, NaN or infinity, also as the text that some versions wrote; None for anything else."""
    if raw[:1] in _NUMBER_STARTS:
        try:
            return float(raw)
        except ValueError:
            return None
    return _SPELLED.get(raw)


_NUMBER_STARTS = frozenset(bytes([c]) for c in b"-0123456789NI")
_SPELLED = {b'"NaN"': math.nan, b'"Infinity"': math.inf, b'"-Infinity"': -math.inf}


def number_of(value: Json) -> float | None:
    """The same of a decoded value."""
    if isinstance(value, str):
        return _SPELLED.get(b'"%s"' % value.encode("utf-8", "surrogateescape"))
    return as_number(value)


def texts(data: bytes, start: int, end: int, names: dict[int, str]) -> dict[str, str]:
    """The texts of some fields by the names given for their numbers."""
    return {names[n]: text(data, a, b) for n, kind, a, b in fields(data, start, end) if kind == BYTES and n in names}


def manifest(data: bytes, start: int, end: int) -> list[Json]:
    """Path, digest, reference and size of an artifact's files."""
    found: list[Json] = []
    for number, kind, a, b in fields(data, start, end):
        if number != 4 or kind != BYTES:
            continue
        entry: dict[str, Json] = {}
        for inner, wire, c, d in fields(data, a, b):
            if wire == BYTES and inner in (1, 2, 3):
                entry[{1: "path", 2: "digest", 3: "ref"}[inner]] = text(data, c, d)
            elif wire == VARINT and inner == 4:
                entry["size"] = signed(c)
        found.append(entry)
    return found
