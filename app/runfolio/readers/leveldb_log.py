"""The log format in which W&B and SwanLab keep a run: records in blocks of 32,768 bytes.

Source: the log format in LevelDB's documentation, but for the checksum, which both trackers take as plain CRC-32 of
type and data. A block holds chunks of `crc (4) | length (2) | type (1) | data`, little endian; a record is one FULL
chunk, or FIRST, MIDDLE..., LAST. Damage costs the record it lies in: reading goes on with the next chunk whose checksum
fits, at the latest with the next block, which begins with one. Where a chunk's head is damaged, too, that one is looked
for byte by byte, in the first damaged blocks of a file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

BLOCK = 32_768
_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_SEEDS = tuple(zlib.crc32(bytes((kind,))) for kind in range(_LAST + 1))
_WINDOW = 128 * BLOCK
"""Bytes read at once; whole blocks, so that no chunk lies across two reads."""
_MOST_EMPTY = 16
"""Windows of nothing but zeros after which a file is not read on: 64 MiB."""
_LONGEST = 1 << 28
"""Bytes of one record; a longer one is damage."""
_MOST_SEARCHES, _MOST_TRIES = 32, 4096
"""Blocks of a file that are searched for a sound chunk, and chunks that are tried in each."""
_NOTHING = bytes(_HEAD.size)

Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where a log cannot be read: the byte in the file, and what is wrong. `is_end`: the file ends there."""

    offset: int
    message: str
    is_end: bool = False


@dataclass(slots=True)
class _Open:
    """The record that is being put together, whether zeros have been told, and how often a chunk was looked for."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    in_zeros: bool = False
    searches: int = 0

    def drop(self) -> None:
        self.parts = []
        self.size = 0


def records(read: Read, start: int = 0) -> Iterator[bytes | Damage]:
    """The records of a log in order, and the damage between them, holding one window of the file at a time.

    read    the bytes of the file from an offset on, at most so many; fewer only at the file's end.
    start   bytes of the writer's own head, which count as part of the first block.
    """
    record = _Open()
    base = empty = 0
    while empty < _MOST_EMPTY:
        window = read(base, _WINDOW)
        empty = empty + 1 if window.count(0) == len(window) else 0
        yield from _in_window(window, base, max(0, start - base), record)
        base += len(window)
        if len(window) < _WINDOW:
            break
    if record.parts:
        yield Damage(base, "The file ends in the middle of a record", is_end=True)


def _in_window(window: bytes, base: int, at: int, record: _Open) -> Iterator[bytes | Damage]:
    end = len(window)
    while at < end:
        left = BLOCK - at % BLOCK
        if left < _HEAD.size:
            at += left
            continue
        head = window[at : at + _HEAD.size]
        if head == _NOTHING[: len(head)]:
            if not record.in_zeros:
                yield Damage(base + at, f"Zeros from byte {base + at:,} on, where records should be")
            record.in_zeros = True
            record.drop()
            at = _after_damage(window, at, at + left, record)
            continue
        record.in_zeros = False
        if len(head) < _HEAD.size:
            yield Damage(base + at, "The file ends in the middle of a record", is_end=True)
            record.drop()
            return
        crc, length, kind = _HEAD.unpack(head)
        body = at + _HEAD.size
        after = body + length
        if length <= left - _HEAD.size and after > end:
            yield Damage(base + at, "The file ends in the middle of a record", is_end=True)
            record.drop()
            return
        wrong = _wrong(window, at, crc, length, kind)
        if wrong:
            yield Damage(base + at, f"Damaged at byte {base + at:,}: {wrong}")
            record.drop()
            at = after if _is_sound(window, after, at + left) else _after_damage(window, at, at + left, record)
            continue
        if (kind in (_MIDDLE, _LAST)) != bool(record.parts):
            what = "end" if record.parts else "beginning"
            yield Damage(base + at, f"Damaged at byte {base + at:,}: a record without its {what}")
            record.drop()
            if kind in (_MIDDLE, _LAST):
                at = after
                continue
        at = after
        if kind == _FULL:
            yield window[body:after]
            continue
        record.parts.append(window[body:after])
        record.size += length
        if record.size > _LONGEST:
            yield Damage(base + body, f"Damaged at byte {base + body:,}: a record of more than {_LONGEST:,} bytes")
            record.drop()
        elif kind == _LAST:
            yield b"".join(record.parts)
            record.drop()


def _wrong(window: bytes, at: int, crc: int, length: int, kind: int) -> str:
    """What is wrong with the chunk at `at`; empty when nothing is."""
    if at % BLOCK + _HEAD.size + length > BLOCK:
        return "a chunk runs past its block"
    if not _FULL <= kind <= _LAST:
        return f"a chunk of the unknown type {kind}"
    body = at + _HEAD.size
    if zlib.crc32(memoryview(window)[body : body + length], _SEEDS[kind]) != crc:
        return "a checksum does not fit"
    return ""


def _after_damage(window: bytes, at: int, block_end: int, record: _Open) -> int:
    """Where behind `at` the next sound chunk of a block lies that begins a record; the block's end without one."""
    last = min(block_end, len(window)) - _HEAD.size
    if record.searches >= _MOST_SEARCHES or window.count(0, at, block_end) == min(block_end, len(window)) - at:
        return block_end
    record.searches += 1
    tries = 0
    for place in range(at + 1, last + 1):
        if window[place + 6] not in (_FULL, _FIRST):
            continue
        tries += 1
        if tries > _MOST_TRIES:
            break
        if _is_sound(window, place, block_end):
            return place
    return block_end


def _is_sound(window: bytes, at: int, block_end: int) -> bool:
    """Whether a chunk with the right checksum begins there, so that only the one before it is damaged."""
    if at + _HEAD.size > min(block_end, len(window)):
        return False
    crc, length, kind = _HEAD.unpack_from(window, at)
    if at + _HEAD.size + length > min(block_end, len(window)):
        return False
    return not _wrong(window, at, crc, length, kind)
