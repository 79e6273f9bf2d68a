"""What chart kinds are drawn from: a field of many runs as numbers, and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runfolio.model.answers import CellKind
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A field of many runs as numbers.

    values       float64 (runs,); NaN where a run has no value, infinities kept. For categories their places; seconds
                 since 1970 for times.
    categories   what the places of a text field stand for, in natural order; () for numbers.
    missing      runs without a value, or with NaN.
    infinite     runs whose value is infinite.
    texts        runs whose value is a text among numbers; they count as missing too.
    """

    field: FieldRef
    kind: CellKind
    values: Floats
    categories: tuple[str, ...] = ()
    missing: int = 0
    infinite: int = 0
    texts: int = 0

    @property
    def finite(self) -> Flags:
        """Which runs have a value that can be drawn; bool (runs,)."""
        found: Flags = np.isfinite(self.values)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What a param does to the metric when all others stay as they are (partial dependence).

    grid     places on the param's axis (numbers, or places among its categories), float64 (g,).
    mean     the forest's mean prediction at each, float64 (g,).
    runs     predictions for single runs, float64 (k, g): where they are not parallel, params act together.
    """

    grid: Floats
    mean: Floats
    runs: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """What a forest says of which params a metric depends on.

    params      in the order of `mean`, greatest first.
    mean        by how much of the metric's variance the error on runs not learnt from grows when a param's values are
                shuffled, float64 (params,): 0 for what does not matter, also negative by chance.
    std         standard deviation over folds and shuffles.
    oob         the forest's R² on runs that its trees have not seen.
    runs        how many runs it learnt from.
    excluded    runs in scope without a finite value of the metric.
    missing     how many runs lack each param, int64 (params,); trees send them to the better side.
    warnings    why not to trust it, in plain words; () where nothing speaks against it.
    left_out    params that were not looked at, with why.
    effects     for each param, in the order of `params`.
    """

    target: FieldRef
    params: tuple[Variable, ...]
    mean: Floats
    std: Floats
    oob: float
    runs: int
    excluded: int
    missing: tuple[int, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the scores say of a class against the others; `positive` is the class that a high score means.

    A curve that was written ready-made has no other figures: arrays are then empty, and numbers NaN.

    fpr, tpr           the ROC curve from (0, 0) to (1, 1), and the area under it.
    recall, precision  the precision-recall curve by falling recall, and its average precision.
    share              share of positive rows, which a precision has by chance.
    claimed, found     mean score and share of positives in each of ten bins of the score; () where scores are no
                       probabilities. `in_bin`: rows in each; `brier`: the Brier score.
    """

    positive: str
    fpr: Floats
    tpr: Floats
    auc: float
    recall: Floats
    precision: Floats
    average_precision: float
    share: float
    claimed: Floats
    found: Floats
    in_bin: tuple[int, ...]
    brier: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """A table of predictions, judged; or one that holds a curve or a matrix ready-made, whose columns are all "".

    columns       all columns of the table.
    truth, predicted, score   the columns used; "" for none. Without predictions, a score of at least 0.5 is one.
    labels        the classes in natural order.
    confusion     int64 (true class, predicted class); empty without predictions.
    rows          that were used; `skipped` those with a gap in a column used.
    scored        for each class that has scores; of two classes with one column of scores the greater alone; () for
                  none.
    notes         what has to be said.
    """

    columns: tuple[str, ...]
    truth: str
    predicted: str
    score: str
    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    rows: int
    skipped: int
    scored: tuple[Scored, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTable:
    """A judged table and whose it is: `run` is None for a file that was chosen by hand; `name` is the run's, or its."""

    name: str
    run: RunKey | None
    found: Classified


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTables:
    """The same table of several runs, judged.

    offered   tables that the runs looked through have, with the number of runs; of several steps or folds the last, by
              the name without its number, and each by its own.
    table     the one that is shown; "" where none was found.
    failed    names of runs whose table cannot be judged, with the reason.
    """

    tables: tuple[JudgedTable, ...]
    offered: tuple[tuple[str, int], ...] = ()
    table: str = ""
    looked: int = 0
    failed: tuple[tuple[str, str], ...] = ()
