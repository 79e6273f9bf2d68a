"""Dense curves painted by NumPy, column by column: what each covers of a pixel column is filled, the last one on top.

A painter strokes a hundred noisy curves in some hundred milliseconds. Here each curve gives one stretch of rows for
each column, and all stretches are filled together in a time that hardly depends on how many and how long they are:
a stretch of n rows is two overlapping ones of the greatest power of two below n, noted in a table for each power, and
the tables are then handed down from the greatest power to the least, the later curve winning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from runfolio.analysis.pyramid import Columns
from runfolio.desktop.strokes import Frame
from runfolio.model.metrics import Floats, Ints

Index = NDArray[np.integer]
"""(width, height): for each pixel 1 + the place of the line that is seen there, 0 for none. Column by column."""

Colors = NDArray[np.uint32]
"""(width, height) or (height, width): opaque 0xFFRRGGBB, 0 for transparent, and what lies between."""

MOST_LINES = 32_000
_STRIP = 100_000
"""Pixels that are worked out in one go: as many as stay near the processor."""


class Raster:
    """Lines put one over another in a picture of `frame`; `finer` pixels are worked out for each pixel and way.

    thick   how wide lines are, in pixels of `frame`.
    most    how many lines there will be, MOST_LINES at most.
    """

    def __init__(self, frame: Frame, thick: float, most: int, finer: int = 1) -> None:
        self.frame = Frame(frame.x0, frame.x1, frame.y0, frame.y1, frame.width * finer, frame.height * finer)
        self._finer = finer
        self._thick = max(1, round(thick * finer))
        self._dot = max(2 * finer, self._thick)
        powers = max(1, int(np.log2(self.frame.height)) + 1)
        # Bytes where they do: what passes through memory is most of the cost.
        kind = np.uint8 if most < 256 else np.int16
        self._tables = np.zeros((powers, self.frame.width, self.frame.height), dtype=kind)
        self._power_of = np.zeros(self.frame.height + 1, dtype=np.int64)
        self._power_of[1:] = np.log2(np.arange(1, self.frame.height + 1)).astype(np.int64)

    def add(self, lines: list[Columns], first: int) -> None:
        """Put lines over those before them, as number `first` and following; numbers begin with 1 and grow."""
        if not lines:
            return
        numbers = np.repeat(np.arange(first, first + len(lines)), [len(line.x) for line in lines])
        column, top, bottom, owner = _stretches(lines, self.frame, self._dot)
        # Rows a stretch touches, made as thick as the line, cut to the picture.
        before = (self._thick - 1) // 2
        begin = np.floor(np.clip(top, -1e6, 1e6)).astype(np.int64) - before
        end = np.floor(np.clip(bottom, -1e6, 1e6)).astype(np.int64) + self._thick - before
        begin, end = np.maximum(begin, 0), np.minimum(end, self.frame.height)
        seen = np.flatnonzero((begin < end) & (column >= 0) & (column < self.frame.width))
        column, begin, end, value = column[seen], begin[seen], end[seen], numbers[owner[seen]]
        power = self._power_of[end - begin]
        place = (power * self.frame.width + column) * self.frame.height
        flat = self._tables.reshape(-1)
        # Of equal places the last one counts, which is that of the later line: pieces come in the order of lines.
        flat[place + begin] = value
        flat[place + end - (1 << power)] = value

    def steps(self, colors: Sequence[QColor]) -> Iterator[None]:
        """Work the picture out, some columns at a time; `colors` in the order of numbers. Then `index` and `image`."""
        table = np.array([0, *(color.rgba() for color in colors)], dtype=np.uint32)
        tables, finer = self._tables, self._finer
        width, height = self.frame.width // finer, self.frame.height // finer
        before = (self._thick - 1) // 2
        after = self._thick - 1 - before
        self.index = np.empty(tables.shape[1:], dtype=tables.dtype)
        pixels = np.empty((height, width), dtype=np.uint32)
        done = 0
        strip = max(1, _STRIP // self.frame.height)
        for start in range(0, width, strip):
            columns = slice(start * finer, min(width, start + strip) * finer)
            # A thick line reaches into the columns beside it, so that these have to be handed down first.
            handed = min(columns.stop + before, self.frame.width)
            _hand_down(tables[:, done:handed])
            done = handed
            self.index[columns] = _widened(tables[0], columns, before, after)
            colored = table[self.index[columns]]
            if finer > 1:
                colored = _mean(colored[0::2], colored[1::2])
                colored = _mean(colored[:, 0::2], colored[:, 1::2])
            pixels[:, start : start + strip] = colored.T
            yield
        kind = QImage.Format.Format_ARGB32_Premultiplied
        # A copy, since the image does not keep the array.
        self.image = QImage(pixels.data, width, height, width * 4, kind).copy()


def _hand_down(tables: Index) -> None:
    """Give what is noted for stretches of each power of two (powers, columns, rows) to the rows they are made of."""
    for power in range(len(tables) - 1, 0, -1):
        half = 1 << (power - 1)
        above, below = tables[power], tables[power - 1]
        np.maximum(below, above, out=below)
        np.maximum(below[:, half:], above[:, :-half], out=below[:, half:])


def _widened(seen: Index, columns: slice, before: int, after: int) -> Index:
    """Columns of a picture, with what the lines of those beside them cover of them: `before` to the left of a line and
    `after` to its right."""
    wide = seen[columns].copy()
    for shift in range(-before, after + 1):
        if shift:
            # What reaches `shift` columns to the right comes from as many columns to the left.
            start, stop = max(0, columns.start - shift), min(len(seen), columns.stop - shift)
            at = start + shift - columns.start
            part = wide[at : at + stop - start]
            np.maximum(part, seen[start:stop], out=part)
    return wide


def _mean(one: Colors, other: Colors) -> Colors:
    """The mean of colours, each part by itself."""
    mean: Colors = (one & other) + (((one ^ other) & np.uint32(0xFEFEFEFE)) >> np.uint32(1))
    return mean


def _stretches(lines: list[Columns], frame: Frame, dot: int) -> tuple[Ints, Floats, Floats, Ints]:
    """Column, upper and lower end in pixels, and place of the entry (in all lines) of each piece that lines cover.

    A point that is joined with no other is a square that reaches `dot` pixels to each side.
    """
    parts = [np.concatenate([getattr(line, name) for line in lines]) for name in ("x", "first", "low", "high", "last")]
    joined = np.concatenate([line.joined for line in lines])
    x = frame.pixels_x(parts[0])
    first, bottom, top, last = (frame.pixels_y(part) for part in parts[1:])
    column = np.floor(x)
    # The line to the next column is seen up to the middle in the one, and from there on in the other.
    near = joined[:-1] & (column[1:] - column[:-1] <= 1)
    middle = (last[:-1] + first[1:]) / 2
    for place, towards in ((slice(0, -1), middle), (slice(1, None), middle)):
        top[place] = np.where(near, np.minimum(top[place], towards), top[place])
        bottom[place] = np.where(near, np.maximum(bottom[place], towards), bottom[place])
    places = np.clip(column, -1, frame.width).astype(np.int64)
    pieces = [(places, top, bottom, np.arange(len(x)))]
    far = np.flatnonzero(joined[:-1] & ~near & (column[1:] >= 0) & (column[:-1] < frame.width))
    if len(far):
        at, high, low, which = _slants(x[far], last[far], x[far + 1], first[far + 1], frame)
        pieces.append((at, high, low, far[which]))
    before = np.concatenate(([False], joined[:-1]))
    lone = np.flatnonzero(~joined & ~before & (parts[2] == parts[3]))
    if len(lone):
        pieces += [(places[lone] + aside, top[lone] - dot, bottom[lone] + dot, lone) for aside in range(-dot, dot + 1)]
    if len(pieces) == 1:
        return pieces[0]
    order = np.argsort(np.concatenate([piece[3] for piece in pieces]), kind="stable")
    at, high, low, which = (np.concatenate(columns)[order] for columns in zip(*pieces, strict=True))
    return at, high, low, which


def _slants(x0: Floats, y0: Floats, x1: Floats, y1: Floats, frame: Frame) -> tuple[Ints, Floats, Floats, Ints]:
    """Straight lines to the right, cut at the borders of columns: column, ends in pixels, and line of each piece."""
    begin = np.clip(np.floor(x0), 0, frame.width).astype(np.int64)
    end = np.clip(np.floor(x1) + 1, 0, frame.width).astype(np.int64)
    counts = np.maximum(end - begin, 0)
    which = np.repeat(np.arange(len(x0)), counts)
    at = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + begin[which]
    wide = np.maximum(x1 - x0, 1e-12)[which]
    slope = (y1[which] - y0[which]) / wide
    one = y0[which] + (np.maximum(at, x0[which]) - x0[which]) * slope
    other = y0[which] + (np.minimum(at + 1, x1[which]) - x0[which]) * slope
    return at, np.minimum(one, other), np.maximum(one, other), which
