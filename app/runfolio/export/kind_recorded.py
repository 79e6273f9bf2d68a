"""Histograms that runs recorded, as a panel of a figure: a map of steps and values for each run, or bars at a step."""

from __future__ import annotations

import math

import numpy as np

from runfolio.analysis.kinds.recorded import Recorded, at_step, bars, map_edges
from runfolio.errors import UsageError
from runfolio.export.kind_axes import INK, KindAxes
from runfolio.export.kind_maps import COLORS
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.model.display import count, counted, number, plain

_GAP_X, _GAP_Y, _HEAD = 0.02, 0.05, 0.07
"""Between the maps of runs, as shares of the panel's axes."""


def step_of(panel: PanelRecipe) -> tuple[int | None] | None:
    """The step whose histograms are shown, None in it for the last; None where all steps are. Raises UsageError."""
    if panel.text("look") != "step":
        return None
    text = panel.text("step")
    try:
        return (int(text),) if text else (None,)
    except ValueError as error:
        raise UsageError(f"A histogram's step is a whole number, not {text[:40]!r}") from error


def draw_recorded(chart: KindAxes) -> None:
    """What the panel's runs recorded under its tag."""
    found = chart.facts.recorded.get(chart.place)
    if found is None or not found.runs:
        chart.say("no histograms")
        return
    names = {run.key: run.name for run in chart.recipe.chart_runs}
    titles = [names[str(key)] for key in found.runs]
    step = step_of(chart.panel)
    if step is None:
        _maps(chart, found, titles)
    else:
        _bars(chart, found, titles, step[0])
    chart.about(f"{plain(found.tag, 60)} · n = {count(len(found.runs))}")


def _maps(chart: KindAxes, found: Recorded, titles: list[str]) -> None:
    from matplotlib.colors import PowerNorm

    low, high = found.ends
    steps = found.steps
    norm = PowerNorm(0.5, vmin=0.0, vmax=found.maps[0].highest)
    axes = chart.axes
    several = len(titles) > 1
    columns, rows = _shape(len(titles))
    across, down = 1.0 / columns, 1.0 / rows
    drawn = None
    sides: list[tuple[float, str]] = []
    even = chart.panel.text("look") == "even"
    edges_of = [np.array(own) for own in map_edges(found, even=even)]
    first, last = min(float(e[0]) for e in edges_of), max(float(e[-1]) for e in edges_of)
    for place, (edges, made) in enumerate(zip(edges_of, found.maps, strict=True)):
        row, column = divmod(place, columns)
        left, bottom = column * across, (rows - 1 - row) * down
        wide = across - (_GAP_X if several else 0.0)
        tall = down - (_GAP_Y + _HEAD if several else 0.0)
        shown = np.frombuffer(b"".join(made.cells), dtype=np.uint8).reshape(len(made.cells), -1).T
        share = np.square(shown / 255.0) * made.highest
        x = left + wide * (edges - first) / (last - first)
        y = bottom + tall * np.linspace(0.0, 1.0, share.shape[0] + 1)
        drawn = axes.pcolormesh(
            x, y, np.ma.masked_equal(share, 0.0), cmap=COLORS, norm=norm, rasterized=True, linewidth=0
        )
        if several:
            _frame(chart, left, bottom, wide, tall)
            _head(chart, titles[place], left + wide / 2, bottom + tall)
        if column == 0:
            shares = (0.0, 0.5, 1.0)
            sides += [(bottom + tall * share, number(low + (high - low) * share, 3)) for share in shares]
    if drawn is not None:
        chart.color_bar(drawn, "share of a step's values")
    _foot(chart, columns, across, _GAP_X if several else 0.0, (count(steps[0]), count(steps[-1])))
    chart.placed_ticks(sides, "y")
    chart.label("step, one after the other" if even else "step", "value")


def _bars(chart: KindAxes, found: Recorded, titles: list[str], step: int | None) -> None:
    low, high = found.ends
    span = high - low
    axes = chart.axes
    several = len(titles) > 1
    columns, rows = _shape(len(titles))
    across, down = 1.0 / columns, 1.0 / rows
    shown = [at_step(own, step) for own in found.found]
    drawn = [None if one is None else bars(one, found.ends) for one in shown]
    highest = max((max(own[1], default=0.0) for own in drawn if own is not None), default=0.0) or 1.0
    for place, one in enumerate(shown):
        row, column = divmod(place, columns)
        left, bottom = column * across, (rows - 1 - row) * down
        wide = across - (_GAP_X if several else 0.0)
        tall = down - (_GAP_Y + _HEAD if several else 0.0)
        own = drawn[place]
        if own is not None:
            edges = left + wide * (np.asarray(own[0]) - low) / span
            heights = bottom + tall * np.asarray(own[1]) / highest
            axes.stairs(heights, edges, baseline=bottom, fill=True, color=INK, alpha=0.8)
        if several:
            _frame(chart, left, bottom, wide, tall)
        at = "none yet" if one is None else f"step {count(one.step)}, {counted(round(sum(one.counts)), 'value')}"
        _head(chart, f"{titles[place]} · {at}" if several else at, left + wide / 2, bottom + tall)
    _foot(chart, columns, across, _GAP_X if several else 0.0, (number(low, 3), number(high, 3)))
    axes.set_yticks([])
    chart.label("value", "values per width, one scale for all")


def _shape(runs: int) -> tuple[int, int]:
    columns = runs if runs <= 3 else math.ceil(runs / 2)
    return columns, math.ceil(runs / columns)


def _frame(chart: KindAxes, left: float, bottom: float, wide: float, tall: float) -> None:
    right, top = left + wide, bottom + tall
    chart.axes.plot(
        [left, right, right, left, left], [bottom, bottom, top, top, bottom], color=chart.look["line"], linewidth=0.6
    )


def _head(chart: KindAxes, text: str, x: float, y: float) -> None:
    chart.axes.text(
        x, y + 0.01, plain(text, 40), ha="center", va="bottom", color=chart.look["text"],
        fontsize=chart.recipe.font_size - 1.5,
    )  # fmt: skip


def _foot(chart: KindAxes, columns: int, across: float, gap: float, ends: tuple[str, str]) -> None:
    ticks = [(column * across, ends[0]) for column in range(columns)]
    # Beside the beginning of the next there is room for one end alone.
    chart.placed_ticks([*ticks, (columns * across - gap, ends[1])], "x")
    chart.axes.set_xlim(-0.005, 1.0)
    chart.axes.set_ylim(0.0, 1.04)
    chart.axes.grid(visible=False)
