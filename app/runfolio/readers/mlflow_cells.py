"""What cells of MLflow's tables stand for, whatever type they were given: texts, figures, steps and times."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from runfolio.model.metrics import Floats, Ints
from runfolio.model.times import from_millis
from runfolio.readers.sqlite_file import Cell

_LARGEST = 1.7976931348623157e308
"""MLflow keeps infinities as the largest numbers, since its databases have no others."""


def text_of(value: Cell) -> str:
    """The text of a cell; "" for null."""
    if value is None:
        return ""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def integer_of(value: Cell) -> int:
    """A step or a flag; 0 for what is no number."""
    return value if isinstance(value, int) else int(value) if isinstance(value, float) and abs(value) < 2**63 else 0


def value_of(value: Cell, is_nan: Cell) -> float:
    """What a cell of metrics stands for: NaN by the flag beside it, infinities by the largest numbers there are."""
    if is_nan:
        return math.nan
    if not isinstance(value, int | float):
        return math.nan
    number = float(value)
    return math.copysign(math.inf, number) if abs(number) >= _LARGEST else number


def values_of(cells: Sequence[Cell], nans: Sequence[Cell]) -> Floats:
    """`value_of` of each, float64 (n,); all together where they are numbers, which they are in a sound store."""
    if not {*map(type, cells)} <= {int, float}:
        return np.array([value_of(cell, is_nan) for cell, is_nan in zip(cells, nans, strict=True)], dtype=np.float64)
    values = np.array(cells, dtype=np.float64)
    beyond = np.abs(values) >= _LARGEST
    values[beyond] = np.copysign(np.inf, values[beyond])
    if any(nans):
        values[[*map(bool, nans)]] = np.nan
    return values


def integers_of(cells: Sequence[Cell]) -> Ints:
    """`integer_of` of each: int64 (n,)."""
    whole = {*map(type, cells)} == {int}
    return np.array(cells if whole else [integer_of(cell) for cell in cells], dtype=np.int64)


def time_of(value: Cell) -> int | None:
    """Microseconds UTC; None for what is no time."""
    if isinstance(value, int | float) and 0 < value < 1e15:
        return from_millis(int(value))
    return None
