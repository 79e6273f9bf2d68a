"""Series and points of a batch as columns: summarised all at once, which is ten times faster than one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runfolio.index.point_columns import differences, in_units, wall_differences
from runfolio.index.rows import storable_texts
from runfolio.index.series_sums import LEAST_KEPT, kept_figures
from runfolio.model.metrics import Floats, Ints, MetricSeries
from runfolio.model.times import NO_TIME


@dataclass(frozen=True, slots=True, eq=False)
class PointColumns:
    """Points of series that follow each other, as `point_columns` has them: differences, NO_TIME for no wall time.

    Arrays and no frame, since they go from process to process: those of NumPy are handed over four times as fast.

    lengths   int64 (m,), points of each series. step_diff, wall_diff, value (n,), in that order; integers and floats
              of any width, `narrow` makes it the least. NO_TIME stands in 64 bits alone. Differences of wall times are
              in the unit of their series, see `in_units`.
    """

    lengths: Ints
    step_diff: NDArray[np.signedinteger]
    wall_diff: NDArray[np.signedinteger]
    value: NDArray[np.floating]

    def narrow(self) -> PointColumns:
        """The same numbers in fewer bytes, where all of a column can do with fewer: they have a way to go."""
        return PointColumns(self.lengths, _narrow(self.step_diff), _narrow(self.wall_diff), _narrow_floats(self.value))

    def frame(self, ids: Ints) -> pl.DataFrame:
        """Rows of the table `points`; `ids` are the numbers of the series (m,)."""
        series = np.repeat(ids.astype(np.int32), self.lengths)
        wall = _timed("wall_diff", self.wall_diff)
        return pl.DataFrame({"series": series, "step_diff": self.step_diff, "wall_diff": wall, "value": self.value})


@dataclass(frozen=True, slots=True, eq=False)
class SeriesColumns:
    """Some series one after the other: `lengths` int64 (m,), and their points (n,) as in `MetricSeries`."""

    lengths: Ints
    step: Ints
    value: Floats
    wall: Ints

    @classmethod
    def of(cls, metrics: Sequence[MetricSeries]) -> SeriesColumns:
        """Those of one series at least."""
        return cls(
            np.array([len(m.value) for m in metrics], dtype=np.int64),
            np.concatenate([m.step for m in metrics]),
            np.concatenate([m.value for m in metrics]),
            np.concatenate([m.wall_time_us for m in metrics]),
        )


def series_and_points(
    recordings: Sequence[int], metrics: Sequence[MetricSeries], columns: SeriesColumns
) -> tuple[pl.DataFrame, PointColumns]:
    """Rows of the table `series`, ids from 0 on, and their points in the same order and as written.

    recordings   the recording of each series. The figures are those of `model.metrics.summarise`.
    columns      the points of `metrics`.
    """
    lengths = columns.lengths
    apart, first_wall = wall_differences(columns.wall, lengths)
    apart, units = in_units(apart, first_wall, lengths)
    figures = _figures(lengths, columns.step, columns.value)
    final = pl.Series([m.final for m in metrics], dtype=pl.Float64)
    series = pl.DataFrame(
        {
            "id": np.arange(len(metrics), dtype=np.int32),
            "recording": recordings,
            "name": storable_texts([m.name for m in metrics]),
            "n": lengths,
            "has_step": [m.has_step for m in metrics],
            **figures,
            "final": final,
            "shown": final.zip_with(final.is_not_null(), figures["last_value"]),
            "final_rule": pl.Series([m.final_rule for m in metrics], dtype=pl.String),
            "file": pl.Series(storable_texts([m.source for m in metrics]), dtype=pl.String),
            "first_wall": _timed("first_wall", first_wall),
            "wall_unit": units,
            **_kept(lengths, columns.step, columns.value),
        }
    )
    return series, PointColumns(lengths, differences(columns.step, lengths)[0], apart, columns.value).narrow()


def _narrow(numbers: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
    if not len(numbers):
        return numbers
    low, high = int(numbers.min()), int(numbers.max())
    for kind in (np.int8, np.int16, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return numbers.astype(kind)
    return numbers


def _narrow_floats(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    with np.errstate(over="ignore", invalid="ignore"):
        small = numbers.astype(np.float32)
        again = small.astype(np.float64)
    # Bit for bit, so that NaN and the sign of zero are the same as well.
    return small if np.array_equal(again.view(np.int64), numbers.astype(np.float64).view(np.int64)) else numbers


def _timed(name: str, numbers: NDArray[np.signedinteger]) -> pl.Series:
    """A column that is null where there is no time."""
    column = pl.Series(name, numbers)
    if numbers.dtype != np.int64:
        return column
    return _where(numbers != NO_TIME, column)


def _figures(lengths: Ints, step: Ints, value: Floats) -> dict[str, pl.Series]:
    filled = np.flatnonzero(lengths)
    places = _Places(len(lengths), filled)
    end = np.cumsum(lengths[filled])
    begin = end - lengths[filled]
    # fmin and fmax pass over NaN, and give NaN only where there is nothing else.
    least, most = np.fmin.reduceat(value, begin), np.fmax.reduceat(value, begin)
    best_least, best_most = least, most
    nans = infinities = np.zeros(len(filled), dtype=np.int64)
    finite = np.isfinite(value)
    if not finite.all():
        nan = np.isnan(value)
        sound = np.where(finite, value, np.nan)
        best_least, best_most = np.fmin.reduceat(sound, begin), np.fmax.reduceat(sound, begin)
        nans = np.add.reduceat(nan.astype(np.int64), begin)
        infinities = np.add.reduceat((~finite & ~nan).astype(np.int64), begin)
    return {
        "first_step": places.ints(step[begin]),
        "first_value": places.floats(value[begin]),
        "last_step": places.ints(step[end - 1]),
        "last_value": places.floats(value[end - 1]),
        "min_value": places.numbers(least),
        "max_value": places.numbers(most),
        "best_min": places.numbers(best_least),
        "best_max": places.numbers(best_most),
        "nan_count": places.counts(nans),
        "inf_count": places.counts(infinities),
    }


def _kept(lengths: Ints, step: Ints, value: Floats) -> dict[str, pl.Series]:
    """Figures of all points of the series that are not short, null for the others: SQL has no words for them."""
    chosen = np.flatnonzero(lengths >= LEAST_KEPT)
    empty = pl.Series([None] * len(lengths), dtype=pl.Float64)
    if not len(chosen):
        return {"mean_value": empty, "std_value": empty, "slope": empty}
    start = (np.cumsum(lengths) - lengths)[chosen]
    found = kept_figures(start, lengths[chosen], step, value)
    places = _Places(len(lengths), chosen)
    sloping = places.flags(found.has_slope)
    return {
        "mean_value": places.floats(found.mean),
        "std_value": places.floats(found.std),
        "slope": _where(sloping, places.floats(found.slope)),
    }


class _Places:
    """Puts figures of the series that have points back among all series, null for the empty ones."""

    def __init__(self, count: int, filled: NDArray[np.intp]) -> None:
        self._count = count
        self._filled = filled
        self._has_points = np.zeros(count, dtype=bool)
        self._has_points[filled] = True

    def floats(self, figures: Floats) -> pl.Series:
        """NaN stays NaN."""
        return _where(self._has_points, self._spread(figures))

    def numbers(self, figures: Floats) -> pl.Series:
        """NaN is null: there was no number."""
        known = np.zeros(self._count, dtype=bool)
        known[self._filled] = ~np.isnan(figures)
        return _where(known, self._spread(figures))

    def ints(self, figures: Ints) -> pl.Series:
        """Null where there is no point."""
        return _where(self._has_points, self.counts(figures))

    def flags(self, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """False where there is no point."""
        spread = np.zeros(self._count, dtype=bool)
        spread[self._filled] = held
        return spread

    def counts(self, figures: Ints) -> pl.Series:
        """0 where there is no point."""
        spread = np.zeros(self._count, dtype=np.int64)
        spread[self._filled] = figures
        return pl.Series(spread)

    def _spread(self, figures: Floats) -> pl.Series:
        spread = np.zeros(self._count)
        spread[self._filled] = figures
        return pl.Series(spread)


def _where(known: NDArray[np.bool_], column: pl.Series) -> pl.Series:
    """The column, null where it is not known."""
    return column if known.all() else column.zip_with(pl.Series(known), pl.Series([None], dtype=column.dtype))
