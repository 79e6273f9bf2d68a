"""Writes the runs that linking made of the recordings, and what is shown of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

import polars as pl

from runfolio.index.database import Database
from runfolio.index.linkable import Linkable, LinkedRun, SeriesMark
from runfolio.index.rows import problem_frame
from runfolio.model.problem import Problem

_REPLACED = ("runs", "links", "run_series", "run_params", "run_texts", "fields")

_SHOWN = (
    """insert into run_series
       select l.run, l.prefix || s.name, s.id, s.recording
       from series s join links l using (recording)
       qualify row_number() over (partition by l.run, l.prefix || s.name order by l.rank, s.id) = 1
       order by 2, 1""",
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
       select 'metric', name, count(*), null, true
       from run_series
       group by name""",
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
               group by x.run) m on m.run = i.id
           left join (
               select l.run, count(*) as problems
               from problems p join links l using (recording)
               where p.severity <> 'info'
               group by l.run) p on p.run = i.id
           order by i.id"""


def linkables(database: Database) -> list[Linkable]:
    """All recordings as far as linking needs to know them."""
    marks: defaultdict[object, list[SeriesMark]] = defaultdict(list)
    series = "select recording, name, n, first_step, first_value, last_step, last_value from series order by id"
    for row in database.rows(series):
        marks[row[0]].append(cast("SeriesMark", row[1:]))
    rows = database.rows(
        """select id, source, path, format, identity, has_id, overlay, "precision", name, parent_id, tracker_id,
                  experiment, status, status_raw, started_us, ended_us, params_digest
           from recordings
           order by source, path, id"""
    )
    # The columns are those of the dataclass, in its order; the schema gives them their types.
    make = cast("Callable[..., Linkable]", Linkable)
    return [make(*row, tuple(marks.get(row[0], ()))) for row in rows]


def put_runs(database: Database, runs: Sequence[LinkedRun], problems: Sequence[tuple[int, Problem]]) -> None:
    """Replace all runs and links. `problems` are those of linking, each with its source."""
    ordered = sorted(runs, key=_default_order)
    members = [(n, m) for n, run in enumerate(ordered, 1) for m in run.members]
    with database.transaction():
        for table in _REPLACED:
            database.run(f"delete from {table}")
        database.run("delete from problems where reader = 'links'")
        database.insert(
            "links",
            {
                "recording": [m.recording for _, m in members],
                "run": [n for n, _ in members],
                "rank": [m.rank for _, m in members],
                "reason": [m.reason for _, m in members],
                "prefix": [m.prefix for _, m in members],
                "is_primary": [m.primary for _, m in members],
            },
        )
        for statement in _SHOWN:
            database.run(statement)
        database.make_temporary("linked", _run_frame(ordered))
        database.run(_RUNS)
        database.run("drop table linked")
        # Whoever keeps run ids in memory sees by this that they have changed.
        database.run("delete from meta where name = 'linking'")
        database.run("insert into meta select 'linking', nextval('ids')")
        database.insert("problems", problem_frame((source, p.path, "links", None, p) for source, p in problems))


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
