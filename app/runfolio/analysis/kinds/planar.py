"""Points in a plane: which no other beats, which lie inside a drawn shape, and a raster of very many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runfolio.model.kinds import Flags
from runfolio.model.metrics import Floats, Ints


def pareto_front(x: Floats, y: Floats, *, x_higher: bool, y_higher: bool) -> Ints:
    """Places of the points that no other is at least as good as in both and better in one, in order of x.

    x, y   float64 (n,); points with NaN or an infinity take no part. Equal points are on the front together.
    Cost: one sort.
    """
    places = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(places):
        return places.astype(np.int64)
    gain_x = x[places] if x_higher else -x[places]
    gain_y = y[places] if y_higher else -y[places]
    order = np.lexsort((-gain_y, -gain_x))
    gain_x, gain_y, places = gain_x[order], gain_y[order], places[order]
    starts = np.flatnonzero(np.r_[True, gain_x[1:] != gain_x[:-1]])
    best = gain_y[starts]
    before = np.r_[-np.inf, np.maximum.accumulate(best)[:-1]]
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(places)]))
    front = places[(best > before)[group] & (gain_y == best[group])]
    found: Ints = front[np.lexsort((y[front], x[front]))].astype(np.int64)
    return found


MARGIN_BINS = 40
"""Bars of a histogram along the axis of a field of numbers."""


def margin_counts(places: Floats, categories: int = 0) -> tuple[Ints, Floats]:
    """How many of places 0 to 1 along an axis lie in each bar, int64 (b,), and where bars end, float64 (b + 1,).

    categories   a bar for each; 0 for numbers. NaN and what lies beyond the axis is in none.
    """
    counts, edges = np.histogram(places, bins=categories or MARGIN_BINS, range=(0.0, 1.0))
    return counts.astype(np.int64), edges


def inside(x: Floats, y: Floats, corners: Floats) -> Flags:
    """Which points lie inside a polygon, by the even-odd rule; NaN lies nowhere.

    corners   float64 (m, 2), closed by itself.
    """
    found = np.zeros(len(x), dtype=bool)
    if len(corners) < 3:
        return found
    near = (x >= corners[:, 0].min()) & (x <= corners[:, 0].max())
    near &= (y >= corners[:, 1].min()) & (y <= corners[:, 1].max())
    some = np.flatnonzero(near)
    px, py = x[some], y[some]
    crossed = np.zeros(len(some), dtype=bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        spans = (ay > py) != (by > py)
        # Divided only where the edge is not level, which `spans` says.
        with np.errstate(divide="ignore", invalid="ignore"):
            crossed ^= spans & (px < (bx - ax) * (py - ay) / (by - ay) + ax)
    found[some] = crossed
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """Points stamped on a raster.

    count   float64 (height, width), how many points cover each pixel.
    mean    float64 (height, width, k), the mean of what they carry; NaN where there is no point.
    """

    count: Floats
    mean: Floats


def stamp(x: Floats, y: Floats, carried: Floats, size: tuple[int, int], radius: int) -> Stamped:
    """Stamp each point as a small disc; no point is left out, however many there are.

    x, y      pixels, float64 (n,); those outside and NaN are not drawn.
    carried   what is averaged, such as a colour, float64 (n, k).
    size      width, height.
    """
    width, height = size
    with np.errstate(invalid="ignore"):
        on = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    # The points of a pixel first: discs are then drawn once for each pixel and not once for each point.
    flat = y[on].astype(np.int64) * width + x[on].astype(np.int64)
    cells = width * height
    count = _spread(np.bincount(flat, minlength=cells).reshape(height, width).astype(np.float64), radius)
    mean = np.full((height, width, carried.shape[1]), np.nan)
    for k in range(carried.shape[1]):
        total = _spread(np.bincount(flat, carried[on, k], cells).reshape(height, width).astype(np.float64), radius)
        np.divide(total, count, out=mean[..., k], where=count > 0)
    return Stamped(count, mean)


def _spread(raster: Floats, radius: int) -> Floats:
    height, width = raster.shape
    padded = np.pad(raster, radius)
    found = np.zeros_like(raster)
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if down * down + right * right <= radius * radius + 0.25:
                found += padded[radius + down : radius + down + height, radius + right : radius + right + width]
    return found
