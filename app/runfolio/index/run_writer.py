"""Reads recordings for linking, and writes the runs that it made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import polars as pl

from runfolio.index.alignments import put_aligned
from runfolio.index.database import Database
from runfolio.index.link_marks import KeptSeries, MarkShelf
from runfolio.index.linkable import FOLDER_PARAMS, RESUME_PARAMS, Linkable, LinkedRun, LinkProblem
from runfolio.index.passed_keys import keep_passed
from runfolio.index.rows import problem_frame
from runfolio.index.run_shown import forget_chains, put_shown
from runfolio.model.alignment import Alignment
from runfolio.model.metrics import Floats
from runfolio.readers.registry import readers

_REPLACED = ("runs", "links", "run_series", "run_params", "run_texts", "fields")

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


# The columns of a `Linkable`, in its order; the rows as they come into a new index, so that what was read again is not
# asked later for it.
_RECORDINGS = """select id, source, path, format, identity, has_id, overlay, "precision", name, parent_id, tracker_id,
                        experiment, status, status_raw, started_us, ended_us, params_digest
                 from recordings
                 order by source, path, unit, list_position(?::varchar[], reader), id"""
_WORDS = frozenset({3, 7, 11, 12, 13})
"""Places of format, precision, experiment and the two of the status: texts that many recordings have."""
_SERIES_COUNTS = """select recording, count(*) from series where id not in (select id from made_series)
                    group by recording"""


def linkables(database: Database) -> list[Linkable]:
    """All recordings as far as linking needs to know them."""
    shelf = MarkShelf(database)
    counts = cast("list[tuple[int, int]]", database.rows(_SERIES_COUNTS))
    series: dict[object, KeptSeries] = {number: KeptSeries(shelf, number, count) for number, count in counts}
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
    # The schema gives the columns their types.
    make = cast("Callable[..., Linkable]", Linkable)
    made: list[Linkable] = []
    words: dict[object, object] = {}
    for row in database.each(_RECORDINGS, [[reader.name for reader in readers()]]):
        # The database makes a text of its own for each row: of words that nearly all runs have, one is kept.
        own = [words.setdefault(value, value) if place in _WORDS else value for place, value in enumerate(row)]
        made.append(make(*own, series.get(row[0], ()), tuple(folders.get(row[0], ())), tuple(resumed.get(row[0], ()))))
    return made


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


def series_values(database: Database, series: Sequence[tuple[int, str]]) -> list[Floats | None]:
    """The values (n,) of series in written order, each given as (recording, name); None where there is no such one."""
    rows = database.rows(
        """select recording, name, id from series
           where (recording, name) in (select unnest(?::integer[]), unnest(?::varchar[]))
                 and id not in (select id from made_series)""",
        [[recording for recording, _ in series], [name for _, name in series]],
    )
    numbers = {(recording, name): cast(int, number) for recording, name, number in rows}
    points = database.arrays(
        "select series, value from points where series in (select unnest(?::integer[])) order by series, rowid",
        [[*numbers.values()]],
    )
    starts = [numbers.get(place, -1) for place in series]
    first = np.searchsorted(points["series"], starts, side="left").tolist()
    end = np.searchsorted(points["series"], starts, side="right").tolist()
    values = points["value"].astype(np.float64, copy=False)
    return [None if n < 0 else values[a:b] for n, a, b in zip(starts, first, end, strict=True)]


def put_runs(
    database: Database,
    runs: Sequence[LinkedRun],
    problems: Sequence[LinkProblem],
    alignments: Sequence[Alignment] = (),
    *,
    by_hand: bool = False,
) -> None:
    """Replace all runs and links.

    problems     those of linking.
    alignments   the metric names shown as one.
    by_hand      whether the user's decisions have changed, and no folder has: what was said stays with the keys then.
    """
    ordered = sorted(runs, key=_default_order)
    members = [(n, m) for n, run in enumerate(ordered, 1) for m in run.members]
    with database.transaction():
        if not by_hand:
            keep_passed(database, ordered)
        for table in _REPLACED:
            database.run(f"delete from {table}")
        database.run("delete from problems where reader = 'links'")
        forget_chains(database)
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
        put_shown(database, chained=any(m.leg for _, m in members))
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
