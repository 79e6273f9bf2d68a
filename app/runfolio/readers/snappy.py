"""Unpacks blocks that Snappy packed, as stores of the LevelDB family hold them.

Source: the Snappy format description.
"""

from __future__ import annotations

LARGEST_BLOCK = 1 << 26
"""Bytes that a block may unpack to; those of RocksDB are some kilobytes."""


class Damaged(ValueError):
    """Bytes that are not what the format says."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where it ends. Raises Damaged."""
    number = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Damaged("a number is cut off")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def unpack_snappy(data: bytes) -> bytes:
    """The content of a raw Snappy block. Raises Damaged; never makes more than 64 MB."""
    size, at = varint(data, 0)
    if size > LARGEST_BLOCK:
        raise Damaged(f"a block would unpack to {size:,} bytes")
    made = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(data[at : at + width], "little")
                at += width
            length += 1
            made += data[at : at + length]
            at += length
        else:
            if kind == 1:
                length, back = ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | int.from_bytes(data[at : at + 1], "little")
                at += 1
            else:
                width = 2 if kind == 2 else 4
                length, back = (tag >> 2) + 1, int.from_bytes(data[at : at + width], "little")
                at += width
            if not 0 < back <= len(made):
                raise Damaged("a packed block points before its beginning")
            start = len(made) - back
            piece = made[start : start + length]
            while len(piece) < length:
                piece += piece[: length - len(piece)]
            made += piece
        if len(made) > size or at > len(data):
            break
    if len(made) != size or at != len(data):
        raise Damaged("a packed block is not of the length that it says")
    return bytes(made)
