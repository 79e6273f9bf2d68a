"""Just enough of the protocol buffer wire format to read event files, with every length checked.

Source: the Protocol Buffers encoding specification. Messages are told by the places of their bytes, so nothing is
copied, and a nested message costs nothing until somebody asks for its fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from runfolio.model.times import checked

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_64_BITS = 0xFFFFFFFFFFFFFFFF


class BadMessage(ValueError):
    """Bytes that are no message: an endless varint, a length past the end, an unknown wire type."""


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(field number, wire type, a, b) of the message in `data[start:end]`, in written order.

    For VARINT `a` is the unsigned value and `b` the place after it; for all others the value is `data[a:b]`.
    Raises  BadMessage.
    """
    at = start
    while at < end:
        # Most numbers have one byte, and this is where the time goes.
        key = data[at]
        if key < 0x80:
            at += 1
        else:
            key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise BadMessage("a field has the number 0")
        if kind == VARINT:
            value, at = varint(data, at, end)
            yield number, kind, value, at
            continue
        if kind == BYTES:
            if at < end and data[at] < 0x80:
                length = data[at]
                at += 1
            else:
                length, at = varint(data, at, end)
        elif kind == FIXED64:
            length = 8
        elif kind == FIXED32:
            length = 4
        else:
            raise BadMessage(f"unknown wire type {kind}")
        if length > end - at:
            raise BadMessage(f"field {number} says it has {length:,} bytes, {end - at:,} are left")
        yield number, kind, at, at + length
        at += length


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The unsigned number that begins at `at`, modulo 2**64, and the place after it. Raises BadMessage."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise BadMessage("a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _64_BITS, at
    raise BadMessage("a number has more than ten bytes")


def signed(value: int) -> int:
    """A 64-bit varint as the signed number it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def text(data: bytes, start: int, end: int) -> str:
    """UTF-8 text; bytes that are not stay as surrogate escapes."""
    return data[start:end].decode("utf-8", "surrogateescape")


def timestamp_us(data: bytes, start: int, end: int) -> int | None:
    """Microseconds of a `google.protobuf.Timestamp`; None for one that no calendar can show. Raises BadMessage."""
    seconds = nanos = 0
    for number, kind, a, _ in fields(data, start, end):
        if kind == VARINT and number == 1:
            seconds = signed(a)
        elif kind == VARINT and number == 2:
            nanos = signed(a)
    return checked(seconds * 1_000_000 + nanos // 1000)
