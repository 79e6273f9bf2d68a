"""The log format of LevelDB, in which W&B and SwanLab keep a run: records in blocks of 32,768 bytes.

Source: the log format in LevelDB's documentation. A block holds chunks of `crc (4) | length (2) | type (1) | data`,
little endian; a record is one FULL chunk, or FIRST, MIDDLE..., LAST over several blocks. A damaged chunk costs the
rest of its block and the record it belongs to: the next block begins with a chunk again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 32_768
_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MOST_PARTS = 1 << 30
"""Bytes of one record; a longer one is damage."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where a log cannot be read: the byte in the file, and what is wrong. `is_end`: the file ends there."""

    offset: int
    message: str
    is_end: bool = False


def records(data: bytes, checksum: Callable[[int, bytes], int] | None, start: int = 0) -> Iterator[bytes | Damage]:
    """The records of a log in order, and the damage between them.

    checksum   of a chunk, given its type and its data; None when the writer's is not known and nothing is checked.
    start      bytes of the writer's own head, which count as part of the first block.
    """
    view = memoryview(data)
    at = start
    parts: list[bytes] = []
    size = 0
    end = len(data)
    while at < end:
        left = BLOCK - at % BLOCK
        if left < _HEAD.size:
            at += left
            continue
        problem = ""
        cut = at + _HEAD.size > end
        if not cut:
            crc, length, kind = _HEAD.unpack_from(data, at)
            if crc == 0 and length == 0 and kind == 0:
                at += left  # space that was set aside and never written
                continue
            body = at + _HEAD.size
            cut = body + length > end
            if length > left - _HEAD.size:
                problem, cut = "a chunk runs past its block", False
        if cut:
            yield Damage(at, "The file ends in the middle of a record", is_end=True)
            return
        if not problem:
            chunk = bytes(view[body : body + length])
            if checksum is not None and checksum(kind, chunk) != crc:
                problem = "a checksum does not fit"
            elif not _FULL <= kind <= _LAST:
                problem = f"a chunk of the unknown type {kind}"
            elif (kind in (_MIDDLE, _LAST)) != bool(parts):
                problem = "a record without its beginning" if not parts else "a record without its end"
        if problem:
            yield Damage(at, f"Damaged at byte {at:,}: {problem}")
            parts, size = [], 0
            if "record without" in problem and kind in (_FULL, _FIRST):
                continue  # this chunk is sound: only the record before it is lost
            at += left if "record without" not in problem else _HEAD.size + length
            continue
        at = body + length
        size += length
        if size > _MOST_PARTS:
            yield Damage(at, f"Damaged at byte {at:,}: a record of more than {_MOST_PARTS:,} bytes")
            parts, size = [], 0
            continue
        parts.append(chunk)
        if kind in (_FULL, _LAST):
            yield parts[0] if len(parts) == 1 else b"".join(parts)
            parts, size = [], 0
    if parts:
        yield Damage(end, "The file ends in the middle of a record", is_end=True)
