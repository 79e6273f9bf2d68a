"""Judged tables of predictions as a panel of a figure: matrices, ROC, precision and recall, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from runfolio.export.figure_axes import DASHES, PETROFF
from runfolio.export.judged import tables_of
from runfolio.export.kind_axes import INK, KindAxes
from runfolio.export.kind_maps import COLORS, write_figures
from runfolio.export.kind_rows import MATRICES, curves_of, figure_of, matrices_of, matrix, places
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import JudgedTable, Scored
from runfolio.model.metrics import Floats

_NAMES = {
    "roc": ("False positive rate", "True positive rate"),
    "pr": ("Recall", "Precision"),
    "calibration": ("Mean score", "Share of positives"),
}
_CORNERS: dict[str, Literal["lower right", "lower left", "upper left"]] = {
    "roc": "lower right",
    "pr": "lower left",
    "calibration": "upper left",
}
"""Where curves seldom go."""
_MOST_NAMED = 16
_GAP_X, _GAP_Y = 0.18, 0.24
"""Between the matrices of runs, as shares of their size; over each stands its run."""


def draw_classified(chart: KindAxes) -> None:
    """What the panel's options hold."""
    tables, look = tables_of(chart.panel), chart.panel.text("look")
    if not tables:
        chart.say("no table")
    elif look in MATRICES:
        _matrices(chart, matrices_of(tables), look)
    else:
        curves = curves_of(tables, look, chart.panel.text("of_class"))
        if curves:
            _curves(chart, curves, look)
        else:
            chart.say("this needs scores of two classes, or of each class")


def _matrices(chart: KindAxes, tables: Sequence[JudgedTable], look: str) -> None:
    if not tables:
        chart.say("there are no predictions")
        return
    # The first class on top, as matrices are read.
    shown = [matrix(one.found, look)[::-1] for one in tables]
    low, high = min(float(np.nanmin(one)) for one in shown), max(float(np.nanmax(one)) for one in shown)
    ends = min(low, 0.0), high
    columns = len(tables) if len(tables) <= 3 else math.ceil(len(tables) / 2)
    labels = tables[0].found.labels
    size = len(labels)
    wide, tall = size * (1 + _GAP_X), size * (1 + _GAP_Y)
    across: list[tuple[float, str]] = []
    up: list[tuple[float, str]] = []
    drawn = None
    for place, (table, cells) in enumerate(zip(tables, shown, strict=True)):
        row, column = divmod(place, columns)
        left, bottom = column * wide, -row * tall
        drawn = chart.axes.pcolormesh(
            left + np.arange(size), bottom + np.arange(size), cells, cmap=COLORS, edgecolors=chart.look["surface"],
            linewidth=0.5, vmin=ends[0], vmax=ends[1],
        )  # fmt: skip
        write_figures(chart, cells, left, bottom, ends, 7 if look == "confusion" else 3)
        if place + columns >= len(tables):
            across += [(left + k, label) for k, label in enumerate(labels)]
        if column == 0:
            up += [(bottom + k, label) for k, label in enumerate(labels[::-1])]
        if len(tables) > 1:
            words = f"{plain(table.name, 30)} · {_accuracy(table)}"
            chart.axes.text(
                left + (size - 1) / 2, bottom + size - 0.5 + 0.03 * size, words, ha="center", va="bottom",
                color=chart.look["text"], fontsize=chart.recipe.font_size - 1.5,
            )  # fmt: skip
    if len(tables) == 1:
        chart.ticks(labels, "x")
        chart.ticks(labels[::-1], "y")
        chart.about(f"n = {count(tables[0].found.rows)}, {_accuracy(tables[0])}")
    else:
        chart.placed_ticks(across, "x")
        chart.placed_ticks(up, "y")
        chart.axes.set_ylim(top=size * (1 + 0.6 * _GAP_Y) - 0.5)
    chart.axes.grid(visible=False)
    if drawn is not None:
        chart.color_bar(drawn, "rows" if look == "confusion" else "share of the true class")
    chart.label("Predicted", "True class")


def _accuracy(table: JudgedTable) -> str:
    return f"accuracy {number(int(np.trace(table.found.confusion)) / table.found.rows, 4)}"


def _curves(chart: KindAxes, curves: Sequence[tuple[JudgedTable, Scored]], look: str) -> None:
    axes, ink = chart.axes, chart.look["text"]
    shares = {own.share for _, own in curves}
    if look != "pr" or (len(shares) == 1 and np.isfinite([*shares]).all()):
        low, high = (curves[0][1].share,) * 2 if look == "pr" else (0.0, 1.0)
        axes.plot([0, 1], [low, high], color=ink, alpha=0.5, linewidth=0.8, linestyle=(0, (4, 2)))
    several_runs = len({id(table) for table, _ in curves}) > 1
    for place, (table, own) in enumerate(curves):
        color = INK if len(curves) == 1 else PETROFF[place % len(PETROFF)]
        name, value = figure_of(own, look)
        who = plain(table.name if several_runs else own.positive, 30)
        said = "" if value is None else f"{name} {number(value, 4)}"
        label = f"{who} · {said}" if said else who
        _draw(
            chart, own, look, color, DASHES[place // len(PETROFF) % len(DASHES)], label if place < _MOST_NAMED else ""
        )
    if len(curves) > 1:
        left_out = f"and {count(len(curves) - _MOST_NAMED)} more" if len(curves) > _MOST_NAMED else None
        axes.legend(
            loc=_CORNERS[look], frameon=False, labelcolor=ink, fontsize=chart.recipe.font_size - 1.5, title=left_out
        )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    chart.label(*_NAMES[look])
    chart.about(_about(curves, look, several_runs=several_runs))


def _draw(chart: KindAxes, own: Scored, look: str, color: str, dash: object, label: str) -> None:
    x, y = places(own, look)
    if look == "pr":
        x, y = stairs(x, y)
    width = chart.recipe.line_width * 1.4
    chart.axes.plot(x, y, color=color, linewidth=width, linestyle=dash, label=label or "_")
    if look == "calibration" and len(own.in_bin):
        area = 12 + 60 * np.array(own.in_bin) / max(own.in_bin)
        chart.axes.scatter(x, y, s=area, color=color, zorder=3)


def stairs(recall: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Precision holds until the next recall: between two points there is no threshold."""
    return np.repeat(recall, 2)[1:], np.repeat(precision, 2)[:-1]


def _about(curves: Sequence[tuple[JudgedTable, Scored]], look: str, *, several_runs: bool) -> str:
    table, own = curves[0]
    if several_runs:
        return f"n = {count(len(curves))} runs, positive: {plain(own.positive, 30)}"
    rows = f"n = {count(table.found.rows)}"
    if len(curves) > 1:
        return f"{rows}, each class against the others"
    name, value = figure_of(own, look)
    said = "" if value is None else f"{name} {number(value, 4)}"
    positive = f"positive: {plain(own.positive, 30)}" if own.positive else ""
    return ", ".join(part for part in (rows, said, positive) if part)
