"""Writes the library and what was read of claimed folders into the index.

Every public method is one transaction. Rows go in as whole columns; nothing is inserted one by one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from runfolio.index.database import Database
from runfolio.index.frames import Batch, numbered, pack
from runfolio.index.replaced import keep_replaced
from runfolio.index.rows import problem_frame
from runfolio.index.schema import READ_TABLES
from runfolio.model.display import storable
from runfolio.model.problem import Problem
from runfolio.readers.looks import Look
from runfolio.readers.parse import Parsed
from runfolio.readers.scanner import SKIPPED
from runfolio.readers.sights import Beside

_OF_SOURCE = frozenset({"units", "recordings", "problems"})


class Tree(NamedTuple):
    """A source as it was read: the hash over it, the number of claimed folders, and that of those that are settled."""

    mark: str = ""
    units: int = 0
    settled: int = 0


class Writer:
    """Changes the rows of sources, claimed folders and recordings; runs are written by `run_writer`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- sources -----------------------------------------------------------------------------------------------

    def add_source(self, path: Path) -> int:
        """The id of the source at `path`, added to the library when it is new."""
        text = storable(str(path))
        with self._db.transaction():
            found = self._db.rows("select id from sources where path = ?", [text])
            if found:
                return _int(found[0][0])
            number = self._next_ids(1)
            self._db.run(
                "insert into sources values (?, ?, ?, ?, null, true)",
                [number, text, storable(path.name or str(path)), time.time_ns() // 1000],
            )
            return number

    def forget_source(self, source: int) -> None:
        """Drop a source and everything that was read from it. The folder itself is not touched."""
        with self._db.transaction():
            self._unlink()
            self._forget("source = ?", [source])
            for table in ("units", "looks", "trees"):
                self._db.run(f"delete from {table} where source = ?", [source])
            self._db.run("delete from problems where source = ?", [source])
            self._db.run("delete from sources where id = ?", [source])

    def source_scanned(self, source: int, problems: Iterable[Problem], *, present: bool) -> None:
        """Note that a walk of the source has ended, with the problems of the walk itself."""
        with self._db.transaction():
            self._db.run(
                "update sources set scanned_us = ?, present = ? where id = ?",
                [time.time_ns() // 1000, present, source],
            )
            self._db.run("delete from problems where source = ? and unit is null", [source])
            # What is told of the source now holds for this look; the next one tells anew, or keeps another hash.
            self._db.run("delete from trees where source = ?", [source])
            self._db.insert("problems", problem_frame((source, None, None, None, p) for p in problems))

    def source_same(self, source: int) -> None:
        """Note that a look at the source found all as it was."""
        with self._db.transaction():
            self._db.run(
                "update sources set scanned_us = ?, present = true where id = ?", [time.time_ns() // 1000, source]
            )

    def tree(self, source: int) -> Tree:
        """How it is told by one hash that all of a source is as it was read; an empty one when that was not kept."""
        rows = self._db.rows("select mark, units, settled from trees where source = ?", [source])
        return Tree(str(rows[0][0]), _int(rows[0][1]), _int(rows[0][2])) if rows else Tree()

    def put_tree(self, source: int, tree: Tree) -> None:
        """Keep it, until something of the source is read or forgotten."""
        with self._db.transaction():
            self._db.run("delete from trees where source = ?", [source])
            self._db.run("insert into trees values (?, ?, ?, ?)", [source, *tree])

    def new_tree(self, source: int) -> Tree | None:
        """What to keep of a source, without the hash; None where it is not told by one, or told quicker.

        Not where a folder has to be read again in any case, or something was asked of folders that are not searched.
        Folders of runs that have ended are mostly looked at by their own times alone, which costs less.
        """
        asked = " or ".join(f"contains(beside, '{name}') or contains(shared, '{name}')" for name in sorted(SKIPPED))
        (row,) = self._db.rows(
            f"""select count(*) filter (fingerprint = ''), count(*) filter ({asked}), count(*),
                       count(*) filter (settled <> '')
                from units where source = ?""",
            [source],
        )
        unseen, astray, units, settled = map(_int, row)
        return None if unseen or astray or 2 * settled > units else Tree("", units, settled)

    def scanned_us(self, source: int) -> int | None:
        """When the last walk of a source ended, None before the first."""
        rows = self._db.rows("select scanned_us from sources where id = ? and scanned_us is not null", [source])
        return _int(rows[0][0]) if rows else None

    def units(self, source: int) -> dict[tuple[str, str], str]:
        """Fingerprints of what was read of a source, by (folder, reader)."""
        rows = self._db.rows("select path, reader, fingerprint from units where source = ?", [source])
        return {(str(path), str(reader)): str(mark) for path, reader, mark in rows}

    def settled(self, source: int) -> dict[str, tuple[str, str]]:
        """Reader and `settled_mark` of folders whose runs have ended, by path; none that two readers claimed."""
        rows = self._db.rows(
            """select path, any_value(reader), any_value(settled) from units
               where source = ? group by path having count(*) = 1 and any_value(settled) <> ''""",
            [source],
        )
        return {str(path): (str(reader), str(mark)) for path, reader, mark in rows}

    def besides(self, source: int, *, elsewhere: bool = False) -> dict[tuple[str, str], Beside]:
        """What else the results of claimed folders hang on, by (folder, reader), where that is anything.

        elsewhere   only those that hang on other folders.
        """
        rows = self._db.rows(
            f"""select path, reader, beside, shared, beside_mark from units
                where source = ? and beside_mark <> '' {"and not ends_with(beside_mark, '//')" if elsewhere else ""}""",
            [source],
        )
        texts: dict[str, str] = {}  # thousands may have the same
        return {
            (str(path), str(reader)): Beside(*(texts.setdefault(str(text), str(text)) for text in beside))
            for path, reader, *beside in rows
        }

    def looks(self, source: int) -> dict[str, Look]:
        """What the last walk kept of the folders of a source, by path."""
        rows = self._db.rows("select path, mark, readers, pruned, touched from looks where source = ?", [source])
        return {
            str(path): Look(str(path), str(mark), _names(str(readers)), _names(str(pruned)), _names(str(touched)))
            for path, mark, readers, pruned, touched in rows
        }

    def put_looks(self, source: int, looks: Sequence[Look], stale: Sequence[str]) -> None:
        """Keep what a walk found, in place of what was kept of these and of the `stale` paths."""
        if not looks and not stale:
            return
        with self._db.transaction():
            self._db.make_temporary("paths", {"path": [*stale, *(look.path for look in looks)]})
            self._db.run("delete from looks where source = ? and path in (select path from paths)", [source])
            self._db.run("drop table paths")
            lists = {
                name: [json.dumps(getattr(look, name)) if getattr(look, name) else "" for look in looks]
                for name in ("readers", "pruned", "touched")
            }
            if looks:
                texts = {"path": [look.path for look in looks], "mark": [look.mark for look in looks], **lists}
                self._db.insert("looks", pl.DataFrame({"source": [source] * len(looks), **texts}))

    # --- what was read -----------------------------------------------------------------------------------------

    def put_units(self, source: int, units: Sequence[Parsed]) -> None:
        """Replace everything that is known of these claimed folders."""
        self.put_batch(source, pack(units))

    def put_batch(self, source: int, batch: Batch) -> None:
        """The same for rows that were made elsewhere."""
        with self._db.transaction():
            self._unlink()
            self._db.run("delete from trees where source = ?", [source])
            self._forget_places(source, batch.places)
            first = {"recording": 0, "series": 0}
            for what, count in (("recording", batch.recordings), ("series", batch.series)):
                if count:
                    first[what] = self._next_ids(count)
            for table, frame in batch.tables.items():
                rows = numbered(table, frame, first)
                self._db.insert(
                    table, rows.with_columns(pl.lit(source).alias("source")) if table in _OF_SOURCE else rows
                )
            start = first["series"]
            frames: list[pl.DataFrame] = []
            for part in batch.points:
                end = start + len(part.lengths)
                frames.append(part.frame(np.arange(start, end)))
                start = end
            if frames:
                # In one go: what each statement adds ends with a row group that is not full, and those are written anew
                # when they are merged (a fifth of the file was holes).
                self._db.insert("points", pl.concat(frames, how="vertical_relaxed", rechunk=False))

    def forget_units(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        """Drop what was read of claimed folders that are gone, given as (folder, reader)."""
        if places:
            with self._db.transaction():
                self._unlink()
                self._db.run("delete from trees where source = ?", [source])
                self._forget_places(source, places)

    def linked(self, choices: str) -> None:
        """Note that the runs are those of all that was read, by `choices`."""
        with self._db.transaction():
            self._unlink()
            self._db.run("insert into meta values ('linked', ?)", [choices])

    def linked_by(self) -> str:
        """The choices by which all that was read is linked; "" when linking has to be done again."""
        rows = self._db.rows("select value from meta where name = 'linked'")
        return str(rows[0][0]) if rows else ""

    def _unlink(self) -> None:
        self._db.run("delete from meta where name = 'linked'")

    def _forget_places(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        """Drop the rows of those places that were read before, which on a first import are none."""
        self._db.make_temporary("places", {"path": [p for p, _ in places], "reader": [r for _, r in places]})
        known = "source = ? and (path, reader) in (select path, reader from places)"
        match = "source = ? and (unit, reader) in (select path, reader from places)"
        # Of a folder whose last part never came there are recordings only.
        rows = f"(select 1 from units where {known}) union all (select 1 from recordings where {match}) limit 1"
        if self._db.rows(rows, [source, source]):
            keep_replaced(self._db, match, [source])
            self._forget(match, [source])
            self._db.run(f"delete from problems where {match}", [source])
            self._db.run(f"delete from units where {known}", [source])
        self._db.run("drop table places")

    def _forget(self, which: str, params: list[int]) -> None:
        ids = f"(select id from recordings where {which})"
        self._db.run(f"delete from points where series in (select id from series where recording in {ids})", params)
        for table in ("series", *READ_TABLES):
            self._db.run(f"delete from {table} where recording in {ids}", params)
        self._db.run(f"delete from recordings where {which}", params)

    def _next_ids(self, count: int) -> int:
        """The first of `count` ids in a row that nothing else has."""
        rows = self._db.rows("select min(n), max(n) from (select nextval('ids') as n from range(?))", [count])
        first, last = _int(rows[0][0]), _int(rows[0][1])
        assert last - first == count - 1, "ids are given out by one writer at a time"
        return first


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    """Cached because most folders were claimed by the same readers."""
    return tuple(json.loads(text)) if text else ()


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
