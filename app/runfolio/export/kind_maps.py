"""Cells of two or three fields, and distributions along the steps, as panels of a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.kinds.histograms import OverTime
from runfolio.analysis.kinds.planes import Cells, cells, facets
from runfolio.export.kind_axes import KindAxes
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.collections import QuadMesh

COLORS = "viridis"
_MOST_FIGURES = 150
"""Cells of a map from which their figures are not written into them."""
_GAP, _HEAD = 0.7, 1.1
_MOST_NAMES = 12


def draw_cells(chart: KindAxes, x: Variable, y: Variable, z: Variable | None, values: Floats) -> None:
    """Means or counts in the cells of two fields; with a third a map for each of its values."""
    log = {"log_x": chart.panel.flag("log_x"), "log_y": chart.panel.flag("log_y")}
    names: tuple[str, ...] = ("",)
    found: tuple[Cells, ...] = (cells(x, y, values, **log),)
    beyond = 0
    if z is not None:
        by = facets(x, y, z, values, **log)
        names, found, beyond = by.names, by.tables, by.beyond
    coverage = chart.panel.text("look") == "coverage" or not np.isfinite(values).any()
    tables = [np.where(one.n > 0, one.n, np.nan) if coverage else one.mean for one in found]
    if not tables or not np.isfinite(np.stack(tables)).any():
        chart.say("no run has all of these")
        return
    drawn = _blocks(chart, found, tables, names if z is not None else ())
    chart.axes.grid(visible=False)
    chart.color_bar(drawn, "runs" if coverage else f"mean of {chart.title('value')}")
    chart.label(chart.title("x"), chart.title("y"))
    if beyond:
        chart.about(f"{count(beyond)} runs have other values of {plain(chart.title('z'), 40)}")


def _blocks(chart: KindAxes, found: Sequence[Cells], tables: Sequence[Floats], names: Sequence[str]) -> QuadMesh:
    """The maps in one pair of axes, from left to right and down; the last one drawn, for its colours."""
    high, wide = tables[0].shape
    columns = max(1, math.ceil(math.sqrt(len(tables) * high / wide))) if len(tables) > 1 else 1
    rows = math.ceil(len(tables) / columns)
    low, top = float(np.nanmin(np.stack(tables))), float(np.nanmax(np.stack(tables)))
    across, down = wide + _GAP, high + (_HEAD if names else 0.0)
    x_ticks: list[tuple[float, str]] = []
    y_ticks: list[tuple[float, str]] = []
    size = chart.recipe.font_size - 2
    for place, table in enumerate(tables):
        row, column = divmod(place, columns)
        left, bottom = column * across, (rows - 1 - row) * down
        drawn = chart.axes.pcolormesh(
            left + np.arange(wide + 1) - 0.5, bottom + np.arange(high + 1) - 0.5, table, cmap=COLORS, vmin=low,
            vmax=top, edgecolors=chart.look["surface"], linewidth=0.5,
        )  # fmt: skip
        write_figures(chart, table, left, bottom, (low, top))
        if names:
            title = f"{plain(chart.title('z'), 24)} = {plain(names[place], 24)}"
            chart.axes.text(left + (wide - 1) / 2, bottom + high - 0.35, title, ha="center", va="bottom",
                            color=chart.look["text"], fontsize=size + 0.5)  # fmt: skip
        if row == rows - 1:
            x_ticks += [(left + at, name) for at, name in _some(found[place].x_names, _MOST_NAMES // columns)]
        if column == 0:
            y_ticks += [(bottom + at, name) for at, name in _some(found[place].y_names, 2 * _MOST_NAMES // rows)]
    chart.axes.set_xlim(-0.5, columns * across - _GAP - 0.5)
    chart.axes.set_ylim(-0.5, rows * down - 0.5)
    chart.placed_ticks(x_ticks, "x")
    chart.placed_ticks(y_ticks, "y")
    return drawn


def _some(names: Sequence[str], most: int) -> list[tuple[int, str]]:
    return [*enumerate(names)][:: -(-len(names) // max(1, most))]


def write_figures(
    chart: KindAxes, table: Floats, left: float, bottom: float, ends: tuple[float, float], digits: int = 3
) -> None:
    """Each cell's number in it, where they are not very many; `ends` of the colours."""
    if table.size > _MOST_FIGURES:
        return
    middle = (ends[0] + ends[1]) / 2
    for (row, column), cell in np.ndenumerate(table):
        if np.isfinite(cell):
            chart.axes.text(
                left + column, bottom + row, number(float(cell), digits), ha="center", va="center",
                color="black" if cell > middle else "white", fontsize=chart.recipe.font_size - 2,
            )  # fmt: skip


def draw_over_time(chart: KindAxes, found: OverTime) -> None:
    """Which share of the runs lies where in each column of steps, with the quantiles over it."""
    log = chart.panel.flag("log")
    levels = 10.0**found.levels if log else found.levels
    shown = np.ma.masked_where(~(np.nan_to_num(found.share) > 0), found.share)
    drawn = chart.axes.pcolormesh(found.steps, levels, shown, cmap=COLORS, rasterized=True)
    middle = (found.steps[:-1] + found.steps[1:]) / 2
    for row, dash in zip(found.quantiles, ((0, (1, 2)), (0, (4, 2)), "-", (0, (4, 2)), (0, (1, 2))), strict=True):
        known = np.isfinite(row)
        for color, width in ((chart.look["surface"], 2.2), (chart.look["text"], 0.9)):
            chart.axes.plot(middle[known], row[known], color=color, linewidth=width, linestyle=dash)
    if log:
        chart.axes.set_yscale("log", nonpositive="mask")
        chart.plain_numbers("y")
    chart.color_bar(drawn, "share of the runs")
    chart.label("step", chart.title("value"))
    chart.about("lines: median, quartiles, 5 % and 95 %")
