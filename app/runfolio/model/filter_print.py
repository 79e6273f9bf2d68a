"""A filter's tree in words again, as it could have been typed."""

from __future__ import annotations

from runfolio.model.expression import (
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
    Number,
    OneOf,
    Relate,
    Scalar,
    Term,
    Value,
    Word,
)
from runfolio.model.filter_terms import NUMBER
from runfolio.model.filter_tokens import KEYWORDS, PLAIN_NAME, SIGNS
from runfolio.model.query import Aggregate, number_text

_SUM, _PRODUCT, _SIGNED, _POWER, _ATOM = range(5)
_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "^": _POWER}


def to_text(expression: Expression) -> str:
    """The expression in words again; parsing them gives the same expression, but for spans."""
    if isinstance(expression, Compare):
        return f"{_name(expression.field)} {expression.operator} {quote_value(expression.value)}"
    if isinstance(expression, Relate):
        right = term_text(expression.right)
        if (
            isinstance(expression.left, Name)
            and isinstance(expression.right, Name)
            and right == _plain(expression.right)
        ):
            # By itself it would be a text.
            right = f"({right})"
        return f"{term_text(expression.left)} {expression.operator} {right}"
    negation = "not " if getattr(expression, "negated", False) else ""
    if isinstance(expression, Between):
        if expression.dots:
            span = f"{_end(expression.low)}..{_end(expression.high)}"
            return f"{term_text(expression.term)} {negation}in {span}"
        ends = f"{quote_value(expression.low)} and {quote_value(expression.high)}"
        return f"{term_text(expression.term)} {negation}between {ends}"
    if isinstance(expression, OneOf):
        values = ", ".join(quote_value(v) for v in expression.values)
        return f"{_name(expression.field)} {negation}in ({values})"
    if isinstance(expression, IsNull):
        return f"{term_text(expression.field)} is {negation}null"
    if isinstance(expression, Word):
        return _quoted(expression.text) if expression.quoted else expression.text
    if isinstance(expression, Not):
        inner = to_text(expression.term)
        return f"not ({inner})" if isinstance(expression.term, Both | Either) else f"not {inner}"
    joint = " and " if isinstance(expression, Both) else " or "
    parts = [f"({to_text(t)})" if isinstance(t, Both | Either) else to_text(t) for t in expression.terms]
    return joint.join(parts)


def term_text(term: Term) -> str:
    """A number's part of a filter in words again."""
    return _term(term)[0]


def _term(term: Term) -> tuple[str, int]:
    """Text, and how tightly it holds together."""
    if isinstance(term, Name):
        return _name(term), _ATOM
    if isinstance(term, Value):
        text = quote_value(term.number)
        return text, _SIGNED if text[0] in "+-" else _ATOM
    if isinstance(term, Call):
        return f"{term.function}({', '.join(term_text(t) for t in term.terms)})", _ATOM
    if isinstance(term, Negative):
        return f"- {_held(term.term, _SIGNED)}", _SIGNED
    binding = _BINDING[term.operator]
    left = _held(term.left, _ATOM if binding == _POWER else binding)
    right = _held(term.right, _SIGNED if binding == _POWER else binding + 1)
    return f"{left} {term.operator} {right}", binding


def _held(term: Term, wanted: int) -> str:
    text, binding = _term(term)
    return text if binding >= wanted else f"({text})"


def quote_name(text: str) -> str:
    """A field's name as it has to be typed: quoted when it would be read as anything but one name."""
    plain = PLAIN_NAME.fullmatch(text) and text.lower() not in KEYWORDS and not NUMBER.fullmatch(text)
    # A dot at its end would be read as the kind of a quoted name, a sign as arithmetic.
    held = plain and not text.endswith(".") and text not in SIGNS
    return text if held else _quoted(text)


def quote_value(value: Scalar) -> str:
    """A value as it has to be typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Bare):
        return str(value) if _stands_bare(value) else _quoted(value, "'")
    if isinstance(value, str):
        return _quoted(value, "'")
    return value.text if isinstance(value, Number) else number_text(value)


def _stands_bare(text: str) -> bool:
    # `4f2a*` may end in a sign, but nothing may be a sign alone or touch a quote that follows.
    plain = PLAIN_NAME.fullmatch(text) and text.lower() not in KEYWORDS and not NUMBER.fullmatch(text)
    return bool(plain) and text not in SIGNS


def _end(value: Scalar) -> str:
    return str(value) if isinstance(value, str) else quote_value(value)


def _plain(name: Name) -> str:
    return _quoted(name.text) if name.quoted else name.text


def _name(name: Name) -> str:
    text = _plain(name)
    if name.kind:
        text = f"{name.kind}({text})"
    if not name.aggregate:
        return text
    if name.argument is None:
        return f"{name.aggregate}({text})"
    label = Aggregate(name.aggregate).argument
    argument = quote_value(name.argument)
    return f"{name.aggregate}({text}, {argument if label == 'value' else f'{label}={argument}'})"


def _quoted(text: str, quote: str = '"') -> str:
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"
