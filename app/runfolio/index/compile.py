"""Turns the tests of a filter and sort keys into SQL with bound parameters; names are looked up, never pasted.

Small libraries are asked this way. `evaluate` works the same out over columns in memory, and is measured by this.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

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
)
from runfolio.index.field_source import field_source
from runfolio.index.fields import BY_NAME
from runfolio.index.known import Known
from runfolio.index.meaning import quantity
from runfolio.model.filter_text import parse_term
from runfolio.model.query import FieldKind, FieldRef, SortKey


@dataclass(slots=True)
class Compiled:
    """SQL to put behind `from runs r`: joins, a predicate and an order, with their parameters in that order."""

    joins: list[str] = field(default_factory=list)
    join_params: list[str] = field(default_factory=list)
    predicate: str = "true"
    predicate_params: list[str | float] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    order_params: list[str | float] = field(default_factory=list)

    @property
    def params(self) -> list[str | float]:
        """All parameters in the order in which the SQL asks for them."""
        return [*self.join_params, *self.predicate_params]


def compile_query(test: Test | None, sort: Sequence[SortKey], known: Known) -> Compiled:
    """The SQL of a filter and an order, with no figures that are worked out of points."""
    compiler = _Compiler(known)
    if test is not None:
        compiler.out.predicate = compiler.predicate(test)
    for key in sort:
        compiler.sort(key)
    # Runs are numbered by start (newest first), name and key, so the number is the order of last resort.
    compiler.out.order.append("r.id")
    return compiler.out


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
        elif ref.kind is FieldKind.DERIVED:
            self._derived(quantity(parse_term(ref.name), self._known), key)
            return
        else:
            alias = self._join(ref)
            # NaN is the greatest number to DuckDB; here it is no value at all.
            values = [f"case when isnan({alias}.num) then null else {alias}.num end"]
            if ref.kind is not FieldKind.METRIC:
                # A param that is null is missing, here as in a filter.
                given = f" and {alias}.kind is distinct from 'null'" if ref.kind is FieldKind.PARAM else ""
                values.append(f"case when {alias}.num is null{given} then {alias}.text end")
        self._order(values, key)

    def _derived(self, worked_out: Quantity, key: SortKey) -> None:
        before = self.out.predicate_params
        self.out.predicate_params = self.out.order_params
        sql = self._quantity(worked_out)
        self.out.predicate_params = before
        self._order([f"nullif({sql}, 'nan'::double)"], key)

    def _order(self, values: list[str], key: SortKey) -> None:
        way = "desc" if key.descending else "asc"
        self.out.order += [f"{value} {way} nulls last" for value in values]

    # --- predicates --------------------------------------------------------------------------------------------

    def predicate(self, test: Test) -> str:
        """The SQL of a test; its parameters are bound in the order in which they stand there."""
        if isinstance(test, AllOf | AnyOf):
            joint = " and " if isinstance(test, AllOf) else " or "
            return _joined([self.predicate(t) for t in test.tests], joint)
        if isinstance(test, Opposite):
            return f"(not {self.predicate(test.test)})"
        if isinstance(test, NumberTest):
            return self._numbers(test)
        if isinstance(test, NanTest):
            return f"coalesce(isnan({self._quantity(test.of)}), false)"
        if isinstance(test, NoNumber):
            return f"({self._quantity(test.of)} is null)"
        if isinstance(test, Missing):
            return self._missing(test.ref)
        if isinstance(test, TextTest):
            return self._text_test(test)
        self._bind(*[test.text] * 6)
        return word_sql(test.text)

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

    def _numbers(self, test: NumberTest) -> str:
        # NaN is the greatest number to DuckDB; here it satisfies no comparison. A comparison with null is null.
        left, right = self._quantity(test.left), self._quantity(test.right)
        sound = [f"not isnan({self._quantity(q)})" for q in (test.left, test.right) if _may_be_nan(q)]
        return f"coalesce({' and '.join([f'{left} {test.operator} {right}', *sound])}, false)"

    def _quantity(self, quantity: Quantity) -> str:
        if isinstance(quantity, Constant):
            self._bind(quantity.number)
            return "?" if isinstance(quantity.number, int) else "?::double"
        if isinstance(quantity, Figure):
            ref = quantity.ref
            return f"({BY_NAME[ref.name].sql})" if ref.kind is FieldKind.BUILTIN else f"{self._join(ref)}.num"
        parts = [self._quantity(part) for part in quantity.parts]
        if quantity.function in _SIGNS:
            return f"({parts[0]} {_SIGNS[quantity.function]} {parts[1]})"
        if quantity.function in ("least", "greatest"):
            return functools.reduce(functools.partial(_extreme, quantity.function), parts)
        return _FUNCTIONS[quantity.function].format(*parts)

    def _text_test(self, test: TextTest) -> str:
        value = _TEXT_SQL[test.operator]
        self._bind(test.value)
        if test.ref.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[test.ref.name]
            if builtin.many:
                return f"exists (select 1 from ({builtin.sql}) where coalesce({value.format('v')}, false))"
            return f"coalesce({value.format(builtin.sql)}, false)"
        return f"coalesce({value.format(f'{self._join(test.ref)}.text')}, false)"


def _may_be_nan(quantity: Quantity) -> bool:
    if isinstance(quantity, Figure):
        return quantity.ref.kind is not FieldKind.BUILTIN
    return isinstance(quantity, Applied)


def _extreme(function: str, one: str, other: str) -> str:
    """Of two numbers, NaN where one is; in a lambda, so that neither is written, and worked out, several times."""
    return f"""list_transform([{{'a': {one}, 'b': {other}}}], lambda v:
                   case when v.a is null or v.b is null then null
                        when isnan(v.a) or isnan(v.b) then 'nan'::double
                        else {function}(v.a, v.b) end)[1]"""


_SIGNS = {"+": "+", "-": "-", "*": "*", "/": "/"}
_FUNCTIONS = {
    "neg": "(-({0}))",
    "^": "pow({0}, {1})",
    "log": "ln({0})",
    **{name: f"{name}({{0}})" for name in ("abs", "sqrt", "exp", "log2", "log10", "round", "floor", "ceil")},
}
_TEXT_SQL = {
    **{operator: f"{{0}} {operator} ?" for operator in ("=", "<", "<=", ">", ">=", "like", "ilike")},
    "contains": "contains(lower({0}), lower(?))",
    "starts": "starts_with({0}, ?)",
    "folded": "lower({0}) = ?",
    "matches": "regexp_matches({0}, ?)",
    **{
        f"whole {operator}": "(regexp_matches({0}, '^[+-]?[0-9]+$')"
        f" and try_cast({{0}} as hugeint) {operator} try_cast(? as hugeint))"
        for operator in ("<", "<=", ">", ">=")
    },
}
"""A test of a text, which stands at {0}, against a bound one."""

_WORD_SQL = """(contains(lower(r.name), lower(?)) or contains(lower(coalesce(r.experiment, '')), lower(?))
               or r.key in (select key from run_tags where contains(lower(tag), lower(?)))
               or r.key in (select key from run_notes where contains(lower(note), lower(?)))
               or r.id in (select run from run_params where {}contains(lower(text), lower(?)))
               or r.id in (select run from run_texts where kind = 'tag' and contains(lower(text), lower(?))))"""
_OF_NUMBERS = frozenset("+-.einfaty")
"""Characters besides digits and white space that the text of a number may have, NaN and infinity included."""


def word_sql(text: str) -> str:
    """The SQL of whether run `r` has a text anywhere; the text is bound six times."""
    # Most params are numbers, and looking through their texts takes most of the time.
    numeric = all(c in _OF_NUMBERS or c.isdecimal() or c.isspace() for c in text.lower())
    return _WORD_SQL.format("" if numeric else "num is null and ")


def text_sql(operator: str, text: str) -> str:
    """The SQL of a text's test against one bound value; `text` is an SQL expression."""
    return f"coalesce({_TEXT_SQL[operator].format(text)}, false)"
