"""What a RocksDB folder holds, read from its files without the database: tables (`.sst`) and write-ahead logs (`.log`).

Sources: RocksDB's wiki pages *Rocksdb BlockBasedTable Format*, *Write Ahead Log File Format* and the comments of
`db/write_batch.cc`. Only what an embedded store with one column family and no merge
operator writes is understood. Each key has the value of its highest sequence number, whichever file it lies in. Files
are read whole, within limits, and each block and record has its checksum checked. Damage costs the block or record.
"""

from __future__ import annotations

import heapq
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from runfolio.errors import RunfolioError
from runfolio.model.problem import Problem, Severity
from runfolio.readers.checksums import masked_crc
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.snappy import LARGEST_BLOCK, Damaged, unpack_snappy, varint

_MAGIC = 0x88E241B785F4CFF7
_FOOTER = 53
_TRAILER = 5
_NONE, _SNAPPY, _ZLIB = 0, 1, 2
_CRC32C = 1
_LARGEST_FILE = 1 << 30
_LONGEST_KEY = 1 << 16
"""Bytes of a key. A key repeats in few bytes what it shares with the one before it, however long that is."""
_BLOCK = 32_768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_RECYCLED = 4
"""Types 5 to 8 are 1 to 4 in a file that was used before; their head has the log's number too."""
_DELETION, _VALUE, _LOG_DATA, _SINGLE_DELETION, _RANGE_DELETION = 0, 1, 3, 7, 15


@dataclass(slots=True)
class Store:
    """Keys with their values, and what could not be read."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Latest:
    found: dict[bytes, tuple[int, bytes | None]] = field(default_factory=dict)
    cleared: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    """Ranges of keys, the last one not in them, that were deleted, with the highest sequence number of that."""

    def put(self, key: bytes, sequence: int, value: bytes | None) -> None:
        known = self.found.get(key)
        if known is None or known[0] <= sequence:
            self.found[key] = (sequence, value)

    def values(self) -> dict[bytes, bytes]:
        """What was put and neither deleted by itself nor with a range."""
        ranges = sorted((first, last, sequence) for (first, last), sequence in self.cleared.items())
        open_ranges: list[tuple[int, bytes]] = []
        at = 0
        kept: dict[bytes, bytes] = {}
        for key in sorted(self.found) if ranges else self.found:
            while at < len(ranges) and ranges[at][0] <= key:
                heapq.heappush(open_ranges, (-ranges[at][2], ranges[at][1]))
                at += 1
            while open_ranges and open_ranges[0][1] <= key:
                heapq.heappop(open_ranges)
            sequence, value = self.found[key]
            if value is not None and not (open_ranges and -open_ranges[0][0] > sequence):
                kept[key] = value
        return kept


def read_store(folder: Folder, budget: Budget, places: dict[bytes, tuple[str, int]] | None = None) -> Store:
    """Everything that a database folder holds. Never raises for what its files hold; raises LimitReached for time.

    places   gets, where it is given, the file that holds the value of each key, and the sequence number of the write.
    """
    store = Store()
    latest = _Latest()
    for name in sorted(folder.files):
        if not name.endswith((".sst", ".log")):
            continue
        budget.check(folder.where(name))
        try:
            data = folder.read(name, _LARGEST_FILE)
        except RunfolioError as failure:
            store.problems.append(problem_from(failure, "store-unreadable", folder.where(name), Severity.WARNING))
            continue
        before = {} if places is None else {**latest.found}
        damage = _read_table(data, latest, budget) if name.endswith(".sst") else _read_log(data, latest, budget)
        if damage:
            text = f"Damaged: {damage[0]}" + (f" (and {len(damage) - 1} more places)" if len(damage) > 1 else "")
            hint = "What lies there is missing, the rest is shown. Copy the file again."
            store.problems.append(warning("store-damaged", folder.where(name), text, hint))
        if places is not None:
            places |= {key: (name, put[0]) for key, put in latest.found.items() if before.get(key) is not put}
    store.values = latest.values()
    return store


# --- tables --------------------------------------------------------------------------------------------------------


def _read_table(data: bytes, latest: _Latest, budget: Budget) -> list[str]:
    damage: list[str] = []
    try:
        index, checksum, version = _footer(data)
        handles = _handles(_block(data, *index, checksum), delta=version >= 4)
    except Damaged as failure:
        return [str(failure)]
    end = 0
    for offset, size in handles:
        budget.check()
        if offset < end:
            # No table that RocksDB wrote has that, and one block named again and again would take for ever.
            damage.append(f"a block that begins before the end of another at byte {offset:,}")
            break
        end = offset + size
        try:
            for key, value in _entries(_block(data, offset, size, checksum), budget):
                if len(key) < 8:
                    raise Damaged("a key without its sequence number")
                mark = int.from_bytes(key[-8:], "little")
                kind, sequence = mark & 0xFF, mark >> 8
                if kind in (_VALUE, _DELETION, _SINGLE_DELETION):
                    latest.put(key[:-8], sequence, value if kind == _VALUE else None)
                else:
                    damage.append(f"an entry of the unknown kind {kind} at byte {offset:,}")
        except Damaged as failure:
            damage.append(f"{failure} at byte {offset:,}")
    return damage


def _footer(data: bytes) -> tuple[tuple[int, int], int, int]:
    """Place of the index block, kind of checksum, version of the format."""
    if len(data) < _FOOTER or int.from_bytes(data[-8:], "little") != _MAGIC:
        raise Damaged("it does not end like a table")
    footer = data[-_FOOTER:]
    version = int.from_bytes(footer[-12:-8], "little")
    if not 1 <= version <= 5:
        raise Damaged(f"it is of version {version}, which is not known")
    if footer[0] != _CRC32C:
        raise Damaged(f"its checksums are of kind {footer[0]}, which is not known")
    at = 1
    numbers: list[int] = []
    for _ in range(4):
        number, at = varint(footer, at)
        numbers.append(number)
    return (numbers[2], numbers[3]), footer[0], version


def _block(data: bytes, offset: int, size: int, checksum: int) -> bytes:
    """A block's content; `checksum` is its kind."""
    end = offset + size
    if end + _TRAILER > len(data):
        raise Damaged("a block runs past the end of the file")
    stored = int.from_bytes(data[end + 1 : end + 5], "little")
    if checksum == _CRC32C and masked_crc(data[offset : end + 1]) != stored:
        raise Damaged("a checksum does not fit")
    raw, kind = data[offset:end], data[end]
    if kind == _NONE:
        return raw
    if kind == _SNAPPY:
        return unpack_snappy(raw)
    if kind == _ZLIB:
        length, at = varint(raw, 0)
        try:
            return zlib.decompressobj(-14).decompress(raw[at:], min(length, LARGEST_BLOCK))
        except zlib.error as failure:
            raise Damaged(str(failure)) from failure
    raise Damaged(f"a block is packed in a way ({kind}) that is not known")


def _entries(block: bytes, budget: Budget) -> Iterator[tuple[bytes, bytes]]:
    """Keys with values of a data block: each key says how much it shares with the one before it."""
    end = _content_end(block)
    at, key, count = 0, b"", 0
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or at + fresh + length > end:
            raise Damaged("an entry runs past its block")
        if shared + fresh > _LONGEST_KEY:
            raise Damaged(f"a key of {shared + fresh:,} bytes")
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        count += 1
        if count % 4096 == 0:
            budget.check()
        yield key, block[at : at + length]
        at += length


def _handles(block: bytes, *, delta: bool) -> list[tuple[int, int]]:
    """Places of the data blocks. From version 4 on an entry that shares its key gives its size as a difference only."""
    end = _content_end(block)
    at, key = 0, b""
    found: list[tuple[int, int]] = []
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length = None
        if not delta:
            length, at = varint(block, at)
        if shared > len(key) or at + fresh > end:
            raise Damaged("the index runs past its block")
        key = key[:shared] + block[at : at + fresh]
        at += fresh
        after = at
        if delta and shared and found:
            change, after = varint(block, at)
            offset, size = found[-1]
            place = (offset + size + _TRAILER, size + ((change >> 1) ^ -(change & 1)))
        else:
            offset, after = varint(block, at)
            size, after = varint(block, after)
            place = (offset, size)
        at = after if length is None else at + length
        if place[1] < 0:
            raise Damaged("the index names a place that cannot be")
        found.append(place)
    return found


def _content_end(block: bytes) -> int:
    """Where the entries end and the list of restarts begins."""
    if len(block) < 4:
        raise Damaged("a block without an end")
    count = int.from_bytes(block[-4:], "little")
    if count >> 31:
        # With a hash index behind the restarts, whose number of buckets stands before the count.
        buckets = int.from_bytes(block[-6:-4], "little")
        end = len(block) - 4 - 2 - buckets - 4 * (count & 0xFFFF)
    else:
        end = len(block) - 4 - 4 * count
    if end < 0:
        raise Damaged("a block with more restarts than it can hold")
    return end


# --- logs ----------------------------------------------------------------------------------------------------------


def _read_log(data: bytes, latest: _Latest, budget: Budget) -> list[str]:
    damage: list[str] = []
    for record in _records(data, damage):
        budget.check()
        try:
            _apply(record, latest)
        except Damaged as failure:
            damage.append(str(failure))
    return damage


def _records(data: bytes, damage: list[str]) -> Iterator[bytes]:
    at = 0
    parts: list[bytes] = []
    started = False
    while at + 7 <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < 7:
            at += left
            continue
        crc, length, kind = struct.unpack_from("<IHB", data, at)
        if crc == length == kind == 0:
            at += left  # room that was reserved and never written
            continue
        head = 11 if kind > _RECYCLED else 7
        body, end = at + head, at + head + length
        plain = kind - _RECYCLED if kind > _RECYCLED else kind
        if end > len(data) or length + head > left or not _FULL <= plain <= _LAST:
            if end > len(data) and length + head <= left:
                damage.append("the log ends in the middle of a record")
                return
            damage.append(f"a record that cannot be at byte {at:,}")
            at, started = at + left, False
            continue
        if masked_crc(data[at + 6 : end]) != crc:
            damage.append(f"a checksum does not fit at byte {at:,}")
            at, started = at + left, False
            continue
        if plain in (_FULL, _FIRST):
            parts, started = [data[body:end]], True
        elif started:
            parts.append(data[body:end])
        if plain in (_FULL, _LAST) and started:
            yield b"".join(parts)
            started = False
        at = end


def _apply(record: bytes, latest: _Latest) -> None:
    """Carry out a batch of writes: each has the sequence number of the one before it and one more."""
    if len(record) < 12:
        raise Damaged("a batch without its head")
    sequence, _count = struct.unpack_from("<QI", record)
    at = 12
    while at < len(record):
        kind = record[at]
        at += 1
        if kind in (_VALUE, _DELETION, _SINGLE_DELETION):
            key, at = _text(record, at)
            value = None
            if kind == _VALUE:
                value, at = _text(record, at)
            latest.put(key, sequence, value)
            sequence += 1
        elif kind == _LOG_DATA:
            _, at = _text(record, at)
        elif kind == _RANGE_DELETION:
            first, at = _text(record, at)
            last, at = _text(record, at)
            latest.cleared[first, last] = max(sequence, latest.cleared.get((first, last), 0))
            sequence += 1
        else:
            raise Damaged(f"a write of the unknown kind {kind}")


def _text(record: bytes, at: int) -> tuple[bytes, int]:
    length, at = varint(record, at)
    if at + length > len(record):
        raise Damaged("a write runs past its batch")
    return record[at : at + length], at + length
