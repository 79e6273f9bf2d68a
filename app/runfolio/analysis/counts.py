"""Where along a group's curve it is said how many runs it rests on."""

from __future__ import annotations

import numpy as np

from runfolio.model.metrics import Floats, Ints

MOST_CURVES = 8
"""Of more curves than these the numbers would lie over each other."""


def count_places(x: Floats, n: Ints, x0: float, x1: float, width: float, apart: float) -> list[tuple[int, int]]:
    """Positions in `x` where n is to be written, with the n that holds from there on.

    x, n     float64 (m,) ascending and int64 (m,), as a band has them.
    x0, x1   the view, `width` pixels wide; numbers are at least `apart` pixels from each other.

    The first is where the curve comes into view, others where n has changed since the number before. Where it changes
    more often than there is room for, what holds after the room is written.
    """
    if not len(x) or not x0 < x1 or not width > 0:
        return []
    least = (x1 - x0) * apart / width
    inside = np.flatnonzero((x >= x0) & (x <= x1))
    found: list[tuple[int, int]] = []
    while len(inside):
        place = int(inside[0])
        found.append((place, int(n[place])))
        inside = inside[int(np.searchsorted(x[inside], x[place] + least)) :]
        others = np.flatnonzero(n[inside] != n[place])
        inside = inside[others[0] :] if len(others) else inside[:0]
    return found
