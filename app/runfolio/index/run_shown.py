"""Writes what is shown of each run: of several recordings of it the row of lowest rank, and curves of several legs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import cast

import numpy as np

from runfolio.index.database import Database
from runfolio.index.point_columns import differences, wall_differences
from runfolio.index.points import SeriesStart, read_points
from runfolio.index.series_rows import PointColumns

_SEVERAL = "create or replace temporary table several as select distinct run from"
"""Runs of which more than one row has one name. They are few, and only theirs have to be sorted to choose one."""

_SERIES = (
    f"""{_SEVERAL} (
            select l.run from series s join links l using (recording)
            group by l.run, l.prefix || s.name having count(*) > 1)""",
    """insert into run_series
       select * from (
           select l.run, l.prefix || s.name as name, s.id, s.recording, null, 1
           from series s join links l using (recording)
           where l.run not in (select run from several)
           union all
           select l.run, l.prefix || s.name, s.id, s.recording, null, 1
           from series s join links l using (recording)
           where l.run in (select run from several)
           qualify row_number() over (partition by l.run, l.prefix || s.name order by l.rank, s.id) = 1)
       order by name, run""",
)

# The same for resumed runs: what several legs have is laid end to end as one more series, each leg as it was written.
_CHAINED_SERIES = (
    """create temporary table leg_series as
       select l.run, l.prefix || s.name as name, l.leg, s.id, s.recording
       from series s join links l using (recording)
       qualify row_number() over (partition by l.run, l.prefix || s.name, l.leg order by l.rank, s.id) = 1""",
    """create temporary table chains as
       select nextval('ids') as id, run, name, arg_max(recording, leg) as recording
       from leg_series group by run, name having count(*) > 1""",
    """insert into run_series
       select run, name, coalesce(c.id, s.id), coalesce(c.recording, s.recording), null, 1
       from leg_series s left join chains c using (run, name)
       qualify row_number() over (partition by run, name order by leg) = 1
       order by 2, 1""",
    "insert into made_series select id from chains",
    """insert into series
       select c.id, c.recording, c.name, sum(s.n), bool_and(s.has_step), arg_min(s.first_step, l.leg),
              arg_min(s.first_value, l.leg), arg_max(s.last_step, l.leg), arg_max(s.last_value, l.leg),
              min(s.min_value), max(s.max_value), min(s.best_min), max(s.best_max), sum(s.nan_count),
              sum(s.inf_count), arg_max(s.final, l.leg), arg_max(s.shown, l.leg), arg_max(s.final_rule, l.leg),
              arg_max(s.file, l.leg), arg_min(s.first_wall, l.leg), 1, null, null, null
       from chains c join leg_series l using (run, name) join series s on s.id = l.id
       group by c.id, c.recording, c.name""",
)

_LEGS = """select c.id, l.id, s.first_step, s.first_wall, s.wall_unit, s.n
           from chains c join leg_series l using (run, name) join series s on s.id = l.id
           order by c.id, l.leg"""
_CHAINED_AT_ONCE = 1_000_000
"""Points of resumed runs that are laid end to end in one go."""

_FORGET_CHAINS = (
    "delete from points where series in (select id from made_series)",
    "delete from series where id in (select id from made_series)",
    "delete from made_series",
)

_PARAM_KEYS = "select key, count(*) from params group by key order by key"
_PARAMS_AT_ONCE = 500_000
"""Params that are sorted in one go: so many take about 50 MB, and going over all of them once more 0.1 s a million."""

# Of the params from one key to another. Paths of different parts may have one dotted key, so rows of one key are looked
# for, which those of one path are, too.
_PARAMS = (
    f"""{_SEVERAL} (
            select l.run from params p join links l using (recording)
            where p.key between $1 and $2
            group by p.key, l.run having count(*) > 1)""",
    """insert into run_params
       select * exclude (rank, ordinal) from (
           select l.run, p.key, p.path, p.text, p.value, p.num, p.kind, true, l.rank, p.ordinal
           from params p join links l using (recording)
           where p.key between $1 and $2 and l.run not in (select run from several)
           union all
           select * replace (row_number() over (partition by run, key order by rank, ordinal) = 1 as is_first)
           from (
               select l.run, p.key, p.path, p.text, p.value, p.num, p.kind, true as is_first, l.rank, p.ordinal
               from params p join links l using (recording)
               where p.key between $1 and $2 and l.run in (select run from several)
               qualify row_number() over (partition by l.run, p.path order by l.rank, p.ordinal) = 1))
       order by key, run, rank, ordinal""",
    """insert into fields
       select 'param', key, count(*) filter (is_first), count(distinct text), count(num) * 2 > count(*)
       from run_params
       where key between $1 and $2
       group by key""",
)

_TEXTS = (
    """insert into run_texts
       select l.run, 'tag', t.name, arg_min(t.text, l.rank)
       from tags t join links l using (recording)
       group by l.run, t.name
       order by 3, 1""",
    """insert into run_texts
       select l.run, 'fact', t.name, arg_min(t.text, l.rank)
       from facts t join links l using (recording)
       group by l.run, t.name
       order by 3, 1""",
    """insert into fields
       select kind, name, count(*), count(distinct text), false
       from run_texts
       group by kind, name""",
)


def put_shown(database: Database, *, chained: bool) -> None:
    """Fill the empty tables of runs by the links; within the caller's transaction.

    chained   whether there are runs of several legs.
    """
    for statement in _CHAINED_SERIES if chained else _SERIES:
        database.run(statement)
    if chained:
        _chain_points(database)
    for first, last in _key_ranges(database):
        for statement in _PARAMS:
            database.run(statement, [first, last])
    for statement in _TEXTS:
        database.run(statement)
    database.run("drop table if exists several")


def forget_chains(database: Database) -> None:
    """Drop the curves that were made of several legs; within the caller's transaction."""
    if database.rows("select 1 from made_series limit 1"):
        for statement in _FORGET_CHAINS:
            database.run(statement)


def _key_ranges(database: Database) -> Iterator[tuple[str, str]]:
    """First and last keys of params that are sorted in one go, in the order of the keys."""
    first, last, size = "", "", 0
    for key, count in cast("list[tuple[str, int]]", database.rows(_PARAM_KEYS)):
        if size and size + count > _PARAMS_AT_ONCE:
            yield first, last
            size = 0
        first, last, size = key if not size else first, key, size + count
    if size:
        yield first, last


def _chain_points(database: Database) -> None:
    """Write the points of the series that were made of legs: the differences at their joints are others."""
    legs = cast("list[tuple[int, int, int | None, int | None, int, int]]", database.rows(_LEGS))
    some: list[tuple[int, list[SeriesStart]]] = []
    size = 0
    for chain, group in groupby(legs, key=itemgetter(0)):
        own = [*group]
        some.append((chain, [(number, step, wall, unit) for _, number, step, wall, unit, _ in own]))
        size += sum(n for *_, n in own)
        if size > _CHAINED_AT_ONCE:
            _put_chains(database, some)
            some, size = [], 0
    _put_chains(database, some)
    for table in ("chains", "leg_series"):
        database.run(f"drop table {table}")


def _put_chains(database: Database, chains: Sequence[tuple[int, list[SeriesStart]]]) -> None:
    read = read_points(database, [leg for _, legs in chains for leg in legs])
    if not read:
        return
    step, wall, value = (np.concatenate(columns) for columns in zip(*read, strict=True))
    sizes = iter(len(values) for _, _, values in read)
    lengths = np.array([sum(islice(sizes, len(legs))) for _, legs in chains], dtype=np.int64)
    ids = np.array([chain for chain, _ in chains], dtype=np.int64)
    step_diff, wall_diff = differences(step, lengths)[0], wall_differences(wall, lengths)[0]
    database.insert("points", PointColumns(lengths, step_diff, wall_diff, value).frame(ids))
