"""Where the rows of a text table begin, so that any page of a file of gigabytes is one read away.

The file is scanned only as far as somebody has looked, and every so many rows the place is noted. Line ends inside of
quotes do not end a row. The index of the last files is kept in this process.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from runfolio.analysis.preview.reading import read_at
from runfolio.errors import LimitReached
from runfolio.readers.folder import Folder

EVERY = 1_000
_PIECE = 4 << 20
_LONGEST_ROW = 2 << 20
"""A longer row is taken for a quote that nobody closed: quotes are characters then."""
_KEPT = 4
_SECONDS = 10.0

Key = tuple[str, str, int, int]


@dataclass(slots=True)
class RowIndex:
    """Byte at which each `EVERY`th row begins, as far as `at`; `rows` began before it. `done` at the file's end."""

    size: int
    quotes: bool
    places: list[int] = field(default_factory=lambda: [0])
    rows: int = 0
    at: int = 0
    last_end: int = 0
    inside: bool = False
    done: bool = False

    def reach(self, handle: int, row: int) -> None:
        """Scan until the row is known, or the end. Raises LimitReached; what was scanned is kept for the next time."""
        until = time.monotonic() + _SECONDS
        while not self.done and self.rows <= row:
            if time.monotonic() > until:
                raise LimitReached(
                    f"{self.rows:,} rows were counted so far, {100 * self.at / max(1, self.size):.0f} % of the file",
                    hint="Ask again to go on from there.",
                )
            data = read_at(handle, _PIECE, self.at)
            if not data:
                self._finish()
                return
            self._take(np.frombuffer(data, dtype=np.uint8))

    def _take(self, data: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
        ends = np.flatnonzero(data == 10)
        if self.quotes:
            quotes = np.flatnonzero(data == 34)
            if len(quotes) or self.inside:
                outside = ends[(np.searchsorted(quotes, ends) + int(self.inside)) % 2 == 0]
                if self.at + len(data) - self.last_end > _LONGEST_ROW and not len(outside) and len(ends):
                    self._begin_again()
                    return
                self.inside = bool((len(quotes) + int(self.inside)) % 2)
                ends = outside
        places = ends + 1 + self.at
        # Row number r begins behind the r-th end.
        first = self.rows + 1
        wanted = np.arange((-first) % EVERY, len(places), EVERY)
        self.places += places[wanted].tolist()
        self.rows += len(places)
        self.at += len(data)
        if len(places):
            self.last_end = int(places[-1])
        if self.at >= self.size:
            self._finish()

    def _begin_again(self) -> None:
        self.quotes, self.inside = False, False
        self.places, self.rows, self.at, self.last_end = [0], 0, 0, 0

    def _finish(self) -> None:
        if not self.done:
            self.done = True
            # A last row without a line end is a row as well.
            self.rows += self.last_end < self.at

    @property
    def total(self) -> int | None:
        """All rows, the header among them; None while the end was not seen."""
        return self.rows if self.done else None

    @property
    def about(self) -> int:
        """A guess at the rows by the bytes that were scanned."""
        return self.rows if self.done or not self.at else round(self.rows * self.size / self.at)

    def place_of(self, row: int) -> tuple[int, int]:
        """The nearest noted place at or before a row: its number and byte."""
        noted = min(row // EVERY, len(self.places) - 1)
        return noted * EVERY, self.places[noted]


_indexes: OrderedDict[tuple[Key, bool], RowIndex] = OrderedDict()


def row_index(folder: Folder, name: str, *, quotes: bool) -> RowIndex:
    """The index of a file, as far as it was scanned; a new one when the file has changed."""
    entry = folder.entry(name)
    size, mtime = (entry.size, entry.mtime_ns) if entry is not None else (0, 0)
    key = (str(folder.root), folder.join(name), size, mtime), quotes
    index = _indexes.pop(key, None) or RowIndex(size, quotes)
    _indexes[key] = index
    while len(_indexes) > _KEPT:
        _indexes.popitem(last=False)
    return index
