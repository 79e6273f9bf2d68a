"""Record framing of event files: length, masked CRC, data, masked CRC; checked before anything is believed.

Source: TensorFlow's record format, `uint64 length | uint32 masked crc32c(length) | data | uint32 masked crc32c(data)`,
little-endian. `checksums` tells of the masked CRC.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from runfolio.model.metrics import Ints
from runfolio.readers.checksums import Bytes, all_sound, masked_crc
from runfolio.readers.record_chain import stated_lengths

_HEAD = struct.Struct("<QI")
HEAD = _HEAD.size
TAIL = 4
_16_BITS = 0xFFFF
_CHECKED_AT_ONCE = 1 << 20, 1 << 14, 1 << 10
"""Bytes of records that are checked as one, and where one of them is wrong; the most that fit a processor's cache."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A whole record that is not to be believed: its 1-based number in the bytes, and the offset of its first byte."""

    record: int
    offset: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the records end before the bytes do.

    record   1-based number of the record that could not be read; `offset` is its first byte.
    needs    how many bytes from `offset` on would hold all of it; 0 when its length fails its checksum, so that
             nothing from here on can be found.
    """

    record: int
    offset: int
    needs: int


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The records of some bytes.

    starts, lengths   int64 (n,), where the data of each sound record lies.
    numbers           int64 (n,), 1-based number of each among all records, damaged ones included.
    count             all whole records, sound and damaged.
    size              bytes that hold whole records; an append-only file can be resumed there.
    """

    starts: Ints
    lengths: Ints
    numbers: Ints
    count: int
    size: int
    damaged: tuple[Damage, ...]
    stop: Stop | None


def frames(data: bytes) -> Frames:
    """The records from the start of `data` on. Never raises, reads past no end and believes no length unchecked."""
    lengths = stated_lengths(data)
    ends = np.cumsum(lengths + (HEAD + TAIL))
    wrong, count = _wrong(data, ends, lengths)
    lengths, ends = lengths[:count], ends[:count]
    starts = ends - lengths - TAIL
    size = int(ends[-1]) if count else 0
    stop = _stop(data, size, count + 1) if size < len(data) else None
    if not wrong:
        return Frames(starts, lengths, np.arange(1, count + 1), count, size, (), stop)
    damaged = tuple(Damage(i + 1, int(starts[i]) - HEAD) for i in wrong)
    sound = np.delete(np.arange(count), wrong)
    return Frames(starts[sound], lengths[sound], sound + 1, count, size, damaged, stop)


def _wrong(data: bytes, ends: Ints, lengths: Ints) -> tuple[list[int], int]:
    """Ascending indices of the records whose data fails, and how many records there are before one whose head does."""
    sums_at = np.empty((len(ends), 2), dtype=np.int64)
    sums_at[:, 1] = ends - TAIL
    sums_at[:, 0] = sums_at[:, 1] - lengths - TAIL
    wrong: list[int] = []
    heads: set[bytes] = set()
    pending = [(0, len(ends), 0)]
    while pending:
        first, last, narrowed = pending.pop()
        begin = int(ends[first - 1]) if first else 0
        if narrowed and all_sound(data, begin, sums_at[first:last].ravel()):
            continue
        if narrowed < len(_CHECKED_AT_ONCE):
            parts = pairwise(_cuts(ends, first, last, _CHECKED_AT_ONCE[narrowed]))
            pending += [(*part, narrowed + 1) for part in parts][::-1]
            continue
        for i, end, length in zip(
            range(first, last), ends[first:last].tolist(), lengths[first:last].tolist(), strict=True
        ):
            tail = end - TAIL
            head = data[tail - length - HEAD : tail - length]
            if head not in heads and _checked_length(head) is None:
                return wrong, i
            heads.add(head)
            if masked_crc(data[tail - length : tail]) != int.from_bytes(data[tail:end], "little"):
                wrong.append(i)
    return wrong, len(ends)


def _cuts(ends: Ints, first: int, last: int, size: int) -> list[int]:
    """Ascending indices from `first` to `last` that part these records into some of about `size` bytes each."""
    if first == last:
        return [first]
    some = np.searchsorted(ends[first:last], np.arange(int(ends[first]) + size, int(ends[last - 1]), size)) + first
    return [first, *np.unique(some[(some > first) & (some < last)]).tolist(), last]


def _stop(data: bytes, at: int, number: int) -> Stop:
    """Why a record that is not whole, or whose head fails, cannot be read."""
    head = data[at : at + HEAD]
    length = _checked_length(head)
    if length is None:
        return Stop(number, at, HEAD if len(head) < HEAD else 0)
    return Stop(number, at, HEAD + length + TAIL)


def _checked_length(head: bytes) -> int | None:
    if len(head) < HEAD:
        return None
    length, stored = _HEAD.unpack(head)
    return int(length) if masked_crc(head[:8]) == stored else None


def _at_any_place(data: bytes, kind: str) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """`data` as an item at each byte; they overlap, and taking some of them copies each in one go."""
    item = np.dtype(kind)
    return np.ndarray((len(data) - item.itemsize + 1,), dtype=item, buffer=data, strides=(1,))


def rows(data: bytes, starts: Ints, length: int) -> Bytes:
    """`length` bytes from each of `starts` on, as the rows of a matrix uint8 (n, length)."""
    return _at_any_place(data, f"V{length}")[starts].view(np.uint8).reshape(len(starts), length)


def alike(keys: Ints) -> Iterator[Ints]:
    """Indices of equal keys together, ascending in each group; groups by ascending key."""
    small = keys if len(keys) and int(keys.max()) > _16_BITS else keys.astype(np.uint16)  # sorted by radix
    order = np.argsort(small, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    for first, last in pairwise([0, *cuts.tolist(), len(order)]):
        if last > first:
            yield order[first:last]
