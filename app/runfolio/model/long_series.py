"""A series too long to be held as a whole: what is known of all its points, and the part of them that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runfolio.model.metrics import Floats, Ints
from runfolio.model.run import RunKey


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Neighbouring points of a series in blocks, in written order; arrays (m,), one entry for each block.

    size    int64: how many points are in it; 1 for a point by itself.
    step, wall   int64: those of its first point; `wall` in microseconds, NO_TIME where that has none.
    first   float64: the value of its first point, which may be NaN or infinite.
    low, high   float64: of its finite values; low = +inf and high = -inf where it has none.
    above   float64: its lowest finite value above 0; +inf where it has none.
    nans, rises, falls   int64: how many values are NaN, +inf and -inf.
    """

    size: Ints
    step: Ints
    wall: Ints
    first: Floats
    low: Floats
    high: Floats
    above: Floats
    nans: Ints
    rises: Ints
    falls: Ints

    def __len__(self) -> int:
        return len(self.size)

    @property
    def finite(self) -> Ints:
        """How many values of each block are finite (m,)."""
        return self.size - self.nans - self.rises - self.falls

    @property
    def begins(self) -> Ints:
        """Where each block begins, counted in points from the first one's (m,)."""
        return np.cumsum(self.size) - self.size

    def part(self, part: slice) -> Blocks:
        """Some of them."""
        return Blocks(*(getattr(self, name)[part] for name in ("size", *COLUMNS)))


COLUMNS = ("step", "wall", "first", "low", "high", "above", "nans", "rises", "falls")


@dataclass(frozen=True, slots=True, eq=False)
class LongSeries:
    """One metric of a run as it is before any zoom.

    series        its number in the index.
    row, together   the row there of its first point as it was when its blocks were made, and whether those of the
                  others follow it.
    count         how many points it has.
    by_step, by_wall   whether its blocks can be drawn by step, which may go back a few times (`turns`); whether every
                  point has a time, and these never go back.
    turns         positions int64 (t,) of points whose step is below that of the point before them.
    last_step, last_wall   of the last point.
    wall_unit     of the differences of its wall times in the index, in microseconds.
    scale         what values are multiplied with, where names of metrics are aligned. Those of `overview` are already.
    hidden        how many values are 0 or below, or -inf.
    size, overview     all points in blocks of `size`, some thousand of them, and finer ones around turns, so that the
                  points on both sides of a turn are blocks by themselves.
    origin        as in MetricSeries.
    """

    name: str
    series: int
    row: int
    together: bool
    count: int
    has_step: bool
    by_step: bool
    by_wall: bool
    turns: Ints
    last_step: int
    last_wall: int
    wall_unit: int
    scale: float
    hidden: int
    size: int
    overview: Blocks
    origin: str = ""

    def __len__(self) -> int:
        return self.count

    def drawable(self, *, by_wall: bool) -> bool:
        """Whether its blocks can be drawn over time or by step."""
        return self.by_wall if by_wall else self.by_step


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a long series, finer than its overview.

    begin    position of its first point in the series.
    blocks   what is in it, of any sizes. `wall` is that of the points only where it was asked for by time, and `above`
             and the counts are right in any case.
    after    step and wall time of the first point behind it; those of the last point where it reaches the end.
    rest     the same of later parts, where the series goes back and comes through the view again.
    """

    begin: int
    blocks: Blocks
    after: tuple[int, int]
    rest: tuple[Stretch, ...] = ()

    @property
    def parts(self) -> tuple[Stretch, ...]:
        """All parts in written order, each without others."""
        return (Stretch(self.begin, self.blocks, self.after), *self.rest) if self.rest else (self,)


@dataclass(frozen=True, slots=True, eq=False)
class SomePoints:
    """Points of a run's metric that follow each other, as in MetricSeries: arrays (n,), `wall` NO_TIME for no time."""

    run: RunKey
    metric: str
    has_step: bool
    step: Ints
    wall: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.value)
