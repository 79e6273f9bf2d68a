"""Turns a filter expression and sort keys into SQL with bound parameters; names are looked up, never pasted.

Logic has two values: a comparison with a missing value or with NaN is false, so `not (lr > 1)` holds for runs that
have no lr, and `!=` holds for runs without a value. Only `is null` asks for a missing value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runfolio.errors import FilterSyntax
from runfolio.index.fields import AGGREGATE_SQL, BY_NAME, Known
from runfolio.model import times
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
    Scalar,
    SortKey,
    Span,
    Word,
)
from runfolio.model.run import RunStatus

_STATUSES = frozenset(s.value for s in RunStatus)
_ORDERINGS = frozenset({"<", "<=", ">", ">="})


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
    compiler.out.order += ["r.started_us desc nulls last", "r.name", "r.key"]
    return compiler.out


def metric_figure(name: str, aggregate: Aggregate) -> str:
    """The column of `series s` that holds a metric's figure. `BEST` of an undirected metric is its last value."""
    if aggregate is Aggregate.BEST:
        direction = guess_direction(name)
        aggregate = {Direction.HIGHER: Aggregate.MAX, Direction.LOWER: Aggregate.MIN}.get(direction, Aggregate.LAST)
    return AGGREGATE_SQL[aggregate]


class _Compiler:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._aliases: dict[FieldRef, str] = {}
        self.out = Compiled()

    def sort(self, key: SortKey) -> None:
        way = "desc" if key.descending else "asc"
        field_ = key.field
        if field_.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[field_.name]
            value = f"(select string_agg(v, ', ') from ({builtin.sql}))" if builtin.many else builtin.sql
            self.out.order.append(f"{value} {way} nulls last")
            return
        alias = self._join(field_)
        if field_.kind is FieldKind.METRIC:
            # NaN is the greatest number to DuckDB; here it is no value at all.
            self.out.order.append(f"case when isnan({alias}.v) then null else {alias}.v end {way} nulls last")
            return
        if field_.kind is FieldKind.PARAM:
            self.out.order.append(f"case when isnan({alias}.num) then null else {alias}.num end {way} nulls last")
        self.out.order.append(f"{alias}.text {way} nulls last")

    def predicate(self, node: Expression) -> str:
        if isinstance(node, Both | Either):
            joint = " and " if isinstance(node, Both) else " or "
            return "(" + joint.join(self.predicate(t) for t in node.terms) + ")"
        if isinstance(node, Not):
            return f"(not {self.predicate(node.term)})"
        if isinstance(node, Compare):
            return self._compare(node)
        if isinstance(node, OneOf):
            same = [self._compare(Compare(node.field, "=", v, node.span)) for v in node.values]
            inner = "(" + " or ".join(same) + ")"
            return f"(not {inner})" if node.negated else inner
        if isinstance(node, IsNull):
            missing = self._missing(self._known.resolve(node.field))
            return f"(not {missing})" if node.negated else missing
        return self._word(node)

    def _bind(self, *values: str | float) -> None:
        self.out.predicate_params.extend(values)

    def _join(self, ref: FieldRef) -> str:
        """An alias whose `v` (metrics), `num` and `text` (params) or `text` (tags, facts) is the run's value."""
        if ref in self._aliases:
            return self._aliases[ref]
        alias = f"f{len(self._aliases)}"
        self._aliases[ref] = alias
        if ref.kind is FieldKind.METRIC:
            inner = (
                f"select x.run, {metric_figure(ref.name, ref.aggregate)} as v "
                "from run_series x join series s on s.id = x.series where x.name = ?"
            )
        elif ref.kind is FieldKind.PARAM:
            inner = (
                "select run, any_value(text) as text, any_value(num) as num from run_params where key = ? group by run"
            )
        else:
            table = "tags" if ref.kind is FieldKind.TAG else "facts"
            inner = (
                f"select l.run, arg_min(t.text, l.rank) as text from {table} t "
                "join links l on l.recording = t.recording where t.name = ? group by l.run"
            )
        self.out.joins.append(f"left join ({inner}) {alias} on {alias}.run = r.id")
        self.out.join_params.append(ref.name)
        return alias

    def _missing(self, ref: FieldRef) -> str:
        if ref.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[ref.name]
            if builtin.many:
                return f"(not exists (select 1 from ({builtin.sql}) where v is not null))"
            return f"({builtin.sql} is null)"
        alias = self._join(ref)
        return f"({alias}.run is null)"

    def _compare(self, node: Compare) -> str:
        ref = self._known.resolve(node.field)
        if node.value is None:
            raise _senseless(node.span, "Nothing equals null", "Write “is null” or “is not null”.")
        if node.operator.startswith("!"):
            inverse = Compare(node.field, "~" if node.operator == "!~" else "=", node.value, node.span)
            return f"(not {self._compare(inverse)})"
        if ref.kind is FieldKind.METRIC:
            return self._number(f"{self._join(ref)}.v", node)
        if ref.kind is FieldKind.BUILTIN:
            return self._builtin(ref, node)
        alias = self._join(ref)
        if ref.kind is FieldKind.PARAM and isinstance(node.value, float) and node.operator != "~":
            return self._number(f"{alias}.num", node)
        return self._text(f"{alias}.text", node)

    def _builtin(self, ref: FieldRef, node: Compare) -> str:
        builtin = BY_NAME[ref.name]
        if builtin.many:
            return f"exists (select 1 from ({builtin.sql}) where {self._text('v', node)})"
        if builtin.kind is CellKind.TIME:
            moment = times.from_iso(node.value) if isinstance(node.value, str) else None
            if moment is None or node.operator == "~":
                raise _senseless(
                    node.span, f"{ref.name} is compared with a date", "For example 2026-01-31 or '2026-01-31 14:00'."
                )
            return self._number(builtin.sql, Compare(node.field, node.operator, float(moment), node.span))
        if builtin.kind in (CellKind.DURATION, CellKind.NUMBER):
            return self._number(builtin.sql, node)
        return self._text(builtin.sql, node)

    def _number(self, sql: str, node: Compare) -> str:
        value = node.value
        if not isinstance(value, float) or node.operator == "~":
            raise _senseless(
                node.span, f"{node.field.text!r} is a number and is compared with a number", "For example 0.9 or 1e-3."
            )
        if value != value:
            if node.operator in _ORDERINGS:
                raise _senseless(node.span, "NaN is neither greater nor less than anything", "Write “= nan”.")
            return f"coalesce(isnan({sql}), false)"
        self._bind(value)
        return f"coalesce({sql} {node.operator} ? and not isnan({sql}::double), false)"

    def _text(self, sql: str, node: Compare) -> str:
        value = _text_of(node.value)
        if node.operator == "~":
            self._bind(value.lower())
            return f"coalesce(contains(lower({sql}), ?), false)"
        if node.operator == "=" and len(value) > 1 and value[-1] in "…*":
            self._bind(value[:-1])
            return f"coalesce(starts_with({sql}, ?), false)"
        if node.operator == "=" and isinstance(node.value, bool):
            self._bind(value)
            return f"coalesce(lower({sql}) = ?, false)"
        self._bind(value)
        return f"coalesce({sql} {node.operator} ?, false)"

    def _word(self, node: Word) -> str:
        word = node.text.lower()
        if word in _STATUSES and not node.quoted:
            self._bind(word)
            return "(r.status = ?)"
        self._bind(word, word, word, word, word, word)
        return (
            "(contains(lower(r.name), ?) or contains(lower(coalesce(r.experiment, '')), ?)"
            " or r.key in (select key from run_tags where contains(lower(tag), ?))"
            " or r.key in (select key from run_notes where contains(lower(note), ?))"
            " or r.id in (select run from run_params where contains(lower(text), ?))"
            " or r.id in (select l.run from tags t join links l using (recording) where contains(lower(t.text), ?)))"
        )


def _text_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _senseless(span: Span, message: str, hint: str) -> FilterSyntax:
    return FilterSyntax(message, position=span.start, length=span.end - span.start, hint=hint)
