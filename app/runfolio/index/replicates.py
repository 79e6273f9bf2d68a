"""What tells configurations apart: a number for each run that is equal where all that counts is equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from runfolio.index.database import Bound, Database

# 1e-3 equals 0.001 and True equals true, but neither equals 1. Fractions that print the same at 12 digits are equal:
# 0.1 + 0.2 and 0.3 are one choice, written by way of other arithmetic. Twelve characters have no more digits than that.
# Whole numbers are exact, and those that float64 cannot tell apart are told apart by their text.
_NUMBER = f"""case when num is null or num = floor(num) or strlen(coalesce(text, '{"?" * 13}')) <= 12 then num
                   else format('{{:.11e}}', num)::double end"""
_VALUE = f"""hash(key, kind = 'null', kind = 'bool', {_NUMBER},
                  case when kind = 'null' then '' when kind = 'bool' then lower(text)
                       when num is null or abs(num) >= 9007199254740992 then text end)"""


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """Arrays over all runs of the index by id, that of run 1 first.

    mark    uint64, equal for runs that are alike in all that counts.
    known   bool, False where nothing was recorded that could tell a configuration: such runs are alike to none.
    """

    mark: NDArray[np.uint64]
    known: NDArray[np.bool_]


def param_keys(database: Database) -> tuple[str, ...]:
    """The keys of all params, those that most runs have first."""
    rows = database.rows("select name from fields where kind = 'param' order by runs desc, name")
    return tuple(str(name) for (name,) in rows)


def signatures(database: Database, ignored: Sequence[str], *, experiment: bool, data: bool) -> Signatures:
    """Marks of all runs, in one pass over their params.

    ignored      keys of params that do not count.
    experiment   whether runs of different experiments differ.
    data         whether runs differ that recorded data sets of different digest (of different name without one).
    """
    joined = ""
    parts = ["coalesce(p.params, 0)", "coalesce(p.mark, 0)"]
    if experiment:
        parts.append("r.experiment")
    if data:
        # Of a run's recordings several may name the same data set.
        joined = """left join (select run, sum(hash(context, version)) as mark
                               from (select distinct l.run, d.context, coalesce(d.digest, d.name) as version
                                     from datasets d join links l on l.recording = d.recording)
                               group by run) d on d.run = r.id"""
        parts.append("coalesce(d.mark, 0)")
    params: list[Bound] = [list(ignored)]
    found = database.arrays(
        f"""select hash({", ".join(parts)}) as mark, p.run is not null as known
            from runs r
            left join (select run, count(*) filter (counts) as params, sum({_VALUE}) filter (counts) as mark
                       from (select *, not list_contains(?::varchar[], key) as counts from run_params)
                       group by run) p on p.run = r.id
            {joined}
            order by r.id""",
        params,
    )
    return Signatures(found["mark"].astype(np.uint64), found["known"].astype(np.bool_))


def labels(database: Database, keys: Sequence[str]) -> dict[int, str]:
    """For runs by id the value of the first of `keys` that they have; whole numbers are written alike."""
    if not keys:
        return {}
    rows = database.rows(
        """select run, arg_min(case when num = floor(num) and abs(num) < 1e15 then num::bigint::varchar else text end,
                               list_position(?::varchar[], key))
           from run_params
           where list_contains(?::varchar[], key) and is_first
           group by run""",
        [list(keys), list(keys)],
    )
    return {cast(int, run): str(text) for run, text in rows if text is not None}


def varying(database: Database, ids: Sequence[int], ignored: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """Params in which some runs differ, with how many of them have it and how many values there are.

    Those that all runs have come first, then those with the fewest values: what was swept on purpose.
    """
    rows = database.rows(
        f"""select key, count(*), count(distinct {_VALUE})
            from run_params
            where is_first and run in (select unnest(?::integer[])) and not list_contains(?::varchar[], key)
            group by key
            having count(distinct {_VALUE}) > 1 or count(*) < ?
            order by 2 desc, 3, 1""",
        [list(ids), list(ignored), len(ids)],
    )
    return tuple((str(key), cast(int, runs), cast(int, values)) for key, runs, values in rows)
