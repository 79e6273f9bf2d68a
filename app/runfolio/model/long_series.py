"""A series too long to be held as a whole: what is known of all its points, and the part of them that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.model.metrics import Floats, Ints


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


COLUMNS = ("step", "wall", "first", "low", "high", "above", "nans", "rises", "falls")


@dataclass(frozen=True, slots=True, eq=False)
class LongSeries:
    """One metric of a run as it is before any zoom.

    series, row   its number in the index, and the row of its first point there as it was when its blocks were made;
                  None where points of others lie between its own.
    count         how many points it has.
    by_step, by_wall   whether steps never go back; whether every point has a time, and these never go back.
    last_step, last_wall   of the last point.
    scale         what values are multiplied with, where names of metrics are aligned. Those of `overview` are already.
    hidden        how many values are 0 or below, or -inf.
    size, overview     all points in blocks of `size`, some thousand of them.
    origin        as in MetricSeries.
    """

    name: str
    series: int
    row: int | None
    count: int
    has_step: bool
    by_step: bool
    by_wall: bool
    last_step: int
    last_wall: int
    scale: float
    hidden: int
    size: int
    overview: Blocks
    origin: str = ""

    def __len__(self) -> int:
        return self.count


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a long series, finer than its overview.

    begin    position of its first point in the series.
    blocks   what is in it, of any sizes.
    after    step and wall time of the first point behind it; those of the last point where it reaches the end.
    """

    begin: int
    blocks: Blocks
    after: tuple[int, int]
