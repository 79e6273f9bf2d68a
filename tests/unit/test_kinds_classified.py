"""Predictions judged, against scikit-learn called directly and by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from runfolio.analysis.kinds.classified import classify
from runfolio.analysis.kinds.predictions import Request
from runfolio.desktop.kinds.classifier_words import curve_at
from runfolio.errors import FolderUnreadable, UsageError
from runfolio.export.kind_rows import curves_of
from runfolio.model.kinds import Classified, JudgedTable, Scored
from runfolio.model.metrics import Floats
from runfolio.model.run import RunKey


def predictions(rows: int = 400) -> tuple[Floats, Floats]:
    random = np.random.default_rng(14)
    score = random.uniform(0, 1, rows)
    return (random.uniform(0, 1, rows) < score**1.5).astype(np.int64), score


def write(path: Path, **columns: object) -> Request:
    frame = pl.DataFrame(columns)
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return Request(str(path))


def test_a_confusion_matrix_is_counted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    rows = [("cat", "cat"), ("cat", "dog"), ("dog", "dog"), ("emu", "cat"), ("dog", ""), ("cat", "cat")]
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("label", "prediction"), *rows])
    found = classify(Request(str(path)))
    assert (found.truth, found.predicted, found.score) == ("label", "prediction", "")
    assert found.labels == ("cat", "dog", "emu")
    assert found.confusion.tolist() == [[2, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert (found.rows, found.skipped) == (5, 1)
    assert found.scored == ()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_curves_are_those_of_scikit_learn(tmp_path: Path, suffix: str) -> None:
    truth, score = predictions()
    found = classify(write(tmp_path / f"p{suffix}", y_true=truth, y_score=score))
    (scored,) = found.scored
    assert scored.positive == "1"
    fpr, tpr, _ = metrics.roc_curve(truth, score)
    assert np.allclose(scored.fpr, fpr)
    assert np.allclose(scored.tpr, tpr)
    assert scored.auc == pytest.approx(metrics.roc_auc_score(truth, score))
    precision, recall, _ = metrics.precision_recall_curve(truth, score)
    assert np.allclose(scored.precision, precision)
    assert np.allclose(scored.recall, recall)
    assert scored.average_precision == pytest.approx(metrics.average_precision_score(truth, score))
    share, claimed = calibration_curve(truth, score, n_bins=10)
    assert np.allclose(scored.found, share)
    assert np.allclose(scored.claimed, claimed)
    assert sum(scored.in_bin) == 400
    assert len(scored.in_bin) == len(share)
    assert scored.brier == pytest.approx(np.mean((score - truth) ** 2))
    assert found.confusion.tolist() == metrics.confusion_matrix(truth, score >= 0.5).tolist()


def test_tables_of_wandb_and_mlflow_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(
        json.dumps({"columns": ["id", "truth", "pred"], "data": [[1, True, 1.0], [2, False, 1], [3, 0, 0]]})
    )
    found = classify(Request(str(path)))
    assert found.columns == ("id", "truth", "pred")
    assert found.labels == ("0", "1")
    assert found.confusion.tolist() == [[1, 1], [0, 1]]
    path.write_text('{"columns": ["a"], "data": [[1, 2]]}')
    with pytest.raises(FolderUnreadable, match="Not every row"):
        classify(Request(str(path)))
    path.write_text("[1]")
    with pytest.raises(FolderUnreadable, match="no table"):
        classify(Request(str(path)))
    path.write_text(
        json.dumps({"columns": ["truth", "pred"], "data": [[True, "True"], [False, "true"], [True, "False"]]})
    )
    found = classify(Request(str(path)))
    assert (found.labels, found.confusion.tolist()) == (("0", "1"), [[0, 1], [1, 1]])
    path.write_text(json.dumps({"columns": ["truth", "pred"], "data": [["True", "true"], [True, "perhaps"]]}))
    assert classify(Request(str(path))).labels == ("1", "perhaps", "True", "true"), "texts are classes as they stand"


def test_columns_can_be_named_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    truth, score = predictions(20)
    write(tmp_path / "p.csv", a=truth, b=score)
    path = str(tmp_path / "p.csv")
    assert classify(Request(path, truth="a", score="b")).scored[0].positive == "1"
    with pytest.raises(UsageError, match="No column is known to hold the true classes"):
        classify(Request(path))
    with pytest.raises(UsageError, match="no column 'c'"):
        classify(Request(path, truth="c"))
    with pytest.raises(UsageError, match="predictions or scores"):
        classify(Request(path, truth="a"))
    write(tmp_path / "many.csv", y_true=[*range(100)], y_pred=[*range(100)])
    with pytest.raises(UsageError, match="100 different values"):
        classify(Request(str(tmp_path / "many.csv")))


def test_what_scores_cannot_say_is_said(tmp_path: Path) -> None:
    found = classify(write(tmp_path / "p.csv", y_true=[0, 1, 0, 1], score=[-2.0, 3.0, 0.1, float("nan")]))
    assert found.notes == ("Scores lie outside of 0 to 1: they are no probabilities, and cannot be calibrated.",)
    assert found.skipped == 1
    assert found.confusion.size == 0
    three = classify(write(tmp_path / "q.csv", y_true=["a", "b", "c"], y_pred=["a", "b", "b"], score=[0.1, 0.2, 0.3]))
    assert three.notes == ("Scores need two classes; there are 3.",)


@pytest.mark.parametrize("named", ["score_{}", "{}", "Prob {}"])
def test_each_class_against_the_others_by_a_column_of_scores_each(tmp_path: Path, named: str) -> None:
    random = np.random.default_rng(5)
    names = np.array(["cat", "dog", "emu"])
    truth = random.integers(0, 3, 300)
    scores = random.dirichlet((1, 1, 1), 300)
    scores[np.arange(300), truth] += random.uniform(0, 0.4, 300)
    scores /= scores.sum(axis=1, keepdims=True)
    columns = {named.format(name): scores[:, place] for place, name in enumerate(names)}
    found = classify(write(tmp_path / "p.parquet", truth=names[truth], **columns))
    assert [one.positive for one in found.scored] == names.tolist()
    for place, one in enumerate(found.scored):
        of_class = truth == place
        assert one.auc == pytest.approx(metrics.roc_auc_score(of_class, scores[:, place]))
        assert one.average_precision == pytest.approx(metrics.average_precision_score(of_class, scores[:, place]))
        assert one.share == pytest.approx(of_class.mean())
        assert one.brier == pytest.approx(np.mean((scores[:, place] - of_class) ** 2))
    assert found.confusion.tolist() == metrics.confusion_matrix(truth, scores.argmax(axis=1)).tolist()
    assert found.notes[1] == "Predicted: the class with the highest score."
    # With one column missing nothing is known of any class.
    del columns[named.format("emu")]
    with pytest.raises(UsageError, match="predictions or scores"):
        classify(write(tmp_path / "q.parquet", truth=names[truth], **columns))


def test_curves_and_matrices_that_wandb_wrote_are_taken_as_they_are(tmp_path: Path) -> None:
    truth, score = predictions()
    fpr, tpr, _ = metrics.roc_curve(truth, score)
    precision, recall, _ = metrics.precision_recall_curve(truth, score)

    def table(name: str, columns: list[str], *values: object) -> Request:
        path = tmp_path / f"{name}.table.json"
        cells = [np.asarray(one).tolist() for one in values]
        path.write_text(json.dumps({"columns": columns, "data": [*zip(*cells, strict=True)]}))
        return Request(str(path))

    order = np.random.default_rng(1).permutation(len(fpr))
    roc = classify(table("roc", ["class", "fpr", "tpr"], ["yes"] * len(fpr), fpr[order], tpr[order]))
    assert (roc.labels, roc.confusion.size, roc.scored[0].positive) == (("yes",), 0, "yes")
    assert roc.scored[0].auc == pytest.approx(metrics.auc(fpr, tpr))
    pr = classify(table("pr", ["class", "precision", "recall"], ["yes"] * len(recall), precision, recall))
    assert pr.scored[0].average_precision == pytest.approx(metrics.average_precision_score(truth, score))
    assert pr.notes == ("The table holds the curve, not the predictions: it is drawn as written.",)
    counted = classify(
        table("cm", ["Actual", "Predicted", "nPredictions"], ["a", "a", "b", "b"], ["a", "b", "a", "b"], [5, 1, 0, 7])
    )
    assert (counted.labels, counted.confusion.tolist(), counted.rows) == (("a", "b"), [[5, 1], [0, 7]], 13)
    with pytest.raises(UsageError, match="No row of the table has a place"):
        classify(table("gaps", ["class", "fpr", "tpr"], ["yes"], [None], [0.5]))


def test_classes_that_differ_in_capitals_have_scores_of_their_own(tmp_path: Path) -> None:
    truth = ["A", "a", "a", "A", "a"]
    high, low = [0.9, 0.2, 0.4, 0.6, 0.1], [0.1, 0.8, 0.6, 0.4, 0.9]
    found = classify(write(tmp_path / "p.csv", y_true=truth, prob_A=high, prob_a=low))
    assert [(one.positive, one.auc) for one in found.scored] == [("A", 1.0), ("a", 1.0)]
    assert found.confusion.tolist() == [[2, 0], [0, 3]]
    # Columns that cannot be told apart by such classes are the scores of none.
    with pytest.raises(UsageError, match="predictions or scores"):
        classify(write(tmp_path / "q.csv", y_true=truth, PROB_a=high))


def test_the_class_with_the_highest_score_may_be_one_that_no_row_has(tmp_path: Path) -> None:
    scores = {"prob_a": [0.5, 0.2, 0.1], "prob_b": [0.3, 0.7, 0.2], "prob_C": [0.2, 0.1, 0.7]}
    found = classify(write(tmp_path / "p.csv", y_true=["a", "b", "b"], **scores))
    assert found.labels == ("a", "b", "C")
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert [one.positive for one in found.scored] == ["a", "b"]
    # What does not complete them to 1 is a column of something else.
    scores["prob_C"] = [5.0, 6.0, 7.0]
    assert classify(write(tmp_path / "q.csv", y_true=["a", "b", "b"], **scores)).labels == ("a", "b")


def test_a_curve_of_few_positives_keeps_its_shape(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    truth = np.zeros(50_000, dtype=np.int64)
    truth[:100] = 1
    score = random.normal(truth * 3.2, 1)
    (scored,) = classify(write(tmp_path / "p.parquet", y_true=truth, y_score=score)).scored
    precision, recall, _ = metrics.precision_recall_curve(truth, score)
    assert len(scored.recall) <= 2_000
    # All 100 recalls are drawn, each with its lowest and highest precision.
    assert np.array_equal(np.unique(scored.recall), np.unique(recall))
    for value in np.unique(recall):
        drawn, all_of_it = scored.precision[scored.recall == value], precision[recall == value]
        assert (drawn.min(), drawn.max()) == (all_of_it.min(), all_of_it.max())


def test_cells_that_are_no_numbers_are_gaps_and_decimals_are_numbers(tmp_path: Path) -> None:
    gaps = classify(write(tmp_path / "p.csv", y_true=[0, 1, 1, 0, 1], y_score=["0.1", "0.9", "n/a", "0.3", "2e-1"]))
    assert (gaps.rows, gaps.skipped, gaps.scored[0].auc) == (4, 1, 0.75)
    score = pl.Series([0.1, 0.8, 0.6, 0.7]).cast(pl.Decimal(5, 2))
    found = classify(write(tmp_path / "q.parquet", y_true=[0, 1, 1, 0], y_score=score))
    assert (found.rows, found.scored[0].auc) == (4, 0.75)


def test_scores_of_the_predicted_class_are_known_for_what_they_are(tmp_path: Path) -> None:
    truth, guess, sure = [0, 0, 1, 1, 1], [0, 0, 1, 0, 1], [0.9, 0.7, 0.95, 0.55, 0.8]
    found = classify(write(tmp_path / "p.csv", true_label=truth, pred_label=guess, confidence=sure))
    of_one = [0.1, 0.3, 0.95, 0.45, 0.8]
    assert found.scored[0].auc == metrics.roc_auc_score(truth, of_one)
    assert found.scored[0].brier == pytest.approx(metrics.brier_score_loss(truth, of_one))
    assert found.notes == ("The scores are those of the predicted class; of 0 they are taken from 1.",)


def test_one_true_class_has_no_curves_and_says_so(tmp_path: Path) -> None:
    found = classify(write(tmp_path / "p.csv", y_true=[1, 1], y_pred=[1, 0], y_score=[0.3, 0.4]))
    assert found.scored == ()
    assert found.notes == ("All rows are of the class 1: its scores have nothing to be told from.",)
    assert found.confusion.tolist() == [[0, 0], [1, 1]]


def test_recall_and_precision_of_epochs_are_no_curve(tmp_path: Path) -> None:
    epochs = {"epoch": [1, 2], "precision": [0.5, 0.6], "recall": [0.4, 0.7]}
    with pytest.raises(UsageError, match="No column is known to hold the true classes"):
        classify(write(tmp_path / "eval_results.csv", **epochs))


def test_curves_of_two_runs_of_one_name_are_told_apart_by_run_not_by_class() -> None:
    none = np.empty(0)

    def of_run(key: str, tpr: float) -> JudgedTable:
        x, y = np.array([0.0, 0.5, 1.0]), np.array([0.0, tpr, 1.0])
        scored = Scored("yes", x, y, 0.5, none, none, 0.5, 0.5, none, none, (), None)
        found = Classified((), "", "", "", ("yes",), np.empty((0, 0), np.int64), 9, 0, (scored,), ())
        return JudgedTable("version_0", RunKey(key), found)

    curves = curves_of([of_run("k:a", 0.25), of_run("k:b", 0.75)], "roc")
    near, words = curve_at((0.5, 0.75), curves, "roc")
    assert (near.run, words.splitlines()) == (
        "k:b",
        ["version_0", "false positive rate 0.5, true positive rate 0.75"],
    )
