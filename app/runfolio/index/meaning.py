"""Turns a filter's tree into the tests that it asks of each run; see `asked`. Names and values are explained here."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable

from runfolio.errors import FilterSyntax
from runfolio.index.asked import (
    AllOf,
    AnyOf,
    Applied,
    Constant,
    Figure,
    Missing,
    NanTest,
    NoNumber,
    NumberTest,
    Opposite,
    Quantity,
    Test,
    TextTest,
    WordTest,
)
from runfolio.index.fields import BY_NAME
from runfolio.index.known import Known
from runfolio.index.literals import as_moments, as_number, as_seconds, as_text
from runfolio.model.answers import CellKind
from runfolio.model.arithmetic import RELATIONS
from runfolio.model.display import storable
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
from runfolio.model.marks import FLAGS
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunStatus

STATUSES = frozenset(s.value for s in RunStatus)
_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_MOST_WORDS = 64
"""Each is looked for in six places, four of them tables of their own."""

_EXACT = 2.0**53
"""From here on neighbouring whole numbers are one float64, so equality of these asks for the text as well."""
_WHOLE = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 38
"""Of the greatest whole numbers that the database compares."""
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def meaning(expression: Expression, known: Known) -> Test:
    """The tests of a filter. Raises FilterSyntax for unknown names and senseless comparisons."""
    return _Meaning(known).test(expression)


def quantity(term: Term, known: Known) -> Quantity:
    """What arithmetic works out. Raises FilterSyntax for unknown names and for fields that are no numbers."""
    return _Meaning(known).quantity(term)


class _Meaning:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._words = 0

    def test(self, node: Expression) -> Test:
        if isinstance(node, Both | Either):
            tests = tuple(self.test(t) for t in node.terms)
            return AllOf(tests) if isinstance(node, Both) else AnyOf(tests)
        if isinstance(node, Not):
            return Opposite(self.test(node.term))
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, Relate):
            return self._relate(node.left, node.operator, node.right)
        if isinstance(node, Between):
            return self._between(node)
        if isinstance(node, OneOf):
            inner = AnyOf(tuple(self._compare(Compare(node.field, "=", v, node.span)) for v in node.values))
            return Opposite(inner) if node.negated else inner
        if isinstance(node, IsNull):
            if isinstance(node.field, Name):
                missing: Test = Missing(self._known.resolve(node.field))
            else:
                missing = NoNumber(self.quantity(node.field))
            return Opposite(missing) if node.negated else missing
        return self._word(node)

    # --- numbers -----------------------------------------------------------------------------------------------

    def quantity(self, term: Term) -> Quantity:
        if isinstance(term, Value):
            return Constant(float(term.number))
        if isinstance(term, Negative):
            return Applied("neg", (self.quantity(term.term),))
        if isinstance(term, Call):
            return Applied(term.function, tuple(self.quantity(t) for t in term.terms))
        if isinstance(term, Arithmetic):
            return Applied(term.operator, (self.quantity(term.left), self.quantity(term.right)))
        ref = self._known.resolve(term)
        if ref.kind in (FieldKind.TAG, FieldKind.FACT):
            raise senseless(term.span, f"{term.text!r} is a text, and arithmetic is for numbers")
        if ref.kind is FieldKind.BUILTIN:
            kind = BY_NAME[ref.name].kind
            if kind is CellKind.TIME:
                # In seconds, as lengths of time are: ended - started = duration.
                return Applied("/", (Figure(ref), Constant(1e6)))
            if kind not in (CellKind.NUMBER, CellKind.DURATION):
                raise senseless(term.span, f"{term.text!r} is a text, and arithmetic is for numbers")
        return Figure(ref)

    def _relate(self, left: Term, operator: str, right: Term) -> Test:
        inverse = operator == "!="
        test = NumberTest(self.quantity(left), "=" if inverse else operator, self.quantity(right))
        return Opposite(test) if inverse else test

    def _between(self, node: Between) -> Test:
        if isinstance(node.term, Name):
            inner = AllOf(
                tuple(
                    self._compare(Compare(node.term, operator, value, node.span))
                    for operator, value in ((">=", node.low), ("<=", node.high))
                )
            )
        else:
            ends = [as_number(node.low), as_number(node.high)]
            worked_out = self.quantity(node.term)
            tests: list[Test] = []
            for operator, end in zip((">=", "<="), ends, strict=True):
                if end is None or math.isnan(end):
                    raise senseless(node.span, "What is worked out is a number, and so are the ends of its range")
                tests.append(NumberTest(worked_out, operator, Constant(end)))
            inner = AllOf(tuple(tests))
        return Opposite(inner) if node.negated else inner

    def _named(self, ref: FieldRef, operator: str, value: Scalar) -> Name | None:
        """The field on the right of a comparison that a text without quotes means; None when it is a text.

        Beside a number only a number makes sense. Beside a param it is a field where the two are put in order.
        """
        if not isinstance(value, Bare) or operator not in RELATIONS:
            return None
        name = Name(str(value), False, Span(0, 0))
        if not self._known.has(name):
            return None
        if ref.kind is FieldKind.METRIC:
            return name
        if ref.kind is FieldKind.BUILTIN:
            return name if BY_NAME[ref.name].kind in (CellKind.NUMBER, CellKind.DURATION, CellKind.TIME) else None
        ordered = operator in _ORDERINGS and ref.kind is FieldKind.PARAM
        return name if ordered and self._known.resolve(name).kind in (FieldKind.PARAM, FieldKind.METRIC) else None

    # --- fields against values ---------------------------------------------------------------------------------

    def _compare(self, node: Compare) -> Test:
        ref = self._known.resolve(node.field)
        if node.value is None:
            raise senseless(node.span, "Nothing equals null", "Write “is null” or “is not null”.")
        if node.operator.startswith(("!", "not ")):
            operator = {"!=": "=", "!~": "~"}.get(node.operator) or node.operator.removeprefix("not ")
            return Opposite(self._compare(Compare(node.field, operator, node.value, node.span)))
        if name := self._named(ref, node.operator, node.value):
            return self._relate(node.field, node.operator, name)
        if ref.kind is FieldKind.BUILTIN:
            return self._builtin(ref, node)
        number = as_number(node.value)
        if ref.kind is FieldKind.METRIC:
            return self._number(ref, node, number)
        if ref.kind is FieldKind.PARAM and number is not None and node.operator in RELATIONS:
            digits = as_text(node.value)
            # Neither NaN nor an infinity has digits. Past 38 of them only equality is asked of the text.
            exact = abs(number) >= _EXACT and _WHOLE.fullmatch(digits) is not None
            if exact and (node.operator == "=" or len(digits.lstrip("+-")) <= _MOST_DIGITS):
                return self._whole(ref, node, number)
            return self._number(ref, node, number)
        return self._text(ref, node)

    def _whole(self, ref: FieldRef, node: Compare, number: float) -> Test:
        """Against one of a float64's many whole numbers: its digits, where a param is written as a whole number.

        A param that is not is its float64.
        """
        is_whole = TextTest(ref, "matches", f"^{_WHOLE.pattern}$", node.span)
        same = NumberTest(Figure(ref), "=", Constant(number))
        as_float = AllOf((same, Opposite(is_whole)))
        if node.operator == "=":
            return AnyOf((self._text(ref, node), as_float))
        digits = as_text(node.value)
        by_digits = AllOf((same, TextTest(ref, f"whole {node.operator}", digits, node.span)))
        beyond = NumberTest(Figure(ref), node.operator[0], Constant(number))
        holds = _HOLDS[node.operator](int(number), int(digits))
        return AnyOf((beyond, by_digits, *([as_float] if holds else [])))

    def _builtin(self, ref: FieldRef, node: Compare) -> Test:
        builtin = BY_NAME[ref.name]
        if builtin.many:
            return self._text(ref, node)
        if builtin.kind is CellKind.TIME:
            return self._moment(ref, node)
        if builtin.kind is CellKind.DURATION:
            seconds = as_seconds(node.value)
            return self._number(ref, node, seconds, "is a length of time", "For example 90s, 5min, 2h or 1d.")
        if builtin.kind is CellKind.NUMBER:
            return self._number(ref, node, as_number(node.value))
        if ref.name == "status" and node.operator == "=" and as_text(node.value).lower() not in STATUSES:
            known = ", ".join(sorted(STATUSES))
            raise senseless(node.span, f"There is no status {as_text(node.value)!r}", f"Known are {known}.")
        return self._text(ref, node)

    def _number(
        self,
        ref: FieldRef,
        node: Compare,
        value: float | None,
        what: str = "is a number",
        hint: str = "For example 0.9 or 1e-3, without quotes.",
    ) -> Test:
        if value is None or node.operator not in RELATIONS:
            if isinstance(node.value, Bare) and ref.kind is FieldKind.METRIC and node.operator in RELATIONS:
                hint += " " + self._known.near(str(node.value))
            raise senseless(node.span, f"{node.field.text!r} {what}, and is compared with one", hint.strip())
        if math.isnan(value):
            if node.operator in _ORDERINGS:
                raise senseless(node.span, "NaN is neither greater nor less than anything", "Write “= nan”.")
            return NanTest(Figure(ref))
        return NumberTest(Figure(ref), node.operator, Constant(value))

    def _moment(self, ref: FieldRef, node: Compare) -> Test:
        moments = as_moments(node.value)
        if moments is None or node.operator not in RELATIONS:
            raise senseless(
                node.span,
                f"{node.field.text!r} is compared with a date",
                "For example 2026-01-31 or '2026-01-31 14:00'.",
            )
        start, end = moments
        if node.operator == "=":
            within = (NumberTest(Figure(ref), ">=", Constant(start)), NumberTest(Figure(ref), "<", Constant(end)))
            return AllOf(within)
        # Before a day is before its start, after it from its end on.
        limit = start if node.operator in ("<", ">=") else end
        return NumberTest(Figure(ref), "<" if node.operator in ("<", "<=") else ">=", Constant(limit))

    def _text(self, ref: FieldRef, node: Compare) -> Test:
        value = as_text(node.value)
        operator = {"~": "contains"}.get(node.operator, node.operator)
        if operator == "=":
            if len(value) > 1 and value[-1] in "…*":
                operator, value = "starts", value[:-1]
            elif isinstance(node.value, bool):
                operator = "folded"
        return TextTest(ref, operator, value, node.span)

    def _word(self, node: Word) -> Test:
        self._words += 1
        if self._words > _MOST_WORDS:
            message = f"A filter has at most {_MOST_WORDS} free words"
            raise senseless(node.span, message, "Name the field that they are in: name in (a, b, c).")
        if not node.quoted and node.text.lower() in STATUSES:
            return TextTest(BY_NAME["status"].ref, "=", node.text.lower(), node.span)
        if not node.quoted and node.text.lower() in FLAGS:
            return TextTest(BY_NAME[node.text.lower()].ref, "=", "true", node.span)
        return WordTest(storable(node.text))


def senseless(span: Span, message: str, hint: str = "") -> FilterSyntax:
    """The error that points at a span."""
    return FilterSyntax(message, position=span.start, length=span.end - span.start, hint=hint)
