"""What the chart kinds are called, for menus that are there before any chart is."""

from __future__ import annotations

KIND_TITLES = {
    "scatter": "Scatter",
    "parallel": "Parallel coordinates",
    "importance": "Importance",
    "groups": "Groups",
    "grid": "Two params",
    "histogram": "Histogram",
    "classifier": "Classifier",
    "recorded": "Recorded histograms",
}
"""By kind, in the order of the tabs."""
