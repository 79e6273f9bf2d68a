"""The values of one field for many runs, and the values that a field has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from runfolio.index.database import Bound, Database
from runfolio.index.field_source import field_source
from runfolio.index.fields import BY_NAME
from runfolio.index.run_ids import MANY, RunIds, lists
from runfolio.model.alignment import AlignedName
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey


def column(database: Database, ids: RunIds, field: FieldRef, keys: Sequence[RunKey]) -> Column:
    """A field's values for runs, in the order of `keys`; None for runs without a value and for unknown keys.

    ids   those of the snapshot in which this is called.

    Params are NUMBER when most of their values in all runs are, so that every page of a table says the same; a value
    that is none then shows as its text among the numbers.
    """
    if field.kind is FieldKind.BUILTIN:
        return _builtin_column(database, ids, field, keys)
    inner, params = field_source(field)
    numbers, texts = _values(database, ids, f"select run, num, text from ({inner})", [*params], keys, 2)
    if field.kind is FieldKind.METRIC:
        return Column(field, CellKind.NUMBER, tuple(numbers), origins=origins(database, ids, field.name, keys))
    written = tuple(cast("list[str | None]", texts))
    named = [field.kind.value, field.name]
    if database.rows("select 1 from fields where kind = ? and name = ? and numeric", named):
        shown = tuple(text if number is None else number for number, text in zip(numbers, texts, strict=True))
        return Column(field, CellKind.NUMBER, shown, written)
    return Column(field, CellKind.TEXT, written)


def kinds(database: Database, ids: RunIds, param: str, keys: Sequence[RunKey]) -> tuple[str | None, ...]:
    """What a param is in each run, as `model.params` names it ("bool", "null", "float"...); None where it has none."""
    (found,) = _values(database, ids, "select run, kind from run_params where key = ? and is_first", [param], keys, 1)
    return tuple(cast("list[str | None]", found))


def origins(database: Database, ids: RunIds, metric: str, keys: Sequence[RunKey]) -> tuple[str, ...] | None:
    """What the values of an aligned name come from, for people; None where no name is aligned to it."""
    if not database.rows("select 1 from aligned where target = ? limit 1", [metric]):
        return None
    own = "select run, origin, scale from run_series where name = ? and origin is not null"
    names, scales = _values(database, ids, own, [metric], keys, 2)
    pairs = [*zip(names, scales, strict=True)]
    # A handful of names for all runs.
    words = {(n, s): "" if n is None else AlignedName(str(n), cast(float, s)).words for n, s in {*pairs}}
    return tuple(words[pair] for pair in pairs)


def _builtin_column(database: Database, ids: RunIds, field: FieldRef, keys: Sequence[RunKey]) -> Column:
    builtin = BY_NAME[field.name]
    if builtin.many:
        return Column(field, builtin.kind, _several(database, ids, builtin.sql, keys))
    (values,) = _values(database, ids, f"select r.id as run, {builtin.sql} as v from runs r", [], keys, 1)
    return Column(field, builtin.kind, tuple(values))


def _several(database: Database, ids: RunIds, own: str, keys: Sequence[RunKey]) -> tuple[object, ...]:
    """For a field of several values: a tuple for each run, each value once, None where there is none."""
    places, narrowed, params = _places(ids, keys)
    found: dict[object, dict[object, None]] = {}
    rows = database.rows(
        f"""select r.id, u.v
            from runs r, lateral ({own}) u(v, place)
            where u.v is not null and {narrowed.format("r.id")}
            order by r.id, u.place""",
        params,
    )
    for run, value in rows:
        found.setdefault(run, {})[value] = None
    return tuple(tuple(found[place]) if place in found else None for place in places)


def _values(
    database: Database, ids: RunIds, inner: str, params: list[Bound], keys: Sequence[RunKey], width: int
) -> list[list[object]]:
    """The `width` columns behind the first of a query of (run, ...), each with a value for every key."""
    places, narrowed, more = _places(ids, keys)
    sql = f"select * from ({inner}) where {narrowed.format('run')}"
    runs, *columns = lists(database, sql, [*params, *more], width + 1, many=len(keys) >= MANY)
    rows = {run: row for row, run in enumerate(runs)}
    found = [rows.get(place) for place in places]
    return [[None if row is None else column[row] for row in found] for column in columns]


def _places(ids: RunIds, keys: Sequence[RunKey]) -> tuple[list[int], str, list[Bound]]:
    """Ids of the keys, 0 for unknown ones, and a condition that narrows a query to them where that pays."""
    places = [ids.places.get(key, -1) + 1 for key in keys]
    if len(keys) >= MANY:
        return places, "true", []
    return places, "{} in (select unnest(?::integer[]))", [places]


def values(database: Database, field: FieldRef, limit: int) -> tuple[tuple[str, int], ...]:
    """The most frequent texts of a field with the number of runs that have each; () for metrics."""
    params: list[Bound] = []
    if field.kind is FieldKind.METRIC:
        return ()
    if field.kind is FieldKind.BUILTIN:
        builtin = BY_NAME[field.name]
        own = f"select r.id as run, ({builtin.sql})::varchar as v from runs r"
        if builtin.many:
            own = f"select distinct r.id as run, u.v from runs r, lateral ({builtin.sql}) u(v, place)"
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
