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
from runfolio.readers.checksums import Bytes, Words, masked_crc, masked_crcs, masked_crcs_of_lengths

_HEAD = struct.Struct("<QI")
HEAD = _HEAD.size
TAIL = 4
_16_BITS = 0xFFFF
_LEAST_SEARCHED, _MOST_SEARCHED = 16 << 10, 64 << 20
"""Bytes in which heads are searched for at once: fewer are not worth it, and more are one large record."""


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
    starts, lengths, size, stop = _walk(data)
    sound = _sums(data, starts, lengths) == _stored(data, starts + lengths)
    damaged = tuple(Damage(int(i) + 1, int(starts[i]) - HEAD) for i in np.flatnonzero(~sound))
    return Frames(starts[sound], lengths[sound], np.flatnonzero(sound) + 1, len(starts), size, damaged, stop)


def _walk(data: bytes) -> tuple[Ints, Ints, int, Stop | None]:
    """Where the data of each whole record lies, how many bytes they fill, and why they end before `data` does."""
    heads, short = _short_records(data)
    # Short records that follow each other are taken at once; anything else one by one.
    run_ends = np.append(np.flatnonzero(heads[1:] != (heads + HEAD + short + TAIL)[:-1]), len(heads) - 1)
    found: list[tuple[Ints, Ints]] = []
    alone: list[tuple[int, int]] = []
    known: dict[bytes, int] = {}
    count = at = 0
    stop: Stop | None = None
    while at < len(data):
        first = int(np.searchsorted(heads, at)) if len(heads) else 0
        if first < len(heads) and heads[first] == at:
            last = int(run_ends[np.searchsorted(run_ends, first)])
            found += [_pairs(alone), (heads[first : last + 1] + HEAD, short[first : last + 1])]
            alone = []
            count += last + 1 - first
            at = int(heads[last] + HEAD + short[last] + TAIL)
            continue
        head = data[at : at + HEAD]
        length = known.get(head)
        if length is None:
            length = _checked_length(head)
            if length is None:
                stop = Stop(count + 1, at, HEAD if len(head) < HEAD else 0)
                break
            known[head] = length
        end = at + HEAD + length + TAIL
        if end > len(data):
            stop = Stop(count + 1, at, end - at)
            break
        alone.append((at + HEAD, length))
        count += 1
        at = end
    found.append(_pairs(alone))
    starts, lengths = zip(*found, strict=True)
    return np.concatenate(starts), np.concatenate(lengths), at, stop


def _short_records(data: bytes) -> tuple[Ints, Ints]:
    """Ascending places that look like the head of a record of 1 to 65,535 bytes, and the length each states.

    Such a head has six zero bytes and its own checksum, so one pass over all bytes finds them. Bytes inside a record
    may look like a head as well: a place counts only where the record before it ends.
    """
    none = np.empty(0, dtype=np.int64)
    places = len(data) - HEAD - TAIL
    if not _LEAST_SEARCHED <= len(data) <= _MOST_SEARCHED:
        return none, none
    one = np.frombuffer(data, dtype=np.uint8)
    two = one[:-1] | one[1:]  # zero where a byte and the next one are
    four = two[:-2] | two[2:]
    six = four[2 : places + 2] | two[6 : places + 6]
    heads = np.flatnonzero((six == 0) & (two[:places] != 0))
    lengths = _at_any_place(data, "<u2")[heads].astype(np.int64)
    inside = heads + lengths <= places
    heads, lengths = heads[inside], lengths[inside]
    sound = masked_crcs_of_lengths(lengths) == _at_any_place(data, "<u4")[heads + 8]
    return heads[sound], lengths[sound]


def _checked_length(head: bytes) -> int | None:
    if len(head) < HEAD:
        return None
    length, stored = _HEAD.unpack(head)
    return int(length) if masked_crc(head[:8]) == stored else None


def _pairs(pairs: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    both = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    return both[:, 0], both[:, 1]


def _sums(data: bytes, starts: Ints, lengths: Ints) -> Words:
    """The masked CRC of each record's data, uint32 (n,)."""
    sums = np.empty(len(starts), dtype=np.uint32)
    for members in alike(lengths):
        start, length = int(starts[members[0]]), int(lengths[members[0]])
        if len(members) == 1 or not length:
            sums[members] = masked_crc(data[start : start + length])
        else:
            sums[members] = masked_crcs(rows(data, starts[members], length))
    return sums


def _stored(data: bytes, places: Ints) -> Words:
    if not len(places):
        return np.empty(0, dtype=np.uint32)
    return _at_any_place(data, "<u4")[places]


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
