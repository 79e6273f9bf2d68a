"""A line made of blocks of points, of which only the extremes are known: what it covers in each pixel column."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np

from runfolio.analysis.pyramid import Columns
from runfolio.analysis.scales import YScale, placed
from runfolio.model.long_series import Blocks
from runfolio.model.metrics import Floats


class BlockLine:
    """Blocks as a line. Nothing is joined across a block without a finite value; a gap within a block is closed.

    x       float64 (m,): where the first point of each block lies, nowhere going back.
    after   where the point behind the last block lies.
    ends    the first and the last block are entries of every view: the line comes from elsewhere, or goes on there.
    """

    def __init__(self, x: Floats, after: float, blocks: Blocks, scale: YScale, *, ends: bool = False) -> None:
        low, high = _extremes(blocks, scale)
        kept = low <= high
        # Blocks in the middle of their stretch: a border between columns is then moved by half a block at most.
        middle = np.where(blocks.size > 1, x / 2 + np.append(x[1:], after) / 2, x)
        self._x = x[kept]
        self._middle = middle[kept]
        self._low, self._high = low[kept], high[kept]
        first = placed(blocks.first, scale)[kept]
        self._first = np.where(np.isfinite(first), first, self._low)
        self._size, self._finite = blocks.size[kept], blocks.finite[kept]
        places = np.flatnonzero(kept)
        self._broken = np.diff(places, prepend=places[:1]) > 1
        self._with_ends = ends
        self.begins, self.goes_on = bool(kept[:1].all()), bool(kept[-1:].all())
        some = len(self._x) > 0
        # A block of more than one point reaches further than its first one.
        end = after if some and self._size[-1] > 1 else float(self._x[-1]) if some else after
        self.x_bounds: tuple[float, float] | None = (float(self._x[0]), end) if some else None
        self.y_bounds: tuple[float, float] | None = (float(self._low.min()), float(self._high.max())) if some else None

    def __len__(self) -> int:
        """How many points are finite."""
        return int(self._finite.sum())

    def columns(self, x0: float, x1: float, columns: int) -> Columns:
        """As `pyramid.Points.columns`: each block is in the column that its middle lies in.

        Raises ValueError unless x0 < x1 and columns >= 1.
        """
        if not x0 < x1 or columns < 1:
            raise ValueError(f"nothing to draw on: {columns} columns from {x0} to {x1}")
        begin = int(np.searchsorted(self._middle, x0, side="left"))
        end = int(np.searchsorted(self._middle, x1, side="right"))
        width = (x1 / 2 - x0 / 2) / columns * 2
        place = np.clip(np.floor((self._middle[begin:end] - x0) / width), 0, columns - 1)
        starts = begin + np.flatnonzero(np.diff(place, prepend=-1.0))
        final = len(self._x) - 1
        before = [begin - 1] if begin else []
        behind = [end] if end <= final else []
        if self._with_ends:
            before = sorted({0, *before}) if begin else []
            behind = sorted({*behind, final}) if end <= final else []
        starts = np.concatenate((before, starts, behind)).astype(np.int64)
        if not len(starts):
            none: Floats = np.empty(0)
            return Columns(none, none, none, none, none, np.empty(0, dtype=np.bool_), 0)
        ends = np.append(starts[1:], behind[-1] + 1 if behind else end)
        upto = slice(0, ends[-1])
        low = np.minimum.reduceat(self._low[upto], starts)
        high = np.maximum.reduceat(self._high[upto], starts)
        x = (np.floor((self._middle[starts] - x0) / width) + 0.5) * width + x0
        alone = ends - starts == 1
        single = alone & (self._size[starts] == 1)
        x = np.where(single, self._x[starts], np.where(alone, self._middle[starts], x))
        first = np.clip(self._first[starts], low, high)
        # Which value a column is left from is not known; the line to the next one begins where it comes nearest to it.
        last = np.append(np.clip(first[1:], low[:-1], high[:-1]), high[-1:])
        if self._size[ends[-1] - 1] == 1:
            last[-1] = self._low[ends[-1] - 1]
        joined = np.append(~self._broken[starts[1:]], False)
        return Columns(x, first, low, high, last, joined, int(self._finite[begin:end].sum()))


class PiecedLine:
    """A line whose x goes back now and then, in pieces that do not; the points at either side of it are blocks of one.

    Joined as the points are: from where it goes back a line leads to where it goes on.
    """

    def __init__(self, x: Floats, after: float, blocks: Blocks, scale: YScale) -> None:
        borders = [0, *(np.flatnonzero(x[1:] < x[:-1]) + 1).tolist(), len(x)]
        self._pieces = [
            BlockLine(
                x[begin:end],
                after if end == len(x) else float(x[end - 1]),
                blocks.part(slice(begin, end)),
                scale,
                ends=True,
            )
            for begin, end in pairwise(borders)
        ]
        bounds = [piece.x_bounds for piece in self._pieces if piece.x_bounds is not None]
        heights = [piece.y_bounds for piece in self._pieces if piece.y_bounds is not None]
        self.x_bounds = (min(low for low, _ in bounds), max(high for _, high in bounds)) if bounds else None
        self.y_bounds = (min(low for low, _ in heights), max(high for _, high in heights)) if heights else None

    def __len__(self) -> int:
        """How many points are finite."""
        return sum(len(piece) for piece in self._pieces)

    def columns(self, x0: float, x1: float, columns: int) -> Columns:
        """As `BlockLine.columns`, piece after piece.

        Raises ValueError unless x0 < x1 and columns >= 1.
        """
        parts = [piece.columns(x0, x1, columns) for piece in self._pieces]
        for (piece, part), (other, following) in pairwise(zip(self._pieces, parts, strict=True)):
            if len(part.x) and len(following.x):
                part.joined[-1] = piece.goes_on and other.begins
        names = [f.name for f in fields(Columns) if f.name != "points"]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return Columns(**joined, points=sum(part.points for part in parts))


def _extremes(blocks: Blocks, scale: YScale) -> tuple[Floats, Floats]:
    """Lowest and highest of each block as they are placed on the axis; low above high where there is nothing."""
    if not scale.is_log:
        some = blocks.low <= blocks.high
        low = np.where(some, placed(np.where(some, blocks.low, 0.0), scale), np.inf)
        high = np.where(some, placed(np.where(some, blocks.high, 0.0), scale), -np.inf)
        return low, high
    some = np.isfinite(blocks.above)
    low = np.where(some, placed(np.where(some, blocks.above, 1.0), scale), np.inf)
    high = np.where(some, placed(np.where(some, blocks.high, 1.0), scale), -np.inf)
    return low, high
