"""What can be typed into the filter bar, how it is understood, and how it prints back."""

from __future__ import annotations

import math

import pytest

from runfolio.errors import FilterSyntax
from runfolio.model.filter_text import MAX_DEPTH, parse, parse_name, quote_name, quote_value, to_text
from runfolio.model.filter_tokens import MAX_LENGTH
from runfolio.model.query import (
    Both,
    Compare,
    Either,
    Expression,
    IsNull,
    Name,
    Not,
    Number,
    OneOf,
    Scalar,
    Span,
    Word,
)

NOWHERE = Span(0, 0)


def name(text: str, *, quoted: bool = False, aggregate: str = "", kind: str = "") -> Name:
    return Name(text, quoted, NOWHERE, aggregate, kind)


def compare(field: str | Name, operator: str, value: Scalar) -> Compare:
    return Compare(name(field) if isinstance(field, str) else field, operator, value, NOWHERE)


def word(text: str, *, quoted: bool = False) -> Word:
    return Word(text, quoted, NOWHERE)


def meaning(text: str) -> Expression:
    """What `text` parses to, with every span set to nowhere."""
    expression = parse(text)
    assert expression is not None
    return without_spans(expression)


def without_spans(node: Expression) -> Expression:
    if isinstance(node, Compare):
        return compare(_bare(node.field), node.operator, node.value)
    if isinstance(node, OneOf):
        return OneOf(_bare(node.field), node.values, node.negated, NOWHERE)
    if isinstance(node, IsNull):
        return IsNull(_bare(node.field), node.negated, NOWHERE)
    if isinstance(node, Word):
        return word(node.text, quoted=node.quoted)
    if isinstance(node, Not):
        return Not(without_spans(node.term), NOWHERE)
    return type(node)(tuple(without_spans(t) for t in node.terms), NOWHERE)


def _bare(field: Name) -> Name:
    return name(field.text, quoted=field.quoted, aggregate=field.aggregate, kind=field.kind)


def both(*terms: Expression) -> Both:
    return Both(terms, NOWHERE)


def test_the_example_of_the_filter_bar() -> None:
    assert meaning("val/acc > 0.9 and optimizer = 'adam' and not failed") == both(
        compare("val/acc", ">", 0.9), compare("optimizer", "=", "adam"), Not(word("failed"), NOWHERE)
    )


def test_blank_text_is_no_filter() -> None:
    assert parse("") is None
    assert parse(" \t\n ") is None


def test_terms_side_by_side_mean_and() -> None:
    assert meaning("lr > 1 resnet failed") == meaning("lr > 1 and resnet and failed")


def test_and_binds_tighter_than_or_and_brackets_tighter_than_both() -> None:
    a, b, c = word("a"), word("b"), word("c")
    assert meaning("a or b and c") == Either((a, both(b, c)), NOWHERE)
    assert meaning("(a or b) and c") == both(Either((a, b), NOWHERE), c)
    assert meaning("a || b && c") == meaning("a or b and c")


def test_not_binds_tighter_than_and() -> None:
    assert meaning("not a b") == both(Not(word("a"), NOWHERE), word("b"))
    assert meaning("NOT lr = 3") == Not(compare("lr", "=", 3.0), NOWHERE)


@pytest.mark.parametrize(
    ("typed", "operator"),
    [("=", "="), ("==", "="), ("!=", "!="), ("<>", "!="), ("≠", "!="), ("<", "<"), ("<=", "<="), ("≤", "<="),
     (">", ">"), (">=", ">="), ("≥", ">="), ("~", "~"), ("!~", "!~")],
)  # fmt: skip
def test_every_operator_with_and_without_spaces(typed: str, operator: str) -> None:
    assert meaning(f"lr {typed} 3") == compare("lr", operator, 3.0)
    assert meaning(f"lr{typed}3") == compare("lr", operator, 3.0)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1e-3", 1e-3), (".5", 0.5), ("-2", -2.0), ("+7.", 7.0), ("inf", math.inf), ("-inf", -math.inf),
     ("1e999", math.inf), ("true", True), ("False", False), ("NULL", None), ("adam", "adam"), ("'adam'", "adam"),
     ('"a b"', "a b"), ("''", ""), ("'3'", "3"), ("2026-01-31", "2026-01-31"), ("1_000", "1_000"), ("3f", "3f"),
     ("٣", "٣")],
)  # fmt: skip
def test_values_on_the_right(typed: str, value: Scalar) -> None:
    understood = meaning(f"x = {typed}")
    assert isinstance(understood, Compare)
    assert understood.value == value
    assert isinstance(understood.value, bool) == isinstance(value, bool)


def test_nan_is_a_value() -> None:
    understood = meaning("val/loss = NaN")
    assert isinstance(understood, Compare)
    assert isinstance(understood.value, float)
    assert math.isnan(understood.value)


def test_a_number_keeps_the_text_it_was_typed_in() -> None:
    understood = meaning("dataset.digest = 00123456")
    assert isinstance(understood, Compare)
    assert isinstance(understood.value, Number)
    assert understood.value == 123456.0
    assert understood.value.text == "00123456"
    assert to_text(understood) == "dataset.digest = 00123456"


@pytest.mark.parametrize(
    "text", ["val/acc", "optim.lr", "_x-1:2", "größe", "学习率", "lr@0", "a&b", "100%", "file.csv#3"]
)
def test_names_need_no_quotes_for_usual_characters(text: str) -> None:
    assert meaning(f"{text} > 3") == compare(text, ">", 3.0)
    assert quote_name(text) == text


@pytest.mark.parametrize("quote", ['"', "`", "'"])
def test_names_in_quotes_may_hold_anything(quote: str) -> None:
    assert meaning(f"{quote}my (best) metric, = x{quote} > 3") == compare(
        name("my (best) metric, = x", quoted=True), ">", 3.0
    )


def test_a_quote_inside_quotes_is_written_twice_and_a_backslash_is_a_plain_character() -> None:
    assert meaning("note = 'it''s'") == compare("note", "=", "it's")
    assert meaning(r"path ~ 'C:\runs\new'") == compare("path", "~", r"C:\runs\new")
    assert meaning(r"path ~ C:\runs") == compare("path", "~", r"C:\runs")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("best(val/acc)", name("val/acc", aggregate="best")),
        ('min("val loss")', name("val loss", quoted=True, aggregate="min")),
        ('"val loss".Max', name("val loss", quoted=True, aggregate="max")),
        ("metric(val/acc).max", name("val/acc", kind="metric", aggregate="max")),
        ('metric("val/acc").max', name("val/acc", quoted=True, kind="metric", aggregate="max")),
        ('metric."val acc".max', name("val acc", quoted=True, kind="metric", aggregate="max")),
        ("max(metric(val/acc))", name("val/acc", kind="metric", aggregate="max")),
        ('param."learning rate"', name("learning rate", quoted=True, kind="param")),
        ("Tag(mlflow.user)", name("mlflow.user", kind="tag")),
        ("fact.`git.commit`", name("git.commit", quoted=True, kind="fact")),
        # Without quotes the dots stay in the name: something may really be called that.
        ("val/acc.max", name("val/acc.max")),
        ("param.lr", name("param.lr")),
    ],
)
def test_figures_and_kinds_of_fields(typed: str, field: Name) -> None:
    assert meaning(f"{typed} > 3") == compare(field, ">", 3.0)
    assert _bare(parse_name(typed)) == field


def test_a_word_before_a_bracket_is_free_text_when_a_space_lies_between() -> None:
    assert meaning("best (a or b)") == both(word("best"), Either((word("a"), word("b")), NOWHERE))


def test_lists_ranges_and_missing_values() -> None:
    assert meaning("lr in (1e-3, 'x', true)") == OneOf(name("lr"), (1e-3, "x", True), False, NOWHERE)
    assert meaning("lr NOT IN (1)") == OneOf(name("lr"), (1.0,), True, NOWHERE)
    assert meaning("lr is null") == IsNull(name("lr"), False, NOWHERE)
    assert meaning("lr Is Not Null") == IsNull(name("lr"), True, NOWHERE)
    inside = both(compare("lr", ">=", 1.0), compare("lr", "<=", 2.0))
    assert meaning("lr between 1 and 2 and x") == both(inside, word("x"))
    assert meaning("lr not between 1 and 2") == Not(inside, NOWHERE)


def test_words_are_free_text_and_know_whether_they_were_quoted() -> None:
    assert meaning("resnet") == word("resnet")
    assert meaning('"not failed"') == word("not failed", quoted=True)
    assert meaning("50") == word("50")


def test_spans_point_at_the_text() -> None:
    text = "a or  best(lr) > 3"
    expression = parse(text)
    assert isinstance(expression, Either)
    second = expression.terms[1]
    assert isinstance(second, Compare)
    assert text[second.span.start : second.span.end] == "best(lr) > 3"
    assert text[second.field.span.start : second.field.span.end] == "best(lr)"


@pytest.mark.parametrize(
    ("text", "position", "length", "says"),
    [
        ("val/acc >", 9, 1, "Expected a value, found the end"),
        ("lr = = 3", 5, 1, "Expected a value, found '='"),
        ("lr = and", 5, 3, "Expected a value, found 'and'"),
        ("and lr = 3", 0, 3, "Expected a field, a word, not, or (, found 'and'"),
        ("lr = 3 or", 9, 1, "Expected a field, a word, not, or (, found the end"),
        ("(lr = 3", 7, 1, "Expected ')' to close the bracket, found the end"),
        ("lr = 3)", 6, 1, "Expected and, or, or the end, found ')'"),
        ("lr in 3", 6, 1, "Expected '(' after in, found '3'"),
        ("lr in (3", 8, 1, "Expected ')' or a comma, found the end"),
        ("lr in (3,)", 9, 1, "Expected a value, found ')'"),
        ("lr is 3", 6, 1, "Expected null, found '3'"),
        ("lr between 1 or 2", 13, 2, "Expected and, found 'or'"),
        ("name = 'adam", 7, 5, "The quote ' is never closed"),
        ("lr ! 3", 3, 1, "'!' means nothing here"),
        ("best(lr)", 8, 1, "Expected an operator such as = or >, found the end"),
        ("best() > 3", 5, 1, "Expected the name of a metric, found ')'"),
        ("best(min(lr)) > 3", 5, 7, "best(…) takes a plain name"),
        ("best(lr).max > 3", 8, 4, "Expected an operator such as = or >, found '.max'"),
        ("true", 0, 4, "'true' stands alone"),
        ("name like resnet", 5, 4, "Expected an operator such as = or >, found 'like'"),
    ],
)
def test_errors_point_at_the_character_and_say_what_was_expected(
    text: str, position: int, length: int, says: str
) -> None:
    with pytest.raises(FilterSyntax) as caught:
        parse(text)
    assert (caught.value.message, caught.value.position, caught.value.length) == (says, position, length)


def test_a_filter_that_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(FilterSyntax, match="at most 10,000 characters"):
        parse("a" * (MAX_LENGTH + 1))
    deep = MAX_DEPTH - 1
    assert parse("(" * deep + "a" + ")" * deep) is not None
    for text in ("(" * 4000 + "a" + ")" * 4000, "not " * 2000 + "a"):
        with pytest.raises(FilterSyntax, match="nested too deeply"):
            parse(text)


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("lr==1e-3", "lr = 1e-3"),
        ("a   b", "a and b"),
        ("not(a or b)", "not (a or b)"),
        ("a or (b or c)", "a or (b or c)"),
        ("name='it''s'", "name = 'it''s'"),
        ("x not in ( 1,2.50 ,'a')", "x not in (1, 2.50, 'a')"),
        ('"val loss".min<3', 'min("val loss") < 3'),
        ("metric.`x`>3", 'metric("x") > 3'),
        ("lr between 1 and 2", "lr >= 1 and lr <= 2"),
    ],
)
def test_an_expression_prints_as_text_that_can_be_typed(typed: str, printed: str) -> None:
    expression = parse(typed)
    assert expression is not None
    assert to_text(expression) == printed
    assert meaning(printed) == without_spans(expression)


@pytest.mark.parametrize(
    "text", ["and", "Null", "3", "1e-3", "inf", "a b", "a'b", 'a"b', "a,b", "", "&&", "param.", "(x)"]
)
def test_names_that_would_be_read_as_something_else_are_quoted(text: str) -> None:
    assert quote_name(text).startswith('"')
    assert meaning(f"{quote_name(text)} > 3") == compare(name(text, quoted=True), ">", 3.0)


def test_a_name_given_alone_needs_no_quotes() -> None:
    assert _bare(parse_name("learning rate")) == name("learning rate", quoted=True)
    assert _bare(parse_name('"learning rate"')) == name("learning rate", quoted=True)


def test_values_print_as_they_have_to_be_typed() -> None:
    values: tuple[Scalar, ...] = (None, True, 3, 0.001, math.inf, "it's")
    assert [quote_value(v) for v in values] == ["null", "true", "3", "0.001", "inf", "'it''s'"]
