"""The most telling change of a column, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.analysis.datachange import OTHER, Bin, ColumnStats, Histogram
from runfolio.model.display import count, number, plain

_LEAST_SHIFT = 0.005
"""Shares that moved by less than half a percentage point are not worth a line."""

_LEAST_MEAN = 0.01
"""Nor are means that moved by less than a hundredth of the standard deviation."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is known of a column when its change is put in words.

    before, after   None where the column is not there.
    changed         rows with the same key in which it differs; None without a key.
    spread          standard deviation before, of a column of many numbers.
    floats          whether its values are floats, which are unique without meaning anything by it.
    """

    name: str
    before: ColumnStats | None
    after: ColumnStats | None
    histogram: Histogram | None = None
    changed: int | None = None
    spread: float | None = None
    floats: bool = False


def what_moved(column: Moved) -> str:
    """What became of a column: its nulls, its shares, its mean, else what it is.

    >>> stats = ColumnStats(rows=10, nulls=0, nan=0, distinct=10)
    >>> what_moved(Moved("id", stats, stats))
    'unique'
    """
    before, after = column.before, column.after
    if before is None or after is None:
        only = after or before
        return "" if only is None else _described(only, floats=column.floats)
    if before.nulls != after.nulls:
        return f"nulls {count(before.nulls)} → {count(after.nulls)}"
    if before.nan != after.nan:
        return f"NaN {count(before.nan)} → {count(after.nan)}"
    if before.unique and after.unique and not column.floats:
        return "unique"
    if before.rows and after.rows and (shift := _share(column, before, after) or _mean(column, before, after)):
        return shift
    if column.changed:
        return f"{count(column.changed)} {'value' if column.changed == 1 else 'values'} changed"
    return _described(after, floats=column.floats)


def _share(column: Moved, before: ColumnStats, after: ColumnStats) -> str:
    """The value whose share of all rows moved most: `label 7: 10.0 % → 14.1 %`."""
    if column.histogram is None or column.histogram.ranges:
        return ""

    def shares(bar: Bin) -> tuple[float, float]:
        return bar.before / before.rows, bar.after / after.rows

    values = [b for b in column.histogram.bins if b.label != OTHER]
    if not values:
        return ""
    most = max(values, key=lambda b: abs(shares(b)[1] - shares(b)[0]))
    was, now = shares(most)
    if abs(now - was) < _LEAST_SHIFT:
        return ""
    return f"{plain(column.name, 40)} {most.label}: {was:.1%} → {now:.1%}".replace("%", " %")


def _mean(column: Moved, before: ColumnStats, after: ColumnStats) -> str:
    if before.mean is None or after.mean is None or column.spread is None:
        return ""
    if not abs(after.mean - before.mean) > _LEAST_MEAN * column.spread:
        return ""
    for digits in (3, 4, 5, 6):
        was, now = number(before.mean, digits), number(after.mean, digits)
        if was != now:
            return f"mean {was} → {now}"
    return ""


def _described(stats: ColumnStats, *, floats: bool) -> str:
    if stats.unique and not floats:
        return "unique"
    if stats.distinct == 0:
        return "no values"
    if stats.low is not None and stats.high is not None:
        return f"range {_short(stats.low)} … {_short(stats.high)}"
    return f"{count(stats.distinct)} {'value' if stats.distinct == 1 else 'values'}"


def _short(text: str) -> str:
    try:
        return number(float(text))
    except ValueError:  # a date or an instant
        return text
