"""What is kept of steps and wall times gives them back, whatever they are."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runfolio.index.point_columns import (
    absolute,
    absolute_wall,
    differences,
    in_microseconds,
    in_units,
    wall_differences,
)
from runfolio.model.times import NO_TIME

STEPS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6)
MILLIS = st.lists(st.one_of(st.just(NO_TIME), st.integers(-(10**14), 10**14).map(lambda ms: ms * 1000)), max_size=6)
WALLS = st.lists(st.one_of(st.just(NO_TIME), st.integers(-(10**17), 10**17)), max_size=6)


@given(st.lists(STEPS, min_size=1, max_size=5))
def test_steps_come_back(series: list[list[int]]) -> None:
    lengths = np.array([len(s) for s in series], dtype=np.int64)
    apart, firsts = differences(np.array([*chain.from_iterable(series)], dtype=np.int64), lengths)
    first = iter(firsts.tolist())
    ends = np.cumsum(lengths)
    for numbers, end in zip(series, ends.tolist(), strict=True):
        own = apart[end - len(numbers) : end]
        assert absolute(own, next(first) if numbers else 0).tolist() == numbers


@given(st.lists(WALLS, min_size=1, max_size=5))
def test_wall_times_come_back_and_what_has_none_keeps_none(series: list[list[int]]) -> None:
    lengths = np.array([len(s) for s in series], dtype=np.int64)
    apart, firsts = wall_differences(np.array([*chain.from_iterable(series)], dtype=np.int64), lengths)
    ends = np.cumsum(lengths)
    for numbers, end, first in zip(series, ends.tolist(), firsts.tolist(), strict=True):
        assert absolute_wall(apart[end - len(numbers) : end], first).tolist() == numbers
        assert first == next((n for n in numbers if n != NO_TIME), NO_TIME)


@given(st.lists(st.one_of(WALLS, MILLIS), min_size=1, max_size=5))
def test_differences_come_back_from_the_unit_of_their_series(series: list[list[int]]) -> None:
    lengths = np.array([len(s) for s in series], dtype=np.int64)
    apart, firsts = wall_differences(np.array([*chain.from_iterable(series)], dtype=np.int64), lengths)
    scaled, units = in_units(apart, firsts, lengths)
    ends = np.cumsum(lengths).tolist()
    for numbers, end, unit in zip(series, ends, units.tolist(), strict=True):
        own = slice(end - len(numbers), end)
        assert in_microseconds(scaled[own], unit).tolist() == apart[own].tolist()
        known = [n for n in numbers if n != NO_TIME]
        assert unit == (1000 if known and all(n % 1000 == 0 for n in known) else 1)


def test_what_is_logged_every_so_often_costs_one_number() -> None:
    apart, firsts = differences(np.array([5, 8, 11, 0, 3, 6, 9], dtype=np.int64), np.array([3, 0, 4]))
    assert apart.tolist() == [3] * 7
    assert firsts.tolist() == [5, 0]
