"""Importances of made-up sweeps whose truth is known, and against scikit-learn called directly."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import partial_dependence, permutation_importance

from runfolio.analysis.kinds import importance
from runfolio.analysis.kinds import importance as forests
from runfolio.analysis.kinds.importance import Request, effect, explain, folds, forest, importances
from runfolio.analysis.kinds.supports import correlated, warnings_of
from runfolio.model.answers import CellKind
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldKind, FieldRef


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty trees say the same of such small sweeps, in a fifth of the time."""
    monkeypatch.setattr(forests, "TREES", 40)


def param(name: str, values: Floats, categories: tuple[str, ...] = ()) -> Variable:
    kind = CellKind.TEXT if categories else CellKind.NUMBER
    return Variable(FieldRef(FieldKind.PARAM, name), kind, values, categories)


def metric(values: Floats) -> Variable:
    return Variable(FieldRef(FieldKind.METRIC, "val/acc"), CellKind.NUMBER, values)


def sweep(runs: int = 120) -> tuple[Variable, tuple[Variable, ...]]:
    """y = 3 a + 2 [optimizer is the first] + noise: `c` does nothing, `constant` cannot."""
    random = np.random.default_rng(11)
    a, c = random.uniform(0, 1, runs), random.uniform(0, 1, runs)
    optimizer = random.integers(0, 3, runs).astype(float)
    y = 3 * a + 2 * (optimizer == 0) + random.normal(0, 0.1, runs)
    params = (
        param("c", c),
        param("a", a),
        param("optimizer", optimizer, ("adam", "lion", "sgd")),
        param("constant", np.full(runs, 5.0)),
    )
    return metric(y), params


def test_a_known_sweep_is_explained() -> None:
    target, params = sweep()
    found = explain(Request(target, params))
    importance = dict(zip([p.field.name for p in found.params], found.mean.tolist(), strict=True))
    # Shuffling a column adds twice the variance it brings to the squared error of a perfect model: 2 * 9 / 12 of
    # the total 9 / 12 + 4 * 2 / 9 + 0.01 for `a`, and 2 * 8 / 9 of it for the optimizer.
    total = 9 / 12 + 8 / 9 + 0.01
    assert importance["a"] == pytest.approx(2 * 9 / 12 / total, rel=0.25)
    assert importance["optimizer"] == pytest.approx(2 * 8 / 9 / total, rel=0.25)
    assert abs(importance["c"]) < 0.02
    assert list(importance)[-1] == "c"
    assert (found.std > 0).all()
    assert found.oob > 0.9
    assert found.left_out == ("constant: the same in all runs",)
    assert found.warnings == ()
    assert found.runs == 120


def test_it_equals_scikit_learn_called_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    target, params = sweep(60)
    x = np.stack([p.values for p in params[:2]], axis=1)
    y = target.values
    direct = []
    for fold, (learnt, judged) in enumerate(folds(60)):
        plain = RandomForestRegressor(n_estimators=40, max_features=1.0, random_state=0).fit(x[learnt], y[learnt])
        direct.append(
            permutation_importance(
                plain, x[judged], y[judged], scoring="neg_mean_squared_error", n_repeats=10, random_state=fold
            ).importances
        )
    for rows in (50_000, 1):
        # However many are asked for at once.
        monkeypatch.setattr(importance, "_MOST_ROWS", rows)
        ours = importances(x, y, np.array([False, False]))
        assert np.allclose(ours, np.concatenate(direct, axis=1) / np.var(y), rtol=1e-12, atol=0)


def test_every_run_is_judged_by_once() -> None:
    parts = folds(23)
    assert sorted(np.concatenate([judged for _, judged in parts]).tolist()) == [*range(23)]
    assert all(not set(learnt) & set(judged) for learnt, judged in parts)


def test_the_out_of_bag_score_is_the_forests_own() -> None:
    target, params = sweep(60)
    x = np.stack([params[0].values, params[1].values], axis=1)
    plain = RandomForestRegressor(n_estimators=40, max_features=1.0, oob_score=True, random_state=0)
    assert explain(Request(target, params[:2])).oob == pytest.approx(plain.fit(x, target.values).oob_score_, abs=1e-12)


def test_an_effect_is_the_partial_dependence_of_scikit_learn() -> None:
    target, params = sweep(80)
    text = np.array([False, False, True])
    x = np.stack([p.values for p in params[:3]], axis=1)
    fitted = forest(x, text).fit(x, target.values)
    for place, categorical in ((1, False), (2, True)):
        ours = effect(fitted, x, place, categorical=categorical)
        theirs = partial_dependence(fitted, x, [place], kind="both", method="brute", custom_values={place: ours.grid})
        assert np.allclose(ours.mean, theirs["average"][0])
        assert np.allclose(ours.runs[0], theirs["individual"][0][0])
    # The first optimizer is worth 2 whatever else is set.
    assert ours.mean[0] - ours.mean[1] == pytest.approx(2, abs=0.3)


def test_missing_values_are_counted_and_learnt_from() -> None:
    target, params = sweep()
    holes = params[1].values.copy()
    holes[::6] = np.nan
    texts = params[2].values.copy()
    texts[::9] = np.nan
    y = target.values.copy()
    y[:4] = [np.nan, np.inf, -np.inf, np.nan]
    found = explain(Request(metric(y), (param("a", holes), param("optimizer", texts, ("adam", "lion", "sgd")))))
    assert (found.runs, found.excluded) == (116, 4)
    by_name = dict(zip([p.field.name for p in found.params], found.missing, strict=True))
    assert by_name == {"a": int(np.isnan(holes[4:]).sum()), "optimizer": int(np.isnan(texts[4:]).sum())}


def test_noise_is_called_noise() -> None:
    random = np.random.default_rng(5)
    found = explain(Request(metric(random.normal(size=60)), (param("a", random.uniform(size=60)),)))
    assert found.oob < 0.1
    assert found.warnings[0].startswith("The params explain next to nothing of this metric (out-of-bag R²")


def test_params_changed_together_are_named() -> None:
    random = np.random.default_rng(6)
    a = random.uniform(size=50)
    words = (a > 0.5).astype(float)
    params = (param("a", a), param("b", -np.exp(a)), param("t", words, ("x", "y")), param("u", 1 - words, ("p", "q")))
    x = np.stack([p.values for p in params], axis=1)
    assert correlated(params, x, np.array([False, False, True, True])) == [("a", "b"), ("t", "u")]
    said = warnings_of(50, 4, 0.8, random.normal(size=50), [("a", "b")])
    assert said == ("a and b were changed together: what either does cannot be told from the other.",)


def test_few_runs_are_said_to_be_few_and_too_few_refused() -> None:
    random = np.random.default_rng(7)
    a = random.uniform(size=12)
    found = explain(Request(metric(a * 2), (param("a", a),)))
    assert any(words.startswith("12 runs are few for 1 param; about 20") for words in found.warnings)
    with pytest.raises(ValueError, match="7 runs in scope have a value"):
        explain(Request(metric(a[:7]), (param("a", a[:7]),)))
    with pytest.raises(ValueError, match="same value of the metric"):
        explain(Request(metric(np.ones(12)), (param("a", a),)))
    with pytest.raises(ValueError, match="No param varies"):
        explain(Request(metric(a), (param("a", np.ones(12)),)))


@pytest.mark.parametrize(("unit", "zero"), [(1e200, 0.0), (1e-200, 0.0), (1.0, 1e9)])
def test_the_size_of_a_metric_changes_no_importance(unit: float, zero: float) -> None:
    target, params = sweep(60)
    plain = explain(Request(target, params[:3]))
    other = explain(Request(metric(target.values * unit + zero), params[:3]))
    assert [p.field.name for p in other.params] == [p.field.name for p in plain.params]
    assert np.allclose(other.mean, plain.mean, atol=0.01)
    assert other.oob == pytest.approx(plain.oob, abs=0.01)
    # Effects are in the metric's own units.
    assert np.allclose((other.effects[0].mean - zero) / unit, plain.effects[0].mean, atol=0.05)


def test_a_param_past_what_a_forest_can_hold_is_left_out() -> None:
    target, (_, a, _, _) = sweep(60)
    huge = param("huge", np.where(np.arange(60) % 2, 1e300, 2.0))
    found = explain(Request(target, (a, huge)))
    assert ([p.field.name for p in found.params], found.left_out) == (["a"], ("huge: values past 1e+38",))
