"""A metric over two params: means in the cells of a grid, a surface between scattered runs, and what was tried."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats, Ints

MOST_VALUES = 16
"""Different values of a number that are cells of their own; more are cut into bins."""
_BINS = 10
MOST_FACETS = 12
MOST_PLACES = 10_000
"""Runs from which those within a hundredth of both axes are averaged before a surface is drawn."""
_SURFACE = 420
"""Points of a surface along each side."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A grid.

    x_names, y_names   what the columns and rows stand for.
    x_of, y_of         the column and row of each run, int64 (runs,); -1 where it has none.
    n                  runs in each cell, int64 (rows, columns).
    mean, std          of the finite values in each cell; NaN where there is none (std: fewer than two).
    valued             runs with a finite value in each cell.
    """

    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    x_of: Ints
    y_of: Ints
    n: Ints
    mean: Floats
    std: Floats
    valued: Ints


def cells(x: Variable, y: Variable, value: Floats, *, log_x: bool = False, log_y: bool = False) -> Cells:
    """Sort runs into the cells of two fields.

    A field with few different values, or a text, has a column for each; another has ten bins of equal width (of its
    logarithm with `log`; what is not above 0 is then in none).
    """
    return _sorted(columns_of(x, log=log_x), columns_of(y, log=log_y), value)


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """A grid for each value of a third field, all with the same columns and rows.

    names, tables   of each grid, in the order of the values; a run that is in another grid has no cell in this one.
    unplaced        runs without a value of the third field.
    beyond          runs whose value has no grid: with more than `MOST_FACETS` values those that most runs have are
                    shown.
    """

    names: tuple[str, ...]
    tables: tuple[Cells, ...]
    unplaced: int
    beyond: int


def facets(x: Variable, y: Variable, z: Variable, value: Floats, *, log_x: bool = False, log_y: bool = False) -> Facets:
    """Sort runs into the cells of two fields, once for each value (or bin) of a third; see `cells`."""
    columns, rows = columns_of(x, log=log_x), columns_of(y, log=log_y)
    names, of = columns_of(z)
    on = (columns[1] >= 0) & (rows[1] >= 0)
    runs = np.bincount(of[on & (of >= 0)], minlength=len(names))
    # Those with most runs, of equally many the first; then in the order of their values.
    kept = np.sort(np.argsort(-runs, kind="stable")[:MOST_FACETS])
    kept = kept[runs[kept] > 0]
    tables = tuple(_sorted((columns[0], np.where(of == k, columns[1], -1)), rows, value) for k in kept.tolist())
    shown = int(runs[kept].sum())
    return Facets(tuple(names[k] for k in kept.tolist()), tables, int((on & (of < 0)).sum()), int(runs.sum()) - shown)


def _sorted(columns: tuple[tuple[str, ...], Ints], rows: tuple[tuple[str, ...], Ints], value: Floats) -> Cells:
    (x_names, x_of), (y_names, y_of) = columns, rows
    shape = (len(y_names), len(x_names))
    on = (x_of >= 0) & (y_of >= 0)
    flat = y_of * len(x_names) + x_of
    n = np.bincount(flat[on], minlength=shape[0] * shape[1])
    known = on & np.isfinite(value)
    valued = np.bincount(flat[known], minlength=len(n))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(flat[known], value[known], len(n)) / valued
        off = value[known] - mean[flat[known]]
        std = np.sqrt(np.bincount(flat[known], off * off, len(n)) / np.where(valued > 1, valued - 1, np.nan))
    counts, known_counts = (part.astype(np.int64).reshape(shape) for part in (n, valued))
    return Cells(x_names, y_names, x_of, y_of, counts, mean.reshape(shape), std.reshape(shape), known_counts)


def columns_of(variable: Variable, *, log: bool = False) -> tuple[tuple[str, ...], Ints]:
    """Names of a field's columns, and the column of each run (-1: none)."""
    of = np.full(len(variable.values), -1, dtype=np.int64)
    known = np.flatnonzero(variable.finite)
    if variable.categories:
        of[known] = variable.values[known].astype(np.int64)
        return variable.categories, of
    values = variable.values[known]
    different, inverse = np.unique(values, return_inverse=True)
    if len(different) <= MOST_VALUES:
        of[known] = inverse
        return tuple(f"{v:.6g}" for v in different.tolist()), of
    if log:
        known = known[values > 0]
        values = np.log10(values[values > 0])
    edges = np.linspace(values.min(), values.max(), _BINS + 1) if len(values) else np.linspace(0, 1, _BINS + 1)
    of[known] = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    ends = (10.0**edges if log else edges).tolist()
    return tuple(f"{a:.3g} – {b:.3g}" for a, b in itertools.pairwise(ends)), of


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A metric between scattered runs.

    value   float64 (side, side), rows from low y to high y over places 0 to 1; NaN outside of the runs' hull.
    merged  runs that share their place with others, whose values were averaged.
    """

    value: Floats
    merged: int


def surface(x: Floats, y: Floats, value: Floats) -> Surface:
    """Linear interpolation over a Delaunay triangulation of places from 0 to 1; nothing is guessed outside of it.

    Only runs with all three finite take part. Raises ValueError where fewer than three places are left, or all lie on
    one line.
    """
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import QhullError

    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(value)
    if int(known.sum()) > MOST_PLACES:
        # A triangulation of 100,000 places takes 18 seconds, and its triangles are smaller than a pixel.
        x, y = (np.round(axis * 100) / 100 for axis in (x, y))
    places, inverse, times = np.unique(
        np.stack([x[known], y[known]], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    if len(places) < 3:
        raise ValueError("A surface needs runs at three different places; use the heat map.")
    mean = np.bincount(inverse.ravel(), value[known]) / times
    side = np.linspace(0, 1, _SURFACE)
    try:
        found = LinearNDInterpolator(places, mean)(*np.meshgrid(side, side))
    except QhullError:
        raise ValueError("All runs lie on one line: there is no surface between them. Use the heat map.") from None
    return Surface(found, int((times[times > 1]).sum()))
