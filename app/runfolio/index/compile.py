"""Turns a filter expression and sort keys into SQL with bound parameters; names are looked up, never pasted.

Logic has two values: a comparison with a missing value or with NaN is false, so `not (lr > 1)` holds for runs that
have no lr, and `!=` holds for runs without a value. Only `is null` asks for a missing value; a param whose value is
null or None is missing too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from runfolio.errors import FilterSyntax
from runfolio.index.fields import AGGREGATE_SQL, BY_NAME, Known
from runfolio.index.literals import as_moments, as_number, as_seconds, as_text
from runfolio.model.answers import CellKind
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.query import (
    Aggregate,
    Both,
    Compare,
    Either,
    Expression,
    FieldKind,
    FieldRef,
    IsNull,
    Not,
    OneOf,
    SortKey,
    Span,
    Word,
)
from runfolio.model.run import RunStatus

_STATUSES = frozenset(s.value for s in RunStatus)
_ORDERINGS = frozenset({"<", "<=", ">", ">="})
_MOST_WORDS = 64
"""Each is looked for in six places, four of them tables of their own."""

_EXACT = 2.0**53
"""From here on neighbouring whole numbers are one float64, so equality asks for the text instead."""


@dataclass(slots=True)
class Compiled:
    """SQL to put behind `from runs r`: joins, a predicate and an order, with their parameters in that order."""

    joins: list[str] = field(default_factory=list)
    join_params: list[str] = field(default_factory=list)
    predicate: str = "true"
    predicate_params: list[str | float] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @property
    def params(self) -> list[str | float]:
        """All parameters in the order in which the SQL asks for them."""
        return [*self.join_params, *self.predicate_params]


def compile_query(expression: Expression | None, sort: Sequence[SortKey], known: Known) -> Compiled:
    """The SQL of a filter and an order. Raises FilterSyntax for unknown names and senseless comparisons."""
    compiler = _Compiler(known)
    if expression is not None:
        compiler.out.predicate = compiler.predicate(expression)
    for key in sort:
        compiler.sort(key)
    # Runs are numbered by start (newest first), name and key, so the number is the order of last resort.
    compiler.out.order.append("r.id")
    return compiler.out


def metric_figure(name: str, aggregate: Aggregate) -> str:
    """A metric's figure in terms of `series s` and `run_series x`. `BEST` of an undirected metric is its last value."""
    if aggregate is Aggregate.BEST:
        direction = guess_direction(name)
        aggregate = {Direction.HIGHER: Aggregate.MAX, Direction.LOWER: Aggregate.MIN}.get(direction, Aggregate.LAST)
    return AGGREGATE_SQL[aggregate]


def field_source(ref: FieldRef) -> tuple[str, list[str]]:
    """A query of (run, num, text) over a field that is no builtin, one row for each run that has it."""
    if ref.kind is FieldKind.METRIC:
        figure = metric_figure(ref.name, ref.aggregate)
        return (
            f"select x.run, {figure} as num, null as text "
            "from run_series x join series s on s.id = x.series where x.name = ?",
            [ref.name],
        )
    if ref.kind is FieldKind.PARAM:
        return "select run, num, text, kind from run_params where key = ? and is_first", [ref.name]
    return "select run, null as num, text from run_texts where kind = ? and name = ?", [ref.kind.value, ref.name]


def _joined(parts: Sequence[str], joint: str) -> str:
    """The parts in brackets, halves within halves: the database refuses chains that are a thousand deep."""
    if len(parts) <= 8:
        return "(" + joint.join(parts) + ")"
    middle = len(parts) // 2
    return f"({_joined(parts[:middle], joint)}{joint}{_joined(parts[middle:], joint)})"


class _Compiler:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._aliases: dict[FieldRef, str] = {}
        self._words = 0
        self.out = Compiled()

    # --- order -------------------------------------------------------------------------------------------------

    def sort(self, key: SortKey) -> None:
        """Missing values and NaN come last in either direction; among params, numbers come before texts."""
        ref = key.field
        if ref.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[ref.name]
            values = [
                f"(select string_agg(v, ', ' order by place) from ({builtin.sql}))" if builtin.many else builtin.sql
            ]
        else:
            alias = self._join(ref)
            # NaN is the greatest number to DuckDB; here it is no value at all.
            values = [f"case when isnan({alias}.num) then null else {alias}.num end"]
            if ref.kind is not FieldKind.METRIC:
                values.append(f"case when {alias}.num is null then {alias}.text end")
        way = "desc" if key.descending else "asc"
        self.out.order += [f"{value} {way} nulls last" for value in values]

    # --- predicates --------------------------------------------------------------------------------------------

    def predicate(self, node: Expression) -> str:
        if isinstance(node, Both | Either):
            joint = " and " if isinstance(node, Both) else " or "
            return _joined([self.predicate(t) for t in node.terms], joint)
        if isinstance(node, Not):
            return f"(not {self.predicate(node.term)})"
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, OneOf):
            same = [self._compare(Compare(node.field, "=", v, node.span)) for v in node.values]
            inner = _joined(same, " or ")
            return f"(not {inner})" if node.negated else inner
        if isinstance(node, IsNull):
            missing = self._missing(self._known.resolve(node.field))
            return f"(not {missing})" if node.negated else missing
        return self._word(node)

    def _bind(self, *values: str | float) -> None:
        self.out.predicate_params.extend(values)

    def _join(self, ref: FieldRef) -> str:
        """An alias whose `num` and `text` are the run's value, each null where it has none."""
        if ref not in self._aliases:
            alias = self._aliases[ref] = f"f{len(self._aliases)}"
            inner, params = field_source(ref)
            self.out.joins.append(f"left join ({inner}) {alias} on {alias}.run = r.id")
            self.out.join_params += params
        return self._aliases[ref]

    def _missing(self, ref: FieldRef) -> str:
        if ref.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[ref.name]
            if builtin.many:
                return f"(not exists (select 1 from ({builtin.sql}) where v is not null))"
            return f"({builtin.sql} is null)"
        alias = self._join(ref)
        if ref.kind is FieldKind.PARAM:
            return f"coalesce({alias}.kind = 'null', true)"
        return f"({alias}.num is null and {alias}.text is null)"

    def _compare(self, node: Compare) -> str:
        ref = self._known.resolve(node.field)
        if node.value is None:
            raise _senseless(node.span, "Nothing equals null", "Write “is null” or “is not null”.")
        if node.operator.startswith("!"):
            inverse = Compare(node.field, "~" if node.operator == "!~" else "=", node.value, node.span)
            return f"(not {self._compare(inverse)})"
        if ref.kind is FieldKind.BUILTIN:
            return self._builtin(ref, node)
        alias = self._join(ref)
        if ref.kind is FieldKind.METRIC:
            return self._number(f"{alias}.num", node, as_number(node.value))
        number = as_number(node.value)
        if ref.kind is FieldKind.PARAM and number is not None and node.operator != "~":
            if node.operator == "=" and _EXACT <= abs(number) < math.inf:
                return self._text(f"{alias}.text", node)
            return self._number(f"{alias}.num", node, number)
        return self._text(f"{alias}.text", node)

    def _builtin(self, ref: FieldRef, node: Compare) -> str:
        builtin = BY_NAME[ref.name]
        if builtin.many:
            return f"exists (select 1 from ({builtin.sql}) where {self._text('v', node)})"
        if builtin.kind is CellKind.TIME:
            return self._moment(builtin.sql, node)
        if builtin.kind is CellKind.DURATION:
            seconds = as_seconds(node.value)
            return self._number(builtin.sql, node, seconds, "is a length of time", "For example 90s, 5min, 2h or 1d.")
        if builtin.kind is CellKind.NUMBER:
            return self._number(builtin.sql, node, as_number(node.value))
        if ref.name == "status" and node.operator == "=" and as_text(node.value).lower() not in _STATUSES:
            known = ", ".join(sorted(_STATUSES))
            raise _senseless(node.span, f"There is no status {as_text(node.value)!r}", f"Known are {known}.")
        return self._text(builtin.sql, node)

    def _number(
        self,
        sql: str,
        node: Compare,
        value: float | None,
        what: str = "is a number",
        hint: str = "For example 0.9 or 1e-3, without quotes.",
    ) -> str:
        if value is None or node.operator == "~":
            raise _senseless(node.span, f"{node.field.text!r} {what}, and is compared with one", hint)
        if math.isnan(value):
            if node.operator in _ORDERINGS:
                raise _senseless(node.span, "NaN is neither greater nor less than anything", "Write “= nan”.")
            return f"coalesce(isnan({sql}), false)"
        self._bind(value)
        # NaN is the greatest number to DuckDB; here it satisfies no comparison.
        return f"coalesce({sql} {node.operator} ? and not isnan({sql}), false)"

    def _moment(self, sql: str, node: Compare) -> str:
        moments = as_moments(node.value)
        if moments is None or node.operator == "~":
            raise _senseless(
                node.span,
                f"{node.field.text!r} is compared with a date",
                "For example 2026-01-31 or '2026-01-31 14:00'.",
            )
        start, end = moments
        if node.operator == "=":
            self._bind(start, end)
            return f"coalesce({sql} >= ? and {sql} < ?, false)"
        # Before a day is before its start, after it from its end on.
        self._bind(start if node.operator in ("<", ">=") else end)
        operator = "<" if node.operator in ("<", "<=") else ">="
        return f"coalesce({sql} {operator} ?, false)"

    def _text(self, sql: str, node: Compare) -> str:
        value = as_text(node.value)
        if node.operator == "~":
            self._bind(value)
            return f"coalesce(contains(lower({sql}), lower(?)), false)"
        if node.operator == "=" and len(value) > 1 and value[-1] in "…*":
            self._bind(value[:-1])
            return f"coalesce(starts_with({sql}, ?), false)"
        self._bind(value)
        if node.operator == "=" and isinstance(node.value, bool):
            return f"coalesce(lower({sql}) = ?, false)"
        return f"coalesce({sql} {node.operator} ?, false)"

    def _word(self, node: Word) -> str:
        self._words += 1
        if self._words > _MOST_WORDS:
            message = f"A filter has at most {_MOST_WORDS} free words"
            raise _senseless(node.span, message, "Name the field that they are in: name in (a, b, c).")
        if not node.quoted and node.text.lower() in _STATUSES:
            self._bind(node.text.lower())
            return "(r.status = ?)"
        text = as_text(node.text)
        self._bind(*[text] * 6)
        return (
            "(contains(lower(r.name), lower(?)) or contains(lower(coalesce(r.experiment, '')), lower(?))"
            " or r.key in (select key from run_tags where contains(lower(tag), lower(?)))"
            " or r.key in (select key from run_notes where contains(lower(note), lower(?)))"
            " or r.id in (select run from run_params where contains(lower(text), lower(?)))"
            " or r.id in (select run from run_texts where kind = 'tag' and contains(lower(text), lower(?))))"
        )


def _senseless(span: Span, message: str, hint: str) -> FilterSyntax:
    return FilterSyntax(message, position=span.start, length=span.end - span.start, hint=hint)
