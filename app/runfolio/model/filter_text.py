"""The filter language: text to expression and back.

    val/acc > 0.9 and optimizer = 'adam' and not failed
    best(val/loss) <= 0.2 or tag in (candidate, "second look")
    param.lr is null   name ~ resnet   started >= 2026-01-31

Grammar (terms side by side mean `and`):

    either   = both { "or" both }
    both     = term { ["and"] term }
    term     = "not" term | "(" either ")" | field operator value | field ["not"] "in" "(" value { "," value } ")"
             | field "is" ["not"] "null" | field ["not"] "between" value "and" value | word
    field    = ( name | quoted | kind "." quoted | kind "(" field ")" | aggregate "(" field ")" ) [ "." aggregate ]
    kind     = "metric" "param" "tag" "fact"
    aggregate = "last" "first" "min" "max" "best" "count"
    operator = "=" "==" "!=" "<>" "<" "<=" ">" ">=" "≤" "≥" "≠" "~" "!~"
    quoted   = text between two " or ' or `, a quote inside written twice as in SQL; backslashes are plain characters

Names may hold anything but spaces, quotes, brackets, commas and operators. Keywords are not case-sensitive.
"""

from __future__ import annotations

import re
from dataclasses import replace

from runfolio.errors import FilterSyntax
from runfolio.model.filter_tokens import KEYWORDS, PLAIN_NAME, Token, tokens
from runfolio.model.query import (
    Aggregate,
    Both,
    Compare,
    Either,
    Expression,
    FieldKind,
    IsNull,
    Name,
    Not,
    Number,
    OneOf,
    Scalar,
    Span,
    Word,
)

AGGREGATES = tuple(a.value for a in Aggregate)
KINDS = tuple(k.value for k in FieldKind if k is not FieldKind.BUILTIN)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~")
MAX_DEPTH = 100

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|nan)", re.IGNORECASE)
_NOT_VALUES = ("and", "or", "not", "in", "is", "between")


def parse(text: str) -> Expression | None:
    """The expression that `text` means, None when it is blank. Raises FilterSyntax."""
    pieces = tokens(text)
    if len(pieces) == 1:
        return None
    parser = _Parser(pieces)
    expression = parser.either()
    parser.expect_end()
    return expression


def parse_name(text: str) -> Name:
    """The field that `text` names, as on the left of an operator: `val/acc.best`, `param."learning rate"`.

    Text that is no field by the grammar is taken literally as a name, so that `my metric` needs no quotes here.
    """
    try:
        parser = _Parser(tokens(text))
        name = parser.field(parser.take())
        parser.expect_end()
    except FilterSyntax:
        return Name(text, True, Span(0, len(text)))
    return name


class _Parser:
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    @property
    def here(self) -> Token:
        return self._pieces[self._at]

    def take(self) -> Token:
        token = self.here
        if token.kind != "end":
            self._at += 1
        return token

    def fail(self, wanted: str, hint: str = "") -> FilterSyntax:
        token = self.here
        found = "the end" if token.kind == "end" else f"{token.text!r}"
        return FilterSyntax(
            f"Expected {wanted}, found {found}", position=token.start, length=token.end - token.start, hint=hint
        )

    def expect_end(self) -> None:
        if self.here.kind != "end":
            raise self.fail("and, or, or the end")

    def expect(self, mark: str, after: str) -> Token:
        if self.here.kind != "mark" or self.here.text != mark:
            raise self.fail(f"{mark!r} {after}")
        return self.take()

    def either(self) -> Expression:
        terms = [self.both()]
        while self.here.keyword == "or":
            self.take()
            terms.append(self.both())
        if len(terms) == 1:
            return terms[0]
        return Either(tuple(terms), Span(terms[0].span.start, terms[-1].span.end))

    def both(self) -> Expression:
        terms = [self.term()]
        while True:
            if self.here.keyword == "and":
                self.take()
                terms.append(self.term())
            elif self.starts_term():
                terms.append(self.term())
            else:
                break
        if len(terms) == 1:
            return terms[0]
        return Both(tuple(terms), Span(terms[0].span.start, terms[-1].span.end))

    def starts_term(self) -> bool:
        token = self.here
        if token.kind == "mark":
            return token.text == "("
        return token.kind in ("word", "quoted") and token.keyword in ("", "not", "true", "false", "null")

    def term(self) -> Expression:
        token = self.here
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterSyntax("The filter is nested too deeply", position=token.start)
        try:
            if token.keyword == "not":
                self.take()
                inner = self.term()
                return Not(inner, Span(token.start, inner.span.end))
            if token.kind == "mark" and token.text == "(":
                self.take()
                inner = self.either()
                self.expect(")", "to close the bracket")
                return inner
            if token.kind not in ("word", "quoted") or token.keyword in ("and", "or", "in", "is", "between"):
                raise self.fail("a field, a word, not, or (")
            return self.comparison()
        finally:
            self._depth -= 1

    def comparison(self) -> Expression:
        first = self.take()
        name = self.field(first)
        if self.here.kind == "operator":
            operator = self.take().text
            value, end = self.value()
            return Compare(name, operator, value, Span(first.start, end))
        negated = self.here.keyword == "not" and self._pieces[self._at + 1].keyword in ("in", "between")
        if negated:
            self.take()
        if self.here.keyword == "in":
            return self.one_of(name, negated=negated)
        if self.here.keyword == "between":
            return self.between(name, negated=negated)
        if self.here.keyword == "is":
            return self.is_null(name)
        if name.span.end != first.end:
            raise self.fail("an operator such as = or >")
        if first.keyword:
            raise FilterSyntax(f"{first.text!r} stands alone", position=first.start, length=first.end - first.start)
        if self.here.kind == "word" and self.here.text.lower() in ("like", "ilike"):
            raise self.fail("an operator such as = or >", "For “contains” write ~, as in name ~ resnet.")
        return Word(first.text, first.kind == "quoted", name.span)

    def field(self, first: Token) -> Name:
        """A name in any of its forms. `first` is its first token, a word or a quoted text, and is already taken."""
        word = first.text.lower() if first.kind == "word" else ""
        name = Name(first.text, first.kind == "quoted", Span(first.start, first.end))
        if word in (*KINDS, *AGGREGATES) and self._adjoins(first.end, "mark", "("):
            name = self._called(first, word)
        elif word[:-1] in KINDS and word.endswith(".") and self._adjoins(first.end, "quoted"):
            quoted = self.take()
            name = Name(quoted.text, True, Span(first.start, quoted.end), kind=word[:-1])
        if name.quoted or name.kind or name.aggregate:
            return self._with_aggregate(name)
        return name

    def _called(self, first: Token, word: str) -> Name:
        """`best(name)` or `param(name)`."""
        self.take()
        if self.here.kind not in ("word", "quoted"):
            raise self.fail("the name of a metric" if word in AGGREGATES else f"the name of a {word}")
        inner = self.field(self.take())
        span = Span(first.start, self.expect(")", "after the name").end)
        if inner.aggregate if word in AGGREGATES else inner.kind or inner.aggregate:
            raise FilterSyntax(
                f"{word}(…) takes a plain name",
                position=inner.span.start,
                length=inner.span.end - inner.span.start,
                hint="For example best(val/acc) or metric(val/acc).max.",
            )
        if word in AGGREGATES:
            return replace(inner, span=span, aggregate=word)
        return replace(inner, span=span, kind=word)

    def _with_aggregate(self, name: Name) -> Name:
        """`.max` right behind a quoted name or a bracket."""
        tail = self.here
        if tail.start != name.span.end or tail.kind != "word" or tail.text.lower() not in {f".{a}" for a in AGGREGATES}:
            return name
        if name.aggregate:
            raise self.fail("an operator such as = or >")
        self.take()
        return replace(name, span=Span(name.span.start, tail.end), aggregate=tail.text[1:].lower())

    def _adjoins(self, end: int, kind: str, text: str | None = None) -> bool:
        token = self.here
        return token.start == end and token.kind == kind and text in (None, token.text)

    def is_null(self, name: Name) -> Expression:
        self.take()
        negated = self.here.keyword == "not"
        if negated:
            self.take()
        if self.here.keyword != "null":
            raise self.fail("null", "To compare with a value write =.")
        return IsNull(name, negated, Span(name.span.start, self.take().end))

    def one_of(self, name: Name, *, negated: bool) -> Expression:
        self.take()
        self.expect("(", "after in")
        values: list[Scalar] = [self.value()[0]]
        while self.here.kind == "mark" and self.here.text == ",":
            self.take()
            values.append(self.value()[0])
        end = self.expect(")", "or a comma").end
        return OneOf(name, tuple(values), negated, Span(name.span.start, end))

    def between(self, name: Name, *, negated: bool) -> Expression:
        self.take()
        low, _ = self.value()
        if self.here.keyword != "and":
            raise self.fail("and", "For example lr between 1e-4 and 1e-2.")
        self.take()
        high, end = self.value()
        span = Span(name.span.start, end)
        both = Both((Compare(name, ">=", low, span), Compare(name, "<=", high, span)), span)
        return Not(both, span) if negated else both

    def value(self) -> tuple[Scalar, int]:
        token = self.here
        if token.kind == "quoted":
            return self.take().text, token.end
        if token.kind != "word" or token.keyword in _NOT_VALUES:
            raise self.fail("a value")
        self.take()
        if token.keyword:
            return {"null": None, "true": True, "false": False}[token.keyword], token.end
        if _NUMBER.fullmatch(token.text):
            return Number(token.text), token.end
        return token.text, token.end


def to_text(expression: Expression) -> str:
    """The expression in words again; parsing them gives the same expression, but for spans."""
    if isinstance(expression, Compare):
        return f"{_name(expression.field)} {expression.operator} {quote_value(expression.value)}"
    if isinstance(expression, OneOf):
        values = ", ".join(quote_value(v) for v in expression.values)
        return f"{_name(expression.field)} {'not ' if expression.negated else ''}in ({values})"
    if isinstance(expression, IsNull):
        return f"{_name(expression.field)} is {'not ' if expression.negated else ''}null"
    if isinstance(expression, Word):
        return _quoted(expression.text) if expression.quoted else expression.text
    if isinstance(expression, Not):
        inner = to_text(expression.term)
        return f"not ({inner})" if isinstance(expression.term, Both | Either) else f"not {inner}"
    joint = " and " if isinstance(expression, Both) else " or "
    parts = [f"({to_text(t)})" if isinstance(t, Both | Either) else to_text(t) for t in expression.terms]
    return joint.join(parts)


def quote_name(text: str) -> str:
    """A field's name as it has to be typed: quoted when it would be read as anything but one name."""
    plain = PLAIN_NAME.fullmatch(text) and text.lower() not in KEYWORDS and not _NUMBER.fullmatch(text)
    # `&&` at its start would be read as `and`; a dot at its end as the kind of a quoted name.
    return text if plain and not text.startswith(("&&", "||")) and not text.endswith(".") else _quoted(text)


def quote_value(value: Scalar) -> str:
    """A value as it has to be typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value, "'")
    return value.text if isinstance(value, Number) else repr(value).removesuffix(".0")


def _name(name: Name) -> str:
    text = _quoted(name.text) if name.quoted else name.text
    if name.kind:
        text = f"{name.kind}({text})"
    return f"{name.aggregate}({text})" if name.aggregate else text


def _quoted(text: str, quote: str = '"') -> str:
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"
