"""Just enough of the protocol buffer wire format to read event files, with every length checked.

Source: the Protocol Buffers encoding specification. Nested messages are handed out as slices and decoded only when
somebody asks, so depth costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class BadMessage(ValueError):
    """Bytes that are no message: an endless varint, a length past the end, an unknown wire type."""


def fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """(field number, wire type, value) of a message in written order.

    A value is an int for VARINT (unsigned) and a memoryview of 8, n or 4 bytes for the others. Raises BadMessage.
    """
    at = 0
    size = len(data)
    while at < size:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise BadMessage("a field has the number 0")
        if kind == VARINT:
            value, at = _varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = _varint(data, at)
        elif kind == FIXED64:
            length = 8
        elif kind == FIXED32:
            length = 4
        else:
            raise BadMessage(f"unknown wire type {kind}")
        if at + length > size:
            raise BadMessage(f"field {number} says it has {length:,} bytes, {size - at:,} are left")
        yield number, kind, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise BadMessage("a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise BadMessage("a number has more than ten bytes")


def signed(value: int) -> int:
    """A 64-bit varint as the signed number it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(data: memoryview) -> float:
    """Eight little-endian bytes as float64."""
    return float(struct.unpack("<d", data)[0])


def single(data: memoryview) -> float:
    """Four little-endian bytes as float32, widened."""
    return float(struct.unpack("<f", data)[0])


def text(data: memoryview) -> str:
    """UTF-8 text; bytes that are not stay as surrogate escapes."""
    return bytes(data).decode("utf-8", "surrogateescape")
