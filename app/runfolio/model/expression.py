"""A filter as a tree: what a text of the filter language says, before its names are looked up among the fields.

Apart from `model.query`, which a window needs at once: a tree is made when a filter is typed or applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class Number(float):
    """A number as it was typed: equal to the number, and keeps its text for fields that are text (`00123456`)."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Number], tuple[str]]:
        return (Number, (self.text,))


class Bare(str):
    """A text typed without quotes: equal to the text, printed so, and a field where only one makes sense."""

    __slots__ = ()


Scalar: TypeAlias = str | float | int | bool | None
"""A value in a filter; what `parse` makes of a number is a `Number`, of a text without quotes a `Bare`."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the text a node was parsed from, for errors that point."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A field as the user wrote it, dots and all; resolved against the known fields later.

    aggregate   as in `best(val/acc)` or `"val acc".best`; "" where none was asked for.
    argument    of the aggregate, as in `mean(loss, last=10)`; None where none was given.
    kind        as in `param(lr)` or `param."learning rate"`; "" where none was named. An unquoted `param.lr` stays
                in `text`, since something may really be called that.
    """

    text: str
    quoted: bool
    span: Span
    aggregate: str = ""
    kind: str = ""
    argument: float | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A number among arithmetic."""

    number: float
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left operator right`; operator one of + - * / ^ (power)."""

    operator: str
    left: Term
    right: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    """`-term`."""

    term: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers: `abs(term)`, `least(term, term)`; see `model.arithmetic.FUNCTIONS`."""

    function: str
    terms: tuple[Term, ...]
    span: Span


Term: TypeAlias = Name | Value | Arithmetic | Negative | Call
"""Something that is a number for each run. Where any part has no value, the whole has none."""


@dataclass(frozen=True, slots=True)
class Relate:
    """`left operator right` between numbers, at least one of them worked out; operator one of = != < <= > >=."""

    left: Term
    operator: str
    right: Term
    span: Span


@dataclass(frozen=True, slots=True)
class Between:
    """`term [not] between low and high`, both included; `dots` where it was written `term [not] in low..high`."""

    term: Term
    low: Scalar
    high: Scalar
    negated: bool
    dots: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`.

    operator   one of = != < <= > >=, ~ (contains, case-insensitive), !~, and of texts `like`, `ilike` (with % and _)
               and `matches` (a regular expression found anywhere), each with `not ` before it as well.
    """

    field: Name
    operator: str
    value: Scalar
    span: Span


@dataclass(frozen=True, slots=True)
class OneOf:
    """`field [not] in (value, ...)`."""

    field: Name
    values: tuple[Scalar, ...]
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class IsNull:
    """`term is [not] null`."""

    field: Term
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """Free text: matches names, user tags, notes, experiments and param values; or a status word (`failed`)."""

    text: str
    quoted: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    term: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Both:
    """All of the terms, joined by `and`."""

    terms: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the terms, joined by `or`."""

    terms: tuple[Expression, ...]
    span: Span


Expression: TypeAlias = Compare | Relate | Between | OneOf | IsNull | Word | Not | Both | Either
