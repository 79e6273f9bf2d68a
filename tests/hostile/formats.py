"""Bytes of the formats that hostile folders damage: event files, PNG, pickles, W&B logs."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

import google_crc32c

T0 = 1_700_000_000
"""Every time stamp in the tree starts here."""
TFNAME = "events.out.tfevents.1700000000.host.1.0"


def masked(data: bytes) -> int:
    """The masked CRC-32C of TFRecord files."""
    crc = int(google_crc32c.value(data))
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    number &= (1 << 64) - 1
    out = bytearray()
    while True:
        low = number & 0x7F
        number >>= 7
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def pb(field: int, wire: int, payload: bytes) -> bytes:
    """A field of a protobuf message."""
    key = varint(field << 3 | wire)
    return key + (varint(len(payload)) + payload if wire == 2 else payload)


def event(tag: str | bytes, value: float, step: int, wall: float = T0) -> bytes:
    """A scalar as TensorBoard's `Event` holds it."""
    name = tag if isinstance(tag, bytes) else tag.encode()
    scalar = pb(1, 2, name) + pb(2, 5, struct.pack("<f", value))
    return pb(1, 1, struct.pack("<d", wall)) + pb(2, 0, varint(step)) + pb(5, 2, pb(1, 2, scalar))


def tfrecord(data: bytes, *, bad_data: bool = False, bad_length: bool = False, claim: int | None = None) -> bytes:
    """A record; `claim` is the length that it says."""
    length = struct.pack("<Q", len(data) if claim is None else claim)
    head = length + struct.pack("<I", masked(length) ^ (1 if bad_length else 0))
    return head + data + struct.pack("<I", masked(data) ^ (1 if bad_data else 0))


TFHEAD = tfrecord(pb(1, 1, struct.pack("<d", T0)) + pb(3, 2, b"brain.Event:2"))


def scalars(count: int, tag: str = "loss", first: int = 0) -> list[bytes]:
    """Records of a falling series."""
    return [tfrecord(event(tag, 1.0 / (i + 1), i, T0 + i)) for i in range(first, first + count)]


def nested(depth: int) -> bytes:
    """Messages inside each other."""
    data = b""
    for _ in range(depth):
        data = pb(5, 2, data)
        if len(data) > 60_000:
            break
    return data


def png(width: int, height: int, body: bytes | None = None) -> bytes:
    """A grey picture; `body` is what stands for its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    if body is None:
        body = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pickle_bomb(target: str) -> bytes:
    """A pickle that would call `builtins.open(target, "w")` when it is loaded."""
    return b"cbuiltins\nopen\n(V" + target.encode("raw_unicode_escape") + b"\nVw\ntR."


def wandb_file(records: Sequence[tuple[bytes, int, int]]) -> bytes:
    """A W&B log of (data, type, what the checksum is spoilt with)."""
    out = io.BytesIO()
    out.write(struct.pack("<4sHB", b":W&B", 0xBEE1, 0))
    for data, kind, flip in records:
        crc = zlib.crc32(data, zlib.crc32(bytes([kind]))) & 0xFFFFFFFF
        out.write(struct.pack("<IHB", crc ^ flip, len(data), kind) + data)
    return out.getvalue()


def zip_file(members: Sequence[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members, with names as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return out.getvalue()


def rocks_table(blocks: Sequence[tuple[bytes, int]], handles: Sequence[int] | None = None) -> bytes:
    """A RocksDB table of these blocks with the kind of their packing; `handles` are the blocks that its index names."""
    out, places = bytearray(), []
    for data, kind in blocks:
        places.append((len(out), len(data)))
        out += rocks_block(data, kind)
    rows = b""
    for number in range(len(blocks)) if handles is None else handles:
        handle = varint(places[number][0]) + varint(places[number][1])
        rows += b"\0\1" + varint(len(handle)) + b"k" + handle
    index = rows + struct.pack("<II", 0, 1)
    place = (len(out), len(index))
    out += rocks_block(index, 0)
    footer = b"\1" + varint(0) + varint(0) + varint(place[0]) + varint(place[1])
    return bytes(out) + footer.ljust(41, b"\0") + struct.pack("<IQ", 2, 0x88E241B785F4CFF7)


def rocks_block(data: bytes, kind: int) -> bytes:
    """A block and its checksum."""
    return data + bytes([kind]) + struct.pack("<I", masked(data + bytes([kind])))


def rocks_log(batch: bytes) -> bytes:
    """A write-ahead log of one batch of at most 32 kB."""
    body = b"\1" + batch
    return struct.pack("<IH", masked(body), len(batch)) + body


def snappy_literal(data: bytes) -> bytes:
    """Raw Snappy that packs nothing."""
    return varint(len(data)) + b"\xfc" + struct.pack("<I", len(data) - 1) + data
