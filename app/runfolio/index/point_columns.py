"""How points lie in the index: steps and wall times as differences from the point before them in their series.

Whoever logs every so often has differences that are alike, which DuckDB packs into few bits; the absolute numbers jump
back wherever a series ends. The first of a series has nothing before it: its number is kept with the series, and in its
place stands the difference of the second, so that it costs nothing. Differences wrap at 64 bits, and so do their sums.
"""

from __future__ import annotations

import numpy as np

from runfolio.model.metrics import Ints
from runfolio.model.times import NO_TIME


def differences(numbers: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Differences int64 (n,) within series that follow each other, and the first number of each that has any.

    lengths   how many numbers each series has, int64 (m,), their sum n; zeros are passed over.
    """
    filled = lengths[lengths > 0]
    end = np.cumsum(filled)
    begin = end - filled
    apart = np.empty_like(numbers)
    np.subtract(numbers[1:], numbers[:-1], out=apart[1:])
    apart[begin] = 0
    longer = begin[filled > 1]
    apart[longer] = apart[longer + 1]
    return apart, numbers[begin]


def absolute(apart: Ints, first: int) -> Ints:
    """The numbers (n,) of one series again."""
    if not len(apart):
        return apart.astype(np.int64)
    numbers = np.cumsum(apart, dtype=np.int64)
    numbers -= numbers[:1].copy()  # an array, of which NumPy expects that it wraps
    numbers += np.int64(first)
    return numbers


def wall_differences(wall: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """The same for wall times: NO_TIME stays, and differences pass over it.

    The first wall time is given for every series (m,), NO_TIME for those without one.
    """
    known = wall != NO_TIME
    firsts = np.full(len(lengths), NO_TIME, dtype=np.int64)
    if known.all():
        apart, firsts[lengths > 0] = differences(wall, lengths)
        return apart, firsts
    owners = np.repeat(np.arange(len(lengths)), lengths)[known]
    counts = np.bincount(owners, minlength=len(lengths)).astype(np.int64)
    apart = np.full(len(wall), NO_TIME, dtype=np.int64)
    apart[known], firsts[counts > 0] = differences(wall[known], counts)
    return apart, firsts


def absolute_wall(apart: Ints, first: int) -> Ints:
    """The wall times (n,) of one series again."""
    known = apart != NO_TIME
    if known.all():
        return absolute(apart, first)
    wall = apart.astype(np.int64)
    wall[known] = absolute(apart[known], first)
    return wall


_MILLI = 1000


def in_units(apart: Ints, firsts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Differences of wall times (n,) in the unit of their series, and these units (m,): 1000 microseconds or 1.

    firsts   the first wall time of each series (m,). A tracker that notes milliseconds has nothing but multiples of
             1000, which take ten bits more than they say.
    """
    whole = apart // _MILLI
    is_odd = (whole * _MILLI != apart) & (apart != NO_TIME)
    has_odd = firsts % _MILLI != 0
    if is_odd.any():
        has_odd |= np.bincount(np.repeat(np.arange(len(lengths)), lengths)[is_odd], minlength=len(lengths)) > 0
    units = np.where(has_odd, 1, _MILLI)
    scaled = np.where(apart == NO_TIME, NO_TIME, whole)
    return (np.where(np.repeat(has_odd, lengths), apart, scaled) if has_odd.any() else scaled), units


def in_microseconds(apart: Ints, unit: int) -> Ints:
    """Differences of wall times (n,) of one series as they were before `in_units`."""
    return apart if unit == 1 else np.where(apart == NO_TIME, NO_TIME, apart.astype(np.int64) * unit)
