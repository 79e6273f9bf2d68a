"""Everything that is known of runs but their points, read in a handful of queries whatever their number."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import cast

from runfolio.errors import RunGone
from runfolio.index.database import Database, Row
from runfolio.index.registered import registered_versions
from runfolio.model.alignment import scaled
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.direction import guess_direction
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem, Severity
from runfolio.model.promotion import RunMarks
from runfolio.model.registered import RegisteredVersion
from runfolio.model.run import RunKey, RunStatus
from runfolio.model.run_detail import MetricFacts, RecordingFacts, RunDetail


def details(
    database: Database, keys: Sequence[RunKey], marks_of: Callable[[RunKey], RunMarks]
) -> tuple[RunDetail, ...]:
    """Details of runs in the order of `keys`. Raises RunGone with those that are not in the index."""
    # Runs get new ids whenever linking is done again, so all must be read from one state.
    with database.snapshot():
        reader = _Details(database, keys)
    if gone := [key for key in dict.fromkeys(keys) if key not in reader]:
        raise RunGone(*gone)
    return tuple(reader.detail(key, marks_of(key)) for key in keys)


class _Details:
    def __init__(self, database: Database, keys: Sequence[RunKey]) -> None:
        self._db = database
        wanted = [*dict.fromkeys(keys)]
        self._runs = {
            str(row[1]): row
            for row in database.rows(
                """select r.id, r.key, r.name, r.experiment, r.status, r.status_raw, r.started_us, r.ended_us, r.path,
                          s.path, r.format, r.parent_key, c.extra
                   from runs r join sources s on s.id = r.source join recordings c on c.id = r.recording
                   where r.key in (select unnest(?::varchar[]))""",
                [wanted],
            )
        }
        self._ids = [cast(int, row[0]) for row in self._runs.values()]
        self._recordings = self._by_run(
            """select l.run, c.id, c.format, c.path, s.path, c.tracker_id, l.reason, l.is_primary,
                      c.identity, l.leg
               from links l join recordings c on c.id = l.recording join sources s on s.id = c.source
               where l.run in (select unnest(?::integer[])) order by l.run, l.rank"""
        )
        self._params = self._by_run(
            """select run, path, text, value from run_params
               where run in (select unnest(?::integer[])) order by run, rowid"""
        )
        self._metrics = self._by_run(
            """select x.run, x.name, s.n, s.has_step, s.first_step, s.first_value, s.last_step, s.last_value,
                      s.min_value, s.max_value, s.best_min, s.best_max, s.nan_count, s.inf_count, s.final, s.shown,
                      s.final_rule, s.file, x.recording,
                      x.origin, x.scale
               from run_series x join series s on s.id = x.series
               where x.run in (select unnest(?::integer[])) order by x.run, x.name"""
        )
        self._tags = self._linked("tags", "t.name, t.text")
        self._facts = self._linked("facts", "t.name, t.text")
        self._datasets = self._linked("datasets", "t.name, t.digest, t.context, t.algorithm, t.row_count, t.origin")
        self._artifacts = self._linked("artifacts", "t.path, t.size_bytes")
        self._problems = self._linked("problems", "t.severity, t.code, t.path, t.message, t.hint, t.at_byte")

        self._registered: dict[str, list[RegisteredVersion]] = defaultdict(list)
        for version in registered_versions(database, wanted):
            self._registered[version.run].append(version)

    def __contains__(self, key: RunKey) -> bool:
        return key in self._runs

    def _by_run(self, sql: str) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for run, *rest in self._db.rows(sql, [self._ids]):
            found[cast(int, run)].append(tuple(rest))
        return found

    def _linked(self, table: str, columns: str) -> dict[int, list[Row]]:
        return self._by_run(
            f"""select l.run, {columns} from {table} t join links l on l.recording = t.recording
                where l.run in (select unnest(?::integer[])) order by l.run, l.rank, t.rowid"""
        )

    def detail(self, key: RunKey, marks: RunMarks) -> RunDetail:
        row = self._runs[key]
        run = cast(int, row[0])
        recordings = self._recordings[run]
        positions = {cast(int, r[0]): i for i, r in enumerate(recordings)}
        # Recordings come by rank, so the first to name a tag, fact or file is the one that is asked first.
        tags: dict[str, str] = {}
        facts: dict[str, str] = {}
        for into, rows in ((tags, self._tags[run]), (facts, self._facts[run])):
            for name, text in rows:
                into.setdefault(str(name), str(text))
        return RunDetail(
            key=key,
            name=str(row[2]),
            experiment=cast("str | None", row[3]),
            status=RunStatus(str(row[4])),
            status_raw=cast("str | None", row[5]),
            started_us=cast("int | None", row[6]),
            ended_us=cast("int | None", row[7]),
            path=str(row[8]),
            source_path=str(row[9]),
            format=str(row[10]),
            parent=RunKey(str(row[11])) if row[11] is not None else None,
            params=tuple(
                Param(tuple(json.loads(str(path))), str(text), json.loads(str(value)))
                for path, text, value in self._params[run]
            ),
            tags=tags,
            facts=facts,
            metrics=tuple(_metric(m, positions) for m in self._metrics[run]),
            datasets=tuple(dict.fromkeys(_dataset(d) for d in self._datasets[run])),
            artifacts=tuple(
                dict.fromkeys(ArtifactRef(str(p), cast("int | None", size)) for p, size in self._artifacts[run])
            ),
            recordings=tuple(
                RecordingFacts(
                    str(fmt),
                    str(path),
                    str(source),
                    str(tracker),
                    str(reason),
                    bool(primary),
                    str(name),
                    cast(int, leg),
                )
                for _, fmt, path, source, tracker, reason, primary, name, leg in recordings
            ),
            problems=tuple(
                Problem(Severity(str(s)), str(c), str(p), str(m), str(h), cast("int | None", o))
                for s, c, p, m, h, o in self._problems[run]
            ),
            marks=marks,
            extra=cast("dict[str, Json]", json.loads(str(row[12]))),
            registered=tuple(self._registered[key]),
        )


def _metric(row: Row, positions: dict[int, int]) -> MetricFacts:
    name, n, has_step, first_step, first, last_step, last, low, high, best_min, best_max = row[:11]
    nan_count, inf_count, final, shown, rule, file, recording, origin, factor = row[11:]
    scale = cast(float, factor)

    def figure(value: object) -> float | None:
        return scaled(cast("float | None", value), scale)

    return MetricFacts(
        name=str(name),
        count=cast(int, n),
        first_step=cast("int | None", first_step) if has_step else None,
        first=figure(first),
        last_step=cast("int | None", last_step) if has_step else None,
        last=figure(last),
        min=figure(low),
        max=figure(high),
        best_min=figure(best_min),
        best_max=figure(best_max),
        nan_count=cast(int, nan_count),
        inf_count=cast(int, inf_count),
        shown=figure(shown),
        shown_rule=str(rule) if final is not None and rule else "last value in the file",
        direction=guess_direction(str(name)),
        recording=positions[cast(int, recording)],
        source=str(file),
        origin=str(origin or ""),
        scale=scale,
    )


def _dataset(row: Row) -> DatasetRef:
    name, digest, context, algorithm, rows, origin = row
    return DatasetRef(
        str(name),
        cast("str | None", digest),
        cast("str | None", context),
        str(algorithm or ""),
        cast("int | None", rows),
        str(origin or ""),
    )
