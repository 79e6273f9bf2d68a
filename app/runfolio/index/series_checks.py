"""Looks over the series of a batch for what is odd in them though it was read: repeated steps, gaps, clocks, units.

All series are looked at together, as columns. What is found is a note of the recording, never a change of its points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.problem import Problem, Severity
from runfolio.model.times import NO_TIME

_GAP = 10
"""A step that is so many times longer than the usual one of its series is a gap."""
_FEWEST_FOR_A_GAP = 20
_CLOCK_US = 1_000_000
"""Clocks that go back by less are those of several threads."""
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


def notes(owners: Sequence[int], metrics: Sequence[MetricSeries]) -> dict[int, list[Problem]]:
    """Notes by recording; `owners` is the recording of each series."""
    # Lightning writes the epoch with every row, so once for training and once for validation of a step.
    filled = [i for i, m in enumerate(metrics) if len(m) > 1 and m.name != "epoch"]
    if not filled:
        return {}
    lengths = np.array([len(metrics[i]) for i in filled], dtype=np.int64)
    step = np.concatenate([metrics[i].step for i in filled])
    wall = np.concatenate([metrics[i].wall_time_us for i in filled])
    stepped = np.array([metrics[i].has_step for i in filled], dtype=bool)
    begin = np.cumsum(lengths) - lengths
    inner = np.ones(len(step), dtype=bool)
    inner[begin] = False
    # Compared, not subtracted: the difference of two steps need not fit into 64 bits.
    before = np.roll(step, 1)
    found: list[tuple[_Check, Flags]] = [
        (_REPEATED, _any(inner & (step == before), begin) & stepped),
        (_BACK, _any(inner & (step < before), begin) & stepped),
        (_GAPS, _gaps(step, inner, begin, lengths) & stepped),
        (_CLOCK, _any(inner & _earlier(wall), begin)),
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


def _any(flags: Flags, begin: Ints) -> Flags:
    return np.logical_or.reduceat(flags, begin)


def _earlier(wall: Ints) -> Flags:
    before = np.roll(wall, 1)
    known = (wall != NO_TIME) & (before != NO_TIME)
    earlier = np.zeros(len(wall), dtype=bool)
    earlier[known] = wall[known] < before[known] - _CLOCK_US
    return earlier


def _gaps(step: Ints, inner: Flags, begin: Ints, lengths: Ints) -> Flags:
    """Whether the longest step of a series is far longer than its mean without it."""
    width = np.where(inner, step.astype(np.float64) - np.roll(step, 1).astype(np.float64), 0.0)
    longest = np.maximum.reduceat(width, begin)
    rest = np.add.reduceat(width, begin) - longest
    usual = rest / np.maximum(lengths - 2, 1)
    result: Flags = (lengths >= _FEWEST_FOR_A_GAP) & (usual > 0) & (longest > _GAP * usual)
    return result


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
