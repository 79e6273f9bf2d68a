"""Takes scalars out of thousands of alike records at once.

A writer repeats itself: the records of one tag differ in wall time, step and value, and in nothing else. So records
are grouped by the bytes around those numbers; one of each group is decoded to learn where its numbers stand, and
NumPy reads them from all the others. What fits no group is left to be decoded record by record. Both ways decode with
`tensorboard_proto`, so they cannot differ in what a record means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Floats, Ints
from runfolio.readers import framing
from runfolio.readers.checksums import Bytes
from runfolio.readers.framing import Frames
from runfolio.readers.protobuf import BadMessage
from runfolio.readers.tensorboard_proto import read_event
from runfolio.readers.tensorboard_tensor import Place, Tensor

_SHORTEST, _LONGEST = 21, 4095
"""Lengths of records that are looked at: of the smallest scalar, and of what fits the sort key of `_groups`."""
_FEWEST = 8
"""Smaller groups cost more than they save."""
_TRIES = 4
"""How many shapes of record are looked for among those of one length."""
_MOST_LAYOUTS = 1 << 14
_STEP_AT, _STEP_KEY, _WALL_KEY = 9, 0x10, 0x09


@dataclass(frozen=True, slots=True)
class Slot:
    """A number in all records of one layout.

    place    of the number, from the start of the record; `position` of its value among those of the record.
    tensor   the tensor around it, None for an old style value.
    plugin   as the metadata in each of these records names it, None without metadata.
    """

    tag: str
    position: int
    place: Place
    tensor: Tensor | None
    plugin: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """What one slot holds in all records of one layout.

    records   int64 (n,), ascending indices into the frames. steps int64, walls float64 in seconds, values float64.
    """

    slot: Slot
    records: Ints
    steps: Ints
    walls: Floats
    values: Floats


class Layouts:
    """Layouts learned so far. One object serves all folders that a process reads: those of one training look alike.

    A layout is known by all bytes around its numbers, so what was learned in one folder holds in every other.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[Place, ...], bytes], tuple[Slot, ...]] = {}

    def blocks(self, data: bytes, framed: Frames) -> tuple[list[Block], Ints]:
        """What can be taken at once, and the ascending indices of the records that cannot."""
        taken = np.zeros(len(framed.starts), dtype=bool)
        found: list[Block] = []
        for records, step_bytes in _groups(data, framed):
            rows = framing.rows(data, framed.starts[records], int(framed.lengths[records[0]]))
            for blocks in self._split(rows, records, step_bytes):
                taken[blocks[0].records] = True
                found += blocks
        return found, np.flatnonzero(~taken)

    def _split(self, rows: Bytes, records: Ints, step_bytes: int) -> Iterator[list[Block]]:
        """Blocks of records that have one length and one length of step, a list for each layout."""
        for _ in range(_TRIES):
            if len(rows) < _FEWEST:
                return
            slots = _slots(rows[0].tobytes(), step_bytes)
            if not slots:
                rows, records = rows[1:], records[1:]
                continue
            places = tuple(slot.place for slot in slots)
            around = _around(rows, step_bytes, places)
            order, bounds = _alike(around)
            sorted_rows, sorted_records = rows[order], records[order]
            steps, walls = _steps(sorted_rows, step_bytes), _column(sorted_rows, Place(1, "<d"))
            values = [_column(sorted_rows, place) for place in places]
            left = np.ones(len(rows), dtype=bool)
            for first, last in pairwise(bounds):
                head = order[first]
                own = self._layout(rows[head], around[head], step_bytes, places)
                if not own:
                    continue
                left[order[first:last]] = False
                part = slice(first, last)
                yield [
                    Block(slot, sorted_records[part], steps[part], walls[part], values[i][part])
                    for i, slot in enumerate(own)
                ]
            rows, records = rows[left], records[left]

    def _layout(self, row: Bytes, around: Bytes, step_bytes: int, places: tuple[Place, ...]) -> tuple[Slot, ...]:
        """The slots of a record if its numbers stand at `places`; none else."""
        key = (step_bytes, places, around.tobytes())
        slots = self._known.get(key)
        if slots is None:
            slots = _slots(row.tobytes(), step_bytes)
            if tuple(slot.place for slot in slots) != places:
                # Not remembered: bytes that were blanked as numbers are structure in this record.
                return ()
            if len(self._known) >= _MOST_LAYOUTS:
                self._known.clear()
            self._known[key] = slots
        return slots


def _groups(data: bytes, framed: Frames) -> Iterator[tuple[Ints, int]]:
    """Indices of records with the same length and the same length of step in bytes (0 for no step), with the latter."""
    fit = (framed.lengths >= _SHORTEST) & (framed.lengths <= _LONGEST)
    candidates = np.flatnonzero(fit)
    if len(candidates) < _FEWEST:
        return
    raw = np.frombuffer(data, dtype=np.uint8)
    starts = framed.starts[candidates]
    # A step is a varint: each byte but its last has the high bit set.
    more = raw[starts + _STEP_AT] == _STEP_KEY
    step_bytes = more.astype(np.int64)
    for i in range(_STEP_AT + 1, _STEP_AT + 11):
        more &= raw[starts + i] >= 0x80
        if not more.any():
            break
        step_bytes += more
    sound = (raw[starts] == _WALL_KEY) & (step_bytes <= 10)
    # Sixteen bits hold both, which makes sorting cheap; 0 stands for records of another shape.
    keys = np.where(sound, framed.lengths[candidates] << 4 | step_bytes, 0)
    for members in framing.alike(keys):
        key = int(keys[members[0]])
        if len(members) >= _FEWEST and key:
            yield candidates[members], key & 15


def _around(rows: Bytes, step_bytes: int, places: Sequence[Place]) -> Bytes:
    """The bytes after the step with all numbers blanked, padded to whole 64-bit words."""
    begin = _rest_at(step_bytes)
    width = rows.shape[1] - begin
    around = np.zeros((len(rows), -(-width // 8) * 8), dtype=np.uint8)
    around[:, :width] = rows[:, begin:]
    for place in places:
        around[:, place.at - begin : place.at - begin + place.width] = 0
    return around


def _alike(around: Bytes) -> tuple[Ints, list[int]]:
    """An order that brings equal rows together, each group ascending, and where the groups begin and end in it.

    Rows are sorted by a hash and then compared, so rows that only share a hash are never put together.
    """
    words = around.view(np.uint64)
    order = np.argsort(words @ _weights()[: words.shape[1]], kind="stable")
    words = words[order]
    cuts = np.flatnonzero((words[1:] != words[:-1]).any(axis=1)) + 1
    return order, [0, *cuts.tolist(), len(order)]


@cache
def _weights() -> NDArray[np.uint64]:
    """Odd numbers for hashing, one for each word of the longest record; any will do."""
    return np.random.default_rng(0).integers(0, 2**63, _LONGEST // 8 + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _column(rows: Bytes, place: Place) -> Floats:
    part = np.ascontiguousarray(rows[:, place.at : place.at + place.width])
    return part.view(place.code)[:, 0].astype(np.float64)


def _steps(rows: Bytes, step_bytes: int) -> Ints:
    steps = np.zeros(len(rows), dtype=np.uint64)
    for i in range(step_bytes):
        byte = rows[:, _STEP_AT + 1 + i].astype(np.uint64)
        steps |= (byte & np.uint64(0x7F)) << np.uint64(7 * i)
    return steps.view(np.int64)


def _rest_at(step_bytes: int) -> int:
    return _STEP_AT + 1 + step_bytes if step_bytes else _STEP_AT


def _slots(record: bytes, step_bytes: int) -> tuple[Slot, ...]:
    """Where the numbers of a record stand; none when one has no fixed place or the record holds anything else."""
    try:
        event = read_event(record, 0, len(record))
    except BadMessage:
        return ()
    if event.order != ([1, 2, 5] if step_bytes else [1, 5]):
        return ()
    slots: list[Slot] = []
    for position, value in enumerate(event.values):
        tensor = value.tensor if value.simple is None else None
        place = value.simple or (tensor.place if tensor is not None and tensor.is_number else None)
        if place is None or value.other:
            return ()
        slots.append(Slot(value.tag, position, place, tensor, value.plugin))
    return tuple(slots)
