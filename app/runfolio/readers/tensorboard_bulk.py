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
"""Lengths of records that are looked at: of the smallest scalar, and of what is worth looking at in this way."""
_FEWEST = 8
"""Smaller groups cost more than they save."""
_TRIES = 4
"""How many shapes of record are looked for among those of one length."""
_MOST_LAYOUTS = 1 << 16
_STEP_AT, _STEP_KEY, _WALL_KEY = 9, 0x10, 0x09
_LONGEST_STEP = 10
_FRONT = _STEP_AT + 1 + _LONGEST_STEP


@dataclass(frozen=True, slots=True)
class Slot:
    """A number in all records of one layout.

    place    of the number, from the end of the step; `position` of its value among those of the record.
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

    A layout is known by all bytes after the step but its numbers, so what was learned in one folder holds in every
    other, and however many bytes the step takes.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Place, ...], bytes], tuple[Slot, ...]] = {}

    def blocks(self, data: bytes, framed: Frames) -> tuple[list[Block], Ints]:
        """What can be taken at once, and the ascending indices of the records that cannot."""
        taken = np.zeros(len(framed.starts), dtype=bool)
        found: list[Block] = []
        fronts = _fronts(data, framed)
        for members in fronts.alike():
            for blocks in self._split(fronts, members):
                taken[blocks[0].records] = True
                found += blocks
        return found, np.flatnonzero(~taken)

    def _split(self, fronts: _Fronts, members: Ints) -> Iterator[list[Block]]:
        """Blocks of records that are equally long after the step, a list for each layout; ascending `members`."""
        width = int(fronts.widths[members[0]])
        # Rows are whole words, so they begin with bytes of the step or wall time; those are blanked with the numbers.
        pad = -width % 8
        rows = framing.rows(fronts.data, fronts.rests[members] - pad, pad + width)
        for _ in range(_TRIES):
            if len(rows) < _FEWEST:
                return
            slots = fronts.slots(int(members[0]))
            if not slots:
                rows, members = rows[1:], members[1:]
                continue
            places = tuple(slot.place for slot in slots)
            around = _around(rows, pad, places)
            order, bounds = _alike(around)
            values = [_numbers(rows, pad + place.at, place.code)[order] for place in places]
            sorted_members = members[order]
            records = fronts.records[sorted_members]
            steps, walls = fronts.steps[sorted_members], fronts.walls[sorted_members]
            left = np.ones(len(rows), dtype=bool)
            for first, last in pairwise(bounds):
                own = self._layout(fronts, int(sorted_members[first]), around[order[first]].tobytes(), places)
                if not own:
                    continue
                part = slice(first, last)
                left[order[part]] = False
                yield [
                    Block(slot, records[part], steps[part], walls[part], values[i][part]) for i, slot in enumerate(own)
                ]
            rows, members = rows[left], members[left]

    def _layout(self, fronts: _Fronts, member: int, around: bytes, places: tuple[Place, ...]) -> tuple[Slot, ...]:
        """The slots of a record if its numbers stand at `places`; none else."""
        slots = self._known.get((places, around))
        if slots is None:
            slots = fronts.slots(member)
            if tuple(slot.place for slot in slots) != places:
                # Not remembered: bytes that were blanked as numbers are structure in this record.
                return ()
            if len(self._known) >= _MOST_LAYOUTS:
                self._known.clear()
            self._known[places, around] = slots
        return slots


@dataclass(frozen=True, slots=True, eq=False)
class _Fronts:
    """Wall time and step of the records that begin with them and nothing else.

    records   int64 (n,), ascending indices into the frames of `data`; steps int64, walls float64 in seconds.
    starts, rests, widths   int64 (n,): where each begins, where its step ends, and how many bytes follow that.
    """

    data: bytes
    records: Ints
    starts: Ints
    rests: Ints
    widths: Ints
    steps: Ints
    walls: Floats

    def alike(self) -> Iterator[Ints]:
        """Indices of records that are equally long after the step."""
        for members in framing.alike(self.widths):
            if len(members) >= _FEWEST:
                yield members

    def slots(self, member: int) -> tuple[Slot, ...]:
        """Where the numbers of one record stand; none when one has no fixed place or it holds anything else."""
        start, rest, width = (int(numbers[member]) for numbers in (self.starts, self.rests, self.widths))
        return _slots(self.data[start : rest + width], rest - start)


def _fronts(data: bytes, framed: Frames) -> _Fronts:
    fit = (framed.lengths >= _SHORTEST) & (framed.lengths <= _LONGEST)
    records = np.flatnonzero(fit)
    if len(records) < _FEWEST:
        none = np.empty(0, dtype=np.int64)
        return _Fronts(data, none, none, none, none, none, np.empty(0))
    starts, lengths = framed.starts[records], framed.lengths[records]
    rows = framing.rows(data, starts, _FRONT)
    # A step is a varint: each byte but its last has the high bit set, and each has seven bits, the lowest first.
    more = rows[:, _STEP_AT] == _STEP_KEY
    sound = rows[:, 0] == _WALL_KEY
    rests = starts + _STEP_AT + more
    steps = np.zeros(len(rows), dtype=np.uint64)
    for i in range(_LONGEST_STEP):
        if not more.any():
            break
        byte = rows[:, _STEP_AT + 1 + i]
        steps |= np.where(more, byte & 0x7F, 0).astype(np.uint64) << np.uint64(7 * i)
        rests += more
        more &= byte >= 0x80
    sound &= ~more
    widths = starts + lengths - rests
    sound &= widths > 0
    walls = _numbers(rows, 1, "<d")
    if sound.all():
        return _Fronts(data, records, starts, rests, widths, steps.view(np.int64), walls)
    records, starts, rests, widths = records[sound], starts[sound], rests[sound], widths[sound]
    return _Fronts(data, records, starts, rests, widths, steps.view(np.int64)[sound], walls[sound])


def _around(rows: Bytes, pad: int, places: Sequence[Place]) -> NDArray[np.uint64]:
    """The bytes after the step as 64-bit words, with all numbers and `pad` bytes before them blanked."""
    kept = np.full(rows.shape[1], 0xFF, dtype=np.uint8)
    kept[:pad] = 0
    for place in places:
        kept[pad + place.at : pad + place.at + place.width] = 0
    around: NDArray[np.uint64] = rows.view(np.uint64) & kept.view(np.uint64)
    return around


def _alike(around: NDArray[np.uint64]) -> tuple[Ints, list[int]]:
    """An order that brings equal rows together, each group ascending, and where the groups begin and end in it.

    Rows are sorted by a hash and then compared, so rows that only share a hash are never put together.
    """
    count, width = around.shape
    hashes = np.zeros(count, dtype=np.uint64)
    for i, weight in enumerate(_weights()[:width]):
        hashes += around[:, i] * weight
    if (hashes == hashes[0]).all():
        order = np.arange(count)
    else:
        # The low bits hold the place of each row instead, so that sorting numbers yields the order.
        bits = np.uint64(count.bit_length())
        order = np.sort(hashes >> bits << bits | np.arange(count, dtype=np.uint64))
        order = (order & ((np.uint64(1) << bits) - np.uint64(1))).view(np.int64)
        around = around.take(order, axis=0)
    cut = np.zeros(count - 1, dtype=bool)
    for i in range(width):
        cut |= around[1:, i] != around[:-1, i]
    cuts = np.flatnonzero(cut) + 1
    return order, [0, *cuts.tolist(), count]


@cache
def _weights() -> NDArray[np.uint64]:
    """Odd numbers for hashing, one for each word of the longest record; any will do."""
    return np.random.default_rng(0).integers(0, 2**63, _LONGEST // 8 + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _numbers(rows: Bytes, at: int, code: str) -> Floats:
    """The number that stands at one place in each row."""
    numbers: NDArray[np.generic] = np.ndarray((len(rows),), code, rows.data, offset=at, strides=rows.strides[:1])
    with np.errstate(invalid="ignore"):  # NaN of some kinds is made another kind
        return numbers.astype(np.float64)


def _slots(record: bytes, rest: int) -> tuple[Slot, ...]:
    """Where the numbers of a record stand, from `rest` on, where its step ends.

    None when one has no fixed place or the record holds anything else.
    """
    try:
        event = read_event(record, 0, len(record))
    except BadMessage:
        return ()
    if event.order != ([1, 2, 5] if rest > _STEP_AT else [1, 5]):
        return ()
    slots: list[Slot] = []
    for position, value in enumerate(event.values):
        tensor = value.tensor if value.simple is None else None
        place = value.simple or (tensor.place if tensor is not None and tensor.is_number else None)
        if place is None or value.other:
            return ()
        slots.append(Slot(value.tag, position, Place(place.at - rest, place.code), tensor, value.plugin))
    return tuple(slots)
