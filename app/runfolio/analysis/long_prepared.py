"""Long series made ready to be drawn: by their overview, and by the stretch of them that the chart is zoomed in on."""

from __future__ import annotations

import numpy as np

from runfolio.analysis.axis import XKind
from runfolio.analysis.blocks import BlockLine, PiecedLine
from runfolio.analysis.prepared import Line, PreparedSeries
from runfolio.analysis.pyramid import Columns, Points
from runfolio.analysis.scales import LINEAR, YScale, placed
from runfolio.model.long_series import COLUMNS, Blocks, LongSeries, Stretch
from runfolio.model.metrics import Floats


class ZoomedLine:
    """The overview of a series, and in its place the finer stretch where a view lies within that."""

    def __init__(self, overview: BlockLine, detail: Line | None, within: tuple[float, float]) -> None:
        self._overview, self._detail, self._within = overview, detail, within
        self.x_bounds, self.y_bounds = overview.x_bounds, overview.y_bounds

    def __len__(self) -> int:
        return len(self._overview)

    def columns(self, x0: float, x1: float, columns: int) -> Columns:
        """As those of the one or the other."""
        low, high = self._within
        if self._detail is not None and low <= x0 and x1 <= high:
            return self._detail.columns(x0, x1, columns)
        return self._overview.columns(x0, x1, columns)


def prepare_long(
    long: LongSeries, x_kind: XKind, stretch: Stretch | None = None, *, scale: YScale = LINEAR
) -> PreparedSeries:
    """A long series over steps or time; never smoothed.

    What is read out and pointed at are the first points of its blocks: points as they were logged, and closer to each
    other the further one zooms in.
    """
    blocks = long.overview
    x, end = _x(long, blocks, x_kind), _place(long, long.last_step, long.last_wall, x_kind)
    goes_back = bool((x[1:] < x[:-1]).any())
    raw: Line
    if goes_back:
        if stretch is not None:
            blocks = _spliced(blocks, stretch)
            x = _x(long, blocks, x_kind)
        raw = PiecedLine(x, end, blocks, scale)
    else:
        overview = BlockLine(x, end, blocks, scale)
        detail: Line | None = None
        within = (0.0, 0.0)
        if stretch is not None and len(stretch.blocks):
            fine = stretch.blocks
            own, after = _x(long, fine, x_kind), _place(long, *stretch.after, x_kind)
            only_points = bool((fine.size == 1).all())
            detail = Points(own, placed(fine.first, scale)) if only_points else BlockLine(own, after, fine, scale)
            last = stretch.begin + int(fine.size.sum()) >= long.count
            within = (float(own[0]) if stretch.begin else -np.inf, np.inf if last else float(own[-1]))
            blocks = _spliced(blocks, stretch)
            x = _x(long, blocks, x_kind)
        raw = ZoomedLine(overview, detail, within)
    order = np.argsort(x, kind="stable") if goes_back else None
    return PreparedSeries(
        x=x,
        y=blocks.first,
        smooth=None,
        raw=raw,
        line=None,
        hidden=long.hidden if scale.is_log else 0,
        scale=scale,
        nan_x=np.unique(x[blocks.nans > 0]),
        above_x=np.unique(x[blocks.rises > 0]),
        below_x=np.unique(x[blocks.falls > 0]),
        order=order,
        sorted_x=x if order is None else x[order],
        count=long.count,
        end=end,
    )


def long_bounds(long: LongSeries, x_kind: XKind, low: float, high: float) -> tuple[float, float]:
    """A range of x in the numbers that a stretch is asked for by: steps, or microseconds since 1970."""
    if x_kind is XKind.STEP:
        return low, high
    start = _start(long, x_kind)
    return low * 1e6 + start, high * 1e6 + start


def _start(long: LongSeries, x_kind: XKind) -> int:
    return int(long.overview.wall[0]) if x_kind is XKind.RELATIVE else 0


def _x(long: LongSeries, blocks: Blocks, x_kind: XKind) -> Floats:
    if x_kind is XKind.STEP:
        return blocks.step.astype(np.float64)
    return (blocks.wall - np.int64(_start(long, x_kind))) / 1e6


def _place(long: LongSeries, step: int, wall: int, x_kind: XKind) -> float:
    return float(step) if x_kind is XKind.STEP else (wall - _start(long, x_kind)) / 1e6


def _spliced(overview: Blocks, stretch: Stretch) -> Blocks:
    """The overview with a stretch, whose parts begin and end where blocks of it do, in its place."""
    begins = overview.begins
    parts: list[Blocks] = []
    done = 0
    for part in stretch.parts:
        end = part.begin + int(part.blocks.size.sum())
        first, behind = np.searchsorted(begins, (part.begin, end)).tolist()
        parts += [overview.part(slice(done, first)), part.blocks]
        done = behind
    parts.append(overview.part(slice(done, None)))
    return Blocks(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("size", *COLUMNS)))
