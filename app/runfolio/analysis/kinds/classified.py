"""Tables of predictions judged in a worker process: confusion, ROC, precision and recall, calibration.

Read are CSV, TSV and Parquet, and JSON as W&B and MLflow write tables: `{"columns": [...], "data": [[...], ...]}`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runfolio.analysis.datafile import check_file, load
from runfolio.analysis.dataworker import connect, readable
from runfolio.analysis.kinds.variables import natural
from runfolio.errors import FolderUnreadable, LimitReached, UsageError
from runfolio.model.kinds import Classified, Scored
from runfolio.model.metrics import Floats

MOST_LABELS = 60
MOST_ROWS = 20_000_000
_MOST_JSON = 512 << 20
_MOST_POINTS = 2_000
_BINS = 10
_MEMORY = 2 << 30

_NAMES = {
    "truth": ("y_true", "ytrue", "true", "truth", "target", "label", "labels", "actual", "ground_truth", "y", "class"),
    "predicted": ("y_pred", "ypred", "prediction", "predictions", "predicted", "pred", "predicted_label", "output"),
    "score": ("y_score", "yscore", "score", "probability", "prob", "proba", "y_prob", "y_proba", "confidence", "p"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A table, and its columns: "" lets a usual name be looked for."""

    path: str
    truth: str = ""
    predicted: str = ""
    score: str = ""


@dataclass(frozen=True, slots=True)
class _Table:
    columns: tuple[str, ...]
    values: dict[str, Sequence[object]]


def classify(request: Request) -> Classified:
    """Read and judge; in this process.

    Raises  FolderUnreadable, UsageError for a column that is not there or nothing that can be judged, LimitReached.
    """
    path = Path(request.path)
    table, (truth, predicted, score) = _read(path, lambda columns: _chosen(request, columns))
    return _judged(table.columns, truth, predicted, score, table.values)


def _chosen(request: Request, columns: tuple[str, ...]) -> tuple[str, str, str]:
    """The columns of truth, prediction and score, of which one of the latter may be ""."""
    truth = _column(request.truth, columns, "truth")
    predicted = _column(request.predicted, columns, "predicted")
    score = _column(request.score, columns, "score")
    if not truth:
        shown = ", ".join(columns[:12])
        raise UsageError(
            "No column is known to hold the true classes",
            hint=f"Choose it. The columns are: {shown}.",
            where=request.path,
        )
    if not predicted and not score:
        raise UsageError(
            "No column is known to hold predictions or scores", hint="Choose one of them.", where=request.path
        )
    return truth, predicted, score


def _column(asked: str, columns: Sequence[str], part: str) -> str:
    if asked:
        if asked not in columns:
            raise UsageError(f"The table has no column {asked!r}", hint=f"It has {', '.join(columns[:12])}.")
        return asked
    by_name = {name.lower().replace("-", "_").replace(" ", "_"): name for name in reversed(columns)}
    return next((by_name[name] for name in _NAMES[part] if name in by_name), "")


_Choose = Callable[[tuple[str, ...]], tuple[str, str, str]]


def _read(path: Path, choose: _Choose) -> tuple[_Table, tuple[str, str, str]]:
    """A table with the columns that were chosen of it, and which those are."""
    if path.suffix.lower() == ".json":
        return _read_json(path, choose)
    check_file(path)
    with tempfile.TemporaryDirectory(prefix="runfolio-table-") as scratch:
        private = Path(scratch)
        name = readable(path, private, "t")
        con = connect(private, [name], _MEMORY)
        try:
            loaded = load(con, path, name, "predictions")
            if loaded.rows > MOST_ROWS:
                raise LimitReached(f"The table has {loaded.rows:,} rows; at most {MOST_ROWS:,} are judged")
            idents = {column.name: column.ident for column in loaded.columns}
            wanted = choose(tuple(idents))
            values: dict[str, Sequence[object]] = {}
            for column in filter(None, wanted):
                rows = con.execute(f"select {idents[column]} from predictions order by rowid").fetchall()
                values[column] = [row[0] for row in rows]
            return _Table(tuple(idents), values), wanted
        finally:
            con.close()


def _read_json(path: Path, choose: _Choose) -> tuple[_Table, tuple[str, str, str]]:
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
    wanted = choose(names)
    return _Table(names, {name: [row[names.index(name)] for row in data] for name in wanted if name}), wanted


def _judged(
    columns: tuple[str, ...], truth: str, predicted: str, score: str, values: dict[str, Sequence[object]]
) -> Classified:
    actual = _labels(values[truth])
    guessed = _labels(values[predicted]) if predicted else None
    scores = _numbers(values[score]) if score else None
    used = np.array([label is not None for label in actual])
    if guessed is not None:
        used &= np.array([label is not None for label in guessed])
    if scores is not None:
        used &= np.isfinite(scores)
    places = np.flatnonzero(used).tolist()
    if not places:
        raise UsageError("No row has a value in all columns that are used", hint="Choose other columns.")
    kept = [str(actual[i]) for i in places]
    found = {*kept, *((str(guessed[i]) for i in places) if guessed is not None else ())}
    if len(found) > MOST_LABELS:
        raise UsageError(
            f"The column {truth!r} has {len(found):,} different values; at most {MOST_LABELS} classes can be shown",
            hint="Choose the column that holds classes.",
        )
    labels = tuple(sorted(found, key=natural))
    notes: list[str] = []
    scored = None
    if scores is not None:
        if len(labels) == 2:
            scored = _scored(kept, scores[used], labels[1])
            if not len(scored.claimed):
                notes.append("Scores lie outside of 0 to 1: they are no probabilities, and cannot be calibrated.")
        else:
            notes.append(f"Scores need two classes; there {'is' if len(labels) == 1 else 'are'} {len(labels)}.")
    if guessed is None and scored is not None and len(scored.claimed):
        assert scores is not None
        guess = [labels[1] if s >= 0.5 else labels[0] for s in scores[used].tolist()]
        notes.append(f"Predicted: {labels[1]} where the score is 0.5 or more.")
    else:
        guess = [str(guessed[i]) for i in places] if guessed is not None else []
    confusion = np.empty((0, 0), dtype=np.int64)
    if guess:
        from sklearn.metrics import confusion_matrix

        confusion = confusion_matrix(kept, guess, labels=[*labels])
    gaps = len(actual) - len(places)
    return Classified(columns, truth, predicted, score, labels, confusion, len(places), gaps, scored, tuple(notes))


def _scored(actual: Sequence[str], scores: Floats, positive: str) -> Scored:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import (
        average_precision_score,
        brier_score_loss,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    truth = np.array([label == positive for label in actual])
    fpr, tpr, _ = roc_curve(truth, scores)
    precision, recall, _ = precision_recall_curve(truth, scores)
    claimed = found = np.empty(0)
    in_bin: tuple[int, ...] = ()
    brier: float | None = None
    if scores.min() >= 0 and scores.max() <= 1:
        found, claimed = calibration_curve(truth, scores, n_bins=_BINS)
        edges = np.linspace(0, 1, _BINS + 1)
        counts = np.bincount(np.searchsorted(edges[1:-1], scores), minlength=_BINS)
        in_bin = tuple(counts[counts > 0].tolist())
        brier = float(brier_score_loss(truth, scores))
    few = _few(len(recall))
    some = _few(len(fpr))
    return Scored(
        positive,
        fpr[some],
        tpr[some],
        float(roc_auc_score(truth, scores)),
        recall[few],
        precision[few],
        float(average_precision_score(truth, scores)),
        float(truth.mean()),
        claimed,
        found,
        in_bin,
        brier,
    )


def _few(points: int) -> NDArray[np.int64]:
    """Places of the points of a curve that a screen can show, both ends among them."""
    return np.unique(np.linspace(0, points - 1, min(points, _MOST_POINTS)).round().astype(np.int64))


def _labels(values: Sequence[object]) -> list[str | None]:
    return [_label(value) for value in values]


def _label(value: object) -> str | None:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    # 1, 1.0 and true of two columns are one class.
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _numbers(values: Sequence[object]) -> Floats:
    found = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else np.nan for v in values]
    return np.array(found, dtype=np.float64)
