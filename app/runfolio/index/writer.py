"""Writes the library and what was read of claimed folders into the index.

Every public method is one transaction. Rows go in as whole columns; nothing is inserted one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from runfolio.index.database import Database
from runfolio.index.rows import ProblemRow, as_json, big_int_or_none, path_json, problem_frame, text_or_none
from runfolio.index.schema import READ_TABLES
from runfolio.index.series_rows import series_and_points
from runfolio.model.display import storable
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, content_identity, params_digest
from runfolio.readers.parse import Parsed


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """A claimed folder as it came back from a worker, with the fingerprint it had when it was handed out."""

    parsed: Parsed
    fingerprint: str


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
            self._forget("source = ?", [source])
            self._db.run("delete from units where source = ?", [source])
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
            self._db.insert("problems", problem_frame((source, None, None, None, p) for p in problems))

    def units(self, source: int) -> dict[tuple[str, str], str]:
        """Fingerprints of what was read of a source, by (folder, reader)."""
        rows = self._db.rows("select path, reader, fingerprint from units where source = ?", [source])
        return {(str(path), str(reader)): str(mark) for path, reader, mark in rows}

    # --- what was read -----------------------------------------------------------------------------------------

    def put_units(self, source: int, units: Sequence[ReadUnit]) -> None:
        """Replace everything that is known of these claimed folders."""
        places = [(storable(u.parsed.claim.path), u.parsed.claim.reader) for u in units]
        recordings = [(p, r) for p, u in zip(places, units, strict=True) for r in u.parsed.recordings]
        with self._db.transaction():
            self._forget_places(source, places)
            first = self._next_ids(len(recordings)) if recordings else 0
            self._db.insert(
                "units",
                {
                    "source": [source] * len(units),
                    "path": [p for p, _ in places],
                    "reader": [r for _, r in places],
                    "fingerprint": [u.fingerprint for u in units],
                    "failed": [u.parsed.failed for u in units],
                },
            )
            if recordings:
                self._insert_recordings(source, first, recordings)
                flat = [r for _, r in recordings]
                self._insert_params(first, flat)
                self._insert_texts("tags", first, [r.tags for r in flat])
                self._insert_texts("facts", first, [r.facts for r in flat])
                self._insert_datasets(first, flat)
                self._insert_series(first, flat)
            rows: list[ProblemRow] = []
            for place, unit in zip(places, units, strict=True):
                rows += [(source, *place, None, p) for p in unit.parsed.problems]
            for number, (place, recording) in enumerate(recordings, first):
                rows += [(source, *place, number, p) for p in recording.problems]
            self._db.insert("problems", problem_frame(rows))

    def forget_units(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        """Drop what was read of claimed folders that are gone, given as (folder, reader)."""
        if places:
            with self._db.transaction():
                self._forget_places(source, places)

    def _forget_places(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        """Drop the rows of those places that were read before, which on a first import are none."""
        self._db.make_temporary("places", {"path": [p for p, _ in places], "reader": [r for _, r in places]})
        known = "source = ? and (path, reader) in (select path, reader from places)"
        if self._db.rows(f"select 1 from units where {known} limit 1", [source]):
            match = "source = ? and (unit, reader) in (select path, reader from places)"
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

    def _insert_recordings(self, source: int, first: int, rows: list[tuple[tuple[str, str], Recording]]) -> None:
        flat = [r for _, r in rows]
        self._db.insert(
            "recordings",
            pl.DataFrame(
                {
                    "id": range(first, first + len(rows)),
                    "source": [source] * len(rows),
                    "unit": [place[0] for place, _ in rows],
                    "reader": [place[1] for place, _ in rows],
                    "path": [storable(r.path) for r in flat],
                    "format": [r.format for r in flat],
                    "tracker_id": [storable(r.id) for r in flat],
                    "identity": [storable(content_identity(r)) for r in flat],
                    "has_id": [bool(r.identity) for r in flat],
                    "name": [text_or_none(r.name) for r in flat],
                    "status": [r.status.value for r in flat],
                    "status_raw": [None if r.status_raw is None else storable(str(r.status_raw)) for r in flat],
                    "started_us": [r.started_us for r in flat],
                    "ended_us": [r.ended_us for r in flat],
                    "experiment": [text_or_none(r.experiment) for r in flat],
                    "parent_id": [text_or_none(r.parent_id) for r in flat],
                    "precision": [r.precision.value for r in flat],
                    "overlay": [r.overlay for r in flat],
                    "params_digest": [params_digest(r.params) for r in flat],
                    "extra": [as_json(dict(r.extra)) for r in flat],
                },
                schema_overrides=dict.fromkeys(("name", "status_raw", "experiment", "parent_id"), pl.String)
                | {"started_us": pl.Int64, "ended_us": pl.Int64},
            ),
        )

    def _insert_params(self, first: int, recordings: list[Recording]) -> None:
        rows = [(n, i, p) for n, r in enumerate(recordings, first) for i, p in enumerate(r.params)]
        rows.sort(key=lambda row: row[2].key)
        self._db.insert(
            "params",
            pl.DataFrame(
                {
                    "recording": [n for n, _, _ in rows],
                    "ordinal": [i for _, i, _ in rows],
                    "key": [storable(p.key) for _, _, p in rows],
                    "path": [path_json(p.path) for _, _, p in rows],
                    "text": [storable(p.text) for _, _, p in rows],
                    "value": [as_json(p.value) for _, _, p in rows],
                    "num": [p.number for _, _, p in rows],
                    "kind": [p.kind for _, _, p in rows],
                },
                schema_overrides={"num": pl.Float64},
            ),
        )

    def _insert_texts(self, table: str, first: int, mappings: list[Mapping[str, str]]) -> None:
        rows = [(n, k, v) for n, m in enumerate(mappings, first) for k, v in m.items()]
        self._db.insert(
            table,
            {
                "recording": [n for n, _, _ in rows],
                "name": [storable(k) for _, k, _ in rows],
                "text": [storable(v) for _, _, v in rows],
            },
        )

    def _insert_datasets(self, first: int, recordings: list[Recording]) -> None:
        rows = [(n, d) for n, r in enumerate(recordings, first) for d in r.datasets]
        self._db.insert(
            "datasets",
            pl.DataFrame(
                {
                    "recording": [n for n, _ in rows],
                    "name": [storable(d.name) for _, d in rows],
                    "digest": [text_or_none(d.digest) for _, d in rows],
                    "context": [text_or_none(d.context) for _, d in rows],
                    "algorithm": [d.algorithm for _, d in rows],
                    "row_count": [big_int_or_none(d.rows) for _, d in rows],
                    "origin": [storable(d.source) for _, d in rows],
                },
                schema_overrides={"digest": pl.String, "context": pl.String, "row_count": pl.Int64},
            ),
        )
        files = [(n, a) for n, r in enumerate(recordings, first) for a in r.artifacts]
        self._db.insert(
            "artifacts",
            pl.DataFrame(
                {
                    "recording": [n for n, _ in files],
                    "path": [storable(a.path) for _, a in files],
                    "size_bytes": [big_int_or_none(a.size_bytes) for _, a in files],
                },
                schema_overrides={"size_bytes": pl.Int64},
            ),
        )

    def _insert_series(self, first: int, recordings: list[Recording]) -> None:
        rows = [(n, m) for n, r in enumerate(recordings, first) for m in r.metrics]
        if not rows:
            return
        start = self._next_ids(len(rows))
        series, points = series_and_points(start, [n for n, _ in rows], [m for _, m in rows])
        self._db.insert("series", series)
        self._db.insert("points", points)

    def _next_ids(self, count: int) -> int:
        """The first of `count` ids in a row that nothing else has."""
        rows = self._db.rows("select min(n), max(n) from (select nextval('ids') as n from range(?))", [count])
        first, last = _int(rows[0][0]), _int(rows[0][1])
        assert last - first == count - 1, "ids are given out by one writer at a time"
        return first


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
