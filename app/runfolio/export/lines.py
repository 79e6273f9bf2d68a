"""What a line panel draws of each run: every pixel column from its true lowest to its true highest point.

The figure and the file of what is drawn are both made of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runfolio.analysis.axis import XKind, x_axis
from runfolio.analysis.reduce import Reduced, inf_marks, min_max_columns, nan_marks
from runfolio.analysis.smooth import Smoother, natural_range, smooth
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.run import RunKey

SeriesOf = Mapping[str, Mapping[RunKey, MetricSeries]]
"""metric -> run -> series."""

COLUMNS = 1200
"""Pixel columns across a panel: a hundred to the centimetre for a figure of two panels on A4."""

_LARGEST = 1e300
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class DrawnRun:
    """One run of a panel.

    line    what its line goes through, smoothed where the panel is.
    raw     the curve as measured, faint behind a smoothed one; None where the panel is not smoothed.
    nan_x, inf_x   where values are not numbers: sorted x.
    """

    run: RunStyleRecipe
    line: Reduced
    raw: Reduced | None
    nan_x: Floats
    inf_x: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPanel:
    """The runs of a panel that have its metric, in the recipe's order.

    why_empty   why nothing can be drawn, in a few words; "" when something is.
    """

    runs: tuple[DrawnRun, ...]
    why_empty: str = ""


def drawn_panel(panel: PanelRecipe, recipe: ChartRecipe, series: Mapping[RunKey, MetricSeries]) -> DrawnPanel:
    """What a panel of a recipe shows of the series."""
    held = [(run, series[RunKey(run.key)]) for run in recipe.runs if RunKey(run.key) in series]
    xs = {run.key: x_axis(points, XKind(panel.x)) for run, points in held}
    span = panel.x_range or _x_range(list(xs.values()))
    if span is None:
        return DrawnPanel((), "no data")
    if panel.log_y and not any((points.value > 0).any() for _, points in held):
        return DrawnPanel((), "no positive values")
    return DrawnPanel(tuple(_drawn(panel, run, xs[run.key], points.value, span) for run, points in held))


def _drawn(panel: PanelRecipe, run: RunStyleRecipe, x: Floats, y: Floats, span: tuple[float, float]) -> DrawnRun:
    line = min_max_columns(x, _drawable(y, panel), *span, COLUMNS)
    raw = None
    if panel.smoothing > 0 and len(y) > 2:
        smoothed = smooth(x, y, Smoother.TIME_EMA, panel.smoothing, natural_range(x))
        raw, line = line, min_max_columns(x, _drawable(smoothed, panel), *span, COLUMNS)
    return DrawnRun(run, line, raw, _within(nan_marks(x, y), span), _within(inf_marks(x, y), span))


def _drawable(y: Floats, panel: PanelRecipe) -> Floats:
    """What the scale can show: values past 1e300 at 1e300, and on a logarithmic one nothing below 1e-300."""
    if panel.log_y:
        y = np.where(y >= _SMALLEST, y, np.where(np.isinf(y), y, np.nan))
    # matplotlib adds margins, which must stay finite.
    return np.where(np.isfinite(y), np.clip(y, -_LARGEST, _LARGEST), y)


def _within(marks: Floats, span: tuple[float, float]) -> Floats:
    return marks[(marks >= span[0]) & (marks <= span[1])]


def _x_range(xs: list[Floats]) -> tuple[float, float] | None:
    sound = [x[np.isfinite(x)] for x in xs]
    sound = [x for x in sound if len(x)]
    if not sound:
        return None
    low, high = min(float(x.min()) for x in sound), max(float(x.max()) for x in sound)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
