"""Room in a figure: what stands around its axes is cut, wrapped or moved so that nothing runs off or lies over it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from runfolio.errors import UsageError
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe
from runfolio.model.display import plain
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MM = 1 / 25.4
_MOST_PIXELS = 250_000_000
_MARK_PLACES = 400
_LETTER = 0.52
"""The width of a usual letter as a part of the font's size."""
_AXES_MM = 14.0
"""About what the numbers beside a panel take."""
_LEGEND_MM = 8.0
"""Of the legend, what a height that is chosen by itself has room for."""


def check_size(width_mm: float, height_mm: float, dpi: int) -> None:
    """Raises UsageError for a picture that would take gigabytes of memory."""
    pixels = (width_mm * _MM * dpi) * (height_mm * _MM * dpi)
    if pixels > _MOST_PIXELS:
        raise UsageError(
            f"A picture of {width_mm:g} x {height_mm:g} mm at {dpi} dpi has {pixels / 1e6:,.0f} million pixels",
            hint=f"At most {_MOST_PIXELS // 1_000_000} million are drawn: ask for fewer dpi, or for PDF or SVG.",
        )


def one_a_place(marks: Floats) -> Floats:
    """Of sorted x the first in each of some places along their range, so that a lone one is never left out."""
    if len(marks) <= _MARK_PLACES:
        return marks
    width = (marks[-1] - marks[0]) / _MARK_PLACES
    _, firsts = np.unique(np.floor((marks - marks[0]) / width), return_index=True)
    return marks[firsts]


def say_below(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, about: Sequence[str], look: Mapping[str, str]
) -> None:
    """What is to be known of a panel, at its lower right: beside the name of the x axis, or below it."""
    if not about:
        return
    text, size = " · ".join(about), recipe.font_size - 1.5
    room = (recipe.width_mm * panel.columns / recipe.columns - _AXES_MM) * 72 * _MM
    letters = max(12, int(room / (_LETTER * size)))
    name = len(axes.get_xlabel()) * _LETTER * recipe.font_size
    below = len(text) * _LETTER * size > (room - name) / 2 - size
    axes.annotate(
        "\n".join(textwrap.wrap(text, letters)), (1, 0), xytext=(0, -(4.0 if below else 2.6) * recipe.font_size),
        xycoords="axes fraction", textcoords="offset points", ha="right", va="top", color=look["text"], alpha=0.7,
        fontsize=size,
    )  # fmt: skip


def fitting_legend(
    figure: Figure, recipe: ChartRecipe, handles: Sequence[Artist], labels: Sequence[str], color: str
) -> None:
    """A legend below that is no wider than the figure: with fewer columns, and at last with shorter names.

    A height of the figure that is chosen by itself grows with a legend of many rows.
    """
    width, height = figure.get_size_inches()
    tries = [(columns, 40) for columns in range(min(5, len(labels)), 0, -1)] + [(1, 24), (1, 12), (1, 6)]
    for columns, letters in tries:
        legend = figure.legend(
            handles,
            [plain(label, letters) for label in labels],
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=recipe.font_size - 1,
        )
        size = legend.get_window_extent()
        if size.width <= width * figure.dpi or (columns, letters) == tries[-1]:
            break
        legend.remove()
    for text in legend.get_texts():
        text.set_color(color)
    more = size.height / figure.dpi - _LEGEND_MM * _MM
    if not recipe.height_mm and more > 0:
        figure.set_size_inches(width, height + more)
