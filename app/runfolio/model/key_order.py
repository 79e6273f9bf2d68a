"""Runs in an order, without a list of their keys: numbers into the keys that all orders of an index share."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from runfolio.model.run import RunKey


class KeyOrder(Sequence[RunKey]):
    """An immutable sequence of different keys.

    Making one of 100,000 runs, comparing two, and asking for a key's row cost no pass over the keys in Python.

    keys      the keys of all runs; the number of a run is its place there.
    numbers   of each key all runs have, by key.
    order     the numbers of the chosen runs, array of C ints (n,), in order; None for all as they are.
    rows      the row of each number in `order`, array of C ints (all runs,), -1 for those left out; found out when it
              is first needed where it is None.
    """

    __slots__ = ("_keys", "_numbers", "_order", "_rows")

    def __init__(
        self,
        keys: tuple[RunKey, ...] = (),
        numbers: Mapping[RunKey, int] | None = None,
        order: array[int] | None = None,
        rows: array[int] | None = None,
    ) -> None:
        self._keys = keys
        self._numbers = {key: number for number, key in enumerate(keys)} if numbers is None else numbers
        self._order = order
        self._rows = rows

    @classmethod
    def of(cls, keys: Sequence[RunKey]) -> KeyOrder:
        """Exactly these keys."""
        return keys if isinstance(keys, KeyOrder) else cls(tuple(keys))

    def is_of(self, keys: tuple[RunKey, ...]) -> bool:
        """Whether the numbers are places in this very tuple."""
        return self._keys is keys

    @property
    def order(self) -> array[int] | None:
        """The numbers of the runs in order; None where they are all of them as they are."""
        return self._order

    def __len__(self) -> int:
        return len(self._keys) if self._order is None else len(self._order)

    @overload
    def __getitem__(self, index: int) -> RunKey: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RunKey, ...]: ...
    def __getitem__(self, index: int | slice) -> RunKey | tuple[RunKey, ...]:
        keys, order = self._keys, self._order
        if order is None:
            return keys[index]
        if isinstance(index, slice):
            return tuple([keys[number] for number in order[index]])
        return keys[order[index]]

    def __iter__(self) -> Iterator[RunKey]:
        return iter(self._keys) if self._order is None else map(self._keys.__getitem__, self._order)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.row_of(RunKey(key)) is not None

    def row_of(self, key: RunKey) -> int | None:
        """The row of a key; None when it is not among them."""
        number = self._numbers.get(key)
        if number is None or self._order is None:
            return number
        if self._rows is None:
            rows = array("i", [-1]) * len(self._keys)
            for row, at in enumerate(self._order):
                rows[at] = row
            self._rows = rows
        row = self._rows[number]
        return None if row < 0 else row

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """The row of a key. Raises ValueError when it is not among rows [start, stop)."""
        row = self.row_of(RunKey(value)) if isinstance(value, str) else None
        if row is None or row not in range(*slice(start, stop).indices(len(self))):
            raise ValueError(f"{value!r} is not among the runs")
        return row

    def count(self, value: object) -> int:
        """1 or 0: keys are different."""
        return int(value in self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyOrder):
            return NotImplemented if not isinstance(other, tuple) else tuple(self) == other
        if self._keys is other._keys and (self._order is None) == (other._order is None):
            return self._order == other._order
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"KeyOrder of {len(self)} runs"
