"""How the curves of a chart are painted: what a user chooses, and what the theme does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtGui import QColor

from runfolio.analysis.prepared import PreparedSeries
from runfolio.analysis.pyramid import Columns, Points
from runfolio.model.metrics import Floats, Ints
from runfolio.model.run import RunKey

WIDTHS = (1.0, 1.7, 2.5, 4.0)
"""Line widths to choose from, in pixels."""

PLAIN_WIDTH = 1.7


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What spreads around a curve that stands for several runs: x, low, high float64 (m,), n int64 (m,).

    low and high are placed on the axis, NaN where there is no band; n says how many runs there are at each x.
    """

    x: Floats
    low: Points
    high: Points
    n: Ints

    @classmethod
    def of(cls, x: Floats, low: Floats, high: Floats, n: Ints) -> Band:
        """From arrays that are placed already."""
        both = np.isfinite(low) & np.isfinite(high)
        return cls(x, Points(x, np.where(both, low, np.nan)), Points(x, np.where(both, high, np.nan)), n)

    def edges(self, x0: float, x1: float, columns: int) -> tuple[Columns, Columns]:
        """The lower and the upper edge in a view; both have the same entries."""
        return self.low.columns(x0, x1, columns), self.high.columns(x0, x1, columns)

    def count_at(self, x: float) -> int:
        """How many runs there are at the last x that is not behind `x`; 0 before the first."""
        place = int(np.searchsorted(self.x, x, side="right")) - 1
        return int(self.n[place]) if place >= 0 else 0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One run's series in the run's colour; `dash` is an index of strokes.DASHES, 0 for a solid line.

    band   of a curve that stands for several runs; `runs` are all of these, () for `key` alone.
    """

    key: RunKey
    name: str
    series: PreparedSeries
    color: QColor
    dash: int = 0
    band: Band | None = None
    runs: tuple[RunKey, ...] = ()

    @property
    def members(self) -> tuple[RunKey, ...]:
        """The runs that it stands for."""
        return self.runs or (self.key,)

    @property
    def x(self) -> Floats:
        """Where its points lie, in written order."""
        return self.series.x

    @property
    def y(self) -> Floats:
        """Its values as written."""
        return self.series.y

    @property
    def smooth(self) -> Floats | None:
        """Its smoothed values, None when it is not smoothed."""
        return self.series.smooth


@dataclass(slots=True)
class Look:
    """What is not of a curve: the width of lines in pixels, whether they are antialiased, and colours."""

    width: float = PLAIN_WIDTH
    antialias: bool = True
    marks: QColor = field(default_factory=lambda: QColor("red"))
    surface: QColor = field(default_factory=lambda: QColor("white"))
    say_x: Callable[[float], str] = str
