"""How long a chart takes to paint, beside the plotting library's own best settings in the same run.

    python tests/bench/bench_plot.py [--points 1000000] [--curves 1 10 100]

Works without a screen. `settled` is a whole repaint for a new range; `hand` a repaint while the hand moves; `hover`
one of an unchanged range, as each step of the crosshair asks for. The library is given its fastest settings that
keep extremes: peak down-sampling, clipping to the view, one pixel wide, not antialiased. Its figure is `settled`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from runfolio.analysis.prepared import prepare_arrays
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_style import Curve
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey

SIZE = (900, 500)


def milliseconds(call: Callable[[], object], times: int) -> tuple[float, float]:
    """Median and worst duration of a call, after one to warm up."""
    call()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), max(taken)


def shown(plot: pg.PlotWidget) -> pg.PlotWidget:
    """The plot on the screen at the size measured."""
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()
    return plot


def bounds(ys: list[Floats]) -> tuple[float, float]:
    """Lowest and highest value."""
    return min(float(y.min()) for y in ys), max(float(y.max()) for y in ys)


def library(x: Floats, ys: list[Floats], times: int) -> float:
    """The library's whole repaint for a new range."""
    plot = pg.PlotWidget()
    # On the plot, and before anything is added: a plot overwrites what its items were told.
    plot.setDownsampling(auto=True, mode="peak")
    plot.setClipToView(True)
    view = plot.getViewBox()
    view.disableAutoRange()
    view.setRange(xRange=(0, len(x)), yRange=bounds(ys))
    for i, y in enumerate(ys):
        plot.addItem(pg.PlotDataItem(x, y, pen=pg.mkPen(pg.intColor(i), width=1), skipFiniteCheck=True))
    shown(plot)
    ends = iter(np.linspace(0.95, 0.99, times + 1) * len(x))

    def zoom() -> None:
        view.setXRange(0, next(ends), padding=0)
        plot.viewport().repaint()

    median, _ = milliseconds(zoom, times)
    drawn = len(plot.listDataItems()[0].curve.getData()[0])
    if drawn > 0.1 * len(x) > SIZE[0] * 10:
        raise RuntimeError(f"the library draws {drawn} points of a curve: these are not its best settings")
    plot.close()
    return median


def own(x: Floats, ys: list[Floats]) -> dict[str, float]:
    """What our item takes; `prepare` is the work of a query thread, for each curve."""
    started = time.perf_counter()
    curves = [
        Curve(RunKey(str(i)), str(i), prepare_arrays(x, y), QColor.fromHsv(i * 37 % 360, 200, 180))
        for i, y in enumerate(ys)
    ]
    prepare = (time.perf_counter() - started) * 1000 / len(ys)
    plot = pg.PlotWidget()
    view = plot.getViewBox()
    view.disableAutoRange()
    item = CurvesItem(view)
    view.setRange(xRange=(0, len(x)), yRange=bounds(ys))
    item.set_curves(curves)
    shown(plot)
    ends = iter(np.linspace(0.90, 0.99, 200) * len(x))

    def settled() -> None:
        item.repaint_now()
        view.setXRange(0, next(ends), padding=0)
        plot.viewport().repaint()

    def moved() -> None:
        view.setXRange(0, next(ends), padding=0)
        plot.viewport().repaint()

    whole, _ = milliseconds(settled, 9)
    hand, worst = milliseconds(moved, 60)
    item.repaint_now()
    plot.viewport().repaint()
    hover, _ = milliseconds(plot.viewport().repaint, 30)
    plot.close()
    return {"settled": whole, "hand": hand, "worst": worst, "hover": hover, "prepare": prepare}


def say(line: str) -> None:
    """One line of the table, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print one line for each kind and number of curves."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--curves", type=int, nargs="+", default=[1, 10, 100])
    args = parser.parse_args()
    application = QApplication([])
    x = np.arange(args.points, dtype=np.float64)
    noise = np.random.default_rng(0).standard_normal(args.points)
    say(f"{args.points} points a curve, {SIZE[0]} x {SIZE[1]} pixels, milliseconds (median)")
    say("kind   curves   library   settled  ratio    hand  worst   hover  prepare/curve")
    for kind in ("noise", "calm"):
        for many in args.curves:
            ys = [
                np.roll(noise, i * 977) * 0.3 + i if kind == "noise" else np.sin(x / len(x) * 20 + i) + i * 0.1
                for i in range(many)
            ]
            theirs, ours = library(x, ys, 3 if many > 10 else 5), own(x, ys)
            say(
                f"{kind:6} {many:6} {theirs:9.1f} {ours['settled']:9.1f} {ours['settled'] / theirs:6.3f}"
                f" {ours['hand']:7.1f} {ours['worst']:6.1f} {ours['hover']:7.1f} {ours['prepare']:9.1f}"
            )
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
