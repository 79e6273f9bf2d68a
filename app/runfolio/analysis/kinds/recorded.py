"""Histograms that runs recorded along their steps, laid out so that runs can be compared: one scale for all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from runfolio.model.previews import Histogram, Histograms
from runfolio.model.run import RunKey

ROWS = 96
"""Rows of a map, from the lowest value of all steps and runs to the highest."""
_CELLS = 200
"""Bars of a histogram whose buckets are too narrow to be bars."""
MOST_BESIDE = 8
"""Runs whose histograms stand beside each other."""


@dataclass(frozen=True, slots=True)
class DensityMap:
    """Which share of a step's values lies in each row of the map, bottom row first.

    low, high   values at the bottom and at the top.
    cells       for each step ROWS bytes: 255 times the square root of the share over `highest`.
    highest     the greatest share of all maps that were made together.
    """

    low: float
    high: float
    cells: tuple[bytes, ...]
    highest: float = 1.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A histogram tag of several runs.

    tags        every tag, and how many of the runs looked at have it, most first.
    tag         the one that was read; "" where there is none.
    runs        the runs that have it; `found` and `maps` are in their order.
    looked      how many runs were looked at; `unread` of them had files that could not be read.
    """

    tags: tuple[tuple[str, int], ...]
    tag: str
    runs: tuple[RunKey, ...]
    found: tuple[Histograms, ...]
    maps: tuple[DensityMap, ...]
    looked: int
    unread: int = 0

    @property
    def steps(self) -> tuple[int, ...]:
        """Every step that some run has, in order."""
        return tuple(sorted({one.step for found in self.found for one in found.steps}))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value of all."""
        return (self.maps[0].low, self.maps[0].high) if self.maps else (0.0, 1.0)


def density_maps(runs: Sequence[Histograms]) -> tuple[DensityMap, ...]:
    """The maps of a tag in several runs, on one scale; called on another thread."""
    import numpy as np

    steps = [one for run in runs for one in run.steps]
    low = min((one.edges[0] for one in steps), default=0.0)
    high = max((one.edges[-1] for one in steps), default=1.0)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    rows = np.linspace(low, high, ROWS + 1)
    columns = []
    for run in runs:
        own = []
        for one in run.steps:
            counts = np.asarray(one.counts)
            total = counts.sum()
            # The share below a value, straight between edges: values of a bucket are taken to be spread evenly.
            below = np.concatenate([[0.0], np.cumsum(counts)]) / (total or 1.0)
            own.append(np.diff(np.interp(rows, np.asarray(one.edges), below)))
        columns.append(own)
    # A bucket of no width holds all its values at one place, which lies in one row.
    highest = max((float(column.max()) for own in columns for column in own), default=1.0) or 1.0
    return tuple(
        DensityMap(
            low, high, tuple((np.sqrt(c / highest) * 255).astype(np.uint8).tobytes() for c in own), float(highest)
        )
        for own in columns
    )


def bars(one: Histogram, ends: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Edges of bars and their heights, count over width, so that buckets of unequal width are fair.

    ends   the lowest and highest value of the chart. Buckets as narrow as a stroke have heights that a single value
           makes: PyTorch's are 1e-12 wide near 0. Where there are such, all are drawn as `_CELLS` bars of one width.
    """
    import numpy as np

    edges, counts = np.asarray(one.edges), np.asarray(one.counts)
    span = (ends[1] - ends[0]) or 1.0
    widths = np.diff(edges)
    if (widths[counts > 0] < span / _CELLS).any():
        cells = np.linspace(ends[0], ends[0] + span, _CELLS + 1)
        below = np.interp(cells, edges, np.concatenate([[0.0], np.cumsum(counts)]), left=0.0)
        counts, edges, widths = np.diff(below), cells, np.diff(cells)
        # A bucket of no width at the lowest value lies at the foot of the first cell, not in it.
        counts[0] += below[0]
    return edges.tolist(), (counts / np.maximum(widths, span / _CELLS)).tolist()


def column_edges(steps: Sequence[int]) -> list[float]:
    """Where the columns of a map begin and end along the steps: halfway between neighbours; one more than steps."""
    if len(steps) < 2:
        return [step + side for step in steps for side in (-0.5, 0.5)]
    between = [(a + b) / 2 for a, b in itertools.pairwise(steps)]
    return [2 * steps[0] - between[0], *between, 2 * steps[-1] - between[-1]]


def map_edges(found: Recorded, *, even: bool = False) -> list[list[float]]:
    """Where the columns of each run's map begin and end.

    even   along the places of steps among those of all runs, from 0, instead of along the steps: one that lies far
           from the others then leaves them their room.
    """
    if not even:
        return [column_edges([one.step for one in own.steps]) for own in found.found]
    place = {step: at for at, step in enumerate(found.steps)}
    return [column_edges([place[one.step] for one in own.steps]) for own in found.found]


def at_step(found: Histograms, step: int | None) -> Histogram | None:
    """The histogram at a step, or the last one before it; the last of all for None."""
    upto = [one for one in found.steps if step is None or one.step <= step]
    return upto[-1] if upto else None
