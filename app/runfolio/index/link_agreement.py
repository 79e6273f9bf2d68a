"""Whether two recordings tell of the same series, by the marks that the index keeps of each.

Text with five significant digits (a YOLO table) and the float32 of event files are both rounded, so two figures agree
when they differ by less than one part in ten thousand of the series' size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from runfolio.index.link_shapes import runs_between_round_ends
from runfolio.index.linkable import Linkable, SeriesMark

TOLERANCE = 1e-4
_FEWEST = 3
"""Series of fewer points agree by chance too easily to link anything."""
# What a schedule or a clock gives is equal in many runs.
_SCHEDULES = frozenset({"epoch", "step", "steps", "lr", "rate", "time", "momentum", "iteration", "iter", "wd"})


@lru_cache(maxsize=65_536)
def plain_name(name: str) -> str:
    """A metric's name without what trackers change in it: `val/acc`, `val.acc` and `val_acc` are one."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def by_plain_name(marks: Iterable[tuple[str, SeriesMark]]) -> dict[str, SeriesMark]:
    """Marks by plain name, from (shown name, mark); the first of several is kept."""
    found: dict[str, SeriesMark] = {}
    for name, mark in marks:
        found.setdefault(plain_name(name), mark)
    return found


def is_telling(name: str, mark: SeriesMark) -> bool:
    """Whether equality of such a series says something: enough points that vary, and not a schedule."""
    if mark.n < _FEWEST or mark.low is None or mark.high is None or mark.low == mark.high:
        return False
    return not is_schedule(name) and not runs_between_round_ends(mark)


def is_schedule(name: str) -> bool:
    """Whether a plain name is that of a schedule, a counter or a clock, which many runs have alike."""
    return name.rpartition("_")[2] in _SCHEDULES or name.startswith(("lr_", "learning_rate_", "system_"))


def same_figures(one: SeriesMark, other: SeriesMark) -> bool:
    """Whether first, last, lowest and highest value agree."""
    size = max((abs(v) for v in (one.low, one.high) if v is not None and math.isfinite(v)), default=0.0)
    pairs = ((one.first, other.first), (one.last, other.last), (one.low, other.low), (one.high, other.high))
    return all(_close(a, b, size) for a, b in pairs)


def _close(a: float | None, b: float | None, size: float) -> bool:
    if a is None or b is None:
        return a is b
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        # float32 turns what it cannot hold into infinity.
        return a == b or (math.isinf(a) != math.isinf(b) and max(min(abs(a), abs(b)), 0) > 3e38)
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b), size * 0.1)


def equal_series(one: Mapping[str, SeriesMark], other: Mapping[str, SeriesMark]) -> list[str]:
    """Plain names of the telling series that two recordings share, when all that they share agree; else none.

    Series of different length are not compared: trackers skip rows, or keep the first and last ones only.
    """
    if disagree(one, other):
        return []
    return sorted(n for n in one.keys() & other.keys() if one[n].n == other[n].n and is_telling(n, one[n]))


def disagree(one: Mapping[str, SeriesMark], other: Mapping[str, SeriesMark]) -> bool:
    """Whether two recordings cannot be of one execution: a series of equal length has other figures."""
    return any(one[n].n == other[n].n and not same_figures(one[n], other[n]) for n in one.keys() & other.keys())


def begins_like(short: Linkable, long: Linkable) -> bool | None:
    """Whether all series of `short` begin those of `long`: False if not; None if the points must be asked."""
    theirs = {mark.name: mark for mark in long.series}
    sure = True
    for mark in short.series:
        other = theirs.get(mark.name)
        if other is None or other.n < mark.n:
            return False
        if mark.n and (mark.first_step, repr(mark.first)) != (other.first_step, repr(other.first)):
            return False
        if other.n == mark.n:
            if repr(mark[1:]) != repr(other[1:]):
                return False
        elif mark.n > 1:
            sure = False
    return True if sure else None
