"""A long series made ready to be drawn at any zoom: lowest and highest values of blocks, prepared once.

`reduce.min_max_columns` looks at every point of the view, which costs tens of milliseconds for a million of them.
Here that look is taken once, off the thread that paints; each zoom then costs some hundred microseconds, whatever
the length of the series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfolio.analysis.reduce import min_max_columns
from runfolio.model.metrics import Floats, Ints

Bools: TypeAlias = NDArray[np.bool_]

POINTS_A_COLUMN = 2
"""Up to this many points a pixel are given as they are."""

_FIRST_BLOCK = 16
_GROWTH = 4
_FEW_BLOCKS = 4096
_BLOCKS_A_COLUMN = 4
_MOST_PIECES = 64
"""A series that goes back in x more often than this (each resumed run once) is reduced point by point instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a line covers, from left to right along its way: float64 (k,) each, finite.

    x           the middle of the pixel column; the point's own x where an entry is a single point.
    first, last  where the line enters and leaves the column; low, high: the true extremes within it.
    joined      bool (k,): whether the line goes on to the next entry (False for the last).
    points      how many finite points of the series lie in the view.
    """

    x: Floats
    first: Floats
    low: Floats
    high: Floats
    last: Floats
    joined: Bools
    points: int

    @property
    def lone(self) -> Bools:
        """Entries that a line cannot show: one value, joined with neither neighbour. They need a dot."""
        before = np.concatenate(([False], self.joined[:-1])) if len(self.joined) else self.joined
        alone: Bools = ~self.joined & ~before & (self.low == self.high)
        return alone


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Extremes of blocks of `block` points, with one more entry at the end that no range includes."""

    block: int
    low: Floats
    high: Floats


class Points:
    """One series as a line: x and y float64 (n,) in written order, y already as it is placed on its axis.

    NaN and infinite values break the line; so does a NaN in x. Bounds are those of the finite points; None when
    there are none.
    """

    def __init__(self, x: Floats, y: Floats) -> None:
        kept = np.isfinite(x) & np.isfinite(y)
        # Positions whose point is not joined with the one before it.
        self._breaks: Ints = np.empty(0, dtype=np.int64)
        if not kept.all():
            places = np.flatnonzero(kept)
            self._breaks = np.flatnonzero(np.diff(places) > 1) + 1
            x, y = x[places], y[places]
        self.x, self.y = x, y
        turns = np.flatnonzero(x[1:] < x[:-1]) + 1
        self._pieces: list[_Piece] = []
        self._sorted = len(turns) < _MOST_PIECES
        if self._sorted and len(x):
            borders = [0, *turns.tolist(), len(x)]
            self._pieces = [_Piece.of(begin, x[begin:end], y[begin:end]) for begin, end in pairwise(borders)]
        some = len(x) > 0
        self.x_bounds: tuple[float, float] | None = (float(x.min()), float(x.max())) if some else None
        self.y_bounds: tuple[float, float] | None = (float(y.min()), float(y.max())) if some else None

    def __len__(self) -> int:
        """How many points are finite."""
        return len(self.x)

    def columns(self, x0: float, x1: float, columns: int) -> Columns:
        """What the line covers in each of `columns` equal columns of [x0, x1].

        Every point is in exactly one column, and `low` and `high` are true. A border between two columns may be
        moved by at most an eighth of a column, to where prepared blocks meet. The points next to the view on
        either side are entries of their own, so that the line runs to its edges.
        A gap inside one column is no wider than a pixel and is closed; a gap between columns stays.
        Raises ValueError unless x0 < x1 and columns >= 1.
        """
        if not x0 < x1 or columns < 1:
            raise ValueError(f"nothing to draw on: {columns} columns from {x0} to {x1}")
        if not self._sorted:
            return self._point_by_point(x0, x1, columns)
        parts = [piece.entries(x0, x1, columns) for piece in self._pieces]
        if not parts:
            none: Floats = np.empty(0)
            return Columns(none, none, none, none, none, np.empty(0, dtype=np.bool_), 0)
        entries = parts[0] if len(parts) == 1 else _Entries.of(parts)
        lasts = entries.ends - 1
        joined = self._joined(entries.starts, lasts)
        return Columns(
            entries.x, self.y[entries.starts], entries.low, entries.high, self.y[lasts], joined, entries.points
        )

    def _joined(self, starts: Ints, lasts: Ints) -> Bools:
        joined = np.ones(len(starts), dtype=np.bool_)
        if len(self._breaks):
            # Two points are joined when as many breaks lie before the one as before the other.
            before = np.searchsorted(self._breaks, lasts[:-1], side="right")
            joined[:-1] = before == np.searchsorted(self._breaks, starts[1:], side="right")
        joined[-1:] = False
        return joined

    def _point_by_point(self, x0: float, x1: float, columns: int) -> Columns:
        y = self.y
        if len(self._breaks):
            y = np.insert(y, self._breaks, np.nan)
        x = np.insert(self.x, self._breaks, self.x[self._breaks]) if len(self._breaks) else self.x
        line = min_max_columns(x, y, x0, x1, columns)
        sound = np.isfinite(line.y)
        places = np.flatnonzero(sound)
        joined = np.concatenate((np.diff(places) == 1, [False])) if len(places) else np.empty(0, dtype=np.bool_)
        value = line.y[sound]
        return Columns(line.x[sound], value, value, value, value, joined, line.points)


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Stretches of points [start, end), each with its x, lowest and highest value; how many points are in the view."""

    starts: Ints
    ends: Ints
    x: Floats
    low: Floats
    high: Floats
    points: int

    @classmethod
    def of(cls, parts: Sequence[_Entries]) -> _Entries:
        """One after another."""
        return cls(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.x for part in parts]),
            np.concatenate([part.low for part in parts]),
            np.concatenate([part.high for part in parts]),
            sum(part.points for part in parts),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A stretch of the series in which x does not go back; `begin` is its first position in the series.

    spacing   the distance from each x to the next where all are equal, as they mostly are of steps; else None.
    """

    begin: int
    x: Floats
    y: Floats
    levels: list[_Level]
    spacing: float | None

    @classmethod
    def of(cls, begin: int, x: Floats, y: Floats) -> _Piece:
        """With its levels worked out."""
        steps = x[1:] - x[:-1]
        even = len(steps) > 0 and steps[0] > 0 and bool((steps == steps[0]).all())
        return cls(begin, x, y, _levels(y), float(steps[0]) if even else None)

    def entries(self, x0: float, x1: float, columns: int) -> _Entries:
        """What is in the view, and the points that the line enters, leaves or crosses it from."""
        s, e = int(np.searchsorted(self.x, x0, side="left")), int(np.searchsorted(self.x, x1, side="right"))
        left = sorted({0, s - 1}) if s > 0 else []
        right = sorted({e, len(self.x) - 1}) if e < len(self.x) else []
        if e - s <= POINTS_A_COLUMN * columns:
            return self._points(np.array([*left, *range(s, e), *right], dtype=np.int64), e - s)
        starts, ends, middle = self._borders(s, e, x0, x1, columns)
        low, high = self._extremes(starts, ends, (e - s) / columns)
        inside = _Entries(starts + self.begin, ends + self.begin, middle, low, high, e - s)
        outside = [self._points(np.array(places, dtype=np.int64), 0) for places in (left, right)]
        return _Entries.of([outside[0], inside, outside[1]]) if left or right else inside

    def _points(self, places: Ints, seen: int) -> _Entries:
        """Points as they are."""
        y = self.y[places]
        starts = places + self.begin
        return _Entries(starts, starts + 1, self.x[places], y, y, seen)

    def _block_for(self, density: float) -> _Level | None:
        fitting = [level for level in self.levels if level.block * _BLOCKS_A_COLUMN <= density]
        return fitting[-1] if fitting else None

    def _borders(self, s: int, e: int, x0: float, x1: float, columns: int) -> tuple[Ints, Ints, Floats]:
        """Positions at which each column that has points starts and ends, and its x."""
        # Halves, because x1 - x0 may overflow where neither end does.
        width = (x1 / 2 - x0 / 2) / columns * 2
        edges = x0 + np.arange(1, columns) * width
        level = self._block_for((e - s) / columns)
        if level is not None and self.spacing is not None:
            # Blocks are at most a quarter of a column here: no border is moved by more than half of that.
            blocks = (edges - self.x[0]) / (self.spacing * level.block) + 0.5
            inner: Ints = np.clip(blocks.astype(np.int64) * level.block, s, e)
        else:
            inner = np.clip(np.searchsorted(self.x, edges, side="left"), s, e)
            if level is not None:
                near = np.clip((inner + level.block // 2) // level.block * level.block, s, e)
                # Where points are sparse a block spans pixels: there the border stays where it is.
                fine = np.abs(self.x[np.minimum(near, len(self.x) - 1)] - edges) <= width / 8
                inner = np.maximum.accumulate(np.where(fine, near, inner))
        marks = np.concatenate(([s], inner, [e]))
        filled = marks[:-1] < marks[1:]
        starts: Ints = marks[:-1][filled]
        ends: Ints = marks[1:][filled]
        middle = (np.flatnonzero(filled) + np.float64(0.5)) * width + x0
        single = ends - starts == 1
        middle[single] = self.x[starts[single]]
        return starts, ends, middle

    def _extremes(self, starts: Ints, ends: Ints, density: float) -> tuple[Floats, Floats]:
        """Lowest and highest of y in each [start, end); the ranges follow each other without a hole."""
        level = self._block_for(density)
        if level is None:
            part, places = self.y[starts[0] : ends[-1]], starts - starts[0]
            return np.minimum.reduceat(part, places), np.maximum.reduceat(part, places)
        low, high = np.empty(len(starts)), np.empty(len(starts))
        whole = (starts % level.block == 0) & (ends % level.block == 0)
        # Each second entry of reduceat is the stretch between two wanted ones.
        places = np.stack((starts[whole], ends[whole]), axis=1).ravel() // level.block
        if len(places):
            low[whole] = np.minimum.reduceat(level.low, places)[::2]
            high[whole] = np.maximum.reduceat(level.high, places)[::2]
        for i in np.flatnonzero(~whole):
            part = self.y[starts[i] : ends[i]]
            low[i], high[i] = part.min(), part.max()
        return low, high


def _levels(y: Floats) -> list[_Level]:
    levels: list[_Level] = []
    block, low, high = 1, y, y
    while len(low) > _FEW_BLOCKS:
        step = _FIRST_BLOCK if block == 1 else _GROWTH
        places = np.arange(0, len(low), step)
        low, high = np.minimum.reduceat(low, places), np.maximum.reduceat(high, places)
        block *= step
        levels.append(_Level(block, np.append(low, np.inf), np.append(high, -np.inf)))
    return levels
