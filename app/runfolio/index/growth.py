"""Puts what was added to followed folders into the index: more points, and figures that know of them.

Runs are not linked again for it: no recording came, went or changed its params. When a folder has come to rest it is
read once more as a whole, and everything that only shows in the whole is told then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import polars as pl

from runfolio.index.database import Database
from runfolio.index.frames import Batch, joined, pack
from runfolio.index.point_columns import in_microseconds
from runfolio.index.points import SeriesStart, read_points
from runfolio.index.series_rows import PointColumns
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Appended, Budget, Claim, GrowingReader, Reader
from runfolio.readers.mlflow_metrics import FINAL_RULE, latest
from runfolio.readers.registry import reader_named
from runfolio.readers.tail import Marks, follow


@dataclass(frozen=True, slots=True)
class Grown:
    """A followed folder as rows. `whole` says whether they are all of it, or points to be added."""

    batch: Batch
    whole: bool
    marks: Marks


_Series: TypeAlias = dict[str, Any]
"""A row of the table `series` by column."""

_COLUMNS = (
    "id", "recording", "name", "n", "has_step", "first_step", "first_value", "last_step", "last_value", "min_value",
    "max_value", "best_min", "best_max", "nan_count", "inf_count", "final", "shown", "final_rule", "file",
    "first_wall", "wall_unit", "mean_value", "std_value", "slope",
)  # fmt: skip

_POINTS_OF_RUNS = """update runs set points = g.points
                     from (
                         select x.run, sum(s.n) as points
                         from run_series x join series s on s.id = x.series
                         where x.origin is null
                               and x.run in (select run from run_series where series in (select unnest(?::integer[])))
                         group by x.run) g
                     where g.run = runs.id"""


def read_grown(root: Path, claim: Claim, marks: Marks | None, seconds: float) -> Grown:
    """What a worker process does; see `tail.follow`."""
    found = follow(root, claim, marks, Budget(seconds=seconds))
    return Grown(pack([found.parsed]), found.whole, found.marks)


def add_points(database: Database, grown: Sequence[tuple[int, Batch]]) -> list[bool]:
    """Append the points of followed folders, given as (source, batch of one folder), in one transaction.

    False for a folder, and nothing done about it, where its points do not fit: where a recording or a series is new, or
    belongs to a resumed run whose legs lie end to end. Then it is to be read as a whole.
    """
    with database.transaction():
        known = _Known.of(database, grown)
        fits = [_fitting(known, source, batch) for source, batch in grown]
        kept = [(batch, found) for (_, batch), found in zip(grown, fits, strict=True) if found]
        if kept:
            _append(database, [s for _, found in kept for s in found], joined([batch for batch, _ in kept]))
        for (source, batch), found in zip(grown, fits, strict=True):
            if found is not None:
                ((unit, reader),) = batch.places
                database.run(
                    "update units set fingerprint = ? where source = ? and path = ? and reader = ?",
                    [batch.tables["units"]["fingerprint"][0], source, unit, reader],
                )
    return [found is not None for found in fits]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of followed folders.

    recordings   their numbers by source, unit, reader, path and the tracker's id.
    chained      those that are legs of a resumed run.
    series       rows by recording and name.
    """

    recordings: Mapping[tuple[object, ...], int]
    chained: frozenset[int]
    series: Mapping[tuple[object, ...], _Series]

    @classmethod
    def of(cls, database: Database, grown: Sequence[tuple[int, Batch]]) -> _Known:
        places = [(source, *place) for source, batch in grown if batch.series for place in batch.places]
        rows = database.rows(
            """select c.source, c.unit, c.reader, c.path, c.tracker_id, c.id
               from recordings c
               join (select unnest(?::integer[]) as source, unnest(?::varchar[]) as unit,
                            unnest(?::varchar[]) as reader) w
               on c.source = w.source and c.unit = w.unit and c.reader = w.reader""",
            [[p[0] for p in places], [p[1] for p in places], [p[2] for p in places]],
        )
        recordings = {tuple(row[:5]): cast(int, row[5]) for row in rows}
        own = [*recordings.values()]
        chained = database.rows(
            """select l.recording from links l join links m using (run)
               where l.recording in (select unnest(?::integer[])) and m.leg > 0""",
            [own],
        )
        columns = ", ".join(f"s.{name}" for name in _COLUMNS)
        stored = database.rows(
            f"select {columns} from series s where s.recording in (select unnest(?::integer[]))", [own]
        )
        series: dict[tuple[object, ...], _Series] = {
            (row[1], row[2]): dict(zip(_COLUMNS, row, strict=True)) for row in stored
        }
        return cls(recordings, frozenset(cast(int, row[0]) for row in chained), series)


def _fitting(known: _Known, source: int, batch: Batch) -> list[_Series] | None:
    """The stored series of each series of the batch, in its order; None when one has none."""
    if not batch.series:
        return []
    ((unit, reader),) = batch.places
    names = batch.tables["recordings"].select("path", "tracker_id").rows()
    owners = [known.recordings.get((source, unit, reader, *name), -1) for name in names]
    if -1 in owners or not known.chained.isdisjoint(owners):
        return None
    incoming = batch.tables["series"].select("recording", "name", "has_step", "file", "first_wall", "wall_unit").rows()
    found = [known.series.get((owners[recording], name)) for recording, name, *_ in incoming]
    kept = [s for s in found if s is not None]
    reads = reader_named(reader)
    if len(kept) < len(found) or not all(_continues(reads, s, *i[2:]) for s, i in zip(kept, incoming, strict=True)):
        return None
    return kept


def _continues(
    reader: Reader, stored: _Series, has_step: bool, file: str, first_wall: int | None, wall_unit: int
) -> bool:
    """Whether points are of a stored series.

    A series of that name in another file would have a name of its own, unless they are event files of one series.
    Wall times where there were none say that the column of times was none as a whole.
    """
    if stored["n"] and stored["first_wall"] is None and first_wall is not None:
        return False
    if stored["wall_unit"] > wall_unit and first_wall is not None:
        return False  # what is stored would have to be written in another unit
    if stored["file"] != file and not (
        isinstance(reader, GrowingReader) and reader.appended(file.rpartition("/")[2]) is Appended.RECORDS
    ):
        return False
    return bool(stored["has_step"] == has_step)


def _append(database: Database, stored: Sequence[_Series], batch: Batch) -> None:
    incoming = batch.tables["series"]
    last_walls = _last_walls(database, [s["id"] for s in stored])
    begin = 0
    for part in batch.points:
        own = slice(begin, begin + len(part.lengths))
        points = _following(last_walls, stored[own], incoming[own], part)
        database.insert("points", points.frame(np.array([s["id"] for s in stored[own]])))
        begin = own.stop
    rows = [_combined(old, new) for old, new in zip(stored, incoming.iter_rows(named=True), strict=True)]
    ids = [row["id"] for row in rows]
    database.run("delete from series where id in (select unnest(?::integer[]))", [ids])
    database.insert("series", pl.DataFrame(rows, schema=incoming.schema))
    for row in rows:
        if row["final_rule"] == FINAL_RULE:
            final = _greatest(database, row["id"])
            database.run("update series set final = ?, shown = ? where id = ?", [final, final, row["id"]])
    database.run(_POINTS_OF_RUNS, [ids])


def _following(
    last_walls: Mapping[int, int], stored: Sequence[_Series], incoming: pl.DataFrame, part: PointColumns
) -> PointColumns:
    """The points with their first differences taken to the last stored point of each series."""
    step, wall = part.step_diff.astype(np.int64), part.wall_diff.astype(np.int64)
    begin = 0
    names = ("first_step", "first_wall", "wall_unit")
    rows = zip(stored, *(incoming[name] for name in names), part.lengths.tolist(), strict=True)
    for old, first_step, first_wall, unit, length in rows:
        end = begin + length
        wall[begin:end] = in_microseconds(wall[begin:end], unit)
        if length and old["n"]:
            # Where a format has no steps they are numbers of points, and count on.
            first = first_step + (0 if old["has_step"] else old["n"])
            step[begin] = _wrapped(first - old["last_step"])
        known = np.flatnonzero(wall[begin:end] != NO_TIME)
        last_wall = last_walls.get(old["id"])
        if len(known) and last_wall is not None:
            wall[begin + known[0]] = _wrapped(first_wall - last_wall)
        own = wall[begin:end]
        wall[begin:end] = np.where(own == NO_TIME, NO_TIME, own // old["wall_unit"])
        begin = end
    return PointColumns(part.lengths, step, wall, part.value)


def _last_walls(database: Database, series: Sequence[int]) -> dict[int, int]:
    """The last wall time of each series that has any. What stands in place of the first difference says nothing."""
    rows = database.rows(
        """select p.series, any_value(s.first_wall)
                  + (sum(p.wall_diff) - arg_min(p.wall_diff, p.rowid)) * any_value(s.wall_unit)
           from points p join series s on s.id = p.series
           where p.series in (select unnest(?::integer[])) and p.wall_diff is not null
           group by p.series""",
        [series],
    )
    return {cast(int, number): _wrapped(cast(int, wall)) for number, wall in rows if wall is not None}


def _wrapped(number: int) -> int:
    """As 64 bits hold it, which differences wrap at."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _combined(old: _Series, new: Mapping[str, Any]) -> _Series:
    """The figures of a series with points added behind it; as `series_rows` has them for the whole."""
    if not new["n"]:
        return {**old}
    row = {**old, "n": old["n"] + new["n"]}
    for name in ("first_step", "first_value"):
        row[name] = new[name] if not old["n"] else old[name]
    row["first_wall"] = new["first_wall"] if old["first_wall"] is None else old["first_wall"]
    row["last_step"] = new["last_step"] + (0 if old["has_step"] else old["n"])
    row["last_value"] = new["last_value"]
    for name, choose in (("min_value", min), ("max_value", max), ("best_min", min), ("best_max", max)):
        both = [value for value in (old[name], new[name]) if value is not None]
        row[name] = choose(both) if both else None
    for name in ("nan_count", "inf_count"):
        row[name] = old[name] + new[name]
    # From here on they are worked out of the points.
    row |= dict.fromkeys(("mean_value", "std_value", "slope"))
    row["final"] = new["final"]
    row["shown"] = new["shown"]
    return row


def _greatest(database: Database, series: int) -> float:
    """What MLflow shows as the latest, over all points."""
    rows = database.rows("select id, first_step, first_wall, wall_unit from series where id = ?", [series])
    ((step, wall, value),) = read_points(database, cast("list[SeriesStart]", rows))
    return latest(wall, value, step)
