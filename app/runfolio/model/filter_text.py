"""The filter language: text to expression; `filter_print` is the way back.

    val/acc > 0.9 and optimizer = 'adam' and not failed
    best(val/loss) <= 0.2 or tag in (candidate, "second look")
    param.lr is null   name ~ resnet   started >= 2026-01-31   lr in 1e-4..1e-2
    val/loss < train/loss * 1.1   slope(loss, last=100) < 0   name like 'resnet%'

Grammar (terms side by side mean `and`):

    either   = both { "or" both }
    both     = test { ["and"] test }
    test     = "not" test | "(" either ")" | word
             | sum relation ( sum | value ) | field texts value
             | sum ["not"] "in" value ".." value | field ["not"] "in" "(" value { "," value } ")"
             | sum ["not"] "between" value "and" value | sum "is" ["not"] "null"
    sum      = product { ( "+" | "-" ) product }
    product  = signed { ( "*" | "/" ) signed }
    signed   = { "+" | "-" } power
    power    = atom [ "^" signed ]
    atom     = number | field | "(" sum ")" | function "(" sum { "," sum } ")"
    field    = ( name | quoted | kind "." quoted | kind "(" field ")" | figure "(" field [ "," argument ] ")" )
               [ "." figure ]
    argument = [ label "=" ] number
    kind     = "metric" "param" "tag" "fact"
    figure   = "last" "first" "min" "max" "best" "count" "mean" "std" "slope" "at" "reach" "reach_time"
    label    = "last" "step" "value"
    relation = "=" "==" "!=" "<>" "<" "<=" ">" ">=" "≤" "≥" "≠"
    texts    = "~" "!~" ["not"] "like" ["not"] "ilike" ["not"] "matches" "=~"
    quoted   = text between two " or ' or `, a quote inside written twice as in SQL; backslashes are plain characters

Names may hold anything but spaces, quotes, brackets, commas and operators, so a sign of arithmetic stands by itself or
beside a quote or a bracket. Keywords are not case-sensitive.
"""

from __future__ import annotations

from runfolio.errors import FilterSyntax
from runfolio.model.arithmetic import RELATIONS
from runfolio.model.expression import (
    Bare,
    Between,
    Both,
    Compare,
    Either,
    Expression,
    IsNull,
    Name,
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
from runfolio.model.filter_terms import KINDS, NUMBER, TermParser
from runfolio.model.filter_tokens import Token, tokens

TEXT_OPERATORS = ("like", "ilike", "matches")
OPERATORS = (*RELATIONS, "~", "!~", *TEXT_OPERATORS, *(f"not {word}" for word in TEXT_OPERATORS))

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


def parse_term(text: str) -> Term:
    """The arithmetic that `text` means, as a derived column has it. Raises FilterSyntax."""
    parser = _Parser(tokens(text))
    term = parser.sum()
    if parser.here.kind != "end":
        raise parser.fail("a sign such as + or /, or the end")
    return term


def is_arithmetic(text: str) -> bool:
    """Whether a text works something out, and is not just a name or a number."""
    try:
        return not isinstance(parse_term(text), Name | Value)
    except FilterSyntax:
        return False


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


class _Parser(TermParser):
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, pieces: list[Token]) -> None:
        super().__init__(pieces)
        self._behind = _closing(pieces)

    def expect_end(self) -> None:
        if self.here.kind == "end":
            return
        chained = self.here.kind == "operator"
        raise self.fail("and, or, or the end", "For a range write lr in 1e-4..1e-2." if chained else "")

    def either(self) -> Expression:
        terms = [self.both()]
        while self.here.keyword == "or":
            self.take()
            terms.append(self.both())
        if len(terms) == 1:
            return terms[0]
        return Either(tuple(terms), Span(terms[0].span.start, terms[-1].span.end))

    def both(self) -> Expression:
        terms = [self.test()]
        while True:
            if self.here.keyword == "and":
                self.take()
                terms.append(self.test())
            elif self.starts_test():
                terms.append(self.test())
            else:
                break
        if len(terms) == 1:
            return terms[0]
        return Both(tuple(terms), Span(terms[0].span.start, terms[-1].span.end))

    def starts_test(self) -> bool:
        token = self.here
        if token.kind == "mark":
            return token.text == "("
        return token.kind in ("word", "quoted") and token.keyword in ("", "not", "true", "false", "null")

    def test(self) -> Expression:
        token = self.here
        self.descend()
        try:
            if token.keyword == "not":
                self.take()
                inner = self.test()
                return Not(inner, Span(token.start, inner.span.end))
            if self.is_mark("(") and not self._opens_number():
                self.take()
                inner = self.either()
                self.expect(")", "to close the bracket")
                return inner
            if not (token.kind in ("word", "quoted") or self.is_mark("(")) or token.keyword in (
                "and",
                "or",
                "in",
                "is",
                "between",
            ):
                raise self.fail("a field, a word, not, or (")
            return self.comparison()
        finally:
            self._depth -= 1

    def _opens_number(self) -> bool:
        """Whether the bracket here is one of arithmetic, by what stands behind its closing one."""
        close = self._behind.get(self._at)
        if close is None:
            return False
        after, later = self._pieces[close + 1], self._pieces[min(close + 2, len(self._pieces) - 1)]
        negated = after.keyword == "not" and later.keyword in ("in", "between")
        return after.kind == "operator" or bool(after.sign) or after.keyword in ("in", "is", "between") or negated

    def comparison(self) -> Expression:
        first = self.here
        left = self.sum() if first.kind == "mark" or first.sign else self._left(first)
        start = first.start
        if self.here.kind == "operator":
            return self.relation(left, start)
        negated = self.here.keyword == "not"
        ahead = self.next if negated else self.here
        if ahead.keyword in ("in", "between"):
            if negated:
                self.take()
            self.take()
            if ahead.keyword == "between":
                return self.between(left, start, negated=negated)
            if self.is_mark("("):
                return self.one_of(self._only_field(left, "in (…)"), start, negated=negated)
            return self.dots(left, start, negated=negated)
        if ahead.kind == "word" and ahead.text.lower() in TEXT_OPERATORS and self._goes_on(negated):
            if negated:
                self.take()
            operator = self.take().text.lower()
            value, end = self.value()
            field = self._only_field(left, operator)
            return Compare(field, f"not {operator}" if negated else operator, value, Span(start, end))
        if self.here.keyword == "is":
            return self.is_null(left, start)
        return self._word(left, first)

    def _left(self, first: Token) -> Term:
        if first.keyword in ("true", "false", "null"):
            # Something may be called so.
            self.take()
            return Name(first.text, False, Span(first.start, first.end))
        return self.sum()

    def _goes_on(self, negated: bool) -> bool:
        """Whether a value follows, so that `like` is an operator and no word."""
        after = self._pieces[min(self._at + (2 if negated else 1), len(self._pieces) - 1)]
        return after.kind == "quoted" or (after.kind == "word" and after.keyword not in _NOT_VALUES)

    def _word(self, left: Term, first: Token) -> Expression:
        """A term by itself is a word to look for, if it is one."""
        if left.span.end != first.end or first.kind == "mark":
            raise self.fail("an operator such as = or >")
        if first.keyword:
            raise FilterSyntax(f"{first.text!r} stands alone", position=first.start, length=first.end - first.start)
        if self.here.kind == "word" and self.here.text.lower() in TEXT_OPERATORS:
            raise self.fail("an operator such as = or >", "For example name like 'resnet%', or name ~ resnet.")
        return Word(first.text, first.kind == "quoted", Span(first.start, first.end))

    def _only_field(self, left: Term, what: str) -> Name:
        if isinstance(left, Name):
            return left
        span = left.span
        raise FilterSyntax(
            f"What is worked out is a number, and {what} asks a field",
            position=span.start,
            length=span.end - span.start,
            hint="Numbers are compared with = != < <= > >= and ranges.",
        )

    def relation(self, left: Term, start: int) -> Expression:
        operator = self.take()
        if operator.text not in RELATIONS:
            field = self._only_field(left, operator.text)
            value, end = self.value()
            return Compare(field, operator.text, value, Span(start, end))
        if isinstance(left, Name) and self._is_scalar():
            value, end = self.value()
            return Compare(left, operator.text, value, Span(start, end))
        right = self.sum()
        span = Span(start, right.span.end)
        if isinstance(right, Value):
            if isinstance(left, Name):
                return Compare(left, operator.text, right.number, span)
            if isinstance(left, Value):
                raise _no_field(span, self._pieces)
        return Relate(left, operator.text, right, span)

    def _is_scalar(self) -> bool:
        """Whether a plain value stands here, and nothing to be worked out."""
        token, after = self.here, self.next
        if token.kind == "quoted":
            return not after.sign
        if token.kind != "word":
            return not self.is_mark("(")
        called = after.start == token.end and after.kind == "mark" and after.text == "(" and not token.keyword
        kind = token.text.endswith(".") and token.text[:-1].lower() in KINDS
        of_kind = kind and after.kind == "quoted" and after.start == token.end
        return not (token.sign or after.sign or called or of_kind)

    def is_null(self, term: Term, start: int) -> Expression:
        self.take()
        negated = self.here.keyword == "not"
        if negated:
            self.take()
        if self.here.keyword != "null":
            raise self.fail("null", "To compare with a value write =.")
        return IsNull(term, negated, Span(start, self.take().end))

    def one_of(self, name: Name, start: int, *, negated: bool) -> Expression:
        self.take()
        values: list[Scalar] = [self.value()[0]]
        while self.is_mark(","):
            self.take()
            values.append(self.value()[0])
        end = self.expect(")", "or a comma").end
        return OneOf(name, tuple(values), negated, Span(start, end))

    def between(self, term: Term, start: int, *, negated: bool) -> Expression:
        low, _ = self.value()
        if self.here.keyword != "and":
            raise self.fail("and", "For example lr between 1e-4 and 1e-2.")
        self.take()
        high, end = self.value()
        return Between(term, low, high, negated, False, Span(start, end))

    def dots(self, term: Term, start: int, *, negated: bool) -> Expression:
        """`1e-4..1e-2` behind `in`."""
        token = self.here
        low, found, high = token.text.partition("..") if token.kind == "word" else ("", "", "")
        if not (low and found and high):
            raise self.fail("'(' or a range after in", "For example lr in (0.1, 0.2) or lr in 1e-4..1e-2.")
        self.take()
        return Between(term, _typed(low), _typed(high), negated, True, Span(start, token.end))

    def value(self) -> tuple[Scalar, int]:
        token = self.here
        if token.kind == "quoted":
            return self.take().text, token.end
        if token.kind != "word" or token.keyword in _NOT_VALUES:
            raise self.fail("a value")
        self.take()
        if token.keyword:
            return {"null": None, "true": True, "false": False}[token.keyword], token.end
        return _typed(token.text), token.end


def _no_field(span: Span, pieces: list[Token]) -> FilterSyntax:
    first = next(token for token in pieces if token.start == span.start)
    hint = f"In arithmetic there are spaces on both sides of {first.text[0]}." if first.text[0] in "+-" else ""
    if any(token.end <= span.start and token.text in ("%", "mod", "//") for token in pieces):
        hint = "There is no remainder: the signs of arithmetic are + - * / and ^."
    return FilterSyntax("There is no field in this", position=span.start, length=span.end - span.start, hint=hint)


def _typed(text: str) -> Scalar:
    return Number(text) if NUMBER.fullmatch(text) else Bare(text)


def _closing(pieces: list[Token]) -> dict[int, int]:
    """The place of the closing bracket of each opening one."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(pieces):
        if token.kind == "mark" and token.text == "(":
            opened.append(place)
        elif token.kind == "mark" and token.text == ")" and opened:
            found[opened.pop()] = place
    return found
