"""How long charts take to paint, beside the plotting library's own best settings in the same run.

    python tests/bench/bench_plot.py [--case 100x1e6 1000x1e4 1x1e7] [--width 1 1.7 4] [--index 1e8]

Works without a screen (QT_QPA_PLATFORM=offscreen, the default) and on a real or virtual one. All figures are
milliseconds: CPU of this process, and what passed on the clock in brackets, which other work on the machine lengthens.

library   a whole repaint for a new range: peak down-sampling, clipped to the view, no check for NaN, without
          antialiasing; at the width named.
first     our picture for a new range, every point in it, as it is shown first.
fine      the antialiased one that takes its place; 0 where the first one is antialiased already.
hand      one frame while the hand moves and zooms without a rest, 300 of them: median, 99 % quantile, longest.
turn      the longest that painting kept the window from doing something else.
hover     a frame of the crosshair over a picture that stands.
prepare   work of a query thread, for each curve.

With --index series of so many points are written to an index first; then: open (its blocks read and painted), zoom
(blocks or points read for the range, and painted), and the memory of the process.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from bench.goals import note
from runfolio.analysis.axis import XKind
from runfolio.analysis.long_prepared import prepare_long
from runfolio.analysis.prepared import prepare_arrays
from runfolio.desktop.plot_items import CurvesItem
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.strokes import Frame
from runfolio.index import pyramids, stretches
from runfolio.index.database import Database
from runfolio.index.pyramid_making import keep_pyramids
from runfolio.model.long_series import LongSeries
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey

SIZE = (900, 500)
FRAMES = 300
MOST_IN_MEMORY = 20_000_000


@dataclass(frozen=True)
class Took:
    """CPU and clock, in milliseconds."""

    cpu: float
    clock: float

    def __str__(self) -> str:
        return f"{self.cpu:.0f} ({self.clock:.0f})" if self.clock >= 10 else f"{self.cpu:.1f} ({self.clock:.1f})"


def once(call: Callable[[], object]) -> Took:
    """What one call takes."""
    cpu, clock = time.process_time(), time.perf_counter()
    call()
    return Took((time.process_time() - cpu) * 1000, (time.perf_counter() - clock) * 1000)


def best(call: Callable[[], object], times: int) -> Took:
    """The least of some calls, by CPU."""
    return min((once(call) for _ in range(times)), key=lambda took: took.cpu)


def shown(plot: pg.PlotWidget) -> pg.PlotWidget:
    """The plot on the screen at the size measured."""
    plot.resize(*SIZE)
    plot.show()
    QApplication.processEvents()
    return plot


def bounds(ys: list[Floats]) -> tuple[float, float]:
    """Lowest and highest value."""
    return min(float(y.min()) for y in ys), max(float(y.max()) for y in ys)


def library(x: Floats, ys: list[Floats], width: float, *, antialias: bool) -> Took:
    """The library's whole repaint for a new range."""
    plot = pg.PlotWidget()
    plot.setAntialiasing(antialias)
    # On the plot, and before anything is added: a plot overwrites what its items were told.
    plot.setDownsampling(auto=True, mode="peak")
    plot.setClipToView(True)
    view = plot.getViewBox()
    view.disableAutoRange()
    view.setRange(xRange=(0, len(x)), yRange=bounds(ys))
    for i, y in enumerate(ys):
        plot.addItem(pg.PlotDataItem(x, y, pen=pg.mkPen(pg.intColor(i), width=width), skipFiniteCheck=True))
    shown(plot)
    ends = iter(np.linspace(0.95, 0.99, 4) * len(x))

    def zoom() -> None:
        view.setXRange(0, next(ends), padding=0)
        plot.viewport().repaint()

    took = best(zoom, 3)
    drawn = len(plot.listDataItems()[0].curve.getData()[0])
    if drawn > 0.1 * len(x) > SIZE[0] * 10:
        raise RuntimeError(f"the library draws {drawn} points of a curve: these are not its best settings")
    plot.close()
    plot.deleteLater()
    return took


class _Turns(QObject):
    """Notes how long painting keeps the event loop."""

    def __init__(self, item: CurvesItem) -> None:
        super().__init__()
        self.longest = 0.0
        self._work = item._work_on
        item._work_on = self._timed  # type: ignore[method-assign]

    def _timed(self, ms: float) -> None:
        started = time.perf_counter()
        self._work(ms)
        self.longest = max(self.longest, (time.perf_counter() - started) * 1000)


def own(x: Floats, ys: list[Floats], width: float, *, antialias: bool) -> dict[str, str]:
    """What our item takes."""
    curves: list[Curve] = []

    def make() -> None:
        for i, y in enumerate(ys):
            color = QColor.fromHsv(i * 37 % 360, 200, 180)
            curves.append(Curve(RunKey(str(i)), str(i), prepare_arrays(x, y), color))

    prepare = once(make)
    plot = pg.PlotWidget()
    view = plot.getViewBox()
    view.disableAutoRange()
    item = CurvesItem(view)
    item.look.width, item.look.antialias = width, antialias
    turns = _Turns(item)
    view.setRange(xRange=(0, len(x)), yRange=bounds(ys))
    item.set_curves(curves)
    shown(plot)
    item.settle()
    ends = iter(np.linspace(0.93, 0.99, 8) * len(x))
    first: list[Took] = []
    fine: list[Took] = []
    for _ in range(3):
        view.setXRange(0, next(ends), padding=0)
        item._stop()
        item._start(item.frame(1.0) or _none(), 1.0)
        first.append(once(lambda: _until_painted(item)))
        fine.append(once(item.settle))
    turns.longest = 0.0
    frames = _hand(plot, view, item, len(x))
    turn = turns.longest
    item.settle()
    plot.viewport().repaint()
    hover = best(plot.viewport().repaint, 20)
    plot.close()
    plot.deleteLater()
    quickest = min(range(3), key=lambda i: first[i].cpu)
    spent = " ".join(f"{v:.1f}" for v in np.quantile([frame.cpu for frame in frames], (0.5, 0.99, 1.0)))
    passed = " ".join(f"{v:.1f}" for v in np.quantile([frame.clock for frame in frames], (0.5, 0.99, 1.0)))
    return {
        "cpu": f"{first[quickest].cpu}",
        "first": str(first[quickest]),
        "fine": str(fine[quickest]),
        "hand": f"{spent} ({passed})",
        "turn": f"{turn:.1f}",
        "hover": f"{hover.clock:.1f}",
        "prepare": f"{prepare.cpu / len(ys):.1f}",
    }


def hold(case: str, theirs: Took, ours: dict[str, str]) -> None:
    """Hold the figures of a case of many curves against the goals."""
    if case.startswith("1x"):
        return
    _, passed = ours["hand"].rstrip(")").split(" (")
    middle, late, _ = (float(part) for part in passed.split())
    note("plot", f"{case}: settled picture beside the library", float(ours["cpu"]) / theirs.cpu, 0.2, "x")
    note("plot", f"{case}: half of the frames while the hand moves", middle, 16.0, "ms")
    note("plot", f"{case}: 99 of 100 frames", late, 33.0, "ms")


def _none() -> Frame:
    raise RuntimeError("there is nothing to paint on")


def _until_painted(item: CurvesItem) -> None:
    """Paint until a picture of every point is there, if not the finest one."""
    before = item._picture
    while item._picture is before:
        item._work_on(0.0)


def _hand(plot: pg.PlotWidget, view: pg.ViewBox, item: CurvesItem, end: int) -> list[Took]:
    """What each frame takes while one drags to and fro and turns the wheel, without a rest."""
    frames: list[Took] = []
    for i in range(FRAMES):
        wide = end * (0.55 + 0.45 * math.sin(i / 40))
        start = end * 0.2 * (1 + math.sin(i / 25))
        started, cpu = time.perf_counter(), time.process_time()
        view.setXRange(start, start + wide, padding=0)
        plot.viewport().repaint()
        QApplication.processEvents()
        frames.append(Took((time.process_time() - cpu) * 1000, (time.perf_counter() - started) * 1000))
        # A hand and a screen do not ask for more than sixty frames in a second.
        rest = 0.016 - (time.perf_counter() - started)
        while rest > 0:
            QApplication.processEvents()
            time.sleep(0.001)
            rest = 0.016 - (time.perf_counter() - started)
    return frames


def data(kind: str, many: int, points: int) -> tuple[Floats, list[Floats]]:
    """x and the curves."""
    x = np.arange(points, dtype=np.float64)
    if kind == "noise":
        noise = np.random.default_rng(0).standard_normal(points)
        return x, [np.roll(noise, i * 977) * 0.3 + i for i in range(many)]
    return x, [np.sin(x / points * 20 + i) + i * 0.1 for i in range(many)]


def of_index(points: int) -> None:
    """One long series of an index."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.duckdb"
        pid = os.fork()
        if pid == 0:
            # In a process of its own, so that its memory is not counted.
            _write_index(path, points)
            os._exit(0)
        if os.waitpid(pid, 0)[1] != 0:
            raise RuntimeError("the index could not be written")
        if points <= MOST_IN_MEMORY:
            _first_paint(path, points)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        database = Database.open(path)
        plot = pg.PlotWidget()
        view = plot.getViewBox()
        view.disableAutoRange()
        item = CurvesItem(view)
        shown(plot)
        view.setRange(xRange=(0, points), yRange=(-6, 12))
        key = RunKey("k:a")

        def show(low: float, high: float, long: LongSeries) -> None:
            stretch = stretches.stretch(database, long, low, high, SIZE[0])
            prepared = prepare_long(long, XKind.STEP, stretch)
            if not prepared.raw.columns(low, high, SIZE[0]).high.max() == 10.0:
                raise RuntimeError("the spike of one point is not in sight")
            item.set_curves([Curve(key, "a", prepared, QColor("blue"))])
            view.setXRange(low, high, padding=0)
            plot.viewport().repaint()
            item.settle()

        found: list[LongSeries] = []

        def open_it() -> None:
            found.append(pyramids.long_series(database, [key], "loss")[key])
            show(0, points, found[0])

        say(f"one series of {points} points from the index")
        opened = once(open_it)
        say(f"  open      {opened}")
        note("plot", f"one curve of {points:,} points opens", opened.clock, 1000.0, "ms")
        middle = points * 3 // 4
        slowest = 0.0
        for share in (1.0, 0.3, 0.03, 0.003, 1e-4, 1e-6):
            reach = max(50.0, points * share / 4)
            took = best(lambda reach=reach: show(middle - reach, middle + reach, found[0]), 3)  # type: ignore[misc]
            say(f"  zoom to {2 * reach:12.0f} points  {took}")
            slowest = max(slowest, took.clock)
        note("plot", f"slowest zoom of {points:,} points", slowest, 20.0, "ms")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        say(f"  memory: {(after - before) / 1024:.0f} MB more at most than before it was opened")
        plot.close()
        database.close()


def _first_paint(path: Path, points: int) -> None:
    """A curve put into a chart that is there already, by the library from memory and by us from the index."""
    database = Database.open(path)
    key = RunKey("k:a")
    value = database.arrays("select value from points where series = 1 order by rowid")["value"].astype(np.float64)
    x = np.arange(len(value), dtype=np.float64)
    theirs: list[Took] = []
    ours: list[Took] = []
    for _ in range(4):
        plot = pg.PlotWidget()
        plot.setDownsampling(auto=True, mode="peak")
        plot.setClipToView(True)
        _ready(plot, points)

        def add(plot: pg.PlotWidget = plot) -> None:
            plot.addItem(pg.PlotDataItem(x, value, pen=pg.mkPen("b", width=1), skipFiniteCheck=True))
            plot.viewport().repaint()

        theirs.append(once(add))
        plot.close()
        plot.deleteLater()
        chart = pg.PlotWidget()
        item = CurvesItem(chart.getViewBox())
        _ready(chart, points)

        def put(chart: pg.PlotWidget = chart, item: CurvesItem = item) -> None:
            long = pyramids.long_series(database, [key], "loss")[key]
            prepared = prepare_long(long, XKind.STEP, stretches.stretch(database, long, 0, points, SIZE[0]))
            item.set_curves([Curve(key, "a", prepared, QColor("blue"))])
            chart.viewport().repaint()
            item.settle()

        ours.append(once(put))
        chart.close()
        chart.deleteLater()
    # What comes first in a process imports and allocates for all.
    one, other = (min(took[1:], key=lambda t: t.cpu) for took in (theirs, ours))
    say(f"a curve of {points} points in an empty chart: library {one}, ours from the index {other}")
    say(f"  ratio {other.cpu / one.cpu:.3f}")
    note("plot", f"one curve of {points:,} points first painted beside the library", other.cpu / one.cpu, 0.1, "x")
    database.close()


def _ready(plot: pg.PlotWidget, points: int) -> None:
    """Shown without a curve."""
    view = plot.getViewBox()
    view.disableAutoRange()
    view.setRange(xRange=(0, points), yRange=(-6, 12))
    shown(plot)
    plot.viewport().repaint()


def _write_index(path: Path, points: int) -> None:
    import polars as pl

    database = Database.open(path)
    database.insert("runs", {"id": [1], "key": ["k:a"]})
    database.insert("run_series", {"run": [1], "name": ["loss"], "series": [1], "scale": [1.0]})
    database.insert(
        "series",
        {
            "id": [1],
            "name": ["loss"],
            "n": [points],
            "has_step": [True],
            "first_step": [0],
            "first_wall": [0],
            "wall_unit": [1],
        },
    )
    rng = np.random.default_rng(0)
    for start in range(0, points, 10_000_000):
        count = min(10_000_000, points - start)
        value = rng.standard_normal(count)
        spike = points * 3 // 4 - start
        if 0 <= spike < count:
            value[spike] = 10.0
        ones = np.ones(count, dtype=np.int8)
        database.insert(
            "points",
            pl.DataFrame({"series": ones.astype(np.int32), "step_diff": ones, "wall_diff": ones, "value": value}),
        )
    took = once(lambda: keep_pyramids(database))
    database.run("checkpoint")
    say(f"blocks of {points} points made in {took} ms, index of {path.stat().st_size / 1e6:.0f} MB")
    database.close()


def say(line: str) -> None:
    """One line of the table, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print one line for each case, width and kind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--case", nargs="*", default=["100x1e6", "1000x1e4", "1x1e7"])
    parser.add_argument("--kind", nargs="+", default=["noise", "calm"])
    parser.add_argument("--width", type=float, nargs="+", default=[1.0, 2.0])
    parser.add_argument("--antialias", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--index", type=float, nargs="*", default=[])
    args = parser.parse_args()
    application = QApplication([])
    application.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    load = os.getloadavg()[0]
    say(f"{SIZE[0]} x {SIZE[1]} pixels, {application.platformName()}, load {load:.1f}, {os.cpu_count()} cores")
    for points in args.index:
        of_index(int(points))
    if args.case:
        say(
            "case       kind   width fine  library      first        ratio  fine"
            "         hand 50 99 max                     turn  hover  prepare"
        )
    for case in args.case:
        many, points = (int(float(part)) for part in case.split("x"))
        for kind in args.kind:
            x, ys = data(kind, many, points)
            for width in args.width:
                for antialias in args.antialias:
                    theirs = library(x, ys, width, antialias=bool(antialias))
                    ours = own(x, ys, width, antialias=bool(antialias))
                    say(
                        f"{case:10} {kind:6} {width:5} {antialias:4}  {theirs!s:12} {ours['first']:12}"
                        f" {float(ours['cpu']) / theirs.cpu:5.3f}  {ours['fine']:12} {ours['hand']:34}"
                        f" {ours['turn']:>5}  {ours['hover']:>5} {ours['prepare']:>8}"
                    )
                    hold(f"{case} {kind}, width {width:g}", theirs, ours)
                    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
