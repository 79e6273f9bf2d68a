"""Properties of the filter language: it prints what it parses, and no text can break it."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runfolio.errors import FilterSyntax
from runfolio.model.filter_text import AGGREGATES, KINDS, OPERATORS, parse, quote_name, to_text
from runfolio.model.query import Both, Compare, Either, Expression, IsNull, Name, Not, OneOf, Scalar, Span, Word

NOWHERE = Span(0, 0)
steady = settings(derandomize=True, deadline=None, database=None)

texts = st.text(max_size=12)
plain_texts = st.sampled_from(
    ["lr", "val/acc", "val/acc.max", "param.lr", "学习率", "max", "like_x", "tag", "x.", "3f"]
)
values: st.SearchStrategy[Scalar] = st.one_of(
    st.none(), st.booleans(), st.floats(allow_nan=False), st.integers(-(10**6), 10**6), texts
)


@st.composite
def names(draw: st.DrawFn) -> Name:
    quoted = draw(st.booleans())
    text = draw(texts if quoted else plain_texts)
    return Name(text, quoted, NOWHERE, draw(st.sampled_from(["", *AGGREGATES])), draw(st.sampled_from(["", *KINDS])))


def branches(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    terms = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Not, inner, st.just(NOWHERE)),
        st.builds(Both, terms, st.just(NOWHERE)),
        st.builds(Either, terms, st.just(NOWHERE)),
    )


leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Compare, names(), st.sampled_from(OPERATORS), values, st.just(NOWHERE)),
    st.builds(OneOf, names(), st.lists(values, min_size=1, max_size=4).map(tuple), st.booleans(), st.just(NOWHERE)),
    st.builds(IsNull, names(), st.booleans(), st.just(NOWHERE)),
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
    field = (node.field.text, node.field.quoted, node.field.aggregate, node.field.kind)
    if isinstance(node, Compare):
        return ("Compare", field, node.operator, _value(node.value))
    if isinstance(node, OneOf):
        return ("OneOf", field, [_value(v) for v in node.values], node.negated)
    return ("IsNull", field, node.negated)


def _value(value: Scalar) -> object:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return "nan" if math.isnan(value) else float(value)


@steady
@given(expressions)
def test_printing_and_parsing_gives_the_same_expression(expression: Expression) -> None:
    assert comparable(parse(to_text(expression))) == comparable(expression)


PIECES = [*"(),=~!\"'`", "''", "!=", "&&", "and", "or", "not", "in", "is", "null", "between", "like", "true"]
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
    assert (field.field.text, field.field.kind, field.field.aggregate) == (text, "", "")
