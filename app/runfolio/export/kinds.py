"""Charts of many runs that are no curves, as panels of a figure: points, groups, cells, histograms, axes, importance.

They are made of the same analysis results as in the window, from fields of runs as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.kinds.boxes import boxes
from runfolio.analysis.kinds.histograms import histogram
from runfolio.analysis.kinds.planes import surface
from runfolio.export.figure_axes import PETROFF
from runfolio.export.kind_axes import INK, Facts, KindAxes
from runfolio.export.kind_maps import COLORS, draw_cells, draw_over_time
from runfolio.export.kind_margins import HEIGHT, draw_margins
from runfolio.export.kind_predictions import draw_classified
from runfolio.export.kind_recorded import draw_recorded
from runfolio.export.kind_tables import front_of, placed
from runfolio.export.panel_recipe import PanelRecipe
from runfolio.export.recipe import ChartRecipe
from runfolio.model.display import count, number, plain
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKS = 20_000
"""Marks and lines that are vectors; more are one picture inside of the figure."""
_NOWHERE = -0.15
"""Where a run without a value crosses an axis whose foot is 0."""
_MOST_NAMED = 12
"""Texts of an axis that all stand beside it."""


def draw_kind(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, facts: Facts, place: int, look: Mapping[str, str]
) -> None:
    """Draw a panel that is of no curves; where there is nothing to draw it says so."""
    chart = _Chart(axes, panel, recipe, facts, look, place)
    if panel.kind == "scatter" and panel.flag("margins"):
        chart.above = HEIGHT
    chart.head(axes.get_title())
    _DRAWN[panel.kind](chart)


class _Chart(KindAxes):
    """Draws each kind."""

    def scatter(self) -> None:
        x, y, color, size = (self.variable(part) for part in ("x", "y", "color", "size"))
        if x is None or y is None:
            self.say("no data")
            return
        log_x, log_y = self.panel.flag("log_x"), self.panel.flag("log_y")
        on = placed(x, log=log_x) & placed(y, log=log_y)
        if not on.any():
            self.say("no run has both")
            return
        paint, barred = self.colors(color, on)
        area = np.full(int(on.sum()), 14.0)
        if size is not None:
            values = size.values[on]
            low, high = np.nanmin(values), np.nanmax(values)
            area = np.nan_to_num(8 + 60 * (values - low) / ((high - low) or 1.0), nan=4.0)
        dots = self.axes.scatter(
            x.values[on], y.values[on], s=area, c=paint, cmap=COLORS if barred else None, linewidths=0.3,
            edgecolors=self.look["surface"], rasterized=int(on.sum()) > MOST_MARKS,
        )  # fmt: skip
        self.scale(x, "x", log=log_x)
        self.scale(y, "y", log=log_y)
        self.categories(x, "x")
        self.categories(y, "y")
        front = front_of(self.panel, x, y)
        if len(front):
            self.axes.plot(
                x.values[front], y.values[front], color=self.look["text"], linewidth=0.8, linestyle=(0, (4, 2))
            )
        if self.panel.flag("margins"):
            draw_margins(self, x, y, (x.values[on], y.values[on]))
        if barred:
            self.color_bar(dots, self.title("color"))
        elif color is not None:
            self.category_legend(color)
        self.label(self.title("x"), self.title("y"))
        self.about(f"n = {count(int(on.sum()))}")

    def groups(self) -> None:
        value, group = self.variable("value"), self.variable("group")
        log, style = self.panel.flag("log"), self.panel.text("look") or "box"
        found = None if value is None or group is None else boxes(value, group, log=log)
        if value is None or found is None or not found.groups:
            self.say("no run has both")
            return
        ink = self.look["text"]
        for place, one in enumerate(found.groups):
            color = PETROFF[place % len(PETROFF)]
            if style == "box":
                self.axes.bxp(
                    [{"q1": one.quartiles[0], "med": one.quartiles[1], "q3": one.quartiles[2],
                      "whislo": one.whiskers[0], "whishi": one.whiskers[1], "fliers": one.outliers}],
                    positions=[place], widths=0.6, patch_artist=True,
                    boxprops={"facecolor": color, "alpha": 0.55, "edgecolor": ink, "linewidth": 0.7},
                    medianprops={"color": ink, "linewidth": 1.2}, whiskerprops={"color": ink, "linewidth": 0.7},
                    capprops={"color": ink, "linewidth": 0.7},
                    flierprops={"marker": "o", "markersize": 2.2, "markerfacecolor": color, "markeredgewidth": 0},
                )  # fmt: skip
            elif style == "bar":
                low, mean, high = (
                    float(part[place]) for part in (found.figures.low, found.figures.mean, found.figures.high)
                )
                self.axes.plot([place - 0.3, place + 0.3], [mean, mean], color=color, linewidth=3)
                if np.isfinite(low) and np.isfinite(high):
                    self.axes.plot([place, place], [low, high], color=ink, linewidth=0.9)
            elif style == "violin" and len(one.at):
                self.axes.fill_betweenx(
                    one.at, place - 0.4 * one.density, place + 0.4 * one.density, color=color, alpha=0.55, linewidth=0
                )
                self.axes.plot([place - 0.2, place + 0.2], [one.quartiles[1]] * 2, color=ink, linewidth=1)
            else:
                spread = ((np.arange(len(one.values)) * 0.618) % 1 - 0.5) * 0.5
                self.axes.plot(
                    place + spread, one.values, linestyle="none", marker="o", markersize=2.4, color=color, alpha=0.8
                )
            self.axes.annotate(
                f"n = {count(len(one.values))}", (place, 1), xytext=(0, 2), xycoords=self.axes.get_xaxis_transform(),
                textcoords="offset points", ha="center", va="bottom", color=ink, alpha=0.7,
                fontsize=self.recipe.font_size - 2,
            )  # fmt: skip
        self.axes.set_xlim(-0.6, len(found.groups) - 0.4)
        self.scale(value, "y", log=log)
        self.ticks([one.name for one in found.groups], "x")
        self.label(self.title("group"), self.title("value"))
        if style == "bar":
            self.head(self.axes.get_title() + " · mean and 95 % t interval")

    def grid(self) -> None:
        x, y, value = (self.variable(part) for part in ("x", "y", "value"))
        if x is None or y is None:
            self.say("no data")
            return
        values = np.full(len(x.values), np.nan) if value is None else value.values
        if self.panel.text("look") == "contour":
            self._contour(x, y, values)
            return
        draw_cells(self, x, y, self.variable("z"), values)

    def _contour(self, x: Variable, y: Variable, values: Floats) -> None:
        """The metric between the runs, over places that are as far apart as on the axes."""
        ends: list[tuple[float, float]] = []
        places: list[Floats] = []
        for one, logged in ((x, self.panel.flag("log_x")), (y, self.panel.flag("log_y"))):
            own = one.values
            if logged and not one.categories:
                own = np.log10(own, out=np.full(len(own), np.nan), where=own > 0)
            finite = own[np.isfinite(own)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
            ends.append((low, high))
            places.append((own - low) / ((high - low) or 1.0))
        try:
            found = surface(places[0], places[1], values)
        except ValueError as reason:
            self.say(str(reason))
            return
        along = [np.linspace(low, high, len(found.value)) for low, high in ends]
        for place, (one, option) in enumerate(((x, "log_x"), (y, "log_y"))):
            if self.panel.flag(option) and not one.categories:
                along[place] = 10.0 ** along[place]
        drawn = self.axes.contourf(along[0], along[1], np.ma.masked_invalid(found.value), levels=12, cmap=COLORS)
        known = np.isfinite(values)
        self.axes.plot(x.values[known], y.values[known], linestyle="none", marker="o", markersize=2.5,
                       color=self.look["text"], markeredgecolor=self.look["surface"], markeredgewidth=0.4)  # fmt: skip
        for one, side in ((x, "x"), (y, "y")):
            self.scale(one, side, log=self.panel.flag(f"log_{side}"))
            self.categories(one, side)
        self.color_bar(drawn, self.title("value"))
        self.label(self.title("x"), self.title("y"))

    def histogram(self) -> None:
        over_time = self.facts.over_time.get(self.place)
        if over_time is not None:
            draw_over_time(self, over_time)
            return
        value = self.variable("value")
        if value is None or not value.finite.any():
            self.say("no data")
            return
        if value.categories:
            counts = np.bincount(value.values[value.finite].astype(np.int64), minlength=len(value.categories))
            self.axes.bar(np.arange(len(counts)), counts, color=INK, alpha=0.8)
            self.categories(value, "x")
        else:
            log = self.panel.flag("log")
            found = histogram(value.values, log=log)
            self.axes.stairs(found.counts, found.edges, fill=True, color=INK, alpha=0.8)
            self.scale(value, "x", log=log)
        self.label(self.title("value"), "runs")
        self.about(f"n = {count(int(value.finite.sum()))}")

    def parallel(self) -> None:
        ids = self.panel.texts("axes")
        found = [v for id in ids if (v := self.facts.variables.get(id)) is not None]
        if len(found) < 2:
            self.say("fewer than two axes")
            return
        logged, rows = set(self.panel.texts("log")), []
        for one in found:
            values = one.values
            if one.field.id in logged and not one.categories:
                values = np.log10(values, out=np.full(len(values), np.nan), where=values > 0)
            finite = values[np.isfinite(values)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
            rows.append((values - low) / ((high - low) or 1.0))
            ends = (low, high) if one.field.id not in logged or one.categories else (10**low, 10**high)
            self._ends(one, len(rows) - 1, ends if len(finite) else ())
        table = np.stack(rows)
        lacking = ~np.isfinite(table)
        # As in the window: a run that an axis cannot place crosses it below its foot, so that none is hidden.
        table[lacking] = _NOWHERE
        for place in np.flatnonzero(lacking.any(axis=1)).tolist():
            self._name(place, _NOWHERE - 0.01, "none")
        color = self.variable("color")
        tone = np.full(table.shape[1], 0.5)
        if color is not None and color.finite.any():
            low, high = color.values[color.finite].min(), color.values[color.finite].max()
            tone = np.where(color.finite, (color.values - low) / ((high - low) or 1.0), 0.5)
        self._lines(table, tone)
        for place in range(len(found)):
            self.axes.axvline(place, color=self.look["line"], linewidth=0.8)
        self.axes.set_xlim(-0.3, len(found) - 0.7)
        self.axes.set_ylim(_NOWHERE - 0.12 if lacking.any() else -0.12, 1.12)
        self.axes.grid(visible=False)
        self.axes.set_yticks([])
        names = [dict(self.panel.titles).get(id, id) for id in ids]
        self.ticks(names, "x")
        self.axes.spines["left"].set_visible(False)
        self.about(f"n = {count(table.shape[1])}" + (f", colour: {plain(self.title('color'), 40)}" if color else ""))

    def _ends(self, one: Variable, place: int, ends: Sequence[float]) -> None:
        """The numbers at both ends of an axis, or where each of its texts is; of many the first and the last."""
        names = one.categories if len(one.categories) <= _MOST_NAMED else ()
        for nth, text in enumerate(names[1:-1], start=1):
            self.axes.text(
                place + 0.04, nth / (len(names) - 1), plain(text, 20), ha="left", va="center",
                color=self.look["text"], fontsize=self.recipe.font_size - 1.5,
                bbox={"facecolor": self.look["surface"], "edgecolor": "none", "alpha": 0.8, "pad": 0.8}, zorder=3,
            )  # fmt: skip
        for at, end in zip((-0.02, 1.02), ends, strict=False):
            self._name(place, at, one.categories[round(end)] if one.categories else number(end, 3))

    def _name(self, place: int, at: float, text: str) -> None:
        self.axes.text(
            place, at, plain(text, 20), ha="center", va="top" if at < 0 else "bottom", color=self.look["text"],
            fontsize=self.recipe.font_size - 1.5,
        )  # fmt: skip

    def _lines(self, table: Floats, tone: Floats) -> None:
        import matplotlib as mpl
        from matplotlib.collections import LineCollection

        colors = mpl.colormaps[COLORS](np.clip(tone, 0, 1))
        places = np.arange(table.shape[0], dtype=np.float64)
        lines = [np.column_stack([places, table[:, run]]) for run in range(table.shape[1])]
        many = len(lines) > MOST_MARKS // table.shape[0]
        self.axes.add_collection(
            LineCollection(lines, colors=colors, linewidths=0.7, alpha=0.35 if many else 0.7, rasterized=many)
        )

    def importance(self) -> None:
        found = self.facts.importance.get(self.place)
        if found is None or not len(found.mean):
            self.say(self.facts.why_not.get(self.place, "nothing to explain"))
            return
        names = [plain(param.field.name, 30) for param in found.params][:20][::-1]
        mean, std = found.mean[:20][::-1], found.std[:20][::-1]
        rows = np.arange(len(names))
        self.axes.barh(rows, mean, color=INK, alpha=0.8, height=0.6)
        self.axes.errorbar(mean, rows, xerr=std, fmt="none", ecolor=self.look["text"], elinewidth=0.8, capsize=2)
        self.axes.yaxis.set_ticks(rows.tolist(), names)
        self.label("share of the variance lost when shuffled", "")
        self.about(f"n = {count(found.runs)}, out-of-bag R² = {found.oob:.2f}")


_DRAWN: Mapping[str, Callable[[_Chart], None]] = {
    "scatter": _Chart.scatter,
    "groups": _Chart.groups,
    "grid": _Chart.grid,
    "histogram": _Chart.histogram,
    "parallel": _Chart.parallel,
    "importance": _Chart.importance,
    "classifier": draw_classified,
    "recorded": draw_recorded,
}
