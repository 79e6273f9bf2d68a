"""The values of one field for many runs, and the values that a field has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from runfolio.index.database import Bound, Database
from runfolio.index.field_source import field_source
from runfolio.index.fields import BY_NAME
from runfolio.index.run_ids import MANY, RunIds, lists
from runfolio.model.answers import CellKind, Column
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunKey


def columns(database: Database, ids: RunIds, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Column, ...]:
    """The same as `column` for each of some fields; of a page, all builtin values and all params in one query each.

    Planning a query takes longer than a page of values does.
    """
    found: dict[FieldRef, Column] = {}
    if len(keys) < MANY:
        builtins = [f for f in fields if f.kind is FieldKind.BUILTIN and not BY_NAME[f.name].many]
        params = [f for f in fields if f.kind is FieldKind.PARAM]
        if len(builtins) > 1:
            found |= _builtins(database, ids, builtins, keys)
        if len(params) > 1:
            found |= _params(database, ids, params, keys)
    return tuple(found[f] if f in found else column(database, ids, f, keys) for f in fields)


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
    named = [field.kind.value, field.name]
    is_numeric = bool(database.rows("select 1 from fields where kind = ? and name = ? and numeric", named))
    return _written(field, numbers, texts, is_numeric=is_numeric)


def _written(field: FieldRef, numbers: Sequence[object], texts: Sequence[object], *, is_numeric: bool) -> Column:
    written = tuple(cast("Sequence[str | None]", texts))
    if not is_numeric:
        return Column(field, CellKind.TEXT, written)
    shown = tuple(text if number is None else number for number, text in zip(numbers, texts, strict=True))
    return Column(field, CellKind.NUMBER, shown, written)


def kinds(database: Database, ids: RunIds, param: str, keys: Sequence[RunKey]) -> tuple[str | None, ...]:
    """What a param is in each run, as `model.params` names it ("bool", "null", "float"...); None where it has none."""
    (found,) = _values(database, ids, "select run, kind from run_params where key = ? and is_first", [param], keys, 1)
    return tuple(cast("list[str | None]", found))


def origins(database: Database, ids: RunIds, metric: str, keys: Sequence[RunKey]) -> tuple[str, ...] | None:
    """What the values of an aligned name come from, for people; None where no name is aligned to it."""
    if not database.rows("select 1 from aligned where target = ? limit 1", [metric]):
        return None
    from runfolio.model.alignment import AlignedName

    own = "select run, origin, scale from run_series where name = ? and origin is not null"
    names, scales = _values(database, ids, own, [metric], keys, 2)
    pairs = [*zip(names, scales, strict=True)]
    # A handful of names for all runs.
    words = {(n, s): "" if n is None else AlignedName(str(n), cast(float, s)).words for n, s in {*pairs}}
    return tuple(words[pair] for pair in pairs)


def _builtins(
    database: Database, ids: RunIds, fields: Sequence[FieldRef], keys: Sequence[RunKey]
) -> dict[FieldRef, Column]:
    own = ", ".join(f"{BY_NAME[field.name].sql} as v{place}" for place, field in enumerate(fields))
    values = _values(database, ids, f"select r.id as run, {own} from runs r", [], keys, len(fields))
    return {f: Column(f, BY_NAME[f.name].kind, tuple(v)) for f, v in zip(fields, values, strict=True)}


def _params(
    database: Database, ids: RunIds, fields: Sequence[FieldRef], keys: Sequence[RunKey]
) -> dict[FieldRef, Column]:
    places, narrowed, own = _places(ids, keys)
    names: list[Bound] = [field.name for field in fields]
    # A list in the text of the query lets it pass over the blocks of other params.
    wanted = ", ".join("?" * len(names))
    rows = database.rows(
        f"select key, run, num, text from run_params where key in ({wanted}) and is_first and {narrowed.format('run')}",
        [*names, *own],
    )
    found: dict[object, dict[object, tuple[object, object]]] = {name: {} for name in names}
    for name, run, number, text in rows:
        found[name][run] = (number, text)
    told = database.rows(f"select name from fields where kind = 'param' and numeric and name in ({wanted})", names)
    numeric = {name for (name,) in told}
    answers: dict[FieldRef, Column] = {}
    for field in fields:
        cells = [found[field.name].get(place, (None, None)) for place in places]
        answers[field] = _written(field, [n for n, _ in cells], [t for _, t in cells], is_numeric=field.name in numeric)
    return answers


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


def values_source(field: FieldRef) -> tuple[str, list[Bound]]:
    """A query of (run, v) over the texts of a field that is no metric, with its parameters; v may be null."""
    if field.kind is not FieldKind.BUILTIN:
        inner, names = field_source(field)
        return f"select run, text as v from ({inner})", [*names]
    builtin = BY_NAME[field.name]
    if builtin.many:
        return f"select distinct r.id as run, u.v from runs r, lateral ({builtin.sql}) u(v, place)", []
    return f"select r.id as run, ({builtin.sql})::varchar as v from runs r", []


def values(database: Database, field: FieldRef, limit: int) -> tuple[tuple[str, int], ...]:
    """The most frequent texts of a field with the number of runs that have each; () for metrics."""
    if field.kind is FieldKind.METRIC:
        return ()
    own, params = values_source(field)
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
