"""The outline of a series, or of the mean of several, in a few columns, for the sparklines of the table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runfolio.analysis.bands import band
from runfolio.model.metrics import Floats, MetricSeries

Outline = tuple[tuple[float, float, float], ...]
"""Columns from left to right: place (0 to 1), lowest and highest finite value in it (0 to 1)."""


def outline(series: MetricSeries, columns: int) -> Outline:
    """Lowest and highest finite value in each of `columns` equal ranges of the steps; () when nothing is finite.

    Values are scaled to the series' own range, a constant series lies in the middle. Ranges without a finite
    value are left out, so that a stretch of NaN is a gap.
    """
    finite = np.isfinite(series.value)
    if not finite.any():
        return ()
    step = series.step[finite].astype(np.float64)
    value = series.value[finite]
    first, last = float(step.min()), float(step.max())
    width = (last - first) or 1.0
    place = np.minimum(((step - first) / width * columns).astype(np.int64), columns - 1)
    low = np.full(columns, np.inf)
    high = np.full(columns, -np.inf)
    np.minimum.at(low, place, value)
    np.maximum.at(high, place, value)
    bottom, top = float(value.min()), float(value.max())
    # Halved before they are subtracted: the range of finite values need not be finite.
    span = top / 2 - bottom / 2
    hit = np.isfinite(low)
    if span == 0:
        scaled_low = scaled_high = np.full(columns, 0.5)
    else:
        scaled_low = (low / 2 - bottom / 2) / span
        scaled_high = (high / 2 - bottom / 2) / span
    # Places are read from the columns that were hit; with few points they lie where the points are.
    places = (np.arange(columns) + 0.5) / columns
    return tuple((float(places[i]), float(scaled_low[i]), float(scaled_high[i])) for i in np.flatnonzero(hit))


MeanOutline = tuple[tuple[float, float, float, float], ...]
"""Columns from left to right: place (0 to 1), mean, lower and upper end of its interval (0 to 1)."""


def mean_outline(members: Sequence[MetricSeries], columns: int) -> MeanOutline:
    """The mean of several series with its 95 % t interval, at the middle of each of `columns` ranges of their steps.

    A member counts in a range with the mean of its finite values there, between two such ranges with what lies
    between, and not before its first or after its last one. Where only one counts the interval has no width. All is
    scaled to its own range; () when nothing is finite.
    """
    finite = [(series, np.isfinite(series.value)) for series in members]
    known = [(series.step[on].astype(np.float64), series.value[on]) for series, on in finite if on.any()]
    if not known:
        return ()
    first, last = min(float(x.min()) for x, _ in known), max(float(x.max()) for x, _ in known)
    width = (last - first) or 1.0
    curves: list[tuple[Floats, Floats]] = []
    for step, value in known:
        place = np.minimum(((step - first) / width * columns).astype(np.int64), columns - 1)
        n = np.bincount(place, minlength=columns)
        hit = np.flatnonzero(n)
        # Divided before they are added: the sum of finite values need not be finite.
        means: Floats = np.bincount(place, value / n[place], columns)[hit].astype(np.float64)
        curves.append(((hit + 0.5) / columns, means))
    found = band(curves)
    on = np.isfinite(found.centre)
    centre = found.centre[on]
    low, high = (np.where(np.isfinite(end[on]), end[on], centre) for end in (found.low, found.high))
    bottom, top = float(low.min(initial=np.inf)), float(high.max(initial=-np.inf))
    span = top / 2 - bottom / 2
    if not on.any() or not np.isfinite(span):
        return ()
    rows = [(part / 2 - bottom / 2) / span if span else np.full(len(centre), 0.5) for part in (centre, low, high)]
    return tuple(zip(found.x[on].tolist(), *(row.tolist() for row in rows), strict=True))
