"""Which params a metric depends on: permutation importance of a random forest, and marginal effects.

Breiman, "Random Forests", Machine Learning 45 (2001); Friedman, "Greedy function approximation", Annals of Statistics
29 (2001), for partial dependence; Goldstein et al., JCGS 24 (2015), for the curves of single runs. scikit-learn is
imported in the worker process alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runfolio.analysis.kinds.supports import correlated, warnings_of
from runfolio.model.kinds import Effect, Importance, Variable
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TREES = 100
FOLDS = 5
REPEATS = 10
SEED = 0
FEWEST_RUNS = 8
"""Below that no fold can be both learnt from and judged by."""
MOST_RUNS = 5_000
"""Runs that are learnt from; of more, so many are drawn by lot, always the same."""
MOST_PARAMS = 40
_LARGEST = 1e38
"""A forest keeps params in 32 bits."""
_MOST_ROWS = 50_000
"""That a forest is asked for at once."""
_GRID = 24
_CURVES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A metric and the params that may explain it, for the same runs."""

    target: Variable
    params: tuple[Variable, ...]


def explain(request: Request) -> Importance:
    """Fit, shuffle and predict; in this process.

    Numbers stay numbers and texts become a column for each category (the rarest of more than twenty together); a param
    is shuffled as a whole. A missing number goes to whichever side of a split suits, a missing text is a category.
    Raises ValueError with the reason where there are too few runs or params.
    """
    target = request.target
    finite = target.finite
    rows = np.flatnonzero(finite)
    if len(rows) < FEWEST_RUNS:
        raise ValueError(f"{len(rows)} runs in scope have a value of the metric; at least {FEWEST_RUNS} are needed.")
    if len(rows) > MOST_RUNS:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_RUNS, replace=False))
    y = target.values[rows]
    if (y == y[0]).all():
        raise ValueError("All runs have the same value of the metric: there is nothing to explain.")
    params, left_out = _usable(request.params, rows)
    if not params:
        raise ValueError("No param varies among the runs that have the metric.")
    x = np.stack([np.where(np.isfinite(p.values[rows]), p.values[rows], np.nan) for p in params], axis=1)
    text = np.array([bool(p.categories) for p in params])
    y, middle, unit = _plain_scale(y)
    shuffled = importances(x, y, text)
    whole = forest(x, text, oob=True).fit(x, y)
    oob = float(whole[-1].oob_score_)
    mean, std = shuffled.mean(axis=1), shuffled.std(axis=1, ddof=1)
    order = np.argsort(-mean, kind="stable")
    warnings = warnings_of(len(rows), len(params), oob, y, correlated(params, x, text))
    if int(finite.sum()) > MOST_RUNS:
        warnings = (*warnings, f"Learnt from {MOST_RUNS:,} of the {int(finite.sum()):,} runs, drawn by lot.")
    return Importance(
        target.field,
        tuple(params[i] for i in order),
        mean[order],
        std[order],
        oob,
        len(rows),
        int((~finite).sum()),
        tuple(int(np.isnan(x[:, i]).sum()) for i in order),
        warnings,
        left_out,
        tuple(_in_units(effect(whole, x, int(i), categorical=bool(text[i])), middle, unit) for i in order),
    )


def _plain_scale(y: Floats) -> tuple[Floats, float, float]:
    """The metric in units that keep its differences, with what 0 and 1 stand for.

    Trees add squares: beside 10⁹ a difference of 1 would be lost, and 10²⁰⁰ would be infinite. A power of two loses
    no digit; taking the mean away may, so that is done where more would be lost without.
    """
    middle = float(y.mean()) if np.abs(y).max() < 1e300 else 0.0
    if abs(middle) < 1e4 * np.abs(y - middle).max():
        middle = 0.0
    unit = float(2.0 ** np.frexp(np.abs(y - middle).max())[1])
    return (y - middle) / unit, middle, unit


def _in_units(found: Effect, middle: float, unit: float) -> Effect:
    return Effect(found.grid, found.mean * unit + middle, found.runs * unit + middle)


def _usable(params: tuple[Variable, ...], rows: NDArray[np.int64]) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    kept: list[Variable] = []
    left_out: list[str] = []
    for param in params:
        name, values = param.field.name, param.values[rows]
        known = values[np.isfinite(values)]
        if len(known) and not param.categories and float(np.abs(known).max()) > _LARGEST:
            left_out.append(f"{name}: values past {_LARGEST:.0e}")
        elif not len(known):
            left_out.append(f"{name}: no run has it")
        elif (known == known[0]).all() and len(known) == len(rows):
            left_out.append(f"{name}: the same in all runs")
        elif (known == known[0]).all():
            left_out.append(f"{name}: one value only, or none")
        elif param.categories and len(np.unique(known)) > max(20, len(rows) // 2):
            left_out.append(f"{name}: nearly every run has a text of its own")
        elif len(kept) == MOST_PARAMS:
            left_out.append(f"{name}: more than {MOST_PARAMS} params")
        else:
            kept.append(param)
    return tuple(kept), tuple(left_out)


def forest(x: Floats, text: NDArray[np.bool_], *, oob: bool = False) -> Pipeline:
    """An unfitted forest behind the encoding of its columns.

    x      float64 (runs, params), NaN where missing. text: which columns are places of categories.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encode = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=20, sparse_output=False)
    columns = ColumnTransformer(
        [("text", encode, np.flatnonzero(text).tolist())], remainder="passthrough", verbose_feature_names_out=False
    )
    trees = RandomForestRegressor(
        n_estimators=TREES, max_features=1 / 3 if x.shape[1] >= 6 else 1.0, oob_score=oob, random_state=SEED, n_jobs=1
    )
    return make_pipeline(columns, trees)


def importances(x: Floats, y: Floats, text: NDArray[np.bool_]) -> Floats:
    """Permutation importance on runs not learnt from, float64 (params, folds * repeats), as a share of y's variance.

    The runs are split into `FOLDS`; a forest learns from all but one, and the values of each param are shuffled among
    the runs of that one.
    """
    found: list[Floats] = []
    for fold, (learnt, judged) in enumerate(folds(len(y))):
        fitted = forest(x, text).fit(x[learnt], y[learnt])
        found.append(_shuffled(fitted, x[judged], y[judged], SEED + fold))
    shares: Floats = np.concatenate(found, axis=1) / y.var()
    return shares


def _shuffled(fitted: Pipeline, x: Floats, y: Floats, seed: int) -> Floats:
    """By how much the mean squared error grows with each param shuffled, float64 (params, `REPEATS`).

    The draws are those of scikit-learn's `permutation_importance`, which asks the forest for each of them alone: that
    takes longer than all its answers. Here it is asked for many at once.
    """
    runs, params = x.shape
    column_seed = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
    draws = np.random.RandomState(column_seed)
    order, orders, through = np.arange(runs), np.empty((REPEATS, runs), dtype=np.int64), np.arange(runs)
    for repeat in range(REPEATS):
        draws.shuffle(order)
        # Each shuffles what the one before has left.
        orders[repeat] = through = through[order]
    plain = float(np.mean((y - fitted.predict(x)) ** 2))
    at_once = max(1, _MOST_ROWS // (REPEATS * runs))
    found = np.empty((params, REPEATS))
    for first in range(0, params, at_once):
        some = range(first, min(params, first + at_once))
        asked = np.broadcast_to(x, (len(some), REPEATS, runs, params)).copy()
        for place, param in enumerate(some):
            asked[place, :, :, param] = x[orders, param]
        predicted = fitted.predict(asked.reshape(-1, params)).reshape(len(some), REPEATS, runs)
        found[some] = np.mean((y - predicted) ** 2, axis=2) - plain
    return found


def folds(runs: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places learnt from and places judged by, for each fold; every run is judged by once."""
    order = np.random.default_rng(SEED).permutation(runs)
    parts = np.array_split(order, FOLDS)
    return [(np.sort(np.concatenate([p for p in parts if p is not part])), np.sort(part)) for part in parts]


def effect(fitted: Pipeline, x: Floats, param: int, *, categorical: bool) -> Effect:
    """What the forest predicts when a param is set to each value of a grid in every run.

    The grid holds all values where they are few, else evenly spaced quantiles of them; missing ones are not in it.
    """
    known = x[:, param][np.isfinite(x[:, param])]
    values = np.unique(known)
    if not categorical and len(values) > _GRID:
        values = np.unique(np.quantile(known, np.linspace(0.02, 0.98, _GRID)))
    some = x
    if len(x) > 400:
        some = x[np.random.default_rng(SEED).choice(len(x), 400, replace=False)]
    changed = np.repeat(some, len(values), axis=0)
    changed[:, param] = np.tile(values, len(some))
    # All at once: a forest takes longer to be asked than to answer.
    predicted = fitted.predict(changed).reshape(len(some), len(values))
    return Effect(values, predicted.mean(axis=0), predicted[:: max(1, len(predicted) // _CURVES)])
