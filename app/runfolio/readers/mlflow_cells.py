"""What cells of MLflow's tables stand for, whatever type they were given: texts, figures, steps, times, data sets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from runfolio.model.display import storable
from runfolio.model.metrics import Floats, Ints
from runfolio.model.params import Json
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


def rows_of(profile: Mapping[str, Json]) -> int | None:
    """The number of rows that the profile of a data set tells; None where it tells none."""
    count = profile.get("num_rows")
    shape = profile.get("features_shape")
    if count is None and isinstance(shape, list) and shape:
        count = shape[0]
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**63 else None


def source_of(kind: str, details: Mapping[str, Json]) -> str:
    """The place of a data set; `kind`, the type of its source, where the details name none."""
    for key in ("uri", "url", "path", "table_name", "name"):
        if isinstance(place := details.get(key), str) and place:
            return place
    return storable(kind)


def reading_order(times: Ints, steps: Ints, values: Floats) -> slice | Ints:
    """The order in which MLflow's client gives the points of one metric: by time, then step, then value.

    The table is a set with all of these in its key; what was written first within one millisecond is not kept. A NaN is
    stored as 0 with a flag, which is where it comes. Arrays (n,) of one metric; an index of them comes back.
    """
    if bool((times[1:] > times[:-1]).all()):
        return slice(None)
    return np.lexsort((np.where(np.isnan(values), 0.0, values), steps, times))
