"""A judged table of predictions as a panel of a figure: matrix, ROC, precision and recall, calibration."""

from __future__ import annotations

import numpy as np

from runfolio.export.judged import classified_of
from runfolio.export.kind_axes import INK, KindAxes
from runfolio.export.kind_maps import COLORS, write_figures
from runfolio.export.kind_rows import MATRICES, curve, matrix
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import Classified, Scored

_NAMES = {
    "roc": ("False positive rate", "True positive rate"),
    "pr": ("Recall", "Precision"),
    "calibration": ("Mean score", "Share of positives"),
}


def draw_classified(chart: KindAxes) -> None:
    """What the panel's options hold."""
    found, look = classified_of(chart.panel), chart.panel.text("look")
    if found is None:
        chart.say("no table")
    elif look in MATRICES:
        _matrix(chart, found, look)
    elif found.scored is None:
        chart.say("this needs a score and two classes")
    else:
        _curve(chart, found, found.scored, look)


def _matrix(chart: KindAxes, found: Classified, look: str) -> None:
    if not found.confusion.size:
        chart.say("there are no predictions")
        return
    # The first class on top, as matrices are read.
    table = matrix(found, look)[::-1]
    low, high = float(np.nanmin(table)), float(np.nanmax(table))
    drawn = chart.axes.pcolormesh(
        np.arange(table.shape[1]), np.arange(table.shape[0]), table, cmap=COLORS, edgecolors=chart.look["surface"],
        linewidth=0.5, vmin=min(low, 0.0), vmax=high,
    )  # fmt: skip
    write_figures(chart, table, 0, 0, (min(low, 0.0), high), 7 if look == "confusion" else 3)
    chart.ticks(found.labels, "x")
    chart.ticks(found.labels[::-1], "y")
    chart.axes.grid(visible=False)
    chart.color_bar(drawn, "rows" if look == "confusion" else "share of the true class")
    chart.label("Predicted", "True class")
    right = int(np.trace(found.confusion))
    chart.about(f"n = {count(found.rows)}, accuracy {number(right / found.rows, 4)}")


def _curve(chart: KindAxes, found: Classified, scored: Scored, look: str) -> None:
    axes, ink = chart.axes, chart.look["text"]
    low = scored.share if look == "pr" else 0.0
    axes.plot([0, 1], [low, low if look == "pr" else 1.0], color=ink, alpha=0.5, linewidth=0.8, linestyle=(0, (4, 2)))
    width = chart.recipe.line_width * 1.4
    if look == "calibration":
        axes.plot(scored.claimed, scored.found, color=INK, linewidth=width)
        if len(scored.in_bin):
            area = 12 + 60 * np.array(scored.in_bin) / max(scored.in_bin)
            axes.scatter(scored.claimed, scored.found, s=area, color=INK, zorder=3)
        said = "" if scored.brier is None else f"Brier score {number(scored.brier, 4)}"
    elif look == "pr":
        # Precision holds until the next recall: between two points there is no threshold.
        _, x, y = curve(scored, look)
        axes.plot(np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1], color=INK, linewidth=width)
        said = f"average precision {number(scored.average_precision, 4)}"
    else:
        _, x, y = curve(scored, look)
        axes.plot(x, y, color=INK, linewidth=width)
        said = f"AUC {number(scored.auc, 4)}"
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    chart.label(*_NAMES[look])
    parts = (f"n = {count(found.rows)}", said, f"positive: {plain(scored.positive, 30)}")
    chart.about(", ".join(part for part in parts if part))
