"""Tables that hold a curve or a confusion matrix already made, as W&B's `roc_curve`, `pr_curve` and `confusion_matrix`.

They have no examples any more, so they are shown as they were written: W&B rounds to three digits and keeps at most
some thousand rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from runfolio.analysis.kinds.predictions import numbers
from runfolio.analysis.kinds.variables import natural
from runfolio.errors import UsageError
from runfolio.model.kinds import Classified, Scored
from runfolio.model.metrics import Floats

_ROC = ("fpr", "tpr")
_PR = ("recall", "precision")
_MATRIX = ("actual", "predicted", "npredictions")
_BESIDE = frozenset(("class", "threshold", "thresholds", "index", "unnamed:_0", "column0", ""))
"""What may stand beside a curve. A table with more is one of metrics: recall and precision of epochs, or of classes."""
_NOTHING = np.empty(0)


def given_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of a curve or a matrix as the table calls them, the class first ("" for none); () for others."""
    by_name = {name.lower().replace(" ", "_"): name for name in columns}
    if all(name in by_name for name in _MATRIX):
        return tuple(by_name[name] for name in _MATRIX)
    for curve in (_ROC, _PR):
        if by_name.keys() - _BESIDE == {*curve}:
            return (by_name.get("class", ""), *(by_name[name] for name in curve))
    return ()


def given(columns: tuple[str, ...], chosen: Sequence[str], values: dict[str, Sequence[object]]) -> Classified:
    """What such a table holds; `chosen` as `given_columns` has it. Raises UsageError where no row can be used."""
    first, second, third = chosen
    if third.lower() == _MATRIX[2]:
        return _matrix(columns, *(values[name] for name in chosen))
    names = [str(name) for name in values[first]] if first else [""] * len(values[second])
    x, y = numbers(values[second]), numbers(values[third])
    used = np.isfinite(x) & np.isfinite(y)
    labels = sorted({name for name, has in zip(names, used.tolist(), strict=True) if has}, key=natural)
    if not labels:
        raise UsageError("No row of the table has a place on the curve", hint="Choose another table.")
    owner = np.array(names, dtype=object)
    make = _roc if second.lower() == _ROC[0] else _pr
    scored = tuple(make(label, x[used & (owner == label)], y[used & (owner == label)]) for label in labels)
    note = "The table holds the curve, not the predictions: it is drawn as written."
    return Classified(
        columns, "", "", "", tuple(labels), np.empty((0, 0), np.int64), int(used.sum()), int((~used).sum()), scored,
        (note,),
    )  # fmt: skip


def _roc(label: str, fpr: Floats, tpr: Floats) -> Scored:
    order = np.lexsort((tpr, fpr))
    x, y = fpr[order], tpr[order]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(zip(x.tolist(), y.tolist(), strict=True)))
    return Scored(label, x, y, float(area), _NOTHING, _NOTHING, np.nan, np.nan, _NOTHING, _NOTHING, (), None)


def _pr(label: str, recall: Floats, precision: Floats) -> Scored:
    # By falling recall, and where that stays the same by rising precision, as scikit-learn has them.
    order = np.lexsort((precision, -recall))
    x, y = recall[order], precision[order]
    average = float(-np.sum(np.diff(x) * y[:-1]))
    return Scored(label, _NOTHING, _NOTHING, np.nan, x, y, average, np.nan, _NOTHING, _NOTHING, (), None)


def _matrix(
    columns: tuple[str, ...], actual: Sequence[object], predicted: Sequence[object], counted: Sequence[object]
) -> Classified:
    counts = numbers(counted)
    used = np.isfinite(counts) & (counts >= 0)
    labels = tuple(sorted({str(name) for name in (*actual, *predicted)}, key=natural))
    if not used.any() or not counts[used].any():
        raise UsageError("The table counts no predictions", hint="Choose another table.")
    places = {label: place for place, label in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for true, guess, n, has in zip(actual, predicted, counts.tolist(), used.tolist(), strict=True):
        if has:
            confusion[places[str(true)], places[str(guess)]] += int(n)
    rows = int(confusion.sum())
    return Classified(columns, "", "", "", labels, confusion, rows, int((~used).sum()), (), ())
