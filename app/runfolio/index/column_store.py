"""Columns of all runs in memory, each read once for a state of the index, so that filters and orders need no SQL.

A column is an array over the runs by id (the run with id 1 at place 0). What is kept is bounded in bytes; the column
that was not used for longest goes first. A column is never changed once it is here, so threads share it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int32]

ROOM_BYTES = 192 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A field as numbers.

    values    float64 (n,), or int64 of times in microseconds; NaN or 0 where there is none.
    present   bool (n,): whether the run has a number, NaN included.
    """

    values: NDArray[np.float64] | NDArray[np.int64]
    present: Bools

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.values.nbytes + self.present.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A field as texts.

    codes   int32 (n,): place in `texts`, -1 where the run has none.
    texts   the different texts, in the order in which they sort.
    """

    codes: Places
    texts: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return self.codes.nbytes + sum(64 + len(text) for text in self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """A field that a run may have several texts of: pairs of run and text, each once.

    runs    int32 (m,): places of runs.
    codes   int32 (m,): places in `texts`.
    """

    runs: Places
    codes: Places
    texts: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """What it takes in memory, about."""
        return self.runs.nbytes + self.codes.nbytes + sum(64 + len(text) for text in self.texts)


Kept = TypeVar("Kept", bound="Numbers | Texts | Several | NDArray[np.generic]")


class ColumnStore:
    """What was read, by the state of the index that it was read from."""

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        self._room = room_bytes
        self._kept: OrderedDict[Hashable, tuple[Numbers | Texts | Several | NDArray[np.generic], int]] = OrderedDict()
        self._bytes = 0
        self._guard = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self._bytes

    def get(self, state: Hashable, name: Hashable, make: Callable[[], Kept]) -> Kept:
        """What is called `name` in a state of the index, made where it is not here."""
        place = (state, name)
        with self._guard:
            found = self._kept.get(place)
            if found is not None:
                self._kept.move_to_end(place)
                return cast(Kept, found[0])
        # Two threads may make the same at once: that costs time, and waiting for each other would as well.
        made = make()
        if isinstance(made, np.ndarray):
            made.flags.writeable = False
        self._keep(place, made, made.nbytes)
        return made

    def has(self, state: Hashable, name: Hashable) -> bool:
        """Whether it is here."""
        with self._guard:
            return (state, name) in self._kept

    def _keep(self, place: Hashable, made: Numbers | Texts | Several | NDArray[np.generic], size: int) -> None:
        with self._guard:
            before = self._kept.pop(place, None)
            self._bytes += size - (before[1] if before else 0)
            self._kept[place] = (made, size)
            while self._bytes > self._room and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone
