"""What is known of many groups at once, for tables with a row per group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runfolio.analysis.statistics.spreads import t_quantile
from runfolio.model.metrics import Floats, Ints
from runfolio.model.statistics import LEVEL


@dataclass(frozen=True, slots=True, eq=False)
class GroupFigures:
    """Arrays with one entry for each group; what they hold is as in `model.statistics.Figures`, NaN for None."""

    n: Ints
    excluded: Ints
    mean: Floats
    std: Floats
    low: Floats
    high: Floats
    least: Floats
    most: Floats


def figures_of_groups(values: Floats, group: Ints, groups: int, level: float = LEVEL) -> GroupFigures:
    """The figures of `groups` groups in one pass over the runs.

    values   float64 (runs,); NaN and infinities are left out and counted.
    group    int64 (runs,), 0 to groups - 1; a negative one is in no group.
    """
    inside = group >= 0
    finite = inside & np.isfinite(values)
    of, kept = group[finite], values[finite]
    n = np.bincount(of, minlength=groups)
    least, most = np.full(groups, np.inf), np.full(groups, -np.inf)
    np.minimum.at(least, of, kept)
    np.maximum.at(most, of, kept)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Equal values have that very mean, and no spread but 0: their sum may be off in its last digit.
        mean = np.where(least == most, least, np.bincount(of, kept, groups) / n)
        off = kept - mean[of]
        std = np.sqrt(np.bincount(of, off * off, groups) / np.where(n > 1, n - 1, np.nan))
        half = t_quantile(level, n - 1.0) * std / np.sqrt(n)
        excluded = np.bincount(group[inside], minlength=groups) - n
        none = n == 0
        least[none] = most[none] = np.nan
        return GroupFigures(n, excluded, mean, std, mean - half, mean + half, least, most)
