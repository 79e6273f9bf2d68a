"""Values by group: boxes, densities, and means with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runfolio.analysis.statistics.groups import GroupFigures, figures_of_groups
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats, Ints

MOST_GROUPS = 60
_DENSITY_POINTS = 96
_DENSITY_RUNS = 2_000
_BANDS = 6
"""Of a numeric field with many values, which is cut into bands of as many runs each."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """One group.

    name       what its runs share.
    places     places of its runs among all, in order of value.
    values     their finite values, sorted.
    quartiles  first, median, third, as np.quantile (linear).
    whiskers   the outermost values within 1.5 interquartile ranges of the box (Tukey).
    at, density   a Gaussian kernel density by Scott's rule, greatest 1; () where values are fewer than three or equal.
    """

    name: str
    places: Ints
    values: Floats
    quartiles: tuple[float, float, float]
    whiskers: tuple[float, float]
    at: Floats
    density: Floats

    @property
    def outliers(self) -> Floats:
        """Values beyond the whiskers."""
        low, high = self.whiskers
        return self.values[(self.values < low) | (self.values > high)]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """The groups that have values, the mean of each with its t interval, and who is in none.

    ungrouped   runs without a value of the grouping field.
    empty       names of groups in which no run has a finite value.
    """

    groups: tuple[Box, ...]
    figures: GroupFigures
    ungrouped: int
    empty: tuple[str, ...]


def boxes(value: Variable, group: Variable, *, log: bool = False) -> Boxes:
    """Group runs by a field and describe each group.

    value   NaN and infinities take no part and are counted in `figures`; with `log` neither does what is not above 0,
            and the density is one of the logarithms.
    Numbers of more than twelve different values are grouped into bands with about as many runs each.
    """
    names, of = _groups(group)
    values = value.values if not log else np.where(value.values > 0, value.values, np.nan)
    figures = figures_of_groups(values, of, len(names))
    made: list[Box] = []
    for place, name in enumerate(names):
        runs = np.flatnonzero((of == place) & np.isfinite(values))
        if len(runs):
            made.append(_box(name, runs[np.argsort(values[runs], kind="stable")], values, log=log))
    empty = tuple(name for name, n in zip(names, figures.n.tolist(), strict=True) if n == 0)
    return Boxes(tuple(made), _only(figures, figures.n > 0), int((of < 0).sum()), empty)


def _groups(group: Variable) -> tuple[list[str], Ints]:
    of = np.full(len(group.values), -1, dtype=np.int64)
    known = np.flatnonzero(group.finite)
    if group.categories:
        of[known] = group.values[known].astype(np.int64)
        return [*group.categories], of
    different, inverse = np.unique(group.values[known], return_inverse=True)
    if len(different) <= 2 * _BANDS:
        of[known] = inverse
        return [f"{v:.6g}" for v in different.tolist()], of
    edges = np.unique(np.quantile(group.values[known], np.linspace(0, 1, _BANDS + 1)))
    of[known] = np.clip(np.searchsorted(edges, group.values[known], side="right") - 1, 0, len(edges) - 2)
    return [f"{a:.3g} to {b:.3g}" for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)], of


def _box(name: str, runs: Ints, values: Floats, *, log: bool) -> Box:
    kept = values[runs]
    first, median, third = np.quantile(kept, [0.25, 0.5, 0.75]).tolist()
    reach = 1.5 * (third - first)
    near = kept[(kept >= first - reach) & (kept <= third + reach)]
    at, density = _density(np.log10(kept) if log else kept)
    return Box(
        name,
        runs.astype(np.int64),
        kept,
        (first, median, third),
        (float(near.min()), float(near.max())),
        10.0**at if log else at,
        density,
    )


def _density(values: Floats) -> tuple[Floats, Floats]:
    if len(values) < 3 or values[0] == values[-1]:
        return np.empty(0), np.empty(0)
    from scipy.stats import gaussian_kde

    # A kernel for each of very many values takes long and shows the same: every k-th of the sorted ones stands for all.
    kernel = gaussian_kde(values[:: max(1, len(values) // _DENSITY_RUNS)])
    room = 0.15 * (values[-1] - values[0])
    at = np.linspace(values[0] - room, values[-1] + room, _DENSITY_POINTS)
    found = kernel(at)
    return at, found / found.max()


def _only(figures: GroupFigures, kept: np.ndarray) -> GroupFigures:
    parts = (
        figures.n,
        figures.excluded,
        figures.mean,
        figures.std,
        figures.low,
        figures.high,
        figures.least,
        figures.most,
    )
    return GroupFigures(*(part[kept] for part in parts))
