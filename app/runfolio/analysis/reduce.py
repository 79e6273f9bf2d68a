"""Series reduced to the pixels there are, without losing a spike, a gap or the line between pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runfolio.model.metrics import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """Points to draw as one line.

    x, y             float64 (k,), written order; a NaN in y breaks the line (its x is that of the point after).
    lone_x, lone_y   points without a neighbour to be joined with: a line cannot show them, they need a dot.
    points           how many finite points of the series lie in the view.
    """

    x: Floats
    y: Floats
    lone_x: Floats
    lone_y: Floats
    points: int


_EMPTY: Floats = np.empty(0)


def min_max_columns(x: Floats, y: Floats, x0: float, x1: float, columns: int) -> Reduced:
    """First, lowest, highest and last point of every pixel column of [x0, x1], in written order.

    x, y      float64 (n,), same length. NaN and infinite values break the line; so does a NaN in x.
    columns   how many pixels wide the view is, at least 1.
    Raises    ValueError unless x0 < x1 and columns >= 1.

    The picture is that of all the points: within a column a line covers exactly lowest to highest, and between
    columns the last point of one is joined with the first of the next, as the full line does. A gap inside one
    column is no wider than a pixel and is closed; a gap between columns stays. The points just outside of the view
    are kept, so that lines run to its edges.

    x need not be sorted: points are followed in written order, and each stay of the line in a column is reduced by
    itself. A restarted run that goes back to an earlier step is drawn as it was written, at no more than four
    points for each stay. At four points a column or fewer, all of them come back.
    """
    if not x0 < x1 or columns < 1:
        raise ValueError(f"nothing to draw on: {columns} columns from {x0} to {x1}")
    x, y, breaks = _finite(*_slice(x, y, x0, x1))
    place = _column(x, x0, x1, columns)
    seen = int(np.count_nonzero((place >= 0) & (place < columns)))
    if seen < len(x):
        kept = _in_sight(place, columns)
        x, y, breaks, place = x[kept], y[kept], breaks[kept], place[kept]
    if not len(x):
        return Reduced(_EMPTY, _EMPTY, _EMPTY, _EMPTY, 0)

    if len(x) <= 4 * columns:
        picks = stay = np.arange(len(x))
    else:
        starts = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
        picks = _four_of_each(y, starts)
        stay = np.searchsorted(starts, picks, side="right")
    cut = np.flatnonzero((np.diff(breaks[picks]) > 0) & (np.diff(stay) > 0)) + 1
    x, y = x[picks], y[picks]
    ends = np.concatenate(([0], cut, [len(x)]))
    lone = ends[:-1][np.diff(ends) == 1]
    return Reduced(np.insert(x, cut, x[cut]), np.insert(y, cut, np.nan), x[lone], y[lone], seen)


def _slice(x: Floats, y: Floats, x0: float, x1: float) -> tuple[Floats, Floats]:
    """The part around the view where x is sorted, which costs less than looking at every point; else all of it."""
    if not (x[1:] >= x[:-1]).all():
        return x, y
    first = max(0, int(np.searchsorted(x, x0, side="left")) - 1)
    last = int(np.searchsorted(x, x1, side="right")) + 1
    return x[first:last], y[first:last]


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats, Ints]:
    """The finite points, and how many breaks lie before each: two points are joined when they have as many."""
    drawable = np.isfinite(x) & np.isfinite(y)
    if drawable.all():
        return x, y, np.zeros(len(x), dtype=np.int64)
    kept = np.flatnonzero(drawable)
    return x[kept], y[kept], np.cumsum(np.diff(kept, prepend=kept[:1]) > 1)


def _column(x: Floats, x0: float, x1: float, columns: int) -> Ints:
    """The pixel column of each x; -1 left of the view, `columns` right of it."""
    # Halves, because x1 - x0 may overflow where neither end does.
    place = np.floor((x / 2 - x0 / 2) * (columns / (x1 / 2 - x0 / 2)))
    # Rounding may carry a point just inside over the edge.
    np.clip(place, 0, columns - 1, out=place)
    place[x < x0] = -1
    place[x > x1] = columns
    return place.astype(np.int64)


def _in_sight(place: Ints, columns: int) -> Ints:
    """Positions of the points in the view, and of those at either end of a line that enters, leaves or crosses it."""
    shown = (place >= 0) & (place < columns)
    moves = place[1:] != place[:-1]
    shown[1:] |= moves
    shown[:-1] |= moves
    return np.flatnonzero(shown)


def _four_of_each(y: Floats, starts: Ints) -> Ints:
    """Positions of the first, lowest, highest and last of each stretch that begins at `starts`, sorted, each once."""
    lengths = np.diff(starts, append=len(y))
    extremes = [
        _first_equal(y, np.repeat(extreme.reduceat(y, starts), lengths), starts) for extreme in (np.minimum, np.maximum)
    ]
    return np.unique(np.concatenate([starts, starts + lengths - 1, *extremes]))


def _first_equal(y: Floats, wanted: Floats, starts: Ints) -> Ints:
    """The first position in each stretch where `y` is what is wanted there; every stretch has one."""
    found = np.flatnonzero(y == wanted)
    stretch = np.searchsorted(starts, found, side="right")
    return found[np.flatnonzero(np.diff(stretch, prepend=0))]


def nan_marks(x: Floats, y: Floats) -> Floats:
    """Where y is NaN: finite x positions, sorted, each once."""
    return np.unique(x[np.isnan(y) & np.isfinite(x)])


def inf_marks(x: Floats, y: Floats) -> Floats:
    """Where y is infinite, of either sign: finite x positions, sorted, each once."""
    return np.unique(x[np.isinf(y) & np.isfinite(x)])
