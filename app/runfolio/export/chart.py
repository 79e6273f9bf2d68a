"""Figures fit for a paper: PNG, SVG and PDF of a recipe, drawn by matplotlib without a window, and CSV of all points.

The same recipe and points give the same bytes. Every pixel column shows its true lowest and highest point, so a
vector file of ten million points stays small and loses no spike.
"""

from __future__ import annotations

import csv
import io
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from runfolio import __version__
from runfolio.analysis.axis import XKind, x_axis
from runfolio.analysis.cells import spreadsheet
from runfolio.analysis.reduce import inf_marks, min_max_columns, nan_marks
from runfolio.analysis.smooth import Smoother, natural_range, smooth
from runfolio.errors import UsageError
from runfolio.export.files import write_whole
from runfolio.export.recipe import ChartRecipe, PanelRecipe, RunStyleRecipe
from runfolio.model import times
from runfolio.model.display import count, number, plain
from runfolio.model.metrics import Floats, MetricSeries
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf", ".csv")
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
_COLUMNS = 1200
_LARGEST = 1e300
_SMALLEST = 1e-300
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

SeriesOf = Mapping[str, Mapping[RunKey, MetricSeries]]
"""metric -> run -> series."""


def export_chart(recipe: ChartRecipe, series: SeriesOf, path: Path) -> Path:
    """Write the figure to `path`, in the format its suffix names. Raises UsageError for another suffix."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"Charts are written as {', '.join(SUFFIXES)}, not {suffix or 'without a suffix'!r}")
    if suffix == ".csv":
        return write_whole(path, points_csv(recipe, series).encode("utf-8"))
    return write_whole(path, draw(recipe, series, suffix[1:]))


def points_csv(recipe: ChartRecipe, series: SeriesOf) -> str:
    """Every point of the recipe's metrics and runs: run, key, metric, step, wall_time (ISO 8601), value (repr)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "key", "metric", "step", "wall_time", "value"])
    for metric in dict.fromkeys(panel.metric for panel in recipe.panels):
        for run in recipe.runs:
            points = series.get(metric, {}).get(RunKey(run.key))
            if points is None:
                continue
            head = (spreadsheet(run.name), run.key, spreadsheet(metric))
            steps = points.step.tolist() if points.has_step else [""] * len(points)
            walls = points.wall_time_us.tolist()
            for step, wall, value in zip(steps, walls, points.value.tolist(), strict=True):
                writer.writerow([*head, step, times.to_iso(wall) or "", repr(value)])
    return out.getvalue()


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
            "font.size": 8.0,
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
            figure.suptitle(plain(recipe.title), color=look["text"], fontsize=10)
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=recipe.dpi, metadata=_metadata(recipe, kind))
    return out.getvalue()


def _draw_panel(
    axes: Axes, panel: PanelRecipe, recipe: ChartRecipe, series: Mapping[RunKey, MetricSeries], look: Mapping[str, str]
) -> None:
    axes.set_facecolor(look["surface"])
    axes.set_title(plain(panel.metric + (" · log" if panel.log_y else "")), color=look["text"], fontsize=9)
    axes.tick_params(colors=look["text"], length=2.5, width=0.6)
    axes.grid(color=look["grid"], linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_color(look["line"])
        spine.set_linewidth(0.6)
        spine.set_visible(side in ("left", "bottom"))
    axes.set_xlabel(_X_NAMES[panel.x], color=look["text"])
    drawn = [(run, series[RunKey(run.key)]) for run in recipe.runs if RunKey(run.key) in series]
    xs = {run.key: x_axis(points, XKind(panel.x)) for run, points in drawn}
    low, high = _x_range(list(xs.values()))
    if low is None or high is None:
        _say(axes, "no data", look)
        return
    if panel.log_y:
        if not any((points.value > 0).any() for _, points in drawn):
            _say(axes, "no positive values", look)
            return
        _log_ticks(axes)
    for run, points in drawn:
        _draw_run(axes, panel, run, xs[run.key], points.value, (low, high), look)
    if panel.x == "wall":
        _clock_ticks(axes)


def _say(axes: Axes, text: str, look: Mapping[str, str]) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=look["text"], alpha=0.6)


def _draw_run(
    axes: Axes,
    panel: PanelRecipe,
    run: RunStyleRecipe,
    x: Floats,
    y: Floats,
    span: tuple[float, float],
    look: Mapping[str, str],
) -> None:
    color = PETROFF[run.color % len(PETROFF)]
    line = raw = min_max_columns(x, _drawable(y, panel), *span, _COLUMNS)
    if panel.smoothing > 0 and len(y) > 2:
        axes.plot(raw.x, raw.y, color=color, linewidth=0.6, alpha=0.3)
        smoothed = smooth(x, y, Smoother.TIME_EMA, panel.smoothing, natural_range(x))
        line = min_max_columns(x, _drawable(smoothed, panel), *span, _COLUMNS)
    axes.plot(line.x, line.y, color=color, linewidth=1.1, linestyle=_DASHES[run.dash % len(_DASHES)])
    if len(line.lone_x):
        axes.plot(line.lone_x, line.lone_y, color=color, linestyle="none", marker="o", markersize=2.2)
    for marks, filled in ((nan_marks(x, y), True), (inf_marks(x, y), False)):
        seen = marks[:: max(1, len(marks) // 200)]
        if len(seen):
            face = look["bad"] if filled else "none"
            axes.plot(
                seen, np.full(len(seen), 0.985), transform=axes.get_xaxis_transform(), linestyle="none", marker="v",
                markersize=4, color=look["bad"], markerfacecolor=face, clip_on=False,
            )  # fmt: skip


def _drawable(y: Floats, panel: PanelRecipe) -> Floats:
    """What the scale can show: values past 1e300 at 1e300, and on a logarithmic one nothing below 1e-300."""
    if panel.log_y:
        y = np.where(y >= _SMALLEST, y, np.where(np.isinf(y), y, np.nan))
    # matplotlib adds margins, which must stay finite.
    return np.where(np.isfinite(y), np.clip(y, -_LARGEST, _LARGEST), y)


def _x_range(xs: list[Floats]) -> tuple[float | None, float | None]:
    sound = [x[np.isfinite(x)] for x in xs]
    sound = [x for x in sound if len(x)]
    if not sound:
        return None, None
    low, high = min(float(x.min()) for x in sound), max(float(x.max()) for x in sound)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


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
    handles = [
        Line2D([], [], color=PETROFF[r.color % len(PETROFF)], linestyle=_DASHES[r.dash % len(_DASHES)], linewidth=1.4)
        for r in runs[:40]
    ]
    labels = [plain(r.name, 40) for r in runs[:40]]
    if len(runs) > 40:
        handles.append(Line2D([], [], linestyle="none"))
        labels.append(f"and {count(len(runs) - 40)} more")
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=min(5, len(labels)), frameon=False, fontsize=7
    )
    for text in legend.get_texts():
        text.set_color(look["text"])


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
