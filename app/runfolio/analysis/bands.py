"""A group's curves as one: the centre at every x with a band around it, and how many curves it rests on there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runfolio.analysis.statistics.spreads import check, spreads
from runfolio.model.metrics import Floats, Ints
from runfolio.model.statistics import LEVEL, Centre, Spread

RESAMPLES = 1_000
"""Of a bootstrap band at each x; a single interval is drawn from more."""

MOST_X = 1 << 17
"""Of the x at which curves of unlike x are taken together, the longest curve's length where that is more."""

_AT_ONCE = 4_000_000
"""Values that are interpolated at a time: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A centre line with its band, by x ascending.

    x           float64 (m,).
    centre      float64 (m,), NaN where no curve has a value.
    low, high   float64 (m,), NaN where fewer than two curves have a value: there is no band around one curve.
    n           int64 (m,), how many curves have a value there.
    every_x     False when the curves' x are so many that only `MOST_X` of them are kept.
    """

    x: Floats
    centre: Floats
    low: Floats
    high: Floats
    n: Ints
    every_x: bool = True


def band(
    curves: Sequence[tuple[Floats, Floats]],
    centre: Centre = Centre.MEAN,
    spread: Spread = Spread.T,
    level: float = LEVEL,
    most_x: int = MOST_X,
) -> Band:
    """The curves of a group's members as one. Each is (x, y), of equal length, in written order.

    centre, spread, level   as in `statistics.spreads.spreads`, at each x over the members that have a value there.

    How curves are aligned:
    - Where all have the same x, value stands against value and nothing is interpolated.
    - Else the x are those of all members together. Between two of its own points a member's value is the linear
      interpolation; before its first and after its last point it has none: nothing is extrapolated, so `n` falls
      where runs end early.
    - A member with several points at one x counts there with the one written last.
    - A point with a NaN or infinite value is no value: the member does not count at that x, nor between the
      neighbours of that point, since what lies between is not known. A point whose x is not finite is left out.
    - Where unlike x are more than `most_x` and more than the longest curve has, an even selection of them is used,
      the first and the last included, and `every_x` is False. The values there are as exact as any.

    Raises ValueError for a level outside (0, 1), a spread that the centre has not, or an x and y of unlike length.
    """
    check(centre, spread, level)
    members = [_tidy(x, y) for x, y in curves]
    members = [m for m in members if len(m[0])]
    if not members:
        none = np.empty(0)
        return Band(none, none, none, none, np.empty(0, np.int64))
    first = members[0][0]
    alike = all(x is first or np.array_equal(x, first) for x, _ in members)
    grid = first if alike else np.unique(np.concatenate([x for x, _ in members]))
    most = max(most_x, *(len(x) for x, _ in members)) if len(members) > 1 else len(grid)
    every_x = len(grid) <= most
    if not every_x:
        grid = grid[np.linspace(0, len(grid) - 1, most).round().astype(np.intp)]
    found: list[tuple[Floats, Floats, Floats, Ints]] = []
    step = max(1, _AT_ONCE // len(members))
    for start in range(0, len(grid), step):
        part = slice(start, start + step)
        rows = [y[part] if alike else _values_at(x, y, grid[part]) for x, y in members]
        block = spreads(np.stack(rows), centre, spread, level, RESAMPLES)
        found.append((block.centre, block.low, block.high, block.n))
    middle, low, high, n = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Band(grid, middle, low, high, n, every_x)


def _tidy(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """By x ascending, each x once with the value written last there, NaN for a value that is none."""
    if len(x) != len(y):
        raise ValueError(f"A curve has {len(x)} x and {len(y)} y")
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if not np.isfinite(x).all():
        known = np.isfinite(x)
        x, y = x[known], y[known]
    if len(x) > 1 and not (np.diff(x) > 0).all():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        last = np.append(x[1:] != x[:-1], True)
        x, y = x[last], y[last]
    return x, y if np.isfinite(y).all() else np.where(np.isfinite(y), y, np.nan)


def _values_at(x: Floats, y: Floats, grid: Floats) -> Floats:
    """A member's value at each x of the grid; NaN outside its range and beside a NaN."""
    before = np.searchsorted(x, grid, side="right") - 1
    inside = (before >= 0) & (grid <= x[-1])
    before = np.clip(before, 0, len(x) - 1)
    after = np.minimum(before + 1, len(x) - 1)
    left, right = x[before], x[after]
    own = left == grid
    with np.errstate(over="ignore", invalid="ignore"):
        share = np.divide(grid - left, right - left, out=np.zeros_like(grid), where=right > left)
        # So that two values near the end of float64's range do not overflow between them.
        between = y[before] * (1 - share) + y[after] * share
    return np.where(inside, np.where(own, y[before], between), np.nan)
