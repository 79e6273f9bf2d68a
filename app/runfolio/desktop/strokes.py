"""From what a line covers to the strokes that paint it: separate segments in the pixels of a chart.

Segments instead of one path, because Qt strokes a path as one shape: a thousand noisy points, 1.7 pixels wide and
antialiased, take it 340 ms so and 5 ms one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runfolio.analysis.pyramid import Bools, Columns
from runfolio.model.metrics import Floats, Ints

DASHES: tuple[tuple[float, ...], ...] = ((), (7.0, 4.0), (2.0, 3.0), (8.0, 3.0, 2.0, 3.0))
"""Lengths on and off, in pixels, by dash index."""

_MOST_DASHES = 20_000
_NO_SEGMENTS: Floats = np.empty((0, 4))


@dataclass(frozen=True, slots=True)
class Frame:
    """The range a chart shows, and its size in pixels; y grows upwards in the range and downwards in pixels."""

    x0: float
    x1: float
    y0: float
    y1: float
    width: int
    height: int

    def pixels_x(self, x: Floats) -> Floats:
        """Where x lies, in pixels from the left edge."""
        # Halves, because x1 - x0 may overflow where neither end does.
        placed: Floats = (x / 2 - self.x0 / 2) * (self.width / (self.x1 / 2 - self.x0 / 2))
        return placed

    def pixels_y(self, y: Floats) -> Floats:
        """Where y lies, in pixels from the upper edge."""
        placed: Floats = (self.y1 / 2 - y / 2) * (self.height / (self.y1 / 2 - self.y0 / 2))
        return placed

    def x_at(self, pixel: float) -> float:
        """The x of a pixel position."""
        part = pixel / self.width
        return self.x0 * (1 - part) + self.x1 * part

    def y_at(self, pixel: float) -> float:
        """The y of a pixel position."""
        part = pixel / self.height
        return self.y1 * (1 - part) + self.y0 * part


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """What paints one line.

    segments   float64 (m, 4): x, y, x, y in pixels, cut to the surroundings of the frame, along the line's way.
    dots       float64 (k, 2): points that are joined with no other.
    """

    segments: Floats
    dots: Floats

    @property
    def length(self) -> float:
        """How long all segments are together, in pixels across and down."""
        s = self.segments
        return float(np.abs(s[:, 2:] - s[:, :2]).sum())


def strokes(columns: Columns, frame: Frame) -> Strokes:
    """The strokes of a line: in each column one from lowest to highest, and one to the next column where it shows."""
    return all_strokes([columns], frame)[0]


def all_strokes(lines: Sequence[Columns], frame: Frame) -> list[Strokes]:
    """The strokes of each of several lines, worked out together: a hundred lines cost little more than ten."""
    if not lines:
        return []
    whole = _one_after_another(lines)
    if not len(whole.x):
        return [Strokes(_NO_SEGMENTS, np.empty((0, 2)))] * len(lines)
    segments, entries = _segments(whole, frame)
    segments, seen = _clipped(segments, frame)
    lone = np.flatnonzero(whole.lone)
    dots = np.stack((frame.pixels_x(whole.x[lone]), frame.pixels_y(whole.high[lone])), axis=1)
    inside = _inside(dots, frame)
    ends = np.cumsum([len(line.x) for line in lines])[:-1]
    of_line = np.split(segments, np.searchsorted(entries[seen], ends))
    dots_of_line = np.split(dots[inside], np.searchsorted(lone[inside], ends))
    return [Strokes(own, own_dots) for own, own_dots in zip(of_line, dots_of_line, strict=True)]


def _one_after_another(lines: Sequence[Columns]) -> Columns:
    """All lines as one that is broken between them, as each is at its end."""
    if len(lines) == 1:
        return lines[0]
    return Columns(
        x=np.concatenate([line.x for line in lines]),
        first=np.concatenate([line.first for line in lines]),
        low=np.concatenate([line.low for line in lines]),
        high=np.concatenate([line.high for line in lines]),
        last=np.concatenate([line.last for line in lines]),
        joined=np.concatenate([line.joined for line in lines]),
        points=sum(line.points for line in lines),
    )


def _segments(columns: Columns, frame: Frame) -> tuple[Floats, Ints]:
    """Segments along the line's way, and the position of the entry that each comes from."""
    x = frame.pixels_x(columns.x)
    first, last = frame.pixels_y(columns.first), frame.pixels_y(columns.last)
    # Downwards in pixels: the highest value has the smallest y.
    top, bottom = frame.pixels_y(columns.high), frame.pixels_y(columns.low)
    # A column that rises or falls from its first point to its last is drawn across its pixel, so that calm curves
    # have no steps; others are an upright stroke.
    slanted = (columns.low < columns.high) & (top == np.minimum(first, last)) & (bottom == np.maximum(first, last))
    across = np.where(slanted, 0.5, 0.0)
    enter, leave = np.where(slanted, first, top), np.where(slanted, last, bottom)
    # Between neighbouring columns the line is seen only where it leaves what both of them cover.
    middle = (last[:-1] + first[1:]) / 2
    covered = (middle >= np.maximum(top[:-1], top[1:])) & (middle <= np.minimum(bottom[:-1], bottom[1:]))
    covered &= ~slanted[:-1] & ~slanted[1:]
    # Two that are drawn across their pixels meet there; what is left between them is less than is seen.
    covered |= slanted[:-1] & slanted[1:] & (np.abs(last[:-1] - first[1:]) < 0.5)
    covered &= np.abs(x[1:] - x[:-1]) < 1.5
    drawn = np.zeros((len(x), 2), dtype=np.bool_)
    drawn[:, 0] = (bottom - top >= 0.5) | slanted
    drawn[:-1, 1] = columns.joined[:-1] & ~covered
    places = np.flatnonzero(drawn)
    entries, onward = places // 2, places % 2 == 1
    segments = np.empty((len(places), 4))
    stands, leads = entries[~onward], entries[onward]
    for column, stand, lead in (
        (0, (x - across)[stands], (x + across)[leads]),
        (1, enter[stands], last[leads]),
        (2, (x + across)[stands], (x - across)[leads + 1]),
        (3, leave[stands], first[leads + 1]),
    ):
        segments[~onward, column] = stand
        segments[onward, column] = lead
    return segments, entries


def _inside(points: Floats, frame: Frame) -> Bools:
    x, y = points[:, 0], points[:, 1]
    inside: Bools = (x >= -4) & (x <= frame.width + 4) & (y >= -4) & (y <= frame.height + 4)
    return inside


def clipped(segments: Floats, frame: Frame, margin: float = 32.0) -> Floats:
    """Segments cut to the frame and a margin around it; those that do not touch it are left out.

    What is zoomed in far has neighbours millions of pixels away, which overflow a painter's fixed-point numbers.
    Source  Liang and Barsky (1984), "A new concept and method for line clipping".
    """
    return _clipped(segments, frame, margin)[0]


def _clipped(segments: Floats, frame: Frame, margin: float = 32.0) -> tuple[Floats, Bools | slice]:
    """The same, and which of the segments they come from."""
    x, y = segments[:, 0::2], segments[:, 1::2]
    if not len(segments) or (
        x.min() >= -margin and x.max() <= frame.width + margin
        and y.min() >= -margin and y.max() <= frame.height + margin
    ):  # fmt: skip
        return segments, slice(None)
    start, step = segments[:, :2], segments[:, 2:] - segments[:, :2]
    enter, leave = np.zeros(len(segments)), np.ones(len(segments))
    for axis, size in ((0, frame.width), (1, frame.height)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one = (-margin - start[:, axis]) / step[:, axis]
            other = (size + margin - start[:, axis]) / step[:, axis]
        still = step[:, axis] == 0
        within = (start[:, axis] >= -margin) & (start[:, axis] <= size + margin)
        low = np.where(still, np.where(within, 0.0, 2.0), np.minimum(one, other))
        high = np.where(still, 1.0, np.maximum(one, other))
        enter, leave = np.maximum(enter, low), np.minimum(leave, high)
    seen = enter <= leave
    start, step, enter, leave = start[seen], step[seen], enter[seen, None], leave[seen, None]
    return np.concatenate((start + step * enter, start + step * leave), axis=1), seen


def dashed(segments: Floats, pattern: tuple[float, ...]) -> Floats:
    """Segments cut into dashes along their way; as they are where that would be more dashes than can be told apart."""
    lengths = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    ends = np.cumsum(lengths)
    period = sum(pattern)
    if not pattern or not len(segments) or not 0 < ends[-1] <= _MOST_DASHES * period:
        return segments
    borders = np.concatenate(([0.0], np.cumsum(pattern)))
    cuts = (np.arange(int(ends[-1] / period) + 1)[:, None] * period + borders[:-1]).ravel()
    places = np.unique(np.concatenate(([0.0], ends, cuts[cuts < ends[-1]])))
    middle = (places[:-1] + places[1:]) / 2
    on = np.searchsorted(borders, middle % period, side="right") % 2 == 1
    which = np.minimum(np.searchsorted(ends, middle[on], side="right"), len(segments) - 1)
    begin = np.concatenate(([0.0], ends[:-1]))[which]
    parts = [((places[edge][on] - begin) / lengths[which])[:, None] for edge in (slice(None, -1), slice(1, None))]
    start, step = segments[which, :2], segments[which, 2:] - segments[which, :2]
    return np.concatenate([start + step * part for part in parts], axis=1)


def distance(segments: Floats, x: float, y: float, reach: float) -> float:
    """How far the nearest segment is from a place, in pixels; infinite when none comes within `reach`."""
    near = (
        (np.minimum(segments[:, 0], segments[:, 2]) <= x + reach)
        & (np.maximum(segments[:, 0], segments[:, 2]) >= x - reach)
        & (np.minimum(segments[:, 1], segments[:, 3]) <= y + reach)
        & (np.maximum(segments[:, 1], segments[:, 3]) >= y - reach)
    )
    if not near.any():
        return float("inf")
    start, step = segments[near, :2], segments[near, 2:] - segments[near, :2]
    to = np.array([x, y]) - start
    size = (step * step).sum(axis=1)
    part = np.divide((to * step).sum(axis=1), size, out=np.zeros(len(size)), where=size > 0)
    gap = to - step * np.clip(part, 0, 1)[:, None]
    nearest = float(np.sqrt((gap * gap).sum(axis=1).min()))
    return nearest if nearest <= reach else float("inf")
