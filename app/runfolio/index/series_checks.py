"""Looks over the series of a batch for what is odd in them though it was read: repeated steps, gaps, clocks, units.

All series are looked at together, as columns. What is found is a note of the recording, never a change of its points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runfolio.index.series_rows import SeriesColumns
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.problem import Problem, Severity
from runfolio.model.times import NO_TIME

_GAP = 10
"""A step that is so many times longer than the usual one of its series is a gap."""
_FEWEST_FOR_A_GAP = 20
_CLOCK_US = 1_000_000
"""Clocks that go back by less are those of several threads."""
_EXACT = 1 << 52
"""Steps up to it, and what lies between two of them, are whole numbers in float64 as well."""
_NAMED = 3
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Check:
    code: str
    what: str
    hint: str


_REPEATED = _Check(
    "steps-repeated",
    "The same step was logged more than once in a row",
    "All points are kept. Restarted jobs and loggers that are called twice write so.",
)
_BACK = _Check(
    "steps-go-back",
    "The step goes back",
    "All points are kept in the order they were written. A job that was resumed from a checkpoint writes so.",
)
_GAPS = _Check(
    "steps-missing",
    f"A step is more than {_GAP} times as long as the others",
    "Points may be missing there: look at the curve.",
)
_CLOCK = _Check(
    "clock-goes-back",
    "The time of a point lies before that of the point before it",
    "The clock was set, or several machines wrote. Durations and time axes may be wrong there.",
)
_UNIT = _Check(
    "unit-jumps",
    "Values up to 1 are followed by values up to 100 only, or the other way round",
    "A fraction may have become a percentage: look at the curve before comparing.",
)


def notes(owners: Sequence[int], metrics: Sequence[MetricSeries], columns: SeriesColumns) -> dict[int, list[Problem]]:
    """Notes by recording; `owners` is the recording of each series, `columns` the points of all of them."""
    # Lightning writes the epoch with every row, so once for training and once for validation of a step.
    sizes = columns.lengths.tolist()
    filled = [i for i, m in enumerate(metrics) if sizes[i] > 1 and m.name != "epoch"]
    if not filled:
        return {}
    if len(filled) < len(metrics):
        columns = SeriesColumns.of([metrics[i] for i in filled])
    lengths, step, wall = columns.lengths, columns.step, columns.wall
    stepped = np.array([metrics[i].has_step for i in filled], dtype=bool)
    begin = np.cumsum(lengths) - lengths
    apart = np.ones(len(step) - 1, dtype=bool)  # the points that follow another one in their series
    apart[begin[1:] - 1] = False
    # Compared, not subtracted: the difference of two steps need not fit into 64 bits.
    still = np.flatnonzero(apart & (step[1:] <= step[:-1]))
    same = step[still + 1] == step[still]
    found: list[tuple[_Check, Flags]] = [
        (_REPEATED, _holding(still[same], begin) & stepped),
        (_BACK, _holding(still[~same], begin) & stepped),
        (_GAPS, _gaps(step, apart, begin, lengths) & stepped),
        (_CLOCK, _holding(np.flatnonzero(apart & _earlier(wall)), begin)),
    ]
    by_owner: dict[int, dict[_Check, list[int]]] = defaultdict(lambda: defaultdict(list))
    for check, flags in found:
        for place in np.flatnonzero(flags).tolist():
            by_owner[owners[filled[place]]][check].append(filled[place])
    for number in filled:
        if _is_share(metrics[number].name) and _unit_jumps(metrics[number].value):
            by_owner[owners[number]][_UNIT].append(number)
    return {
        owner: [_problem(check, [metrics[i] for i in where]) for check, where in checks.items()]
        for owner, checks in by_owner.items()
    }


def _holding(places: Ints, begin: Ints) -> Flags:
    """Which series hold any of these points."""
    flags = np.zeros(len(begin), dtype=bool)
    flags[np.searchsorted(begin, places, side="right") - 1] = True
    return flags


def _earlier(wall: Ints) -> Flags:
    """Whether the time of each point but the first lies before that of the point before it, (n - 1,)."""
    earlier: Flags = wall[1:] < wall[:-1] - _CLOCK_US
    if wall.min() == NO_TIME:
        earlier &= (wall[1:] != NO_TIME) & (wall[:-1] != NO_TIME)
    return earlier


def _gaps(step: Ints, apart: Flags, begin: Ints, lengths: Ints) -> Flags:
    """Whether the longest step of a series is far longer than its mean without it."""
    end = begin + lengths - 1
    if step.min() >= -_EXACT and step.max() <= _EXACT:
        width = np.empty_like(step)
        np.subtract(step[1:], step[:-1], out=width[:-1])
        width[end] = 0
        longest = np.maximum.reduceat(width, begin).astype(np.float64)
        rest = (step[end] - step[begin]).astype(np.float64) - longest
    else:
        floats = step.astype(np.float64)
        apart_by = np.zeros(len(step))
        np.subtract(floats[1:], floats[:-1], out=apart_by[1:], where=apart)
        longest = np.maximum.reduceat(apart_by, begin)
        rest = np.add.reduceat(apart_by, begin) - longest
    usual = rest / np.maximum(lengths - 2, 1)
    result: Flags = (lengths >= _FEWEST_FOR_A_GAP) & (usual > 0) & (longest > _GAP * usual)
    return result


@lru_cache(maxsize=4096)
def _is_share(name: str) -> bool:
    """Whether a metric is by its name one that lies between 0 and 1, or 0 and 100."""
    low = name.lower()
    return any(word in low for word in ("acc", "auc", "f1", "precision", "recall", "iou", "map", "percent", "ratio"))


def _unit_jumps(value: Floats) -> bool:
    """Whether there is one place with values in (0, 1] on its one side and in (1, 100] on the other."""
    sound = value[np.isfinite(value)]
    if len(sound) < 4 or sound.min() <= 0 or sound.max() > 100 or sound.max() <= 1 or sound.min() > 1:
        return False
    large = sound > 1
    change = np.flatnonzero(large[1:] != large[:-1])
    if len(change) != 1:
        return False
    at = int(change[0])
    return bool(max(sound[at], sound[at + 1]) >= 20 * min(sound[at], sound[at + 1]))


def _problem(check: _Check, metrics: Sequence[MetricSeries]) -> Problem:
    named = ", ".join(m.name for m in metrics[:_NAMED])
    more = f" and {len(metrics) - _NAMED} more" if len(metrics) > _NAMED else ""
    return Problem(Severity.INFO, check.code, metrics[0].source, f"{check.what}: {named}{more}", check.hint)
