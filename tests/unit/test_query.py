"""How a field is named, with all figures that may stand for a metric."""

from __future__ import annotations

import pytest

from runfolio.model.query import Aggregate, FieldKind, FieldRef


def metric(aggregate: Aggregate, argument: float | None = None, name: str = "val/loss") -> FieldRef:
    return FieldRef(FieldKind.METRIC, name, aggregate, argument)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        (FieldRef(FieldKind.PARAM, "a:b"), "param:a:b"),
        (FieldRef(FieldKind.BUILTIN, "name"), "builtin:name"),
        (FieldRef(FieldKind.DERIVED, "val/loss / train/loss"), "derived:val/loss / train/loss"),
        (metric(Aggregate.BEST), "metric:val/loss:best"),
        (metric(Aggregate.LAST, name="a:b"), "metric:a:b:last"),
        (metric(Aggregate.MEAN), "metric:val/loss:mean"),
        (metric(Aggregate.MEAN, 10), "metric:val/loss:mean(10)"),
        (metric(Aggregate.AT, 1e20), "metric:val/loss:at(1e+20)"),
        (metric(Aggregate.REACH, 0.1), "metric:val/loss:reach(0.1)"),
        (metric(Aggregate.REACH_TIME, -1.5), "metric:val/loss:reach_time(-1.5)"),
    ],
)
def test_a_field_is_known_by_its_id(field: FieldRef, named: str) -> None:
    assert field.id == named
    assert FieldRef.from_id(named) == field


@pytest.mark.parametrize(
    "text", ["metric:a", "metric:a:mean(", "metric:a:at", "metric:a:best(3)", "metric:a:mean(x)", "metric:a:std(1)"]
)
def test_what_names_no_field_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no figure|not a valid|needs|takes|wants|convert"):
        FieldRef.from_id(text)


def test_figures_in_words() -> None:
    assert metric(Aggregate.BEST).figure_words == "best"
    assert metric(Aggregate.SLOPE).figure_words == "slope"
    assert metric(Aggregate.MEAN, 10).figure_words == "mean of last 10"
    assert metric(Aggregate.AT, 1000).figure_words == "at step 1000"
    assert metric(Aggregate.REACH, 0.9).figure_words == "step to reach 0.9"
    assert metric(Aggregate.REACH_TIME, 0.9).figure_words == "seconds to reach 0.9"
