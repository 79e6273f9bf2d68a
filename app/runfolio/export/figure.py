"""Figures fit for a paper, drawn by matplotlib without a window, as the bytes of PNG, SVG and PDF files.

The same recipe and points give the same bytes. Every pixel column shows its true lowest and highest point, so a
vector file of ten million points stays small and loses no spike.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from runfolio import __version__
from runfolio.export.lines import DrawnRun, SeriesOf, drawn_panel
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model import times
from runfolio.model.display import count, number, plain
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PETROFF = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Ten colours that colour-blind readers can tell apart. Source: Petroff, arXiv:2107.02270."""

_DASHES: tuple[Literal["solid"] | tuple[float, Sequence[float]], ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1.2, 1.6)),
    (0, (5, 2, 1.2, 2)),
)
_LOOKS = {
    "print": {"surface": "white", "text": "black", "line": "#888888", "grid": "#dddddd", "bad": "#bd1f01"},
    "light": {"surface": "white", "text": "#1b1f24", "line": "#cbd0d8", "grid": "#eef0f3", "bad": "#cd2b31"},
    "dark": {"surface": "#121316", "text": "#ecedf0", "line": "#4a4d55", "grid": "#2a2d33", "bad": "#ff6369"},
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_MARKS = 10
_MM = 1 / 25.4
# Ours, then matplotlib's own, then what a system may have for other scripts.
_FAMILIES = (
    "Inter", "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Droid Sans Fallback", "WenQuanYi Zen Hei",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Hiragino Sans", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji",
)  # fmt: skip
_X_NAMES = {"step": "step", "relative": "time since start (s)", "wall": "time (UTC)"}
_LOCK = threading.Lock()
"""matplotlib's font cache and settings are shared; figures are drawn one at a time."""


def draw(recipe: ChartRecipe, series: SeriesOf, kind: str) -> bytes:
    """The figure as the bytes of a PNG, SVG or PDF file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = -(-len(recipe.panels) // recipe.columns)
    height = recipe.height_mm or rows * 0.62 * recipe.width_mm / recipe.columns + 12
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
        figure = Figure(figsize=(recipe.width_mm * _MM, height * _MM), dpi=recipe.dpi, layout="constrained")
        look = _LOOKS[recipe.theme]
        figure.set_facecolor(look["surface"])
        for number, panel in enumerate(recipe.panels, 1):
            axes = figure.add_subplot(rows, recipe.columns, number)
            _draw_panel(axes, panel, recipe, series.get(panel.metric, {}), look)
        _legend(figure, recipe, series, look)
        if recipe.title:
            figure.suptitle(plain(recipe.title), color=look["text"], fontsize=recipe.font_size + 2)
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=recipe.dpi, metadata=_metadata(recipe, kind))
    return out.getvalue()


def _draw_panel(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, series: Mapping[RunKey, MetricSeries], look: Mapping[str, str]
) -> None:
    axes.set_facecolor(look["surface"])
    title = panel.metric + (f" ({panel.unit})" if panel.unit else "") + (" · log" if panel.log_y else "")
    axes.set_title(plain(title), color=look["text"], fontsize=recipe.font_size + 1)
    axes.tick_params(colors=look["text"], length=2.5, width=0.6)
    axes.grid(color=look["grid"], linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_color(look["line"])
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))
    axes.set_xlabel(_X_NAMES[panel.x], color=look["text"])
    drawn = drawn_panel(panel, recipe, series)
    if drawn.why_empty:
        _say(axes, drawn.why_empty, look)
        return
    if panel.log_y:
        _log_ticks(axes)
    for run in drawn.runs:
        _draw_run(axes, run, recipe, look)
    # After the lines, which would widen them again.
    if panel.x_range is not None:
        axes.set_xlim(*panel.x_range)
    if panel.y_range is not None:
        low, high = panel.y_range
        if panel.log_y and low <= 0:
            axes.set_ylim(top=high)
        else:
            axes.set_ylim(low, high)
    if panel.x == "wall":
        _clock_ticks(axes)


def _say(axes: Axes, text: str, look: Mapping[str, str]) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=look["text"], alpha=0.6)


def _draw_run(axes: Axes, drawn: DrawnRun, recipe: ChartRecipe, look: Mapping[str, str]) -> None:
    color = PETROFF[drawn.run.color % len(PETROFF)]
    if drawn.raw is not None:
        axes.plot(drawn.raw.x, drawn.raw.y, color=color, linewidth=recipe.line_width * 0.55, alpha=0.3)
    line = drawn.line
    dash = _DASHES[drawn.run.dash % len(_DASHES)]
    axes.plot(line.x, line.y, color=color, linewidth=recipe.line_width, linestyle=dash)
    if drawn.run.marker:
        places = _marked(line.x, line.y, drawn.run.marker)
        axes.plot(
            line.x[places], line.y[places], color=color, linestyle="none",
            marker=_MARKERS[(drawn.run.marker - 1) % len(_MARKERS)], markersize=recipe.font_size * 0.5,
        )  # fmt: skip
    if len(line.lone_x):
        axes.plot(line.lone_x, line.lone_y, color=color, linestyle="none", marker="o", markersize=2.2)
    for marks, filled in ((drawn.nan_x, True), (drawn.inf_x, False)):
        seen = marks[:: max(1, len(marks) // 200)]
        if len(seen):
            face = look["bad"] if filled else "none"
            axes.plot(
                seen, np.full(len(seen), 0.985), transform=axes.get_xaxis_transform(), linestyle="none", marker="v",
                markersize=4, color=look["bad"], markerfacecolor=face, clip_on=False,
            )  # fmt: skip


def _marked(x: Floats, y: Floats, marker: int) -> Ints:
    """Corners that carry a marker: some ten along x, elsewhere for each shape, so that they do not cover each other."""
    sound = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(sound):
        return sound
    low, high = x[sound].min(), x[sound].max()
    wanted = low + (high - low) * (np.arange(_MARKS) + (marker * 0.37) % 1) / _MARKS
    order = sound[np.argsort(x[sound], kind="stable")]
    return np.unique(order[np.clip(np.searchsorted(x[order], wanted), 0, len(order) - 1)])


def _log_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_yscale("log", nonpositive="mask")
    # Plain numbers: the default writes powers as formulas.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _clock_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def clock(seconds: float, _: int | None) -> str:
        text = times.to_iso(times.from_seconds(seconds))
        return text[5:16].replace("T", " ") if text else ""

    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(clock))


def _legend(figure: Figure, recipe: ChartRecipe, series: SeriesOf, look: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    shown = {key for metric in series.values() for key in metric}
    runs = [r for r in recipe.runs if RunKey(r.key) in shown]
    if not runs:
        return
    handles = [_handle(run, recipe) for run in runs[:40]]
    labels = [plain(r.name, 40) for r in runs[:40]]
    if len(runs) > 40:
        handles.append(Line2D([], [], linestyle="none"))
        labels.append(f"and {count(len(runs) - 40)} more")
    legend = figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(5, len(labels)),
        frameon=False,
        fontsize=recipe.font_size - 1,
    )
    for text in legend.get_texts():
        text.set_color(look["text"])


def _handle(run: RunStyleRecipe, recipe: ChartRecipe) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        color=PETROFF[run.color % len(PETROFF)],
        linestyle=_DASHES[run.dash % len(_DASHES)],
        linewidth=recipe.line_width * 1.25,
        marker=_MARKERS[(run.marker - 1) % len(_MARKERS)] if run.marker else "",
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
