"""Record framing of event files: length, masked CRC, data, masked CRC; checked before anything is believed.

Source: TensorFlow's record format, `uint64 length | uint32 masked crc32c(length) | data | uint32 masked crc32c(data)`,
little-endian. The mask is `((crc >> 15 | crc << 17) + 0xa282ead8) mod 2**32`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import google_crc32c

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
OVERHEAD = _HEAD.size + _TAIL.size
_MASK_DELTA = 0xA282EAD8


@dataclass(frozen=True, slots=True)
class Fault:
    """Where framing went wrong. `fatal` when nothing after it can be trusted.

    record   1-based number of the record; offset is its first byte.
    """

    record: int
    offset: int
    message: str
    fatal: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """Sound records of a file: start and end of each one's data, and what was wrong between them.

    sound_bytes   length of the prefix that holds only whole records; an append-only file can be resumed there.
    """

    spans: list[tuple[int, int]]
    faults: list[Fault]
    sound_bytes: int


def masked_crc(data: bytes | memoryview) -> int:
    """The CRC-32C of data as the format stores it."""
    crc = int(google_crc32c.value(bytes(data)))
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def frames(data: bytes) -> Frames:
    """All records whose framing and checksums hold. Never raises and never reads past `data`."""
    spans: list[tuple[int, int]] = []
    faults: list[Fault] = []
    at = 0
    number = 0
    size = len(data)
    crc = google_crc32c.value
    unpack_head, unpack_tail = _HEAD.unpack_from, _TAIL.unpack_from
    while at < size:
        number += 1
        start = at + _HEAD.size
        if start > size:
            faults.append(Fault(number, at, f"record {number} is cut off in its first bytes", True, cut=True))
            break
        length, length_crc = unpack_head(data, at)
        value = crc(data[at : at + 8])
        if ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFFFFFF != length_crc:
            faults.append(Fault(number, at, f"the length of record {number} fails its checksum", True))
            break
        end = start + length
        if end + 4 > size:
            left = size - start
            faults.append(
                Fault(number, at, f"record {number} says it has {length:,} bytes, {left:,} are left", True, cut=True)
            )
            break
        value = crc(data[start:end])
        if ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFFFFFF != unpack_tail(data, end)[0]:
            faults.append(Fault(number, at, f"record {number} fails its checksum", False))
        else:
            spans.append((start, end))
        at = end + 4
    return Frames(spans, faults, at)
