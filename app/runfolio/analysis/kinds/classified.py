"""Tables of predictions judged in a worker process: confusion, ROC, precision and recall, calibration."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runfolio import scratch
from runfolio.analysis.kinds.given_curves import given, given_columns
from runfolio.analysis.kinds.predictions import (
    Chosen,
    Request,
    Values,
    chosen,
    numbers,
    other_classes,
    read,
    scores_of_classes,
)
from runfolio.analysis.kinds.variables import natural
from runfolio.analysis.preview.worker import open_place
from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError, UsageError
from runfolio.model.display import plain
from runfolio.model.kinds import Classified, Scored
from runfolio.model.metrics import Floats
from runfolio.model.previews import FilePlace

MOST_LABELS = 60
_MOST_POINTS = 2_000
_COLUMNS = _MOST_POINTS // 4
_BINS = 10
_MOST_BYTES = 1 << 30
_MOST_SCORES = 200
"""Columns that are looked through for the scores of classes."""


@dataclass(frozen=True, slots=True)
class TableOfRun:
    """A table in a run's folder, and its columns as in `Request`."""

    place: FilePlace
    truth: str = ""
    predicted: str = ""
    score: str = ""


def classify_first(asked: Sequence[Sequence[TableOfRun]]) -> tuple[int, tuple[Classified | RunfolioError, ...]]:
    """The first table of some that can be judged, of all the runs that have it, and its place among them.

    asked   for each table that may be wanted, those of the runs, all with one at least.

    In place of what cannot be judged stands the reason; where no table can be, those of the last one.
    """
    place, found = 0, (_attempt(asked[0][0]),)
    while isinstance(found[0], RunfolioError) and place + 1 < len(asked):
        place += 1
        found = (_attempt(asked[place][0]),)
    return place, (*found, *(_attempt(one) for one in asked[place][1:]))


def _attempt(asked: TableOfRun) -> Classified | RunfolioError:
    try:
        folder, name = open_place(asked.place)
        with scratch.fresh("table-") as private:
            # The table's reader wants a path, and one into a run's folder might lead out of it by then.
            copy = Path(private) / f"table{Path(name).suffix.lower()}"
            with folder.open(name) as handle, open(handle, "rb", closefd=False) as source, copy.open("wb") as target:
                if source.seek(0, 2) > _MOST_BYTES:
                    raise LimitReached(f"The table is larger than {_MOST_BYTES >> 20:,} MiB", where=folder.where(name))
                source.seek(0)
                shutil.copyfileobj(source, target)
            return classify(Request(str(copy), asked.truth, asked.predicted, asked.score))
    except OSError as error:
        return FolderUnreadable(f"The table cannot be read: {error.strerror or error}")
    except RunfolioError as failure:
        failure.where = ""
        return failure


def classify(request: Request) -> Classified:
    """Read and judge; in this process.

    Scores are those of one column, for two classes, or of a column for each class that is called like it. Tables that
    hold a curve or a matrix already made are taken as they are.

    Raises  FolderUnreadable, UsageError for a column that is not there or nothing that can be judged, LimitReached.
    """
    columns: list[str] = []
    of_curve: list[str] = []

    def choose(names: tuple[str, ...]) -> Sequence[str]:
        columns.extend(names)
        if not (request.truth or request.predicted or request.score):
            of_curve.extend(given_columns(names))
        if of_curve:
            return [name for name in of_curve if name]
        found = chosen(request, names)
        scores = [name for name in found.each if len(found.each) <= _MOST_SCORES]
        if not found.predicted and not found.score and not scores:
            raise UsageError(
                "No column is known to hold predictions or scores", hint="Choose one of them.", where=request.path
            )
        return [name for name in (found.truth, found.predicted, found.score, *scores) if name]

    values = read(Path(request.path), choose)
    if of_curve:
        return given(tuple(columns), of_curve, values)
    return _judged(chosen(request, tuple(columns)), values, request.path)


def _judged(found: Chosen, values: Values, where: str) -> Classified:
    both = [values[found.truth], *([values[found.predicted]] if found.predicted else [])]
    written = _written_truths(both)
    actual, *rest = [[_label(value, written) for value in column] for column in both]
    guessed = rest[0] if rest else None
    classes = {label for label in actual if label is not None} | {g for g in guessed or () if g is not None}
    if len(classes) > MOST_LABELS:
        raise UsageError(
            f"The column {found.truth!r} has {len(classes):,} different values; at most {MOST_LABELS} can be shown",
            hint="Choose the column that holds classes.",
        )
    labels = tuple(sorted(classes, key=natural))
    of_class: dict[str, Floats] = {}
    others: dict[str, Floats] = {}
    if found.score:
        of_class = {"": numbers(values[found.score])}
    elif len(labels) > 1:
        named = scores_of_classes(labels, found.each)
        of_class = {label: numbers(values[column]) for label, column in named.items()}
        if named and guessed is None:
            others = {label: numbers(values[column]) for label, column in other_classes(named, found.each).items()}
    if guessed is None and not of_class:
        raise UsageError("No column is known to hold predictions or scores", hint="Choose one of them.", where=where)
    used = np.array([label is not None for label in actual], dtype=bool)
    if guessed is not None:
        used &= np.array([label is not None for label in guessed], dtype=bool)
    for scores in of_class.values():
        used &= np.isfinite(scores)
    places = np.flatnonzero(used).tolist()
    if not places:
        raise UsageError("No row has a value in all columns that are used", hint="Choose other columns.")
    kept = [str(actual[i]) for i in places]
    guess = [str(guessed[i]) for i in places] if guessed is not None else []
    # Classes of rows that have gaps do not count.
    left = {*kept, *guess, *of_class}
    labels = tuple(label for label in labels if label in left)
    kept_scores = {name: own[used] for name, own in of_class.items()}
    if not guess and others:
        kept_others = {name: own[used] for name, own in others.items()}
        if _sums_to_one([*kept_scores.values(), *kept_others.values()]) and not _sums_to_one([*kept_scores.values()]):
            labels = tuple(sorted({*labels, *kept_others}, key=natural))
            kept_scores |= kept_others
    scored, guess, notes = _scores(kept, guess, labels, kept_scores)
    # A class of which there is a score alone is shown where something was taken for it.
    shown = {*kept, *guess, *of_class}
    labels = tuple(label for label in labels if label in shown)
    confusion = np.empty((0, 0), dtype=np.int64)
    if guess:
        from sklearn.metrics import confusion_matrix

        confusion = confusion_matrix(kept, guess, labels=[*labels])
    gaps = len(actual) - len(places)
    return Classified(
        found.all, found.truth, found.predicted, found.score, labels, confusion, len(places), gaps, scored, tuple(notes)
    )


def _scores(
    kept: Sequence[str], guess: list[str], labels: Sequence[str], of_class: dict[str, Floats]
) -> tuple[tuple[Scored, ...], list[str], list[str]]:
    """What the scores say of each class, the predictions (of the scores where there are none), and notes."""
    if not of_class:
        return (), guess, []
    if "" not in of_class:
        rows = Counter(kept)
        scored = tuple(_scored(kept, of_class[label], label) for label in labels if 0 < rows[label] < len(kept))
        notes = ["One class against all others, by the columns of scores that are called like the classes."]
        if not guess:
            table = np.stack([of_class[label] for label in labels])
            guess = [labels[place] for place in table.argmax(axis=0).tolist()]
            notes.append("Predicted: the class with the highest score.")
        return scored, guess, notes
    if len(labels) != 2:
        return (), guess, [f"Scores need two classes; there {'is' if len(labels) == 1 else 'are'} {len(labels)}."]
    if len({*kept}) == 1:
        return (), guess, [f"All rows are of the class {plain(kept[0], 40)}: its scores have nothing to be told from."]
    scores, notes = of_class[""], []
    if guess and _of_the_predicted(scores, np.array([label == labels[1] for label in guess])):
        scores = np.where([label == labels[1] for label in guess], scores, 1 - scores)
        notes.append(f"The scores are those of the predicted class; of {plain(labels[0], 40)} they are taken from 1.")
    one = _scored(kept, scores, labels[1])
    if not len(one.claimed):
        notes.append("Scores lie outside of 0 to 1: they are no probabilities, and cannot be calibrated.")
    elif not guess:
        guess = [labels[1] if score >= 0.5 else labels[0] for score in scores.tolist()]
        notes.append(f"Predicted: {labels[1]} where the score is 0.5 or more.")
    return (one,), guess, notes


def _of_the_predicted(scores: Floats, positive: NDArray[np.bool_]) -> bool:
    """Whether scores say how sure each prediction is: none is below a half, and no limit between classes fits them."""
    if scores.min() < 0.5 or scores.max() > 1 or positive.all() or not positive.any():
        return False
    return bool(scores[positive].min() < scores[~positive].max())


def _sums_to_one(columns: Sequence[Floats]) -> bool:
    return bool(np.allclose(np.sum(columns, axis=0), 1, atol=0.01))


def _scored(actual: Sequence[str], scores: Floats, positive: str) -> Scored:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import auc, brier_score_loss, precision_recall_curve, roc_curve

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
    few = _few(recall, precision)
    some = _few(fpr, tpr)
    return Scored(
        positive,
        fpr[some],
        tpr[some],
        float(auc(fpr, tpr)),
        recall[few],
        precision[few],
        # As scikit-learn sums it up; to be asked for it, it would sort all rows again.
        max(0.0, float(-np.sum(np.diff(recall) * precision[:-1]))),
        float(truth.mean()),
        claimed,
        found,
        in_bin,
        brier,
    )


def _few(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Places of the points of a curve that a screen can show: of each narrow column the first, last, lowest, highest.

    x   0 to 1, only rising or only falling. Few rows may make most of a curve, so that no even choice will do.
    """
    if len(x) <= _MOST_POINTS:
        return np.arange(len(x))
    column = np.minimum((x * _COLUMNS).astype(np.int64), _COLUMNS - 1)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(x)) - 1
    order = np.lexsort((y, column if column[0] <= column[-1] else -column))
    return np.unique(np.concatenate([starts, ends, order[starts], order[ends]]))


def _written_truths(columns: Sequence[Sequence[object]]) -> dict[str, str]:
    """The class of each text that is a truth value; {} unless some cells are true or false and all texts say so.

    Written by one library as `true` and by another as "True", they would be two classes.
    """
    kinds = {kind for column in columns for kind in set(map(type, column))}
    if not {bool, str} <= kinds:
        return {}
    texts = {value for column in columns for value in column if isinstance(value, str)}
    found = {text: str(int(text.lower() == "true")) for text in texts if text.lower() in ("true", "false")}
    return found if len(found) == len(texts) else {}


def _label(value: object, written_truths: dict[str, str]) -> str | None:
    if isinstance(value, str):
        return written_truths.get(value, value)
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    # 1, 1.0 and true of two columns are one class.
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
