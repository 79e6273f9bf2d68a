"""What can be typed into the filter bar, how it is understood, and how it prints back."""

from __future__ import annotations

import dataclasses
import math

import pytest

from runfolio.errors import FilterSyntax
from runfolio.model.expression import (
    Arithmetic,
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
    Number,
    OneOf,
    Relate,
    Scalar,
    Span,
    Term,
    Value,
    Word,
)
from runfolio.model.filter_print import quote_name, quote_value, to_text
from runfolio.model.filter_terms import MAX_DEPTH, split_names
from runfolio.model.filter_text import is_arithmetic, parse, parse_name, parse_term
from runfolio.model.filter_tokens import MAX_LENGTH

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
    bare = _spanless(node)
    assert isinstance(bare, Expression)
    return bare


def _spanless(node: object) -> object:
    """A tree with every span set to nowhere."""
    if isinstance(node, tuple):
        return tuple(_spanless(part) for part in node)
    if isinstance(node, Span):
        return NOWHERE
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        parts = {f.name: _spanless(getattr(node, f.name)) for f in dataclasses.fields(node)}
        return dataclasses.replace(node, **parts)
    return node


def _bare(field: Name) -> Name:
    return dataclasses.replace(field, span=NOWHERE)


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
    assert meaning("lr between 1 and 2 and x") == both(between("lr", 1.0, 2.0), word("x"))
    assert meaning("lr not between 1 and 2") == between("lr", 1.0, 2.0, negated=True)
    assert meaning("lr in 1e-4..1e-2") == between("lr", 1e-4, 1e-2, dots=True)
    assert meaning("started not in 2026-01-01..2026-02-01") == between(
        "started", "2026-01-01", "2026-02-01", negated=True, dots=True
    )


def between(field: str, low: Scalar, high: Scalar, *, negated: bool = False, dots: bool = False) -> Between:
    return Between(name(field), low, high, negated, dots, NOWHERE)


def figure(text: str, aggregate: str, argument: float | None = None) -> Name:
    return Name(text, False, NOWHERE, aggregate, "", argument)


def joined(left: Term, operator: str, right: Term) -> Arithmetic:
    return Arithmetic(operator, left, right, NOWHERE)


def number(value: float) -> Value:
    return Value(value, NOWHERE)


def test_signs_of_arithmetic_stand_by_themselves_or_beside_quotes_and_brackets() -> None:
    product = joined(name("train/loss"), "*", number(1.1))
    assert meaning("val/loss < train/loss * 1.1") == Relate(name("val/loss"), "<", product, NOWHERE)
    quoted = joined(name("a b", quoted=True), "*", number(2))
    assert meaning('"a b"*2 > c') == Relate(quoted, ">", name("c"), NOWHERE)
    assert meaning("2*(a + b) > c") == Relate(
        joined(number(2), "*", joined(name("a"), "+", name("b"))), ">", name("c"), NOWHERE
    )
    assert meaning("a-b > 3") == compare("a-b", ">", 3.0)
    assert meaning("-3 < a") == Relate(number(-3), "<", name("a"), NOWHERE)


def test_arithmetic_binds_as_everywhere() -> None:
    a, b, c = name("a"), name("b"), name("c")
    terms = {
        "a + b * c": joined(a, "+", joined(b, "*", c)),
        "a - b - c": joined(joined(a, "-", b), "-", c),
        "(a + b) / c": joined(joined(a, "+", b), "/", c),
        "a ^ b ^ c": joined(a, "^", joined(b, "^", c)),
        "- a ^ 2": Negative(joined(a, "^", number(2)), NOWHERE),
        "-2 ^ 2": Negative(joined(number(2), "^", number(2)), NOWHERE),
        "(-2) ** 2": joined(number(-2), "^", number(2)),
        "-best(a) + 1": joined(Negative(figure("a", "best"), NOWHERE), "+", number(1)),
        "least(a, abs(b))": Call("least", (a, Call("abs", (b,), NOWHERE)), NOWHERE),
    }
    for text, term in terms.items():
        assert _spanless(parse_term(text)) == term, text


def test_brackets_hold_tests_or_numbers_by_what_follows_them() -> None:
    total = joined(name("a"), "+", name("b"))
    assert meaning("(a + b) > 3") == Relate(total, ">", number(3), NOWHERE)
    assert meaning("not (a + b) is null") == Not(IsNull(total, False, NOWHERE), NOWHERE)
    assert meaning("((a) > 3) or b") == Either((compare("a", ">", 3.0), word("b")), NOWHERE)
    assert meaning("lr > (x)") == Relate(name("lr"), ">", name("x"), NOWHERE)
    assert meaning("lr > x") == compare("lr", ">", "x")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("at(loss, step=1000) < 3", figure("loss", "at", 1000.0)),
        ("at(loss, 1000) < 3", figure("loss", "at", 1000.0)),
        ("mean(loss, last=10) < 3", figure("loss", "mean", 10.0)),
        ("mean(loss) < 3", figure("loss", "mean")),
        ("slope(loss, LAST = 100) < 3", figure("loss", "slope", 100.0)),
        ("std(loss) < 3", figure("loss", "std")),
        ("reach(val/acc, 0.9) < 3", figure("val/acc", "reach", 0.9)),
        ("reach_time(val/acc, value=.9) < 3", figure("val/acc", "reach_time", 0.9)),
    ],
)
def test_figures_take_arguments(text: str, field: Name) -> None:
    assert meaning(text) == compare(field, "<", 3.0)


@pytest.mark.parametrize("operator", ["like", "ilike", "matches", "not like", "not matches"])
def test_patterns_of_texts(operator: str) -> None:
    assert meaning(f"name {operator.upper()} 'a%'") == compare("name", operator, "a%")
    assert meaning("name =~ a.b") == compare("name", "matches", "a.b")
    assert meaning("like") == word("like")


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
        ("lr in 3", 6, 1, "Expected '(' or a range after in, found '3'"),
        ("lr in 3..", 6, 3, "Expected '(' or a range after in, found '3..'"),
        ("lr in (3", 8, 1, "Expected ')' or a comma, found the end"),
        ("lr in (3,)", 9, 1, "Expected a value, found ')'"),
        ("lr is 3", 6, 1, "Expected null, found '3'"),
        ("lr between 1 or 2", 13, 2, "Expected and, found 'or'"),
        ("name = 'adam", 7, 5, "The quote ' is never closed"),
        ("lr ! 3", 3, 1, "'!' means nothing here"),
        ("best(lr)", 8, 1, "Expected an operator such as = or >, found the end"),
        ("best() > 3", 5, 1, "Expected the name of a metric, found ')'"),
        ("meen(lr) > 3", 0, 4, "There is no function 'meen'"),
        ("at(lr) > 3", 0, 6, "at(…) needs a step"),
        ("at(lr, last=3) > 3", 7, 4, "Expected step=, found 'last'"),
        ("mean(lr, last=2.5) > 3", 0, 18, "mean(…) wants a whole number of last points, 1 or more"),
        ("std(lr, 1) > 3", 0, 10, "std(…) wants a whole number of last points, 2 or more"),
        ("best(lr, 3) > 3", 0, 11, "best(…) takes nothing but the name of a metric"),
        ("min(a, b) > 3", 7, 1, "Expected ')' after the name, found 'b'"),
        ("abs(a, b) > 3", 0, 9, "abs(…) takes one number"),
        ("best(a - b) > 3", 5, 1, "best(…) takes a plain name"),
        ("a + b", 5, 1, "Expected an operator such as = or >, found the end"),
        ("a + > 3", 4, 1, "Expected a field, a number or (, found '>'"),
        ("1 < 2", 0, 5, "There is no field in this"),
        ("0 < a < 2", 6, 1, "Expected and, or, or the end, found '<'"),
        ("a + b ~ x", 0, 5, "What is worked out is a number, and ~ asks a field"),
        ("best(min(lr)) > 3", 5, 7, "best(…) takes a plain name"),
        ("best(lr).max > 3", 8, 4, "Expected an operator such as = or >, found '.max'"),
        ("true", 0, 4, "'true' stands alone"),
        ("name like", 5, 4, "Expected an operator such as = or >, found 'like'"),
    ],
)
def test_errors_point_at_the_character_and_say_what_was_expected(
    text: str, position: int, length: int, says: str
) -> None:
    with pytest.raises(FilterSyntax) as caught:
        parse(text)
    assert (caught.value.message, caught.value.position, caught.value.length) == (says, position, length)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("epochs % 2 = 0", "There is no remainder: the signs of arithmetic are + - * / and ^."),
        ("slop(lr) > 3", "Did you mean slope(…)?"),
        ("avg(lr) > 3", "Did you mean mean(…)?"),
        ("pow(lr, 2) > 3", "A power is written a ^ b."),
        ("at(loss) > 3", "For example at(loss, step=1000)."),
        ("min(a, b) > 3", "Of several numbers: least(a, b)."),
        ("a -3 > 3", "In arithmetic there are spaces on both sides of -."),
        ("0 < a < 2", "For a range write lr in 1e-4..1e-2."),
    ],
)
def test_errors_suggest_what_was_meant(text: str, hint: str) -> None:
    with pytest.raises(FilterSyntax) as caught:
        parse(text)
    assert caught.value.hint == hint


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
        ("lr between 1 and 2", "lr between 1 and 2"),
        ("lr  not in 1e-4..1e-2", "lr not in 1e-4..1e-2"),
        ("optimizer = adam", "optimizer = adam"),
        ("name=~'^re'", "name matches '^re'"),
        ("a*b", "a*b"),
        ("( a + b )/2>c", "(a + b) / 2 > c"),
        ("(a + (b * c)) > 3", "a + b * c > 3"),
        ("(a - (b - c)) > 3", "a - (b - c) > 3"),
        ("ln(a) > - b", "log(a) > - b"),
        ("at(loss, 1000) < 3", "at(loss, step=1000) < 3"),
        ("reach( val/acc , value = 0.90) < 3", "reach(val/acc, 0.90) < 3"),
        ("lr > (x)", "lr > (x)"),
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


def test_names_are_split_at_commas_outside_of_brackets_and_quotes() -> None:
    assert split_names("name, mean(loss, last=10),-lr,,'a,b' * 2, ") == (
        "name", "mean(loss, last=10)", "-lr", "'a,b' * 2",
    )  # fmt: skip
    assert split_names("") == ()


def test_arithmetic_is_told_from_names() -> None:
    assert [is_arithmetic(t) for t in ("a / b", "a/b", "abs(a)", "mean(a, 3)", "3", "a b", "")] == [
        True, False, True, False, False, False, False,
    ]  # fmt: skip


def test_values_print_as_they_have_to_be_typed() -> None:
    values: tuple[Scalar, ...] = (None, True, 3, 0.001, math.inf, "it's")
    assert [quote_value(v) for v in values] == ["null", "true", "3", "0.001", "inf", "'it''s'"]
