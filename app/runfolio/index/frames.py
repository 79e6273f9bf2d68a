"""What was read of some folders as rows of the index: made in the worker processes, numbered by the writer.

A worker counts recordings and series from 0; the writer adds the first free number of each. So the process that holds
the index has nothing to do but to hand columns over to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from runfolio.index.param_rows import param_rows
from runfolio.index.rows import ProblemRow, as_json, big_int_or_none, problem_frame, text_or_none
from runfolio.index.series_checks import notes
from runfolio.index.series_rows import PointColumns, SeriesColumns, series_and_points
from runfolio.model.display import storable
from runfolio.model.problem import Problem
from runfolio.model.run import Recording, content_identity, params_digest
from runfolio.readers.parse import Parsed

Place = tuple[str, str]
"""A claimed folder and the reader that claimed it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of some claimed folders.

    places      the claimed folders that begin in it: what is known of them is replaced.
    recordings, series   how many there are; their numbers in the tables count from 0.
    tables      a frame for each table that gets rows, without the `source` column of those that have one.
    points      the points of all series in their order, in one or more parts.
    """

    places: tuple[Place, ...]
    recordings: int
    series: int
    tables: Mapping[str, pl.DataFrame]
    points: tuple[PointColumns, ...] = ()


def joined(batches: Sequence[Batch]) -> Batch:
    """Several batches as one."""
    if len(batches) == 1:
        return batches[0]
    parts: defaultdict[str, list[pl.DataFrame]] = defaultdict(list)
    first = {"recording": 0, "series": 0}
    for batch in batches:
        for table, frame in batch.tables.items():
            parts[table].append(numbered(table, frame, first))
        first = {"recording": first["recording"] + batch.recordings, "series": first["series"] + batch.series}
    tables = {table: pl.concat(frames, how="vertical_relaxed") for table, frames in parts.items()}
    if "params" in tables:
        tables["params"] = tables["params"].sort("key", maintain_order=True)
    places = tuple(p for b in batches for p in b.places)
    points = tuple(part for b in batches for part in b.points)
    return Batch(places, first["recording"], first["series"], tables, points)


_OF_RECORDING = {"recording": "recording"}
_NUMBERED: Mapping[str, Mapping[str, str]] = {
    "units": {},
    "recordings": {"id": "recording"},
    "series": {"id": "series", "recording": "recording"},
}
"""What the numbers in a table count; those not named have a column `recording`."""


def numbered(table: str, frame: pl.DataFrame, first: Mapping[str, int]) -> pl.DataFrame:
    """Rows of a table whose recordings and series count from `first` instead of 0."""
    counted = _NUMBERED.get(table, _OF_RECORDING)
    # A column without any number has no type to count in.
    shifted = {name: frame[name] + first[what] for name, what in counted.items() if frame[name].dtype != pl.Null}
    # Not by expressions: planning these takes longer than adding.
    return pl.DataFrame([shifted.get(column.name, column) for column in frame])


def pack(units: Sequence[Parsed]) -> Batch:
    """The rows of what was read."""
    places = tuple((storable(u.claim.path), u.claim.reader) for u in units)
    placed = [(p, r) for p, u in zip(places, units, strict=True) for r in u.recordings]
    flat = [r for _, r in placed]
    tables: dict[str, pl.DataFrame] = {}
    # Of a folder that comes in parts with the last of them: until then it counts as not read.
    whole = [(place, unit) for place, unit in zip(places, units, strict=True) if unit.is_last]
    if whole:
        tables["units"] = pl.DataFrame(
            {
                "path": [p for (p, _), _ in whole],
                "reader": [r for (_, r), _ in whole],
                "fingerprint": [u.fingerprint for _, u in whole],
                "failed": [u.failed for _, u in whole],
                "settled": [u.settled for _, u in whole],
                "beside": [u.beside.notes for _, u in whole],
                "shared": [u.beside.shared for _, u in whole],
                "beside_mark": [u.beside.mark for _, u in whole],
            }
        )
    count = sum(len(r.metrics) for r in flat)
    odd: dict[int, list[Problem]] = {}
    points: tuple[PointColumns, ...] = ()
    if flat:
        tables |= {
            "recordings": _recordings(placed),
            "params": param_rows(flat),
            "tags": _texts([r.tags for r in flat]),
            "facts": _texts([r.facts for r in flat]),
            "datasets": _datasets(flat),
            "artifacts": _artifacts(flat),
        }
    if count:
        owners = [n for n, r in enumerate(flat) for _ in r.metrics]
        metrics = [m for r in flat for m in r.metrics]
        columns = SeriesColumns.of(metrics)
        tables["series"], part = series_and_points(owners, metrics, columns)
        points = (part,)
        odd = notes(owners, metrics, columns)
    rows: list[ProblemRow] = []
    for place, unit in zip(places, units, strict=True):
        rows += [(0, *place, None, p) for p in unit.problems]
    for number, (place, recording) in enumerate(placed):
        rows += [(0, *place, number, p) for p in (*recording.problems, *odd.get(number, ()))]
    if rows:
        tables["problems"] = problem_frame(rows).drop("source")
    begun = tuple(place for place, unit in zip(places, units, strict=True) if unit.is_first)
    return Batch(begun, len(flat), count, tables, points)


def _recordings(placed: Sequence[tuple[Place, Recording]]) -> pl.DataFrame:
    flat = [r for _, r in placed]
    return pl.DataFrame(
        {
            "id": range(len(flat)),
            "unit": [place[0] for place, _ in placed],
            "reader": [place[1] for place, _ in placed],
            "path": [storable(r.path) for r in flat],
            "format": [r.format for r in flat],
            "tracker_id": [storable(r.id) for r in flat],
            "identity": [storable(content_identity(r)) for r in flat],
            "has_id": [r.has_id for r in flat],
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
    )


def _texts(mappings: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    rows = [(n, k, v) for n, m in enumerate(mappings) for k, v in m.items()]
    return pl.DataFrame(
        {
            "recording": [n for n, _, _ in rows],
            "name": [storable(k) for _, k, _ in rows],
            "text": [storable(v) for _, _, v in rows],
        }
    )


def _datasets(recordings: Sequence[Recording]) -> pl.DataFrame:
    rows = [(n, d) for n, r in enumerate(recordings) for d in r.datasets]
    return pl.DataFrame(
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
    )


def _artifacts(recordings: Sequence[Recording]) -> pl.DataFrame:
    files = [(n, a) for n, r in enumerate(recordings) for a in r.artifacts]
    return pl.DataFrame(
        {
            "recording": [n for n, _ in files],
            "path": [storable(a.path) for _, a in files],
            "size_bytes": [big_int_or_none(a.size_bytes) for _, a in files],
            "base": [None if a.base is None else storable(a.base) for _, a in files],
        },
        schema_overrides={"size_bytes": pl.Int64, "base": pl.String},
    )
