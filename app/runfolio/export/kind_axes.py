"""What panels of many runs share in a figure: fields, names on axes, colours and what is said in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.kinds.histograms import OverTime
from runfolio.analysis.kinds.recorded import Recorded
from runfolio.export.figure_axes import PETROFF
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe
from runfolio.model.display import number, plain
from runfolio.model.kinds import Flags, Importance, Variable
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = PETROFF[0]
_LETTER = 0.19
"""Millimetres that a letter of one point takes along a line."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What panels of these kinds are drawn from, each variable in the order of the recipe's runs.

    variables    by the id of the field.
    importance, over_time   by the panel's place in the recipe, from 0.
    why_not     by the same, why there is none.
    recorded    by the same, histograms that the runs recorded.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    importance: Mapping[int, Importance] = field(default_factory=dict)
    over_time: Mapping[int, OverTime] = field(default_factory=dict)
    why_not: Mapping[int, str] = field(default_factory=dict)
    recorded: Mapping[int, Recorded] = field(default_factory=dict)


NO_FACTS = Facts()


class KindAxes:
    """The axes of one panel, with the fields that its options name."""

    def __init__(
        self, axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, facts: Facts, look: Mapping[str, str], place: int
    ) -> None:
        self.axes, self.panel, self.recipe, self.facts, self.look = axes, panel, recipe, facts, look
        self.place = place
        self.above = 0.0
        """Points that are taken above the axes, below the title."""

    @property
    def letters(self) -> int:
        """About how many letters there is room for below the axes."""
        wide = self.recipe.width_mm * min(1.0, self.panel.columns / self.recipe.columns)
        return max(8, round(0.62 * wide / (_LETTER * self.recipe.font_size)))

    def variable(self, part: str) -> Variable | None:
        id = self.panel.text(part)
        return self.facts.variables.get(id) if id else None

    def head(self, title: str) -> None:
        """The title, with room below it for how many runs there are."""
        size = self.recipe.font_size
        lines = textwrap.wrap(title, max(12, round(1.4 * self.letters))) or [""]
        title = "\n".join([*lines[:1], " ".join(lines[1:])]) if len(lines) > 1 else title
        self.axes.set_title(title, color=self.look["text"], fontsize=size + 1, pad=size + 4 + self.above)

    def say(self, text: str) -> None:
        self.axes.text(
            0.5,
            0.5,
            text,
            transform=self.axes.transAxes,
            ha="center",
            va="center",
            color=self.look["text"],
            alpha=0.6,
            wrap=True,
        )

    def label(self, x: str, y: str) -> None:
        self.axes.set_xlabel(plain(x, 60), color=self.look["text"])
        self.axes.set_ylabel(plain(y, 60), color=self.look["text"])

    def categories(self, variable: Variable, side: str) -> None:
        """Names at the places of a text field; every k-th of very many."""
        if variable.categories:
            self.ticks(variable.categories, side)

    def ticks(self, names: Sequence[str], side: str, rotation: float = 0) -> None:
        step = -(-len(names) // 16)
        axis = self.axes.xaxis if side == "x" else self.axes.yaxis
        places = np.arange(0, len(names), step, dtype=np.float64)
        long = sum(min(24, len(name)) + 2 for name in names[::step]) > self.letters
        turned = rotation or (30 if side == "x" and long else 0)
        axis.set_ticks(places.tolist(), [plain(name, 24) for name in names[::step]])
        if side == "x" and turned:
            for label in self.axes.get_xticklabels():
                label.set(rotation=turned, ha="right")

    def placed_ticks(self, ticks: Sequence[tuple[float, str]], side: str) -> None:
        """Names at places of one's own."""
        axis = self.axes.xaxis if side == "x" else self.axes.yaxis
        axis.set_ticks([place for place, _ in ticks], [plain(name, 24) for _, name in ticks])
        if side == "x" and sum(min(24, len(name)) + 2 for _, name in ticks) > self.letters:
            for label in self.axes.get_xticklabels():
                label.set(rotation=30, ha="right")

    def scale(self, variable: Variable, side: str, *, log: bool) -> None:
        if log and not variable.categories:
            (self.axes.set_xscale if side == "x" else self.axes.set_yscale)("log", nonpositive="mask")
            self.plain_numbers(side)

    def plain_numbers(self, side: str) -> None:
        from matplotlib.ticker import FuncFormatter, NullFormatter

        axis = self.axes.xaxis if side == "x" else self.axes.yaxis
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
        axis.set_minor_formatter(NullFormatter())

    def about(self, text: str) -> None:
        size = self.recipe.font_size
        self.axes.annotate(
            text, (1, 1), xytext=(0, 2 + self.above), xycoords="axes fraction", textcoords="offset points", ha="right",
            va="bottom", color=self.look["text"], alpha=0.7, fontsize=size - 1.5,
        )  # fmt: skip

    def colors(self, color: Variable | None, shown: Flags) -> tuple[str | list[str] | Floats, bool]:
        """What `scatter` takes as colours of the runs shown, and whether a bar explains them."""
        if color is None:
            return INK, False
        values = color.values[shown]
        if color.categories:
            known = np.where(np.isfinite(values), values, -1).astype(np.int64)
            return [PETROFF[k % len(PETROFF)] if k >= 0 else "#bbbbbb" for k in known.tolist()], False
        return values, True

    def title(self, part: str) -> str:
        return dict(self.panel.titles).get(part, "")

    def color_bar(self, drawn: object, title: str) -> None:
        bar = self.axes.figure.colorbar(drawn, ax=self.axes, pad=0.02)  # type: ignore[arg-type]
        bar.set_label(plain(title, 60), color=self.look["text"])
        bar.ax.tick_params(colors=self.look["text"], length=2, width=0.5)
        bar.outline.set_visible(False)

    def category_legend(self, color: Variable) -> None:
        from matplotlib.lines import Line2D

        names = color.categories[:12]
        handles = [
            Line2D([], [], linestyle="none", marker="o", markersize=3.5, color=PETROFF[i % len(PETROFF)])
            for i in range(len(names))
        ]
        legend = self.axes.legend(
            handles, [plain(name, 24) for name in names], frameon=False, fontsize=self.recipe.font_size - 1.5
        )
        for text in legend.get_texts():
            text.set_color(self.look["text"])
