"""Which curve a place of the picture belongs to: the nearest one to the pointer, or all inside of a lasso."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runfolio.analysis.pyramid import Columns
from runfolio.desktop.plot_render import Picture, curve_numbers
from runfolio.desktop.plot_style import Curve
from runfolio.desktop.strokes import all_strokes
from runfolio.model.metrics import Floats, Ints


class Hits:
    """Looks curves up in a picture, in its own pixels."""

    def __init__(self, picture: Picture) -> None:
        self._curves = [d.curve for d in picture.drawn]
        self._numbers = np.array([-1, *curve_numbers(picture.drawn)], dtype=np.int64)
        # What lies behind a smoothed line is not pointed at.
        self._behind = sum(d.faint is not None for d in picture.drawn)
        self._picture = picture
        strokes = picture.strokes
        self._owner: Ints = np.repeat(np.arange(len(strokes)), [len(s.segments) for s in strokes])
        self._segments: Floats = _joined([s.segments for s in strokes], 4)
        self._dot_owner: Ints = np.repeat(np.arange(len(strokes)), [len(s.dots) for s in strokes])
        self._dots: Floats = _joined([s.dots for s in strokes], 2)

    def nearest(self, x: float, y: float, reach: float) -> Curve | None:
        """The curve whose line is nearest to a place and within reach; of equally near ones the one on top."""
        index = self._picture.index
        if index is None:
            return self._nearest_stroke(x, y, reach)
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        part = index[left : int(x + reach) + 1, top : int(y + reach) + 1].astype(np.int64)
        columns, rows = np.nonzero(part > self._behind)
        if not len(columns):
            return None
        away = np.hypot(columns + left + 0.5 - x, rows + top + 0.5 - y)
        least = away.min()
        if least > reach + 1:
            return None
        # Pixels that lie side by side are equally near to a place between them.
        near = away <= least + 0.75
        number = int(part[columns[near], rows[near]].max())
        return self._curves[int(self._numbers[number])]

    def _nearest_stroke(self, x: float, y: float, reach: float) -> Curve | None:
        segments = self._segments
        near = np.flatnonzero(
            (np.minimum(segments[:, 0], segments[:, 2]) <= x + reach)
            & (np.maximum(segments[:, 0], segments[:, 2]) >= x - reach)
            & (np.minimum(segments[:, 1], segments[:, 3]) <= y + reach)
            & (np.maximum(segments[:, 1], segments[:, 3]) >= y - reach)
        )
        start, step = segments[near, :2], segments[near, 2:] - segments[near, :2]
        to = np.array([x, y]) - start
        size = (step * step).sum(axis=1)
        part = np.divide((to * step).sum(axis=1), size, out=np.zeros(len(size)), where=size > 0)
        gap = to - step * np.clip(part, 0, 1)[:, None]
        away = np.concatenate((np.hypot(gap[:, 0], gap[:, 1]), np.hypot(self._dots[:, 0] - x, self._dots[:, 1] - y)))
        owners = np.concatenate((self._owner[near], self._dot_owner))
        if not len(away):
            return None
        least = away.min()
        return self._curves[int(owners[away == least].max())] if least <= reach else None

    def within(self, polygon: Floats) -> list[Curve]:
        """The curves of which a part that was painted lies inside of a polygon (m, 2), in drawing order."""
        frame = self._picture.frame
        low, high = polygon.min(axis=0), polygon.max(axis=0)
        strokes = self._picture.strokes
        if not strokes:
            # Of a thousand dense curves only what lies above and below the polygon is worked out.
            near = [_near(d.strong, frame.x_at(low[0]), frame.x_at(high[0])) for d in self._picture.drawn]
            strokes = tuple(all_strokes(near, frame))
        found: list[Curve] = []
        for curve, line in zip(self._curves, strokes, strict=True):
            points = _samples(line.segments, low, high)
            if len(line.dots):
                points = np.concatenate((points, line.dots))
            if _inside(points, polygon).any():
                found.append(curve)
        return found


def _near(line: Columns, x0: float, x1: float) -> Columns:
    """The entries from the first to the last of a line that lie between two x, and those beside them."""
    inside = np.flatnonzero((line.x >= x0) & (line.x <= x1))
    # A line that crosses the range without an entry in it leads on from the last one before.
    before = np.flatnonzero(line.x < x0)
    first, last = (inside[0], inside[-1]) if len(inside) else (before[-1:].sum(), before[-1:].sum())
    part = slice(max(0, int(first) - 1), int(last) + 2)
    joined = line.joined[part].copy()
    joined[-1:] = False
    return Columns(
        line.x[part], line.first[part], line.low[part], line.high[part], line.last[part], joined, line.points
    )


def _joined(parts: list[Floats], wide: int) -> Floats:
    return np.concatenate(parts) if parts else np.empty((0, wide))


def _samples(segments: Floats, low: Floats, high: Floats) -> Floats:
    """Points along those segments that come near a box, at most two pixels from each other."""
    near = (
        (np.minimum(segments[:, 0], segments[:, 2]) <= high[0])
        & (np.maximum(segments[:, 0], segments[:, 2]) >= low[0])
        & (np.minimum(segments[:, 1], segments[:, 3]) <= high[1])
        & (np.maximum(segments[:, 1], segments[:, 3]) >= low[1])
    )
    some = segments[near]
    counts = np.ceil(np.hypot(some[:, 2] - some[:, 0], some[:, 3] - some[:, 1]) / 2).astype(np.int64) + 1
    which = np.repeat(np.arange(len(some)), counts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    part = (place / np.maximum(counts[which] - 1, 1))[:, None]
    points: Floats = some[which, :2] + (some[which, 2:] - some[which, :2]) * part
    return points


def _inside(points: Floats, polygon: Floats) -> NDArray[np.bool_]:
    """Whether each point lies inside: a ray to the right crosses the border an odd number of times."""
    inside = np.zeros(len(points), dtype=np.bool_)
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside
