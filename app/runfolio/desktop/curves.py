"""The outline of a series in a few columns, for the sparklines of the table."""

from __future__ import annotations

import numpy as np

from runfolio.model.metrics import MetricSeries

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
