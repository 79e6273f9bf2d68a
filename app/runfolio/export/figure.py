"""Figures fit for a paper, drawn by matplotlib without a window, as the bytes of PNG, SVG and PDF files.

The same recipe and points give the same bytes. Every pixel column shows its true lowest and highest point, so a
vector file of ten million points stays small and loses no spike.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from runfolio import __version__
from runfolio.analysis.counts import MOST_CURVES, count_places
from runfolio.analysis.flow import flow
from runfolio.export.figure_axes import DASHES, MARKERS, clock_ticks, color_of, set_y_scale
from runfolio.export.figure_room import check_size, fitting_legend, one_a_place, say_below
from runfolio.export.kind_axes import NO_FACTS, Facts
from runfolio.export.kinds import draw_kind
from runfolio.export.lines import DrawnPanel, DrawnRun, SeriesOf, drawn_panel, finite_range
from runfolio.export.panel_recipe import LINE, PanelRecipe
from runfolio.export.recipe import ChartRecipe, RunStyleRecipe
from runfolio.model.display import count, plain
from runfolio.model.metrics import Floats, Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_LOOKS = {
    "print": {"surface": "white", "text": "black", "line": "#888888", "grid": "#dddddd", "bad": "#bd1f01"},
    "light": {"surface": "white", "text": "#1b1f24", "line": "#cbd0d8", "grid": "#eef0f3", "bad": "#cd2b31"},
    "dark": {"surface": "#121316", "text": "#ecedf0", "line": "#4a4d55", "grid": "#2a2d33", "bad": "#ff6369"},
}
_MARKS = 10
_COUNTS_APART_MM = 16.0
_MM = 1 / 25.4
# Ours, then matplotlib's own, then what a system may have for other scripts.
_FAMILIES = (
    "Inter", "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Droid Sans Fallback", "WenQuanYi Zen Hei",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Hiragino Sans", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji",
)  # fmt: skip
_X_NAMES = {"step": "step", "relative": "time since start (s)", "wall": "time (UTC)", "epoch": "epoch"}
_MOST_LABELS = 40
_LOCK = threading.Lock()
"""matplotlib's font cache and settings are shared; figures are drawn one at a time."""


def draw(
    recipe: ChartRecipe,
    series: SeriesOf,
    kind: str,
    facts: Facts = NO_FACTS,
    on_panel: Callable[[], None] | None = None,
) -> bytes:
    """The figure as the bytes of a PNG, SVG or PDF file. `on_panel` is called after each panel."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    places, rows = flow([(panel.columns, panel.rows) for panel in recipe.panels], recipe.columns)
    height = recipe.height_mm or rows * 0.62 * recipe.width_mm / recipe.columns + 12
    if kind == "png":
        check_size(recipe.width_mm, height, recipe.dpi)
    settings = mpl.rc_context(
        {
            "font.family": ["sans-serif"],
            "font.sans-serif": _fonts(),
            "font.size": recipe.font_size,
            "pdf.fonttype": 42,
            "svg.fonttype": "path",
            "svg.hashsalt": "runfolio",
            "text.usetex": False,
            # Names come from run folders; a dollar sign in one must not start a formula.
            "text.parse_math": False,
            "path.simplify": False,
        }
    )
    with _LOCK, settings, warnings.catch_warnings():
        # A name in a script that no font here has is drawn as boxes, and the file's metadata still has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # A figure smaller than what stands around its axes is drawn as well as may be.
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        figure = Figure(figsize=(recipe.width_mm * _MM, height * _MM), dpi=recipe.dpi, layout="constrained")
        look = _LOOKS[recipe.theme]
        figure.set_facecolor(look["surface"])
        grid = figure.add_gridspec(rows, recipe.columns)
        lines_of = recipe.for_lines
        drawn = [
            drawn_panel(panel, lines_of, series) if panel.kind == LINE else DrawnPanel(()) for panel in recipe.panels
        ]
        for number, (panel, lines, place) in enumerate(zip(recipe.panels, drawn, places, strict=True)):
            axes = figure.add_subplot(
                grid[place.row : place.row + place.rows, place.column : place.column + place.columns]
            )
            _frame(axes, panel, recipe, look)
            if panel.kind == LINE:
                _draw_panel(axes, panel, lines_of, lines, look)
            else:
                draw_kind(axes, panel, recipe, facts, number, look)
            if on_panel is not None:
                on_panel()
        _legend(figure, lines_of, drawn, look)
        if recipe.title:
            figure.suptitle(plain(recipe.title), color=look["text"], fontsize=recipe.font_size + 2)
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=recipe.dpi, metadata=_metadata(recipe, kind))
    return out.getvalue()


def _frame(axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, look: Mapping[str, str]) -> None:
    axes.set_facecolor(look["surface"])
    axes.set_title(plain(_title(panel, recipe)), color=look["text"], fontsize=recipe.font_size + 1)
    axes.tick_params(colors=look["text"], length=2.5, width=0.6)
    axes.grid(color=look["grid"], linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_color(look["line"])
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))


def _draw_panel(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, drawn: DrawnPanel, look: Mapping[str, str]
) -> None:
    axes.set_xlabel(plain(panel.x_metric if panel.x == "metric" else _X_NAMES[panel.x], 60), color=look["text"])
    if drawn.why_empty:
        _say(axes, drawn.why_empty, look)
        return
    set_y_scale(axes, drawn.scale)
    for run in drawn.runs:
        _draw_band(axes, run)
    for run in drawn.runs:
        _draw_run(axes, run, recipe, look)
    # After the lines, which would widen them again.
    if panel.x_range is not None:
        axes.set_xlim(*finite_range(panel.x_range))
    if drawn.y_range is not None:
        low, high = finite_range(drawn.y_range)
        if drawn.scale.is_log and low <= 0:
            axes.set_ylim(top=high)
        else:
            axes.set_ylim(low, high)
    elif drawn.scale.is_log:
        _hold_band_in_view(axes, drawn)
    _draw_counts(axes, panel, recipe, drawn, look)
    _draw_notes(axes, panel, recipe, look)
    if panel.others:
        _metric_legend(axes, panel, recipe, look)
    say_below(axes, panel, recipe, drawn.about, look)
    if panel.x == "wall":
        clock_ticks(axes)


def _title(panel: PanelRecipe, recipe: ChartRecipe) -> str:
    if panel.kind != LINE:
        return panel.title
    names = {run.key: run.name for run in recipe.runs}
    baseline = names.get(panel.baseline, "")
    derived = panel.drawing(panel.metric).derived
    title = panel.title or ", ".join(derived.title(metric, baseline) for metric in panel.metrics)
    unit = f" ({panel.unit})" if panel.unit else ""
    return title + unit + ("" if panel.y == "linear" else f" · {panel.y}")


def _say(axes: Axes, text: str, look: Mapping[str, str]) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=look["text"], alpha=0.6)


def _draw_band(axes: Axes, drawn: DrawnRun) -> None:
    band = drawn.band
    if band is not None:
        known = np.isfinite(band.low) & np.isfinite(band.high)
        axes.fill_between(
            band.x, band.low, band.high, where=known.tolist(), color=color_of(drawn.run), alpha=0.18, linewidth=0
        )


def _hold_band_in_view(axes: Axes, drawn: DrawnPanel) -> None:
    """A band that reaches 0 has no lower end on a logarithmic axis: the view ends where the curves do."""
    seen = [drawn_y[np.isfinite(drawn_y) & (drawn_y > 1e-299)] for run in drawn.runs for drawn_y in _heights(run)]
    lows = [float(values.min()) for values in seen if len(values)]
    if any(run.band is not None and (run.band.low <= 1e-299).any() for run in drawn.runs) and lows:
        highs = [float(values.max()) for values in seen if len(values)]
        axes.set_ylim(min(lows) / 1.5, max(highs) * 1.5)


def _heights(run: DrawnRun) -> Iterator[Floats]:
    yield run.line.y
    if run.band is not None:
        yield run.band.low
        yield run.band.high


def _draw_run(axes: Axes, drawn: DrawnRun, recipe: ChartRecipe, look: Mapping[str, str]) -> None:
    color = color_of(drawn.run)
    if drawn.raw is not None:
        axes.plot(drawn.raw.x, drawn.raw.y, color=color, linewidth=recipe.line_width * 0.55, alpha=0.3)
    line = drawn.line
    dash = DASHES[(drawn.run.dash + drawn.place) % len(DASHES)]
    axes.plot(line.x, line.y, color=color, linewidth=recipe.line_width, linestyle=dash)
    if drawn.run.marker:
        places = _marked(line.x, line.y, drawn.run.marker)
        axes.plot(
            line.x[places], line.y[places], color=color, linestyle="none",
            marker=MARKERS[(drawn.run.marker - 1) % len(MARKERS)], markersize=recipe.font_size * 0.5,
        )  # fmt: skip
    if len(line.lone_x):
        axes.plot(line.lone_x, line.lone_y, color=color, linestyle="none", marker="o", markersize=2.2)
    for marks, shape, face, height in (
        (drawn.nan_x, "v", look["bad"], 0.985),
        (drawn.above_x, "^", "none", 0.985),
        (drawn.below_x, "v", "none", 0.015),
    ):
        seen = one_a_place(marks)
        if len(seen):
            axes.plot(
                seen, np.full(len(seen), height), transform=axes.get_xaxis_transform(), linestyle="none", marker=shape,
                markersize=4, color=look["bad"], markerfacecolor=face, clip_on=False,
            )  # fmt: skip


def _draw_counts(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, drawn: DrawnPanel, look: Mapping[str, str]
) -> None:
    """How many runs each group rests on, where its curve begins and where that changes."""
    from matplotlib.patheffects import withStroke

    grouped = [(run, run.band) for run in drawn.runs if run.band is not None]
    if len(grouped) > MOST_CURVES:
        return
    low, high = axes.get_xlim()
    room = recipe.width_mm * panel.columns / recipe.columns
    for run, band in grouped:
        for place, n in count_places(band.x, band.n, low, high, room, _COUNTS_APART_MM):
            y = float(np.interp(band.x[place], run.line.x, run.line.y))
            if np.isfinite(y):
                axes.annotate(
                    f"n={n}", (float(band.x[place]), y), xytext=(0, 3), textcoords="offset points", ha="left",
                    va="bottom", color=look["text"], fontsize=recipe.font_size - 2, annotation_clip=True,
                    path_effects=[withStroke(linewidth=1.5, foreground=look["surface"])],
                )  # fmt: skip


def _draw_notes(axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, look: Mapping[str, str]) -> None:
    left, right = axes.get_xlim()
    for x, text in panel.notes:
        if left <= x <= right:
            axes.axvline(x, color=look["text"], alpha=0.5, linewidth=0.6, linestyle=(0, (3, 3)))
            axes.annotate(
                plain(text, 60), (x, 1), xytext=(2, -2), xycoords=axes.get_xaxis_transform(),
                textcoords="offset points", ha="left", va="top", color=look["text"], fontsize=recipe.font_size - 1.5,
            )  # fmt: skip
    axes.set_xlim(left, right)


def _metric_legend(axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, look: Mapping[str, str]) -> None:
    """Which dash is which metric, inside of the panel."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look["text"], linestyle=DASHES[place % len(DASHES)], linewidth=recipe.line_width)
        for place in range(len(panel.metrics))
    ]
    labels = [plain(metric, 40) for metric in panel.metrics]
    legend = axes.legend(handles, labels, loc="best", frameon=False, fontsize=recipe.font_size - 1.5)
    for text in legend.get_texts():
        text.set_color(look["text"])


def _marked(x: Floats, y: Floats, marker: int) -> Ints:
    """Corners that carry a marker: some ten along x, elsewhere for each shape, so that they do not cover each other."""
    sound = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(sound):
        return sound
    low, high = x[sound].min(), x[sound].max()
    wanted = low + (high - low) * (np.arange(_MARKS) + (marker * 0.37) % 1) / _MARKS
    order = sound[np.argsort(x[sound], kind="stable")]
    return np.unique(order[np.clip(np.searchsorted(x[order], wanted), 0, len(order) - 1)])


def _legend(figure: Figure, recipe: ChartRecipe, panels: Sequence[DrawnPanel], look: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    # The runs in the recipe's order, groups as they come; what stands in several panels once.
    entries: dict[tuple[str, str], RunStyleRecipe] = {}
    drawn = [run for panel in panels for run in panel.runs]
    order = {run.key: place for place, run in enumerate(recipe.runs)}
    for one in sorted(drawn, key=lambda run: order[run.run.key]):
        entries.setdefault((one.label, one.run.key), one.run)
    if not entries or recipe.legend == "none":
        return
    shown = [*entries.items()][:_MOST_LABELS]
    handles = [_handle(run, recipe) for _, run in shown]
    labels = [label for (label, _), _ in shown]
    if len(entries) > _MOST_LABELS:
        handles.append(Line2D([], [], linestyle="none"))
        labels.append(f"and {count(len(entries) - _MOST_LABELS)} more")
    fitting_legend(figure, recipe, handles, labels, look["text"])


def _handle(run: RunStyleRecipe, recipe: ChartRecipe) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        color=color_of(run),
        linestyle=DASHES[run.dash % len(DASHES)],
        linewidth=recipe.line_width * 1.25,
        marker=MARKERS[(run.marker - 1) % len(MARKERS)] if run.marker else "",
        markersize=recipe.font_size * 0.5,
    )


def _fonts() -> list[str]:
    """Makes the bundled font known; families in the order in which they are asked for a character."""
    from matplotlib import font_manager

    from runfolio import locate

    if not any(font.name == "Inter" for font in font_manager.fontManager.ttflist):
        for file in sorted((locate.resources() / "fonts").glob("Inter-*.ttf")):
            font_manager.fontManager.addfont(str(file))
    known = {font.name for font in font_manager.fontManager.ttflist}
    return [family for family in _FAMILIES if family in known]


def _metadata(recipe: ChartRecipe, kind: str) -> dict[str, str | None]:
    """The recipe travels inside the file; dates do not, so that equal figures are equal files."""
    if kind == "png":
        return {"Software": f"Runfolio {__version__}", "Description": recipe.to_json()}
    if kind == "svg":
        return {"Creator": f"Runfolio {__version__}", "Date": None, "Description": recipe.to_json()}
    return {"Creator": f"Runfolio {__version__}", "Producer": None, "CreationDate": None, "Subject": recipe.to_json()}
