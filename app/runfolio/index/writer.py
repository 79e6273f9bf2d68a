"""Writes the index: what was read of claimed folders, and the runs made of them.

Every public method is one transaction. Rows go in as whole columns; nothing is inserted one by one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from runfolio.index.database import Database
from runfolio.index.linkable import Linkable, LinkedRun, SeriesMark
from runfolio.index.schema import READ_TABLES
from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, summarise
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, content_identity, params_digest
from runfolio.model.times import NO_TIME
from runfolio.readers.parse import Parsed


@dataclass(frozen=True, slots=True)
class ReadUnit:
    """A claimed folder as it came back from a worker, with the fingerprint it had when it was handed out."""

    parsed: Parsed
    fingerprint: str


class Writer:
    """Changes the index; the mirror of the ledger alone is written elsewhere (`marks`)."""

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
            self._insert_problems([(source, None, None, None, p) for p in problems])

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
            rows: list[tuple[int, str | None, str | None, int | None, Problem]] = []
            for place, unit in zip(places, units, strict=True):
                rows += [(source, *place, None, p) for p in unit.parsed.problems]
            for number, (place, recording) in enumerate(recordings, first):
                rows += [(source, *place, number, p) for p in recording.problems]
            self._insert_problems(rows)

    def forget_units(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        """Drop what was read of claimed folders that are gone, given as (folder, reader)."""
        if places:
            with self._db.transaction():
                self._forget_places(source, places)

    def _forget_places(self, source: int, places: Sequence[tuple[str, str]]) -> None:
        known = self.units(source)
        old = [place for place in places if place in known]
        if not old:
            return
        self._db.make_temporary("gone", {"path": [p for p, _ in old], "reader": [r for _, r in old]})
        match = "source = ? and (unit, reader) in (select path, reader from gone)"
        self._forget(match, [source])
        self._db.run(f"delete from problems where {match}", [source])
        self._db.run(
            "delete from units where source = ? and (path, reader) in (select path, reader from gone)", [source]
        )
        self._db.run("drop table gone")

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
                    "name": [_text(r.name) for r in flat],
                    "status": [r.status.value for r in flat],
                    "status_raw": [None if r.status_raw is None else storable(str(r.status_raw)) for r in flat],
                    "started_us": [r.started_us for r in flat],
                    "ended_us": [r.ended_us for r in flat],
                    "experiment": [_text(r.experiment) for r in flat],
                    "parent_id": [_text(r.parent_id) for r in flat],
                    "precision": [r.precision.value for r in flat],
                    "overlay": [r.overlay for r in flat],
                    "params_digest": [params_digest(r.params) for r in flat],
                    "extra": [_json(dict(r.extra)) for r in flat],
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
                    "path": [_json([*p.path]) for _, _, p in rows],
                    "text": [storable(p.text) for _, _, p in rows],
                    "value": [_json(p.value) for _, _, p in rows],
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
                    "digest": [_text(d.digest) for _, d in rows],
                    "context": [_text(d.context) for _, d in rows],
                    "algorithm": [d.algorithm for _, d in rows],
                    "row_count": [d.rows for _, d in rows],
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
                    "size_bytes": [a.size_bytes for _, a in files],
                },
                schema_overrides={"size_bytes": pl.Int64},
            ),
        )

    def _insert_series(self, first: int, recordings: list[Recording]) -> None:
        rows = [(n, m) for n, r in enumerate(recordings, first) for m in r.metrics]
        if not rows:
            return
        start = self._next_ids(len(rows))
        facts = [summarise(m) for _, m in rows]
        floats = ("first_value", "last_value", "min_value", "max_value", "best_min", "best_max", "final", "shown")
        self._db.insert(
            "series",
            pl.DataFrame(
                {
                    "id": range(start, start + len(rows)),
                    "recording": [n for n, _ in rows],
                    "name": [storable(m.name) for _, m in rows],
                    "n": [f.count for f in facts],
                    "has_step": [m.has_step for _, m in rows],
                    "first_step": [int(m.step[0]) if len(m) else None for _, m in rows],
                    "first_value": [f.first[1] if f.first else None for f in facts],
                    "last_step": [int(m.step[-1]) if len(m) else None for _, m in rows],
                    "last_value": [f.last[1] if f.last else None for f in facts],
                    "min_value": [f.min for f in facts],
                    "max_value": [f.max for f in facts],
                    "best_min": [f.best_min for f in facts],
                    "best_max": [f.best_max for f in facts],
                    "nan_count": [f.nan_count for f in facts],
                    "inf_count": [f.inf_count for f in facts],
                    "final": [f.final for f in facts],
                    "shown": [f.shown for f in facts],
                    "final_rule": [m.final_rule for _, m in rows],
                    "file": [storable(m.source) for _, m in rows],
                },
                schema_overrides=dict.fromkeys(floats, pl.Float64) | {"first_step": pl.Int64, "last_step": pl.Int64},
            ),
        )
        self._insert_points(start, [m for _, m in rows])

    def _insert_points(self, start: int, metrics: list[MetricSeries]) -> None:
        lengths = [len(m) for m in metrics]
        if not sum(lengths):
            return
        wall = np.concatenate([m.wall_time_us for m in metrics])
        known = pl.Series("known", wall != NO_TIME)
        frame = pl.DataFrame(
            {
                "series": np.repeat(np.arange(start, start + len(metrics), dtype=np.int32), lengths),
                "step": np.concatenate([m.step for m in metrics]),
                "wall_time": wall,
                "value": np.concatenate([m.value for m in metrics]),
            }
        )
        self._db.insert("points", frame.with_columns(pl.when(known).then(pl.col("wall_time")).alias("wall_time")))

    def _insert_problems(self, rows: list[tuple[int, str | None, str | None, int | None, Problem]]) -> None:
        self._db.insert(
            "problems",
            pl.DataFrame(
                {
                    "source": [r[0] for r in rows],
                    "unit": [r[1] for r in rows],
                    "reader": [r[2] for r in rows],
                    "recording": [r[3] for r in rows],
                    "severity": [r[4].severity.value for r in rows],
                    "code": [r[4].code for r in rows],
                    "path": [storable(r[4].path) for r in rows],
                    "message": [storable(r[4].message) for r in rows],
                    "hint": [storable(r[4].hint) for r in rows],
                    "at_byte": [r[4].offset for r in rows],
                },
                schema_overrides={
                    "unit": pl.String,
                    "reader": pl.String,
                    "recording": pl.Int32,
                    "at_byte": pl.Int64,
                },
            ),
        )

    # --- runs --------------------------------------------------------------------------------------------------

    def linkables(self) -> list[Linkable]:
        """All recordings as far as linking needs to know them."""
        marks: dict[int, list[SeriesMark]] = {}
        series = "select recording, name, n, first_step, first_value, last_step, last_value from series order by id"
        for recording, *mark in self._db.rows(series):
            marks.setdefault(_int(recording), []).append(cast("SeriesMark", tuple(mark)))
        rows = self._db.rows(
            """select id, source, path, format, identity, has_id, overlay, "precision", name, parent_id, tracker_id,
                      experiment, status, status_raw, started_us, ended_us, params_digest
               from recordings order by source, path, id"""
        )
        # The columns are those of the dataclass, in its order; the schema gives them their types.
        make = cast("Callable[..., Linkable]", Linkable)
        return [make(*row, tuple(marks.get(_int(row[0]), ()))) for row in rows]

    def put_runs(self, runs: Sequence[LinkedRun], problems: Sequence[tuple[int, Problem]]) -> None:
        """Replace all runs and links. `problems` are those of linking, each with its source."""
        members = [(n, m) for n, run in enumerate(runs, 1) for m in run.members]
        with self._db.transaction():
            for table in ("runs", "links", "run_series", "run_params"):
                self._db.run(f"delete from {table}")
            self._db.insert(
                "runs",
                pl.DataFrame(
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
                    schema_overrides=dict.fromkeys(("experiment", "status_raw", "parent_key"), pl.String)
                    | {"started_us": pl.Int64, "ended_us": pl.Int64},
                ),
            )
            self._db.insert(
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
            self._db.run(
                """insert into run_series
                   select l.run, l.prefix || s.name, s.id, s.recording
                   from series s join links l using (recording)
                   qualify row_number() over (partition by l.run, l.prefix || s.name order by l.rank, s.id) = 1
                   order by 2, 1"""
            )
            self._db.run(
                """insert into run_params
                   select l.run, p.key, p.path, p.text, p.value, p.num, p.kind
                   from params p join links l using (recording)
                   qualify row_number() over (partition by l.run, p.path order by l.rank, p.ordinal) = 1
                   order by p.key, l.run"""
            )
            self._db.run("delete from problems where reader = 'links'")
            self._insert_problems([(source, problem.path, "links", None, problem) for source, problem in problems])

    def _next_ids(self, count: int) -> int:
        """The first of `count` ids in a row that nothing else has."""
        rows = self._db.rows("select min(n), max(n) from (select nextval('ids') as n from range(?))", [count])
        first, last = _int(rows[0][0]), _int(rows[0][1])
        assert last - first == count - 1, "ids are given out by one writer at a time"
        return first


def _text(value: str | None) -> str | None:
    return None if value is None else storable(value)


def _json(value: Json) -> str:
    return storable(json.dumps(value, ensure_ascii=False, default=str))


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
