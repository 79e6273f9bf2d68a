"""Follows the records of an event file from length to length, thousands at once where the lengths repeat.

A training writes the same tags in the same order, so its records repeat their lengths. The next ones are foretold from
those before and compared with what the file states: as far as both agree, each record begins where the one before it
ends. No length is checked here: whoever takes the result checks all sums, and believes none of it before.
"""

from __future__ import annotations

import struct

import numpy as np

from runfolio.model.metrics import Ints

_AROUND = 16
"""Bytes of a record besides its data: length, checksum of the length, checksum of the data."""
_LENGTH = struct.Struct("<Q")
_LONGEST_PERIOD = 8192
_FEWEST_ALIKE, _MOST_ALIKE = 16, 4096
"""So many lengths have to be as they were a period earlier; more after each time that they foretold little."""
_AT_ONCE = 1024, 1 << 14
"""Records that are foretold at first, and at most, before they are compared."""


def stated_lengths(data: bytes) -> Ints:
    """Lengths int64 (n,) that the records of `data` state, the first of them at its first byte.

    They end where the next one is not whole, or states more bytes than there are.
    """
    known = _Chain(data)
    alike = alone = _FEWEST_ALIKE
    while known.one_by_one(alone):
        period = known.period(alike)
        if not period:
            # Looking costs as much as following some: where nothing repeats, it is done seldom.
            alone = min(2 * alone, _MOST_ALIKE)
            continue
        if known.foretold(period) < 8 * alike:
            alike = min(2 * alike, _MOST_ALIKE)
        alone = alike
    return known.lengths[: known.count]


class _Chain:
    """The first `count` records, the last of which ends at `at`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stated = np.ndarray((max(0, len(data) - 7),), dtype="<u8", buffer=data, strides=(1,))
        self.lengths = np.empty(_AT_ONCE[0], dtype=np.int64)
        self.count = self.at = 0

    def one_by_one(self, most: int) -> bool:
        """Takes in so many records; False when there are fewer."""
        data, at, last = self._data, self.at, len(self._data) - _AROUND
        found: list[int] = []
        while at <= last and len(found) < most:
            (length,) = _LENGTH.unpack_from(data, at)
            if length > last - at:
                break
            found.append(length)
            at += _AROUND + length
        self._take(np.array(found, dtype=np.int64))
        self.at = at
        return len(found) == most

    def _take(self, lengths: Ints) -> None:
        count = self.count + len(lengths)
        if count > len(self.lengths):
            self.lengths = np.concatenate((self.lengths, np.empty(count, dtype=np.int64)))
        self.lengths[self.count : count] = lengths
        self.count = count

    def period(self, alike: int) -> int:
        """The least distance at which the last `alike` lengths stood before; 0 when they did not."""
        recent = self.lengths[max(0, self.count - _LONGEST_PERIOD - alike) : self.count].tobytes()
        last = recent[-8 * alike :]
        place = len(recent) - 8 * alike
        found = recent.rfind(last, 0, len(recent) - 1)
        while found >= 0 and found % 8:
            found = recent.rfind(last, 0, found + len(last) - 1)
        return (place - found) // 8 if found >= 0 else 0

    def foretold(self, period: int) -> int:
        """Takes in records as long as they repeat the last `period` of them; returns how many."""
        unit = self.lengths[self.count - period : self.count]
        ends = np.cumsum(unit + _AROUND)
        begins, span = ends - unit - _AROUND, int(ends[-1])
        before, (at_once, most) = self.count, _AT_ONCE
        while repeats := min((len(self._data) - self.at) // span, -(-at_once // period)):
            places = (self.at + span * np.arange(repeats)[:, None] + begins).ravel()
            foretold = np.tile(unit, repeats)
            as_foretold = self._stated[places] == foretold.view(np.uint64)
            good = len(places) if as_foretold.all() else int(np.argmin(as_foretold))
            whole, part = divmod(good, period)
            self._take(foretold[:good])
            self.at += whole * span + int(begins[part])
            if good < len(places):
                break
            at_once = min(4 * at_once, most)
        return self.count - before
