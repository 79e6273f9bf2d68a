"""What charts of many runs are made of, as tables: a head, then a row for each run, group, cell or point of a curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from runfolio.analysis.kinds.boxes import Boxes
from runfolio.analysis.kinds.histograms import QUANTILES, Histogram, OverTime
from runfolio.analysis.kinds.planes import Cells
from runfolio.analysis.kinds.recorded import Recorded, at_step
from runfolio.analysis.kinds.variables import natural
from runfolio.model.kinds import Classified, Flags, Importance, JudgedTable, Scored, Variable
from runfolio.model.metrics import Floats, Ints

Cell = str | int | float | None
Rows = list[list[Cell]]
"""The head first; None for what has no value, NaN never."""
Named = tuple[str, Variable]
"""A field by its title."""


def texts(rows: Rows) -> list[list[str]]:
    """Each number in full precision; "" for None."""
    return [["" if cell is None else cell if isinstance(cell, str) else repr(cell) for cell in row] for row in rows]


def scatter_rows(names: Sequence[str], keys: Sequence[str], fields: Sequence[Named], shown: Flags, front: Ints) -> Rows:
    """Name and fields of the runs that are drawn."""
    on_front = set(front.tolist())
    head, *rows = field_rows(names, keys, fields, shown)
    places = np.flatnonzero(shown).tolist()
    return [
        [*head, "on the front"],
        *([*row, "yes" if place in on_front else None] for row, place in zip(rows, places, strict=True)),
    ]


def field_rows(names: Sequence[str], keys: Sequence[str], fields: Sequence[Named], shown: Flags) -> Rows:
    """Name, key and values of each run that is shown."""
    head: list[Cell] = ["run", "key", *(title for title, _ in fields)]
    places = np.flatnonzero(shown).tolist()
    return [head, *([names[i], str(keys[i]), *(_exact(v, i) for _, v in fields)] for i in places)]


def _exact(variable: Variable, place: int) -> Cell:
    value = float(variable.values[place])
    if variable.categories:
        return variable.categories[int(value)] if math.isfinite(value) else None
    return _known(value)


def _known(value: float) -> Cell:
    return None if math.isnan(value) else float(value)


def group_rows(found: Boxes) -> Rows:
    """What is known of each group."""
    head: list[Cell] = ["group", "n", "mean", "std", "95 % from", "95 % to"]
    rows: Rows = [[*head, "min", "first quartile", "median", "third quartile", "max"]]
    figures = found.figures
    for place, box in enumerate(found.groups):
        known = (float(part[place]) for part in (figures.mean, figures.std, figures.low, figures.high))
        ends = (float(box.values[0]), *box.quartiles, float(box.values[-1]))
        rows.append([box.name, len(box.values), *map(_known, known), *map(_known, ends)])
    return rows


def cell_rows(titles: Sequence[str], value: str, tables: Sequence[tuple[str, Cells]]) -> Rows:
    """A row for each cell; `titles` of the two fields, and of a third by whose values there are several tables."""
    rows: Rows = [[*titles, "runs", f"mean {value}", "standard deviation"]]
    for name, table in tables:
        third: list[Cell] = [name] if len(titles) > 2 else []
        for row, y_name in enumerate(table.y_names):
            for column, x_name in enumerate(table.x_names):
                figures = (float(table.mean[row, column]), float(table.std[row, column]))
                rows.append([x_name, y_name, *third, int(table.n[row, column]), *map(_known, figures)])
    return rows


def histogram_rows(variable: Variable, found: Histogram) -> Rows:
    """How many runs are in each bin, or have each text."""
    counts = found.counts.tolist()
    if variable.categories:
        return [["value", "runs"], *([name, n] for name, n in zip(variable.categories, counts, strict=True))]
    edges = found.edges.tolist()
    return [["from", "to", "runs"], *([edges[i], edges[i + 1], n] for i, n in enumerate(counts))]


def over_time_rows(found: OverTime) -> Rows:
    """How many runs there are in each column of steps, and their quantiles."""
    rows: Rows = [["step from", "step to", "runs", *(f"{q:.0%} quantile" for q in QUANTILES)]]
    for place, n in enumerate(found.n.tolist()):
        ends = [float(found.steps[place + k]) for k in (0, 1)]
        rows.append([*ends, n, *map(_known, found.quantiles[:, place].tolist())])
    return rows


def recorded_rows(found: Recorded, names: Sequence[str], step: tuple[int | None] | None) -> Rows:
    """A row for each bucket of each run's histograms: of all steps for None, else of that step (None: the last)."""
    rows: Rows = [["run", "key", "step", "from", "to", "count"]]
    for key, name, own in zip(found.runs, names, found.found, strict=True):
        one = None if step is None else at_step(own, step[0])
        for histogram in own.steps if step is None else () if one is None else (one,):
            edges = histogram.edges
            for low, high, n in zip(edges, edges[1:], histogram.counts, strict=False):
                rows.append([name, str(key), histogram.step, float(low), float(high), float(n)])
    return rows


def importance_rows(found: Importance) -> Rows:
    """Importance of each param."""
    head: list[Cell] = ["param", "importance", "standard deviation", "runs without it"]
    figures = zip(found.params, found.mean.tolist(), found.std.tolist(), found.missing, strict=True)
    return [head, *([p.field.name, _known(mean), _known(std), int(gone)] for p, mean, std, gone in figures)]


def judged_rows(tables: Sequence[JudgedTable], look: str, label: str = "") -> Rows:
    """The matrix (of counts, or of shares of each true class) or the curves that are shown.

    Of several tables each row says whose it is, and of several classes whose curve; matrices then are a row a cell.
    label   the class whose curves are shown, as for `curves_of`.
    """
    several = len(tables) > 1
    if look in MATRICES:
        if several:
            value = "share" if look == "rates" else "rows"
            return [["run", "true class", "predicted", value], *(row for one in tables for row in _cells(one, look))]
        found = tables[0].found
        lines = zip(found.labels, matrix(found, look).tolist(), strict=False)
        return [["true \\ predicted", *found.labels], *([label, *map(_known, row)] for label, row in lines)]
    head: list[Cell] = [*CURVE_ROWS[look]]
    curves = curves_of(tables, look, label)
    by_class = len({own.positive for _, own in curves}) > 1
    rows: Rows = [[*(["run"] if several else []), *(["class"] if by_class else []), *head]]
    for one, own in curves:
        before: list[Cell] = [*([one.name] if several else []), *([own.positive] if by_class else [])]
        x, y = places(own, look)
        columns = [x.tolist(), y.tolist(), *([[*own.in_bin]] if look == "calibration" else [])]
        rows += [[*before, *cells] for cells in zip(*columns, strict=True)]
    return rows


def curves_of(tables: Sequence[JudgedTable], look: str, label: str = "") -> list[tuple[JudgedTable, Scored]]:
    """The curves that are shown: those of a class, or all of one table; of several tables those of their first class
    where none is named, since more could not be told apart."""
    curves = [(one, own) for one in tables for own in one.found.scored if len(places(own, look)[0])]
    if not label and len(tables) > 1 and curves:
        label = curves[0][1].positive
    return [(one, own) for one, own in curves if label in ("", own.positive)]


def figure_of(scored: Scored, look: str) -> tuple[str, float | None]:
    """What is said of a curve in one number, and that number; None where it cannot be told."""
    name, value = {
        "roc": ("AUC", scored.auc),
        "pr": ("average precision", scored.average_precision),
        "calibration": ("Brier score", scored.brier),
    }[look]
    return name, None if value is None or np.isnan(value) else value


def matrices_of(tables: Sequence[JudgedTable]) -> list[JudgedTable]:
    """The tables that have a confusion matrix, all with the same classes: those that any of them has."""
    having = [one for one in tables if one.found.confusion.size]
    labels = tuple(sorted({label for one in having for label in one.found.labels}, key=natural))
    found = []
    for one in having:
        own = [labels.index(label) for label in one.found.labels]
        wide = np.zeros((len(labels), len(labels)), dtype=np.int64)
        wide[np.ix_(own, own)] = one.found.confusion
        found.append(replace(one, found=replace(one.found, labels=labels, confusion=wide)))
    return found


def _cells(table: JudgedTable, look: str) -> Rows:
    labels = table.found.labels
    shown = matrix(table.found, look).tolist()
    return [
        [table.name, true, guess, _known(cell)]
        for true, row in zip(labels, shown, strict=False)
        for guess, cell in zip(labels, row, strict=True)
    ]


CURVE_ROWS = {
    "roc": ("false positive rate", "true positive rate"),
    "pr": ("recall", "precision"),
    "calibration": ("mean score", "share of positives", "rows"),
}
"""What the places of a curve are, by look."""
MATRICES = ("confusion", "rates")


def matrix(found: Classified, look: str) -> Floats:
    """The confusion matrix as it is shown, float64 (true class, predicted class); NaN for a class without rows."""
    table = found.confusion.astype(np.float64)
    if look == "rates" and table.size:
        total = table.sum(axis=1, keepdims=True)
        table = np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0)
    return table


def places(scored: Scored, look: str) -> tuple[Floats, Floats]:
    """Where a curve goes, both (n,); empty where the table has no such curve."""
    if look == "roc":
        return scored.fpr, scored.tpr
    return (scored.recall, scored.precision) if look == "pr" else (scored.claimed, scored.found)
