"""Properties of the filter language: it prints what it parses, and no text can break it."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runfolio.errors import FilterSyntax
from runfolio.model.arithmetic import FUNCTIONS, RELATIONS
from runfolio.model.arithmetic import OPERATORS as SIGNS
from runfolio.model.expression import (
    Arithmetic,
    Bare,
    Between,
    Both,
    Call,
    Compare,
    Either,
    Expression,
    IsNull,
    Name,
    Negative,
    Not,
    OneOf,
    Relate,
    Scalar,
    Span,
    Term,
    Value,
    Word,
)
from runfolio.model.filter_print import quote_name, term_text, to_text
from runfolio.model.filter_terms import AGGREGATES, KINDS
from runfolio.model.filter_text import OPERATORS, parse, parse_term
from runfolio.model.query import Aggregate

NOWHERE = Span(0, 0)
steady = settings(derandomize=True, deadline=None, database=None)

texts = st.text(max_size=12)
plain_texts = st.sampled_from(
    ["lr", "val/acc", "val/acc.max", "param.lr", "学习率", "max", "like_x", "tag", "x.", "3f"]
)


ARGUMENTS: dict[str, st.SearchStrategy[float | None]] = {
    "": st.none(),
    "last": st.one_of(st.none(), st.integers(2, 10**6).map(float)),
    "step": st.floats(allow_nan=False, allow_infinity=False),
    "value": st.floats(allow_nan=False, allow_infinity=False),
}


@st.composite
def names(draw: st.DrawFn) -> Name:
    quoted = draw(st.booleans())
    text = draw(texts if quoted else plain_texts)
    aggregate = draw(st.sampled_from(["", *AGGREGATES]))
    argument = draw(ARGUMENTS[Aggregate(aggregate).argument]) if aggregate else None
    return Name(text, quoted, NOWHERE, aggregate, draw(st.sampled_from(["", *KINDS])), argument)


def called(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.sampled_from([*FUNCTIONS]).flatmap(
        lambda name: st.builds(
            Call,
            st.just(name),
            st.lists(inner, min_size=FUNCTIONS[name][0], max_size=FUNCTIONS[name][1]).map(tuple),
            st.just(NOWHERE),
        )
    )


def worked_out(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from(SIGNS), inner, inner, st.just(NOWHERE)),
        st.builds(Negative, inner, st.just(NOWHERE)),
        called(inner),
    )


atoms: st.SearchStrategy[Term] = st.one_of(
    names(), st.builds(Value, st.one_of(st.floats(allow_nan=False), st.integers(-99, 99).map(float)), st.just(NOWHERE))
)
terms = st.recursive(atoms, worked_out, max_leaves=8)
formulas = worked_out(terms)
numbers = st.floats(allow_nan=False)
bare_texts = st.sampled_from(["adam", "val/loss", "4f2a*", "2026-01-31", "like", "a..b", "-x", "x-"]).map(Bare)


values: st.SearchStrategy[Scalar] = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False), st.integers(-(10**6), 10**6), texts, bare_texts
)
ends: st.SearchStrategy[Scalar] = st.one_of(st.floats(allow_nan=False), st.sampled_from(["a", "2026-01-31"]).map(Bare))


def branches(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Not, inner, st.just(NOWHERE)),
        st.builds(Both, several, st.just(NOWHERE)),
        st.builds(Either, several, st.just(NOWHERE)),
    )


leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Compare, names(), st.sampled_from(OPERATORS), values, st.just(NOWHERE)),
    st.builds(OneOf, names(), st.lists(values, min_size=1, max_size=4).map(tuple), st.booleans(), st.just(NOWHERE)),
    st.builds(IsNull, st.one_of(names(), formulas), st.booleans(), st.just(NOWHERE)),
    st.builds(Relate, names(), st.sampled_from(RELATIONS), st.one_of(names(), formulas), st.just(NOWHERE)),
    st.builds(Relate, formulas, st.sampled_from(RELATIONS), terms, st.just(NOWHERE)),
    st.builds(Between, names(), values, values, st.booleans(), st.just(False), st.just(NOWHERE)),
    st.builds(Between, st.one_of(names(), formulas), ends, ends, st.booleans(), st.booleans(), st.just(NOWHERE)),
    st.builds(Word, texts, st.just(True), st.just(NOWHERE)),
    st.builds(Word, plain_texts, st.just(False), st.just(NOWHERE)),
)
expressions = st.recursive(leaves, branches, max_leaves=12)


def comparable(node: Expression | None) -> object:
    """The tree without its spans, with NaN equal to NaN and True apart from 1."""
    if isinstance(node, Both | Either):
        return (type(node).__name__, [comparable(t) for t in node.terms])
    if isinstance(node, Not):
        return ("Not", comparable(node.term))
    if isinstance(node, Word):
        return ("Word", node.text, node.quoted)
    assert node is not None
    if isinstance(node, Relate):
        return ("Relate", comparable_term(node.left), node.operator, comparable_term(node.right))
    if isinstance(node, Between):
        span = (_value(node.low), _value(node.high))
        return ("Between", comparable_term(node.term), *span, node.negated, node.dots)
    field = comparable_term(node.field)
    if isinstance(node, Compare):
        return ("Compare", field, node.operator, _value(node.value))
    if isinstance(node, OneOf):
        return ("OneOf", field, [_value(v) for v in node.values], node.negated)
    return ("IsNull", field, node.negated)


def comparable_term(term: Term) -> object:
    if isinstance(term, Name):
        return (term.text, term.quoted, term.aggregate, term.kind, term.argument)
    if isinstance(term, Value):
        return _value(term.number)
    if isinstance(term, Negative):
        return ("-", comparable_term(term.term))
    if isinstance(term, Call):
        return (term.function, [comparable_term(t) for t in term.terms])
    return (term.operator, comparable_term(term.left), comparable_term(term.right))


def _value(value: Scalar) -> object:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return "nan" if math.isnan(value) else float(value)


@steady
@given(expressions)
def test_printing_and_parsing_gives_the_same_expression(expression: Expression) -> None:
    assert comparable(parse(to_text(expression))) == comparable(expression)


@steady
@given(formulas)
def test_printing_and_parsing_gives_the_same_arithmetic(term: Term) -> None:
    assert comparable_term(parse_term(term_text(term))) == comparable_term(term)


PIECES = [
    *"(),=~!\"'`",
    *"+-*/^",
    "..",
    "1..2",
    "matches",
    "=~",
    "step=3",
    "at(",
    "abs(",
    "mean",
    "''",
    "!=",
    "&&",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "like",
    "true",
]
PIECES += ["best", "metric", "best(", "metric.", ".max", "lr", "val/acc", "3", "1e-3", "nan"]
filter_like_texts = st.builds(str.join, st.sampled_from(["", " "]), st.lists(st.sampled_from(PIECES), max_size=14))


@steady
@given(st.one_of(st.text(max_size=60), filter_like_texts))
@example("'" * 9_999)
@example("(" * 9_999)
@example("\ud800 = \x00")
def test_any_text_is_a_filter_or_a_filter_syntax_error(text: str) -> None:
    try:
        expression = parse(text)
    except FilterSyntax as error:
        caught = error
    else:
        if expression is None:
            assert not text.strip()
        else:
            assert comparable(parse(to_text(expression))) == comparable(expression)
        return
    assert 0 <= caught.position <= len(text)
    assert caught.message


@steady
@given(texts)
def test_any_name_can_be_typed(text: str) -> None:
    field = parse(f"{quote_name(text)} is null")
    assert isinstance(field, IsNull)
    assert isinstance(field.field, Name)
    assert (field.field.text, field.field.kind, field.field.aggregate) == (text, "", "")
