"""A filter selects the same runs as its meaning worked out run by run in Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfolio.index.run_ids import MANY
from runfolio.model.expression import Both, Compare, Either, Expression, IsNull, Name, Not, OneOf, Scalar, Span
from runfolio.model.filter_print import to_text
from runfolio.model.run import Recording, RunStatus
from support.indexing import Shelf, metric, params

NOWHERE = Span(0, 0)
FIGURES = [None, 0.0, -1.5, 0.5, 1.0, 2.0, math.nan, math.inf, -math.inf]
TEXTS = ["0.5", "1", "1.0", "adam", "Adam", "ada", "true", "True", "nan", "", "'; drop table runs; --"]


@dataclass(frozen=True)
class Made:
    """A run by the few things that filters here speak of; None where it has none."""

    key: str
    status: str
    acc: float | None
    loss: float | None
    lr: str | None
    label: str | None


def runs() -> list[Made]:
    """Every figure and every text meet in some run."""
    statuses = [s.value for s in RunStatus]
    return [
        Made(
            f"r{i:02}",
            statuses[i % len(statuses)],
            FIGURES[i % len(FIGURES)],
            FIGURES[(i * 4 + 1) % len(FIGURES)],
            [None, *TEXTS][i % 12],
            [None, *TEXTS][(i * 5 + 2) % 12],
        )
        for i in range(48)
    ]


@pytest.fixture(scope="module", params=[MANY, 1], ids=["by SQL", "over columns"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")), many=request.param)
    made.put(
        *(
            Recording(
                "generic",
                run.key,
                run.key,
                name="run",
                status=RunStatus(run.status),
                params=params({} if run.lr is None else {"lr": run.lr}),
                tags={} if run.label is None else {"label": run.label},
                metrics=tuple(
                    metric(name, value) for name, value in (("acc", run.acc), ("loss", run.loss)) if value is not None
                ),
            )
            for run in runs()
        )
    )
    yield made
    made.close()


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


COMPARED: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
TEXT_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "~": lambda a, b: b.lower() in a.lower(),
}


def holds(node: Expression, run: Made) -> bool:
    """The meaning of an expression for one run, straight from the help page."""
    if isinstance(node, Both):
        return all(holds(t, run) for t in node.terms)
    if isinstance(node, Either):
        return any(holds(t, run) for t in node.terms)
    if isinstance(node, Not):
        return not holds(node.term, run)
    if isinstance(node, OneOf):
        return node.negated != any(compared(run, node.field.text, "=", v) for v in node.values)
    if isinstance(node, IsNull):
        assert isinstance(node.field, Name)
        return node.negated != (value_of(run, node.field.text) is None)
    assert isinstance(node, Compare)
    if node.operator.startswith("!"):
        return not compared(run, node.field.text, node.operator.replace("!=", "=").replace("!~", "~"), node.value)
    return compared(run, node.field.text, node.operator, node.value)


def value_of(run: Made, field: str) -> str | float | None:
    found = getattr(run, field)
    assert found is None or isinstance(found, str | float)
    return found


def compared(run: Made, field: str, operator: str, value: Scalar) -> bool:
    own = value_of(run, field)
    if own is None:
        return False
    if isinstance(value, bool):
        assert isinstance(own, str)
        return own.lower() == str(value).lower()
    if isinstance(value, float) and field in ("acc", "loss", "lr"):
        number = own if isinstance(own, float) else number_of(own)
        if number is None:
            return False
        if math.isnan(value):
            return math.isnan(number)
        return not math.isnan(number) and COMPARED[operator](number, value)
    assert isinstance(own, str)
    assert isinstance(value, str)
    return TEXT_COMPARED[operator](own, value)


def named(field: str) -> st.SearchStrategy[Name]:
    return st.just(Name(field, False, NOWHERE))


def compare(field: str, operators: str, values: st.SearchStrategy[Scalar]) -> st.SearchStrategy[Expression]:
    return st.builds(Compare, named(field), st.sampled_from(operators.split()), values, st.just(NOWHERE))


numbers: st.SearchStrategy[Scalar] = st.sampled_from([0.0, -1.5, 0.5, 1.0, 1.75, math.inf, -math.inf])
texts: st.SearchStrategy[Scalar] = st.sampled_from([*TEXTS, "ADA", "drop table"])
leaves: st.SearchStrategy[Expression] = st.one_of(
    compare("acc", "= != < <= > >=", numbers),
    compare("loss", "= != < <= > >=", numbers),
    compare("acc", "= !=", st.just(math.nan)),
    compare("lr", "= != < <= > >=", numbers),
    compare("lr", "= != < <= > >= ~ !~", texts),
    compare("lr", "= !=", st.booleans()),
    compare("label", "= != < <= > >= ~ !~", texts),
    compare("status", "= != ~", st.sampled_from([s.value for s in RunStatus])),
    st.builds(
        OneOf,
        named("lr"),
        st.lists(st.one_of(numbers, texts), min_size=1, max_size=3).map(tuple),
        st.booleans(),
        st.just(NOWHERE),
    ),
    st.builds(IsNull, st.sampled_from(["acc", "loss", "lr", "label"]).flatmap(named), st.booleans(), st.just(NOWHERE)),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner, st.just(NOWHERE)),
        st.builds(Both, st.lists(inner, min_size=2, max_size=3).map(tuple), st.just(NOWHERE)),
        st.builds(Either, st.lists(inner, min_size=2, max_size=3).map(tuple), st.just(NOWHERE)),
    ),
    max_leaves=6,
)


# The index is only read here, so one for all examples is enough.
@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(expression=expressions)
def test_a_filter_selects_what_it_means(shelf: Shelf, expression: Expression) -> None:
    assert shelf.keys(to_text(expression)) == [run.key for run in runs() if holds(expression, run)]
