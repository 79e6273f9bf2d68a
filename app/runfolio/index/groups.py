"""Whole columns as arrays by run id, for grouping: numbers, and codes that are equal where values are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.index.database import Bound, Database
from runfolio.index.field_source import field_source
from runfolio.index.fields import BY_NAME
from runfolio.model.answers import CellKind
from runfolio.model.query import FieldKind, FieldRef

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runfolio.index.column_store import Numbers
    from runfolio.index.evaluate import Evaluator

_DAY_US = 86_400_000_000


def numbers(columns: Evaluator, database: Database, field: FieldRef) -> NDArray[np.float64] | None:
    """A field's numbers by run, the first run's first; NaN where there is none, None for a field that is no number."""
    if field.kind is FieldKind.BUILTIN:
        builtin = BY_NAME[field.name]
        if builtin.many or builtin.kind not in (CellKind.NUMBER, CellKind.DURATION, CellKind.TIME):
            return None
    elif field.kind not in (FieldKind.METRIC, FieldKind.DERIVED) and not _is_numeric(database, field):
        return None
    return columns.kept(field, "group numbers", lambda: _with_nan(columns.numbers(field)))


def _with_nan(found: Numbers) -> NDArray[np.float64]:
    import numpy as np

    return np.where(found.present, found.values.astype(np.float64), np.nan)


def codes(columns: Evaluator, database: Database, field: FieldRef) -> NDArray[np.int64]:
    """For each run a number that says which value it has, -1 for none; values sort as their codes do.

    Numbers are equal by value, however they are written; they come before texts. Of several values all count
    together. A time counts by its day (UTC).
    """
    if field.kind is FieldKind.DERIVED:
        return columns.kept(field, "group codes", lambda: _number_codes(columns.numbers(field)))
    return columns.kept(field, "group codes", lambda: _read_codes(database, columns.count, field))


def _number_codes(found: Numbers) -> NDArray[np.int64]:
    import numpy as np

    _, places = np.unique(found.values, return_inverse=True)
    return np.where(found.present, places, -1).astype(np.int64)


_LARGE_WHOLE = "(isfinite(num) and abs(num) >= 9007199254740992 and regexp_full_match(text, '[+-]?[0-9]+'))"
"""Past 2^53 several whole numbers are one float64: their texts tell them apart."""


def _read_codes(database: Database, runs: int, field: FieldRef) -> NDArray[np.int64]:
    params: list[Bound] = []
    if field.kind is not FieldKind.BUILTIN:
        inner, names = field_source(field)
        params += names
        own = f"select run, num, case when num is null or {_LARGE_WHOLE} then text end as text from ({inner})"
    else:
        builtin = BY_NAME[field.name]
        if builtin.many:
            own = f"""select run, null::double as num, list_sort(list(distinct v))::varchar as text
                      from (select r.id as run, u.v::varchar as v from runs r, lateral ({builtin.sql}) u(v, place))
                      where v is not null group by run"""
        elif builtin.kind in (CellKind.NUMBER, CellKind.DURATION):
            own = f"select r.id as run, ({builtin.sql})::double as num, null::varchar as text from runs r"
        elif builtin.kind is CellKind.TIME:
            day = f"floor(({builtin.sql}) / {_DAY_US})::double"
            own = f"select r.id as run, {day} as num, null::varchar as text from runs r"
        else:
            own = f"select r.id as run, null::double as num, ({builtin.sql})::varchar as text from runs r"
    sql = f"""with v as (select * from ({own}) where num is not null or text is not null),
                   d as (select num, text, row_number() over (order by num nulls last, text) - 1 as code
                         from (select distinct num, text from v))
              select v.run, d.code
              from v join d on v.num is not distinct from d.num and v.text is not distinct from d.text"""
    return _spread(database, sql, params, runs)


def is_time(field: FieldRef) -> bool:
    """Whether a builtin field is an instant."""
    return BY_NAME[field.name].kind is CellKind.TIME


def replicates(
    columns: Evaluator, database: Database, ignored: Sequence[str], *, experiment: bool, data: bool
) -> NDArray[np.int64]:
    """For each run a number that is equal for runs of one configuration; see `index.replicates.signatures`."""
    # Kept like the column of a field that changes with the folders alone.
    any_param = FieldRef(FieldKind.PARAM, "")
    name = ("replicates", tuple(ignored), experiment, data)
    return columns.kept(any_param, name, lambda: _read_replicates(database, ignored, experiment=experiment, data=data))


def _read_replicates(database: Database, ignored: Sequence[str], *, experiment: bool, data: bool) -> NDArray[np.int64]:
    import numpy as np

    from runfolio.index.replicates import signatures

    found = signatures(database, ignored, experiment=experiment, data=data)
    _, places = np.unique(found.mark, return_inverse=True)
    # A run of which nothing is known is a configuration of its own.
    alone = np.flatnonzero(~found.known)
    codes = places.astype(np.int64)
    codes[alone] = len(codes) + np.arange(len(alone))
    return codes


def varying(database: Database, places: NDArray[np.int64], *, every: bool) -> tuple[str, ...]:
    """The keys of params in which the runs at these places differ, or that only some of them have.

    every   whether they are all runs there are.
    """
    narrowed, params = ("", []) if every else (" and run in (select unnest(?::integer[]))", [(places + 1).tolist()])
    rows = database.rows(
        f"""select key from run_params
            where is_first{narrowed}
            group by key
            having count(*) < ? or min(num) is distinct from max(num) or (count(num) > 0 and count(num) < count(*))
                   or min(text) filter (where num is null) is distinct from max(text) filter (where num is null)
            order by count(*) desc, key""",
        [*params, len(places)],
    )
    return tuple(str(row[0]) for row in rows)


def _is_numeric(database: Database, field: FieldRef) -> bool:
    named = [field.kind.value, field.name]
    return bool(database.rows("select 1 from fields where kind = ? and name = ? and numeric", named))


def _spread(database: Database, sql: str, params: Sequence[Bound], runs: int) -> NDArray[np.int64]:
    import numpy as np

    found = database.arrays(sql, params)
    spread = np.full(runs, -1, dtype=np.int64)
    spread[found["run"].astype(np.int64) - 1] = found["code"]
    return spread
