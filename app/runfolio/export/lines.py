"""What a line panel draws of each run or group: every pixel column from its true lowest to its true highest point.

The figure and the file of what is drawn are both made of this, by the same functions as the window's charts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runfolio.analysis.axis import XKind, nowhere_text
from runfolio.analysis.bands import Band
from runfolio.analysis.derived import Derivation
from runfolio.analysis.drawing import LARGEST, Range, Style, beyond_text, group_styles, reach
from runfolio.analysis.panel_series import prepare_group, prepare_run, scale_for
from runfolio.analysis.prepared import PreparedSeries
from runfolio.analysis.reduce import Reduced, min_max_columns
from runfolio.analysis.scales import LINEAR, YKind, YScale, hidden_text, placed, value_at
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.run import RunKey
from runfolio.model.statistics import CENTRE_TITLES, SPREAD_TITLES, WITHOUT_LEVEL, Centre, Spread

SeriesOf = Mapping[str, Mapping[RunKey, MetricSeries]]
"""metric -> run -> series."""

EPOCHS = "\x1fepoch"
"""Under this name the series by which each run counts its epochs."""

COLUMNS = 1200
"""Pixel columns across a panel: a hundred to the centimetre for a figure of two panels on A4."""

_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class DrawnBand:
    """What spreads around a line: x, low, high float64 (m,), NaN where there is none, and n int64 (m,), runs there."""

    x: Floats
    low: Floats
    high: Floats
    n: Ints


@dataclass(frozen=True, slots=True, eq=False)
class DrawnRun:
    """One curve of a panel: a run, or several taken together.

    run     its style; that of the first of a group.
    name    of the run or the group.
    keys    of the runs it stands for.
    line    what its line goes through, smoothed where the panel is.
    raw     the curve as measured, faint behind a smoothed one; None where the panel is not smoothed.
    nan_x, above_x, below_x   where values are NaN, +inf and -inf: sorted x.
    band    None for a run by itself, and where no place has two runs.
    place   which of the panel's metrics it is of: 0 for the first.
    """

    run: RunStyleRecipe
    metric: str
    name: str
    keys: tuple[str, ...]
    line: Reduced
    raw: Reduced | None
    nan_x: Floats
    above_x: Floats
    below_x: Floats
    band: DrawnBand | None = None
    place: int = 0

    @property
    def label(self) -> str:
        """For the legend: a group says how many runs it rests on, from the fewest to the most."""
        if self.band is None:
            return self.name
        least, most = int(self.band.n.min()), int(self.band.n.max())
        return f"{self.name} (n = {most})" if least == most else f"{self.name} (n = {least} to {most})"


@dataclass(frozen=True, slots=True, eq=False)
class DrawnPanel:
    """The curves of a panel, in the recipe's order.

    why_empty   why nothing can be drawn, in a few words; "" when something is.
    y_range     values that the view ends at; None for what is drawn.
    about       what else is to be known of the picture, in words.
    """

    runs: tuple[DrawnRun, ...]
    why_empty: str = ""
    scale: YScale = LINEAR
    y_range: Range | None = None
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    run: RunStyleRecipe
    metric: str
    name: str
    keys: tuple[str, ...]
    series: PreparedSeries
    band: Band | None
    place: int
    nowhere: int


def drawn_panel(panel: PanelRecipe, recipe: ChartRecipe, series: SeriesOf) -> DrawnPanel:
    """What a panel of a recipe shows of the series."""
    held = [
        (place, metric, run, points)
        for place, metric in enumerate(panel.metrics)
        for run in recipe.runs
        if (points := series.get(metric, {}).get(RunKey(run.key))) is not None
    ]
    scale = scale_for(YKind(panel.y), (points.value for *_, points in held))
    curves: list[_Curve] = []
    for place, metric in enumerate(panel.metrics):
        own = [(run, points) for at, _, run, points in held if at == place]
        curves += _curves(panel, recipe, metric, place, own, series, scale)
    shown = [curve for curve in curves if curve.run.shown]
    bounds = [b for curve in shown if (b := curve.series.x_bounds) is not None]
    if not bounds:
        return DrawnPanel((), "no data", scale)
    if scale.is_log and not any((curve.series.y > 0).any() for curve in shown):
        return DrawnPanel((), "no positive values", scale)
    low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
    span = panel.x_range or ((low, high) if low < high else (low - 0.5, high + 0.5))
    edges = [e for curve in shown if curve.band is not None for e in _edges(curve.band, scale)]
    far = reach([curve.series for curve in shown], scale, panel.y_range, clip=panel.clip, beside=edges)
    y_range = panel.y_range
    if y_range is None and far.low is not None and far.high is not None and far.low < far.high:
        y_range = value_at(far.low, scale), value_at(far.high, scale)
    nowhere = sum(curve.nowhere for curve in shown)
    hidden = sum(curve.series.hidden for curve in shown)
    beyond = beyond_text([curve.series.raw.y_bounds for curve in shown])
    said = nowhere_text(XKind(panel.x), panel.x_metric, nowhere), hidden_text(hidden), far.text, beyond
    about = [text for text in (*said, _about_groups(panel, shown)) if text]
    if scale.kind is YKind.SYMLOG:
        about.append(f"linear up to ±{scale.linear:g}")
    return DrawnPanel(tuple(_drawn(curve, span, scale) for curve in shown), "", scale, y_range, tuple(about))


def _curves(
    panel: PanelRecipe,
    recipe: ChartRecipe,
    metric: str,
    place: int,
    held: Sequence[tuple[RunStyleRecipe, MetricSeries]],
    series: SeriesOf,
    scale: YScale,
) -> list[_Curve]:
    drawing = panel.drawing(metric)
    xs = series.get({XKind.EPOCH: EPOCHS, XKind.METRIC: panel.x_metric}.get(drawing.x, ""), {})
    ready: dict[str, tuple[RunStyleRecipe, PreparedSeries]] = {}
    for run, points in held:
        other = None
        if drawing.derived.kind.needs_metric:
            other = series.get(panel.other, {}).get(RunKey(run.key))
        elif drawing.derived.kind is Derivation.BASELINE:
            other = series.get(metric, {}).get(RunKey(panel.baseline))
        ready[run.key] = run, prepare_run(points, drawing, scale, xs.get(RunKey(run.key)), other)
    found: list[_Curve] = []
    grouped: set[str] = set()
    styles = _group_styles(panel, recipe)
    for group, (color, dash) in zip(panel.groups, styles, strict=True):
        keys = tuple(key for key in group.runs if key in ready)
        grouped.update(keys)
        if not keys:
            continue
        shown = any(ready[key][0].shown for key in keys)
        run = replace(ready[keys[0]][0], color=color, dash=dash, shown=shown)
        if len(keys) > 1:
            nowhere = sum(ready[key][1].nowhere for key in keys)
            centre, taken = prepare_group([ready[key][1] for key in keys], drawing.groups, scale)
            spread = taken if np.isfinite(taken.low).any() else None
            found.append(_Curve(run, metric, group.name, keys, centre, spread, place, nowhere))
        else:
            own = ready[keys[0]][1]
            found.append(_Curve(run, metric, run.name, keys, own, None, place, own.nowhere))
    for key, (run, own) in ready.items():
        if key not in grouped:
            found.append(_Curve(run, metric, run.name, (key,), own, None, place, own.nowhere))
    return found


def _group_styles(panel: PanelRecipe, recipe: ChartRecipe) -> list[Style]:
    """Colour and dash of each group; a run that the recipe does not name has those of the first."""
    known = {run.key: (run.color, run.dash) for run in recipe.runs}
    leads = [(len(group.runs), known.get(group.runs[0], (0, 0)) if group.runs else (0, 0)) for group in panel.groups]
    return group_styles(leads)


def _drawn(curve: _Curve, span: Range, scale: YScale) -> DrawnRun:
    own = curve.series
    line = min_max_columns(own.x, _drawable(own.y, scale), *span, COLUMNS)
    raw = None
    if own.smooth is not None:
        raw, line = line, min_max_columns(own.x, _drawable(own.smooth, scale), *span, COLUMNS)
    nan_x, above_x, below_x = (_within(found, span) for found in (own.nan_x, own.above_x, own.below_x))
    spread = None if curve.band is None else _drawn_band(curve.band, span, scale)
    return DrawnRun(
        curve.run, curve.metric, curve.name, curve.keys, line, raw, nan_x, above_x, below_x, spread, curve.place
    )


def _drawn_band(band: Band, span: Range, scale: YScale) -> DrawnBand:
    """The band in the view; of many places the lowest and the highest in each pixel column."""
    first = max(0, int(np.searchsorted(band.x, span[0], side="left")) - 1)
    last = int(np.searchsorted(band.x, span[1], side="right")) + 1
    part = slice(first, last)
    x, n = band.x[part], band.n[part]
    low, high = _drawable(band.low[part], scale), _drawable(band.high[part], scale)
    if scale.is_log:
        # A band that reaches 0 or below goes down to the end of the view.
        low = np.where(np.isnan(low) & (band.low[part] <= 0) & np.isfinite(high), _SMALLEST, low)
    if len(x) > 4 * COLUMNS:
        column = np.floor((x - span[0]) * (COLUMNS / (span[1] - span[0])))
        starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
        low, high = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
        x, n = x[starts], np.minimum.reduceat(n, starts)
    return DrawnBand(x, low, high, n)


def _edges(band: Band, scale: YScale) -> list[Range]:
    found = []
    for edge in (placed(band.low, scale), placed(band.high, scale)):
        finite = edge[np.isfinite(edge)]
        if len(finite):
            found.append((float(finite.min()), float(finite.max())))
    return found


def _about_groups(panel: PanelRecipe, curves: Sequence[_Curve]) -> str:
    """What the bands are; "" without one."""
    if not any(curve.band is not None for curve in curves):
        return ""
    spread = Spread(panel.spread)
    level = "" if spread in WITHOUT_LEVEL else f" {panel.level:.0%}"
    return f"{CENTRE_TITLES[Centre(panel.centre)]}, {SPREAD_TITLES[spread]}{level}"


def _drawable(y: Floats, scale: YScale) -> Floats:
    """What the scale can show: values past 1e300 at 1e300, and on a logarithmic one nothing below 1e-300."""
    if scale.is_log:
        y = np.where(y >= _SMALLEST, y, np.where(np.isinf(y), y, np.nan))
    # matplotlib adds margins, which must stay finite.
    return np.where(np.isfinite(y), np.clip(y, -LARGEST, LARGEST), y)


def _within(marks: Floats, span: Range) -> Floats:
    return marks[(marks >= span[0]) & (marks <= span[1])]


def finite_range(ends: Range) -> Range:
    """The ends of a view as matplotlib can hold them."""
    low, high = (math.copysign(min(abs(end), LARGEST), end) for end in ends)
    return low, high
