"""Writes event files byte by byte, as the record format and the protocol buffer encoding say.

Nothing here comes from the reader: the checksum is google-crc32c, checked against RFC 3720 in `test_checksums`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import google_crc32c

FILE_NAME = "events.out.tfevents.1700000000.node-1.77.0"


def masked(data: bytes) -> int:
    """CRC-32C in the form in which it is stored."""
    crc = google_crc32c.value(data)
    return int((((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def head(length: int) -> bytes:
    """A length with its checksum, whether that many bytes follow or not."""
    stated = struct.pack("<Q", length)
    return stated + struct.pack("<I", masked(stated))


def record(data: bytes) -> bytes:
    """A framed record."""
    return head(len(data)) + data + struct.pack("<I", masked(data))


def varint(number: int) -> bytes:
    """A number as a varint; negative ones take ten bytes."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def metadata(plugin: str, content: bytes = b"") -> bytes:
    """SummaryMetadata with plugin_data, as field 9 of a Summary.Value."""
    return field(9, field(1, field(1, plugin.encode()) + (field(2, content) if content else b"")))


def simple(tag: str | bytes, value: float) -> bytes:
    """An old style scalar as field 1 of a Summary."""
    name = tag if isinstance(tag, bytes) else tag.encode()
    return field(1, field(1, name) + b"\x15" + struct.pack("<f", value))


def tensor(tag: str, dtype: int, numbers: bytes, *, shape: Iterable[int] = (), plugin: str | None = None) -> bytes:
    """A tensor as field 1 of a Summary; `numbers` are its fields after data type and shape."""
    dims = b"".join(field(2, b"\x08" + varint(size)) for size in shape)
    body = b"\x08" + varint(dtype) + field(2, dims) + numbers
    return field(1, field(1, tag.encode()) + field(8, body) + (metadata(plugin) if plugin is not None else b""))


def old_histogram(tag: str, limits: list[float], counts: list[float], low: float, high: float) -> bytes:
    """A HistogramProto as field 1 of a Summary: upper limits of buckets, their counts, lowest and highest value."""
    doubles = struct.pack("<d", low), struct.pack("<d", high)
    packed = [struct.pack(f"<{len(side)}d", *side) for side in (limits, counts)]
    message = b"\x09" + doubles[0] + b"\x11" + doubles[1] + field(6, packed[0]) + field(7, packed[1])
    return field(1, field(1, tag.encode()) + field(5, message))


def new_histogram(tag: str, rows: list[list[float]]) -> bytes:
    """A tensor of left edge, right edge and count of each bucket as field 1 of a Summary."""
    shape = b"".join(field(2, b"\x08" + varint(size)) for size in (len(rows), 3))
    message = b"\x08\x02" + field(2, shape) + field(4, b"".join(struct.pack("<3d", *row) for row in rows))
    return field(1, field(1, tag.encode()) + field(8, message) + metadata("histograms"))


def event(step: int, *values: bytes, wall: float = 1.7e9) -> bytes:
    """An Event with one summary; step 0 is left out, as protocol buffers do with defaults."""
    return b"\x09" + struct.pack("<d", wall) + (b"\x10" + varint(step) if step else b"") + field(5, b"".join(values))


def scalar(step: int, value: float, tag: str | bytes = "loss", wall: float = 1.7e9) -> bytes:
    """An Event with one old style scalar."""
    return event(step, simple(tag, value), wall=wall)


def version() -> bytes:
    """The first record of every file."""
    return b"\x09" + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2")


def write(folder: Path, records: Iterable[bytes], name: str = FILE_NAME) -> Path:
    """An event file of framed records in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(records))
    return path
