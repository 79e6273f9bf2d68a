"""Whether a series could be that of any run: schedules and counters are alike wherever the same settings were used.

Their names tell the usual ones (`link_agreement.is_schedule`); these tell the others by their shape: a temperature that
falls from 1 to 0, a share of data seen, a flag. What was measured is irregular, and equal at each point in one run
only.
"""

from __future__ import annotations

import math

import numpy as np

from runfolio.index.linkable import SeriesMark
from runfolio.model.metrics import Floats

_ROUND = 1e-6
"""float32 writes 0.1 as 0.10000000149."""
_EVEN = 1e-3
"""Steps of a schedule are even up to this share, by the digits that a table has."""


def runs_between_round_ends(mark: SeriesMark) -> bool:
    """Whether a series goes from its lowest to its highest value or back, and both have one digit (0 and 1)."""
    ends, extremes = (mark.first, mark.last), (mark.low, mark.high)
    if None in ends or None in extremes or ends not in (extremes, extremes[::-1]):
        return False
    return all(end is not None and _is_round(end) for end in ends)


def _is_round(value: float) -> bool:
    return math.isfinite(value) and abs(value - float(f"{value:.1g}")) <= _ROUND * abs(value)


def is_regular(value: Floats) -> bool:
    """Whether values (n,) are those of a schedule: two different ones at most, even steps, or even ratios.

    NaN and infinities are no part of a schedule.
    """
    if not np.isfinite(value).all():
        return False
    if len(np.unique(value)) <= 2:
        return True
    steps = np.diff(value)
    if _are_even(steps):
        return True
    return bool((value > 0).all() or (value < 0).all()) and _are_even(np.diff(np.log(np.abs(value))))


def _are_even(steps: Floats) -> bool:
    return bool(np.ptp(steps) <= _EVEN * np.abs(steps).max())


def equal_values(one: Floats, other: Floats, tolerance: float) -> bool:
    """Whether values (n,) agree point by point to a share of their size; NaN equals NaN, and so do infinities."""
    if len(one) != len(other):
        return False
    finite = np.isfinite(one) & np.isfinite(other)
    # float32 turns what it cannot hold into infinity.
    huge = np.maximum(np.abs(np.where(np.isfinite(one), one, 0)), np.abs(np.where(np.isfinite(other), other, 0))) > 3e38
    alike = (one == other) | (np.isnan(one) & np.isnan(other)) | (~finite & huge)
    a, b = one[finite], other[finite]
    size = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
    near = np.abs(a - b) <= tolerance * np.maximum(np.maximum(np.abs(a), np.abs(b)), 0.1 * size)
    return bool(alike[~finite].all() and near.all())
