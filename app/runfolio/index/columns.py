"""The values of one field for many runs, and the values that a field has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from runfolio.index.compile import field_source
from runfolio.index.database import Bound, Database
from runfolio.index.fields import BY_NAME
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey

_MANY = 2_000
"""From this many keys on a whole column is read and looked up, instead of asking for its rows by key."""


def column(database: Database, field: FieldRef, keys: Sequence[RunKey]) -> Column:
    """A field's values for runs, in the order of `keys`; None for runs without a value and for unknown keys.

    Params are NUMBER when most of their values in all runs are, so that every page of a table says the same; a value
    that is none then shows as its text among the numbers.
    """
    if field.kind is FieldKind.BUILTIN:
        return _builtin_column(database, field, keys)
    inner, params = field_source(field)
    found = _values(database, f"select run, num as v, text from ({inner})", [*params], keys)
    if field.kind is FieldKind.METRIC:
        return Column(field, CellKind.NUMBER, tuple(v for v, _ in found))
    texts = tuple(cast("str | None", text) for _, text in found)
    named = [field.kind.value, field.name]
    if database.rows("select 1 from fields where kind = ? and name = ? and numeric", named):
        return Column(field, CellKind.NUMBER, tuple(text if v is None else v for v, text in found), texts)
    return Column(field, CellKind.TEXT, texts)


def _builtin_column(database: Database, field: FieldRef, keys: Sequence[RunKey]) -> Column:
    builtin = BY_NAME[field.name]
    # Tags stand in the order in which they were put on; everything else in the order of the alphabet.
    order = "" if builtin.name == "tag" else " order by v"
    value = f"(select list(v{order}) from ({builtin.sql}))" if builtin.many else builtin.sql
    found = [v for v, _ in _values(database, f"select r.id as run, {value} as v, null as text from runs r", [], keys)]
    if builtin.kind is CellKind.TAGS:
        # Several recordings of a run may name the same data set.
        found = [tuple(dict.fromkeys(t for t in cast("list[str | None]", v or ()) if t is not None)) for v in found]
        found = [v or None for v in found]
    return Column(field, builtin.kind, tuple(found))


def _values(database: Database, inner: str, params: list[Bound], keys: Sequence[RunKey]) -> list[tuple[object, object]]:
    """(v, text) of each run, from a query of (run, v, text)."""
    sql = f"select k.key, c.v, c.text from runs k join ({inner}) c on c.run = k.id"
    if len(keys) < _MANY:
        sql += " where k.key in (select unnest(?::varchar[]))"
        params = [*params, [*keys]]
    found = {key: (v, text) for key, v, text in database.rows(sql, params)}
    return [found.get(key, (None, None)) for key in keys]


def values(database: Database, field: FieldRef, limit: int) -> tuple[tuple[str, int], ...]:
    """The most frequent texts of a field with the number of runs that have each; () for metrics."""
    params: list[Bound] = []
    if field.kind is FieldKind.METRIC:
        return ()
    if field.kind is FieldKind.BUILTIN:
        builtin = BY_NAME[field.name]
        own = f"select r.id as run, ({builtin.sql})::varchar as v from runs r"
        if builtin.many:
            own = f"select distinct r.id as run, u.v from runs r, lateral ({builtin.sql}) u(v)"
    else:
        inner, names = field_source(field)
        own = f"select run, text as v from ({inner})"
        params += names
    rows = database.rows(
        f"""select v, count(*)
            from ({own})
            where v is not null
            group by v
            order by 2 desc, 1
            limit ?""",
        [*params, limit],
    )
    return tuple((str(text), cast(int, runs)) for text, runs in rows)
