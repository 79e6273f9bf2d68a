"""Tables of predictions as they lie on the disk, and which of their columns hold what.

Read are CSV, TSV and Parquet, and JSON as W&B and MLflow write tables: `{"columns": [...], "data": [[...], ...]}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from runfolio import scratch
from runfolio.analysis.datafile import check_file, load
from runfolio.analysis.dataworker import connect, readable
from runfolio.errors import FolderUnreadable, LimitReached, UsageError
from runfolio.model.metrics import Floats

MOST_ROWS = 20_000_000
_MOST_JSON = 512 << 20
_MEMORY = 2 << 30

_NAMES = {
    "truth": (
        "y_true", "ytrue", "true", "truth", "target", "label", "labels", "actual", "ground_truth", "true_label",
        "label_true", "true_class", "actual_label", "actual_class", "gt", "gold", "y", "class",
    ),
    "predicted": (
        "y_pred", "ypred", "prediction", "predictions", "predicted", "pred", "preds", "predicted_label", "pred_label",
        "label_pred", "predicted_class", "pred_class", "y_hat", "yhat", "guess", "output",
    ),
    "score": (
        "y_score", "yscore", "score", "scores", "probability", "prob", "proba", "probs", "y_prob", "y_proba",
        "pred_proba", "pred_prob", "predicted_probability", "confidence", "p",
    ),
}  # fmt: skip
_OF_A_CLASS = ("{}", "score_{}", "prob_{}", "proba_{}", "probability_{}", "p_{}", "y_score_{}", "y_prob_{}", "{}_score",
               "{}_prob", "{}_probability")  # fmt: skip
"""How columns are called that hold the score of a class each."""


@dataclass(frozen=True, slots=True)
class Request:
    """A table, and its columns: "" lets a usual name be looked for."""

    path: str
    truth: str = ""
    predicted: str = ""
    score: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Columns by name: "" where there is none. `all` of the table; `each` may hold the score of one class each."""

    all: tuple[str, ...]
    truth: str
    predicted: str
    score: str

    @property
    def each(self) -> tuple[str, ...]:
        """Columns that may hold the score of a class; () where one column is known to hold scores."""
        used = {self.truth, self.predicted}
        return () if self.score else tuple(name for name in self.all if name not in used)


Values = dict[str, Sequence[object]]
_Choose = Callable[[tuple[str, ...]], Sequence[str]]


def read(path: Path, choose: _Choose) -> Values:
    """The columns of a table that `choose` names out of all, in the order of their rows.

    Raises  FolderUnreadable, LimitReached, and what `choose` raises.
    """
    if path.suffix.lower() == ".json":
        return _read_json(path, choose)
    check_file(path)
    with scratch.fresh("table-") as folder:
        private = Path(folder)
        name = readable(path, private, "t")
        con = connect(private, [name], _MEMORY)
        try:
            loaded = load(con, path, name, "predictions")
            if loaded.rows > MOST_ROWS:
                raise LimitReached(f"The table has {loaded.rows:,} rows; at most {MOST_ROWS:,} are judged")
            idents = {column.name: column.ident for column in loaded.columns}
            values: Values = {}
            for column in dict.fromkeys(choose(tuple(idents))):
                rows = con.execute(f"select {idents[column]} from predictions order by rowid").fetchall()
                values[column] = [row[0] for row in rows]
            return values
        finally:
            con.close()


def _read_json(path: Path, choose: _Choose) -> Values:
    try:
        if path.stat().st_size > _MOST_JSON:
            raise LimitReached(f"The table is larger than {_MOST_JSON >> 20} MiB of JSON")
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise FolderUnreadable(f"The table cannot be read: {error}", where=str(path)) from error
    columns = tree.get("columns") if isinstance(tree, dict) else None
    data = tree.get("data") if isinstance(tree, dict) else None
    if not isinstance(columns, list) or not isinstance(data, list):
        raise FolderUnreadable(
            "This JSON is no table", hint='A table is {"columns": [...], "data": [[...], ...]}.', where=str(path)
        )
    if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise FolderUnreadable("Not every row of the table has a cell for each column", where=str(path))
    names = tuple(str(column) for column in columns)
    return {name: [row[names.index(name)] for row in data] for name in dict.fromkeys(choose(names))}


def chosen(request: Request, columns: tuple[str, ...]) -> Chosen:
    """The columns of truth, prediction and score. Raises UsageError where there is none for the truth."""
    found = Chosen(columns, *(_column(getattr(request, part), columns, part) for part in _NAMES))
    if not found.truth:
        shown = ", ".join(columns[:12])
        raise UsageError(
            "No column is known to hold the true classes",
            hint=f"Choose it. The columns are: {shown}.",
            where=request.path,
        )
    return found


def _column(asked: str, columns: Sequence[str], part: str) -> str:
    if asked:
        if asked not in columns:
            raise UsageError(f"The table has no column {asked!r}", hint=f"It has {', '.join(columns[:12])}.")
        return asked
    by_name = {_plainly(name): name for name in reversed(columns)}
    return next((by_name[name] for name in _NAMES[part] if name in by_name), "")


def scores_of_classes(labels: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """The column that holds the score of each of some classes, by class; {} where not each class has one of its own."""
    exact = {name: name for name in columns}
    alike = {_plainly(name): name for name in reversed(columns)}
    for pattern in _OF_A_CLASS:
        # Classes may differ in nothing but capitals, so names as they are written come first.
        for by_name, wanted in ((exact, [*labels]), (alike, [_plainly(label) for label in labels])):
            names = [by_name.get(pattern.format(label), "") for label in wanted]
            if all(names) and len({*names}) == len(names):
                return dict(zip(labels, names, strict=True))
    return {}


def other_classes(named: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
    """Columns that are called as `named` are, and so may hold the scores of classes that no row has, by class."""
    label, column = next(iter(named.items()))
    for pattern in _OF_A_CLASS[1:]:
        if _plainly(column) == pattern.format(_plainly(label)):
            before, after = pattern.split("{}")
            return {
                name[len(before) : len(name) - len(after)]: name
                for name in columns
                if name not in named.values()
                and len(name) > len(before) + len(after)
                and _plainly(name).startswith(before)
                and _plainly(name).endswith(after)
            }
    return {}


def _plainly(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def numbers(values: Sequence[object]) -> Floats:
    """Cells as float64 of the same length; NaN for what is no number. One text makes a CSV column one of texts."""
    if {*map(type, values)} <= {float, type(None)}:
        # Nearly always, and then NumPy does it nine times as fast.
        return np.array(values, dtype=np.float64)
    return np.fromiter((_number(value) for value in values), np.float64, len(values))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int | Decimal | str):
        return np.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan
