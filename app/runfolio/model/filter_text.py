"""The filter language: text to expression and back.

    val/acc > 0.9 and optimizer = 'adam' and not failed
    best(val/loss) <= 0.2 or tag in (candidate, "second look")
    param.lr is null   name ~ resnet   started >= 2026-01-31

Grammar (terms side by side mean `and`):

    either   = both { "or" both }
    both     = term { ["and"] term }
    term     = "not" term | "(" either ")" | field operator value | field ["not"] "in" "(" value { "," value } ")"
             | field "is" ["not"] "null" | field "between" value "and" value | word
    field    = name | "quoted name" | `quoted name` | aggregate "(" field ")"
    operator = "=" "==" "!=" "<>" "<" "<=" ">" ">=" "≤" "≥" "≠" "~" "!~"

Names may hold letters of any script, digits and `_ . / - : $ % @ # +`. Keywords are not case-sensitive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runfolio.errors import FilterSyntax
from runfolio.model.query import Both, Compare, Either, Expression, IsNull, Name, Not, OneOf, Scalar, Span, Word

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "between", "true", "false"})
AGGREGATES = ("last", "first", "min", "max", "best", "count")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~")
MAX_LENGTH = 10_000
MAX_DEPTH = 100

_SAME = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<operator><=|>=|==|!=|<>|!~|[=<>~≤≥≠])
      | (?P<mark>[(),])
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)
      | (?P<word>[^\s()=<>~≤≥≠!,"'`]+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|nan)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[^\s()=<>~≤≥≠!,\"'`]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: kind is operator, mark, quoted, word or end; `text` is unquoted for quoted ones."""

    kind: str
    text: str
    start: int
    end: int
    quote: str = ""

    @property
    def keyword(self) -> str:
        """The keyword it is, in lower case, or ""."""
        word = self.text.lower()
        return word if self.kind == "word" and word in KEYWORDS else ""


def tokens(text: str) -> list[Token]:
    """The pieces of a filter, ending with one of kind "end". Raises FilterSyntax."""
    if len(text) > MAX_LENGTH:
        raise FilterSyntax(f"A filter has at most {MAX_LENGTH:,} characters", position=MAX_LENGTH)
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "bad"
        piece = match.group()
        start, end = match.span()
        if kind == "space":
            continue
        if kind == "bad":
            if piece in "\"'`":
                raise FilterSyntax(f"The quote {piece} is never closed", position=start, length=len(text) - start)
            raise FilterSyntax(f"{piece!r} means nothing here", position=start, hint="Use != for “not equal”.")
        if kind == "quoted":
            inner = re.sub(r"\\(.)", r"\1", piece[1:-1], flags=re.DOTALL)
            found.append(Token(kind, inner, start, end, piece[0]))
        else:
            found.append(Token(kind, _SAME.get(piece, piece), start, end))
    found.append(Token("end", "", len(text), len(text)))
    return found


def parse(text: str) -> Expression | None:
    """The expression that `text` means, None when it is blank. Raises FilterSyntax."""
    pieces = tokens(text)
    if len(pieces) == 1:
        return None
    parser = _Parser(pieces)
    expression = parser.either()
    parser.expect_end()
    return expression


class _Parser:
    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    @property
    def here(self) -> Token:
        return self._pieces[self._at]

    def take(self) -> Token:
        token = self.here
        self._at += 1
        return token

    def fail(self, wanted: str) -> FilterSyntax:
        token = self.here
        found = "the end" if token.kind == "end" else f"{token.text!r}"
        return FilterSyntax(f"Expected {wanted}, found {found}", position=token.start, length=token.end - token.start)

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
        token = self.here
        if token.kind == "operator":
            operator = self.take().text
            value, end = self.value()
            return Compare(name, operator, value, Span(first.start, end))
        negated = token.keyword == "not" and self._pieces[self._at + 1].keyword in ("in", "between")
        if negated:
            self.take()
        if self.here.keyword == "in":
            return self.one_of(name, negated=negated)
        if self.here.keyword == "between":
            return self.between(name, negated=negated)
        if self.here.keyword == "is":
            self.take()
            negated = self.here.keyword == "not"
            if negated:
                self.take()
            if self.here.keyword != "null":
                raise self.fail("null")
            end = self.take().end
            return IsNull(name, negated, Span(first.start, end))
        if name.span.end != first.end:
            raise self.fail("an operator such as = or >")
        if first.keyword:
            raise FilterSyntax(f"{first.text!r} stands alone", position=first.start, length=first.end - first.start)
        return Word(first.text, first.kind == "quoted", name.span)

    def field(self, first: Token) -> Name:
        """`name`, or `best(name)`, which is the same as the name with `.best` behind it."""
        opens = self.here.kind == "mark" and self.here.text == "(" and self.here.start == first.end
        if first.kind == "word" and first.text.lower() in AGGREGATES and opens:
            self.take()
            if self.here.kind not in ("word", "quoted"):
                raise self.fail("the name of a metric")
            inner = self.take()
            end = self.expect(")", "after the metric").end
            return Name(inner.text, inner.kind == "quoted", Span(first.start, end), first.text.lower())
        return Name(first.text, first.kind == "quoted", Span(first.start, first.end))

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
            raise self.fail("and")
        self.take()
        high, end = self.value()
        span = Span(name.span.start, end)
        both = Both((Compare(name, ">=", low, span), Compare(name, "<=", high, span)), span)
        return Not(both, span) if negated else both

    def value(self) -> tuple[Scalar, int]:
        token = self.here
        if token.kind == "quoted":
            return self.take().text, token.end
        if token.kind != "word" or token.keyword in ("and", "or", "not", "in", "is", "between"):
            raise self.fail("a value")
        self.take()
        if token.keyword:
            return {"null": None, "true": True, "false": False}[token.keyword], token.end
        if _NUMBER.fullmatch(token.text):
            return float(token.text), token.end
        return token.text, token.end


def to_text(expression: Expression) -> str:
    """The expression in words again; parsing them gives the same expression, but for spans."""
    if isinstance(expression, Compare):
        return f"{_name(expression.field)} {expression.operator} {_value(expression.value)}"
    if isinstance(expression, OneOf):
        values = ", ".join(_value(v) for v in expression.values)
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
    """A field's name as it has to be typed: quoted when it is a keyword or holds anything but plain characters."""
    plain = _PLAIN_NAME.fullmatch(text) and text.lower() not in KEYWORDS and not _NUMBER.fullmatch(text)
    return text if plain else _quoted(text)


def quote_value(value: Scalar) -> str:
    """A value as it has to be typed."""
    return _value(value)


def _name(name: Name) -> str:
    text = _quoted(name.text) if name.quoted else name.text
    return f"{name.aggregate}({text})" if name.aggregate else text


def _value(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value, "'")
    return repr(value).removesuffix(".0")


def _quoted(text: str, quote: str = '"') -> str:
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return f"{quote}{escaped}{quote}"
