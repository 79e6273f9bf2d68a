"""What is asked of the runs, not how it is answered: a filter tree, sort keys, columns.

A field is named by its kind and its name. In text a bare name is looked up in the order builtin, metric, param, tag,
fact, and `param.lr`, `metric."val/acc".max`, `dataset.digest`, `tag`, `stage` say which one is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class FieldKind(StrEnum):
    """Where a field's value lives."""

    BUILTIN = "builtin"  # name, status, started, duration, dataset, tag, stage... (see index.fields)
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"  # a tag that the tracker wrote, by its key
    FACT = "fact"  # code and environment


class Aggregate(StrEnum):
    """Which figure of a series stands for it in a table or a filter; NaN and infinities never are BEST."""

    LAST = "last"
    MIN = "min"
    MAX = "max"
    BEST = "best"  # min or max of the finite values, by the metric's direction
    COUNT = "count"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field by kind and name; `aggregate` matters for metrics only."""

    kind: FieldKind
    name: str
    aggregate: Aggregate = Aggregate.LAST

    @property
    def id(self) -> str:
        """A text that names the field without doubt: `metric:val/acc:last`, `param:optim.lr`."""
        tail = f":{self.aggregate}" if self.kind is FieldKind.METRIC else ""
        return f"{self.kind}:{self.name}{tail}"

    @classmethod
    def from_id(cls, text: str) -> FieldRef:
        """The inverse of `id`. Raises ValueError when it is none."""
        kind, _, rest = text.partition(":")
        if FieldKind(kind) is FieldKind.METRIC:
            name, _, aggregate = rest.rpartition(":")
            return cls(FieldKind.METRIC, name, Aggregate(aggregate))
        return cls(FieldKind(kind), rest)


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


Scalar: TypeAlias = str | float | int | bool | None
"""A value in a filter; what `parse` makes of a number is a `Number`."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the text a node was parsed from, for errors that point."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A field as the user wrote it, dots and all; resolved against the known fields later.

    aggregate   as in `best(val/acc)` or `"val acc".best`; "" where none was asked for.
    kind        as in `param(lr)` or `param."learning rate"`; "" where none was named. An unquoted `param.lr` stays
                in `text`, since something may really be called that.
    """

    text: str
    quoted: bool
    span: Span
    aggregate: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`; operator one of = != < <= > >= ~ (contains, case-insensitive) !~."""

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
    """`field is [not] null`."""

    field: Name
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


Expression: TypeAlias = Compare | OneOf | IsNull | Word | Not | Both | Either


@dataclass(frozen=True, slots=True)
class SortKey:
    """Sort by a field; runs without a value, and NaN, come last in either direction."""

    field: FieldRef
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, in which order.

    where         filter text as typed; "" is all.
    source        only runs of this library source id.
    experiment    only runs of this experiment (within `source` when both are given).
    """

    where: str = ""
    sort: tuple[SortKey, ...] = ()
    source: int | None = None
    experiment: str | None = None
