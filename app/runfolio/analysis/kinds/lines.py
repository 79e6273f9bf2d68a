"""Very many lines between parallel axes, as a raster in which each of them counts."""

from __future__ import annotations

import numpy as np

from runfolio.model.metrics import Floats

ROWS = 320
COLUMNS = 160
"""Of the raster of one gap between two axes; about a pixel each on a usual screen."""
NOWHERE = -0.07
"""Where a run without a value crosses an axis: below its foot, so that no run is hidden."""


def crossings(places: Floats) -> Floats:
    """Places from 0 to 1 with `NOWHERE` for what has none."""
    found: Floats = np.where(np.isfinite(places), places, NOWHERE)
    return found


def line_density(left: Floats, right: Floats, carried: Floats) -> tuple[Floats, Floats]:
    """How many lines cross each cell of the gap between two axes, and the mean of what they carry.

    left, right   where each line begins and ends, `NOWHERE` to 1, float64 (n,).
    carried       what is averaged; NaN takes no part.
    Returns count and mean, both float64 (ROWS, COLUMNS), the highest places first; the mean is NaN where nothing is.
    """
    count, total, known = (np.zeros((ROWS, COLUMNS)) for _ in range(3))
    start, slope = _row(left), _row(right) - _row(left)
    carrying = np.isfinite(carried)
    for column in range(COLUMNS):
        rows = np.rint(start + slope * ((column + 0.5) / COLUMNS)).astype(np.int64)
        count[:, column] = np.bincount(rows, minlength=ROWS)
        if carrying.any():
            total[:, column] = np.bincount(rows[carrying], carried[carrying], ROWS)
            known[:, column] = np.bincount(rows[carrying], minlength=ROWS)
    with np.errstate(invalid="ignore", divide="ignore"):
        return count, np.where(known > 0, total / known, np.nan)


def _row(places: Floats) -> Floats:
    found: Floats = (1.0 - np.clip(places, NOWHERE, 1.0)) / (1.0 - NOWHERE) * (ROWS - 1)
    return found


def nearest_line(crossed: Floats, gap: int, along: float, at: float) -> tuple[int, float]:
    """The line that passes nearest to a point in a gap, and how far from it, in axis lengths.

    crossed   float64 (axes, runs). gap: between axes gap and gap + 1. along: 0 to 1 from left to right. at: the place.
    """
    passing = crossed[gap] + (crossed[gap + 1] - crossed[gap]) * along
    place = int(np.abs(passing - at).argmin())
    return place, float(abs(passing[place] - at))
