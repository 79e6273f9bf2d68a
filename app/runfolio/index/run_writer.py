"""Writes the runs that linking made of the recordings, and what is shown of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import cast

import numpy as np
import polars as pl

from runfolio.index.alignments import put_aligned
from runfolio.index.database import Database
from runfolio.index.link_marks import KeptSeries, MarkShelf
from runfolio.index.linkable import FOLDER_PARAMS, RESUME_PARAMS, Linkable, LinkedRun, LinkProblem
from runfolio.index.point_columns import differences, wall_differences
from runfolio.index.points import SeriesStart, read_points
from runfolio.index.rows import problem_frame
from runfolio.index.series_rows import PointColumns
from runfolio.model.alignment import Alignment

_REPLACED = ("runs", "links", "run_series", "run_params", "run_texts", "fields")

_SERIES = """insert into run_series
             select l.run, l.prefix || s.name, s.id, s.recording, null, 1
             from series s join links l using (recording)
             qualify row_number() over (partition by l.run, l.prefix || s.name order by l.rank, s.id) = 1
             order by 2, 1"""

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
              arg_max(s.file, l.leg), arg_min(s.first_wall, l.leg)
       from chains c join leg_series l using (run, name) join series s on s.id = l.id
       group by c.id, c.recording, c.name""",
)

_LEGS = """select c.id, l.id, s.first_step, s.first_wall, s.n
           from chains c join leg_series l using (run, name) join series s on s.id = l.id
           order by c.id, l.leg"""
_CHAINED_AT_ONCE = 1_000_000
"""Points of resumed runs that are laid end to end in one go."""

_FORGET_CHAINS = (
    "delete from points where series in (select id from made_series)",
    "delete from series where id in (select id from made_series)",
    "delete from made_series",
)

_SHOWN = (
    """insert into run_params
       select run, key, path, text, value, num, kind, row_number() over (partition by run, key order by place) = 1
       from (
           select l.run, p.key, p.path, p.text, p.value, p.num, p.kind, struct_pack(l.rank, p.ordinal) as place
           from params p join links l using (recording)
           qualify row_number() over (partition by l.run, p.path order by l.rank, p.ordinal) = 1)
       order by key, run, place""",
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
       select 'param', key, count(*) filter (is_first), count(distinct text), count(num) * 2 > count(*)
       from run_params
       group by key""",
    """insert into fields
       select kind, name, count(*), count(distinct text), false
       from run_texts
       group by kind, name""",
)

# What costs the user nothing (info) is not counted.
_RUNS = """insert into runs
           select i.*, coalesce(m.metrics, 0), coalesce(m.points, 0), coalesce(p.problems, 0)
           from linked i
           left join (
               select x.run, count(*) as metrics, sum(s.n) as points
               from run_series x join series s on s.id = x.series
               where x.origin is null
               group by x.run) m on m.run = i.id
           left join (
               select l.run, count(*) as problems
               from problems p join links l using (recording)
               where p.severity <> 'info'
               group by l.run) p on p.run = i.id
           order by i.id"""


_SERIES_COUNTS = """select recording, count(*) from series where id not in (select id from made_series)
                    group by recording"""


def linkables(database: Database) -> list[Linkable]:
    """All recordings as far as linking needs to know them."""
    shelf = MarkShelf(database)
    counts = cast("list[tuple[int, int]]", database.rows(_SERIES_COUNTS))
    series = {recording: KeptSeries(shelf, recording, count) for recording, count in counts}
    folders: defaultdict[object, list[str]] = defaultdict(list)
    named = "select recording, text from params where key in (select unnest(?::varchar[])) order by recording, ordinal"
    for recording, text in database.rows(named, [[*FOLDER_PARAMS]]):
        folders[recording].append(str(text))
    resumed: defaultdict[object, list[str]] = defaultdict(list)
    # Keys are few, params are many.
    keys = [str(key) for (key,) in database.rows("select distinct key from params")]
    resuming = [key for key in keys if key.rpartition(".")[2] in RESUME_PARAMS]
    for recording, text in database.rows(named, [resuming]) if resuming else ():
        resumed[recording].append(str(text))
    rows = database.rows(
        """select id, source, path, format, identity, has_id, overlay, "precision", name, parent_id, tracker_id,
                  experiment, status, status_raw, started_us, ended_us, params_digest
           from recordings
           order by source, path, id"""
    )
    # The columns are those of the dataclass, in its order; the schema gives them their types.
    make = cast("Callable[..., Linkable]", Linkable)
    return [
        make(*row, series.get(row[0], ()), tuple(folders.get(row[0], ())), tuple(resumed.get(row[0], ())))
        for row in rows
    ]


def extends(database: Database, short: int, long: int) -> bool:
    """Whether each series of one recording is how that of the other begins, point by point; NaN equals NaN."""
    rows = database.rows(
        """with beside as (
               select s.name, s.recording = $1 as is_short, s.first_step, p.step_diff, p.value,
                      row_number() over (partition by s.id order by p.rowid) as place
               from series s join points p on p.series = s.id
               where s.recording in ($1, $2) and s.id not in (select id from made_series))
           select count(*)
           from (select * from beside where is_short) a
           left join (select * from beside where not is_short) b using (name, place)
           where b.first_step is distinct from a.first_step or b.value is distinct from a.value
                 or (place > 1 and b.step_diff is distinct from a.step_diff)""",
        [short, long],
    )
    return rows[0][0] == 0


def put_runs(
    database: Database,
    runs: Sequence[LinkedRun],
    problems: Sequence[LinkProblem],
    alignments: Sequence[Alignment] = (),
) -> None:
    """Replace all runs and links. `problems` are those of linking, `alignments` the metric names shown as one."""
    ordered = sorted(runs, key=_default_order)
    members = [(n, m) for n, run in enumerate(ordered, 1) for m in run.members]
    with database.transaction():
        for table in _REPLACED:
            database.run(f"delete from {table}")
        database.run("delete from problems where reader = 'links'")
        if database.rows("select 1 from made_series limit 1"):
            for statement in _FORGET_CHAINS:
                database.run(statement)
        database.insert(
            "links",
            {
                "recording": [m.recording for _, m in members],
                "run": [n for n, _ in members],
                "rank": [m.rank for _, m in members],
                "reason": [m.reason for _, m in members],
                "prefix": [m.prefix for _, m in members],
                "is_primary": [m.primary for _, m in members],
                "leg": [m.leg for _, m in members],
            },
        )
        if any(m.leg for _, m in members):
            for statement in _CHAINED_SERIES:
                database.run(statement)
            _chain_points(database)
        else:
            database.run(_SERIES)
        for statement in _SHOWN:
            database.run(statement)
        put_aligned(database, alignments)
        sources = dict(
            cast("list[tuple[int, int]]", database.rows("select id, source from recordings")) if problems else []
        )
        told = ((sources[p.recording], p.problem.path, "links", p.recording, p.problem) for p in problems)
        database.insert("problems", problem_frame(told))
        database.make_temporary("linked", _run_frame(ordered))
        database.run(_RUNS)
        database.run("drop table linked")
        # Whoever keeps run ids in memory sees by this that they have changed.
        database.run("delete from meta where name = 'linking'")
        database.run("insert into meta select 'linking', nextval('ids')")


def _chain_points(database: Database) -> None:
    """Write the points of the series that were made of legs: the differences at their joints are others."""
    legs = cast("list[tuple[int, int, int | None, int | None, int]]", database.rows(_LEGS))
    some: list[tuple[int, list[SeriesStart]]] = []
    size = 0
    for chain, group in groupby(legs, key=itemgetter(0)):
        own = [*group]
        some.append((chain, [(number, step, wall) for _, number, step, wall, _ in own]))
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


def _default_order(run: LinkedRun) -> tuple[bool, int, str, str]:
    """Newest start first, then those without one; then by name and key."""
    return (run.started_us is None, -(run.started_us or 0), run.name, run.key)


def _run_frame(runs: Sequence[LinkedRun]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(1, len(runs) + 1),
            "key": [r.key for r in runs],
            "source": [r.source for r in runs],
            "name": [r.name for r in runs],
            "experiment": [r.experiment for r in runs],
            "status": [r.status for r in runs],
            "status_raw": [r.status_raw for r in runs],
            "started_us": [r.started_us for r in runs],
            "ended_us": [r.ended_us for r in runs],
            "path": [r.path for r in runs],
            "format": [r.format for r in runs],
            "parent_key": [r.parent_key for r in runs],
            "recording": [next(m.recording for m in r.members if m.primary) for r in runs],
        },
        schema_overrides=dict.fromkeys(
            ("key", "name", "experiment", "status", "status_raw", "path", "format", "parent_key"), pl.String
        )
        | dict.fromkeys(("id", "source", "recording"), pl.Int32)
        | dict.fromkeys(("started_us", "ended_us"), pl.Int64),
    )
