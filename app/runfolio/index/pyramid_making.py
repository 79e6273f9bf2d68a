"""Makes the blocks of long series, and adds to them what has been written since; what they are for is told in
`pyramids`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np
import polars as pl

from runfolio.index.database import Database
from runfolio.index.long_points import AT_ONCE, Chunk, Numbered, chunks, tail
from runfolio.index.schema import SCHEMA
from runfolio.index.series_blocks import (
    FIRST_BLOCK,
    GROWTH,
    blocks_of,
    coarser,
    columns_as_blocks,
    concatenated,
    sizes_for,
)
from runfolio.model.long_series import COLUMNS, Blocks
from runfolio.model.metrics import Ints
from runfolio.model.times import NO_TIME

LEAST_POINTS = 1 << 17
"""Shorter series have no pyramid: all of their points are read in some milliseconds."""

MOST_TURNS = 64
"""A series whose steps go back more often (each resumed run once) is not drawn by blocks."""

_MOST_ADDED = 4 * AT_ONCE
"""With more points than that since, blocks are made anew, which keeps fewer of them in memory."""

_TABLES = ("pyramids", "pyramid_blocks")


def keep_pyramids(
    database: Database, series: Sequence[int] | None = None, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Make the pyramids that are missing, of these series or of all long ones, and drop those of series that are gone.

    A series that has grown keeps its full blocks. Returns how many were missing or behind. One transaction for each;
    `cancelled` is asked before, and what is left is made when it is first looked at.
    """
    _make_tables(database)
    chosen = "" if series is None else "and s.id in (select unnest(?::integer[]))"
    missing = cast(
        "list[tuple[int, int, int | None, int | None, int, int | None]]",
        database.rows(
            f"""select s.id, s.n, s.first_step, s.first_wall, coalesce(s.wall_unit, 1), y.n
                from series s left join pyramids y on y.series = s.id
                where s.n >= {LEAST_POINTS} and y.n is distinct from s.n {chosen}""",
            [] if series is None else [[*series]],
        ),
    )
    gone = "not in (select id from series)"
    if series is None and database.rows(f"select 1 from pyramids where series {gone} limit 1"):
        with database.transaction():
            for table in _TABLES:
                database.run(f"delete from {table} where series {gone}")
    for number, n, first_step, first_wall, unit, before in missing:
        if cancelled():
            break
        asked = Numbered(number, n, first_step or 0, NO_TIME if first_wall is None else first_wall, unit)
        with database.transaction():
            if database.rows("select 1 from pyramids where series = ? and n = ?", [number, n]):
                continue  # another thread was faster
            if before is None or not _extend(database, asked):
                _make(database, asked)
    return len(missing)


def _make_tables(database: Database) -> None:
    """An index that was made before there were pyramids gets their tables."""
    if len(database.rows("select 1 from duckdb_tables() where table_name in (?, ?)", [*_TABLES])) < len(_TABLES):
        with database.transaction():
            for statement in SCHEMA:
                if any(f"exists {table}(" in statement for table in _TABLES):
                    database.run(statement)


@dataclass
class _Header:
    """What is known of all points of a series up to some place.

    first_row, together   the row of the first one, and whether those of the others follow it.
    """

    first_row: int = -1
    together: bool = True
    by_wall: bool = True
    turns: list[int] = field(default_factory=list)
    last_step: int = 0
    last_wall: int = 0
    hidden: int = 0
    n: int = 0

    def take(self, chunk: Chunk, seen: int = 0) -> None:
        """The points of a chunk that follow; the first `seen` of it are known."""
        step, wall, value = chunk.step[seen:], chunk.wall[seen:], chunk.value[seen:]
        turns = np.flatnonzero(step[1:] < step[:-1]) + 1
        if self.first_row < 0:
            self.first_row = int(chunk.row[0])
        rows = self.first_row + chunk.begin
        self.together = self.together and (int(chunk.row[0]), int(chunk.row[-1])) == (rows, rows + len(chunk.row) - 1)
        if self.n:
            if int(step[0]) < self.last_step:
                turns = np.append(0, turns)
            self.by_wall = self.by_wall and int(wall[0]) >= self.last_wall
        self.turns += (turns[: MOST_TURNS + 1] + (chunk.begin + seen)).tolist()
        self.by_wall = self.by_wall and bool((wall != NO_TIME).all() and (wall[1:] >= wall[:-1]).all())
        self.last_step, self.last_wall = int(step[-1]), int(wall[-1])
        self.hidden += int(np.count_nonzero(value <= 0))
        self.n = chunk.begin + len(chunk.value)

    def keep(self, database: Database, number: int, size: int) -> None:
        """Write it in place of what is there."""
        database.run("delete from pyramids where series = ?", [number])
        database.run(
            "insert into pyramids values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [number, self.n, size, self.by_wall, self.last_step, self.last_wall, self.hidden,
             self.first_row, self.together, self.turns[: MOST_TURNS + 1]],
        )  # fmt: skip


def _make(database: Database, series: Numbered) -> None:
    for table in _TABLES:
        database.run(f"delete from {table} where series = ?", [series.number])
    sizes = sizes_for(series.n)
    header = _Header()
    finest: list[Blocks] = []
    rows: list[Ints] = []
    for chunk in chunks(database, series):
        header.take(chunk)
        blocks = blocks_of(chunk.step, chunk.wall, chunk.value, FIRST_BLOCK)
        own = chunk.row[::FIRST_BLOCK]
        _insert(database, series.number, FIRST_BLOCK, chunk.begin // FIRST_BLOCK, blocks, own)
        if len(sizes) > 1:
            finest.append(coarser(blocks))
            rows.append(own[::GROWTH])
    if len(sizes) > 1:
        blocks, own = concatenated(finest), np.concatenate(rows)
        for size in sizes[1:]:
            _insert(database, series.number, size, 0, blocks, own)
            blocks, own = coarser(blocks), own[::GROWTH]
    header.keep(database, series.number, sizes[-1])


def _extend(database: Database, series: Numbered) -> bool:
    """Add the points that came since, keeping all full blocks. False where it is to be made anew."""
    header = _header(database, series.number)
    if header is None or not 0 < header.n < series.n <= header.n + _MOST_ADDED:
        return False
    # The last block may be a part of one; a full one is looked at again, so that what lies where can be checked.
    place = (header.n - 1) // FIRST_BLOCK
    found = database.rows(
        """select step, wall, "first", at_row from pyramid_blocks where series = ? and size = ? and place = ?""",
        [series.number, FIRST_BLOCK, place],
    )
    if len(found) != 1:
        return False
    step, wall, first, row = cast("tuple[int, int, float, int]", found[0])
    begin = place * FIRST_BLOCK
    chunk = tail(database, series, begin, row, step, wall)
    seen = header.n - begin
    if (
        chunk is None
        or not np.array_equal(chunk.value[:1], [first], equal_nan=True)
        or (int(chunk.step[seen - 1]), int(chunk.wall[seen - 1])) != (header.last_step, header.last_wall)
    ):
        return False
    made = header.n
    header.take(chunk, seen)
    sizes = sizes_for(series.n)
    blocks, rows = blocks_of(chunk.step, chunk.wall, chunk.value, FIRST_BLOCK), chunk.row[::FIRST_BLOCK]
    _put(database, series.number, FIRST_BLOCK, place, blocks, rows)
    for finer, size in pairwise(sizes):
        known = database.rows(
            "select 1 from pyramid_blocks where series = ? and size = ? limit 1", [series.number, size]
        )
        place = (made - 1) // size if known else 0
        blocks, rows = stored_blocks(database, series.number, finer, place * GROWTH, series.n)
        _put(database, series.number, size, place, coarser(blocks), rows[::GROWTH])
    header.keep(database, series.number, sizes[-1])
    return True


def _header(database: Database, number: int) -> _Header | None:
    found = database.rows(
        """select first_row, together, by_wall, turns, last_step, last_wall, hidden, n
           from pyramids where series = ?""",
        [number],
    )
    if len(found) != 1:
        return None
    first_row, together, by_wall, turns, *rest = found[0]
    return _Header(
        cast(int, first_row),
        bool(together),
        bool(by_wall),
        [*cast("list[int]", turns)],
        *cast("list[int]", rest),
    )


def stored_blocks(database: Database, number: int, size: int, place: int, count: int) -> tuple[Blocks, Ints]:
    """The blocks of a size from `place` on, and their rows, of a series of `count` points."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    found = database.arrays(
        f"""select {names}, at_row from pyramid_blocks where series = ? and size = ? and place >= ? order by place""",
        [number, size, place],
    )
    return columns_as_blocks(found, size, size * place, count, 1.0), found["at_row"].astype(np.int64)


def _put(database: Database, number: int, size: int, place: int, blocks: Blocks, rows: Ints) -> None:
    """Put blocks in place of all from `place` on."""
    database.run("delete from pyramid_blocks where series = ? and size = ? and place >= ?", [number, size, place])
    _insert(database, number, size, place, blocks, rows)


def _insert(database: Database, number: int, size: int, begin: int, blocks: Blocks, rows: Ints) -> None:
    count = len(blocks)
    columns: dict[str, Any] = {name: getattr(blocks, name) for name in COLUMNS}
    frame = pl.DataFrame(
        {
            "series": np.full(count, number, dtype=np.int32),
            "size": np.full(count, size, dtype=np.int32),
            "place": np.arange(begin, begin + count),
            **columns,
            "at_row": rows,
        }
    )
    database.insert("pyramid_blocks", frame)
