"""All that is read from the index, as the frozen answers that the façade hands on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from runfolio.errors import NotFound
from runfolio.index.compile import compile_query, metric_figure
from runfolio.index.database import Bound, Database
from runfolio.index.fields import BUILTINS, BY_NAME, Known
from runfolio.model.answers import (
    CellKind,
    Column,
    DatasetUse,
    FieldInfo,
    IndexFacts,
    LibraryNode,
    PlacedProblem,
    Source,
)
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.filter_text import parse
from runfolio.model.problem import Problem, Severity
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.metrics import MetricSeries

_MANY = 2_000
"""From this many keys on a whole column is read and looked up, instead of asking for its rows by key."""


class Queries:
    """Questions to an index. May be used from several threads."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- the library -------------------------------------------------------------------------------------------

    def sources(self) -> tuple[Source, ...]:
        """The folders in the library, in the order they were added."""
        rows = self._db.rows(
            """select s.id, s.path, s.name, count(r.id), s.scanned_us, s.present
               from sources s left join runs r on r.source = s.id
               group by all order by s.id"""
        )
        return tuple(Source(*cast("tuple[int, str, str, int, int | None, bool]", row)) for row in rows)

    def library(self) -> tuple[LibraryNode, ...]:
        """Experiments below the sources, by name."""
        rows = self._db.rows(
            """select source, experiment, list_sort(list(distinct format)), count(*)
               from runs group by source, experiment order by source, experiment nulls last"""
        )
        return tuple(
            LibraryNode(
                cast(int, source),
                cast("str | None", experiment),
                str(experiment) if experiment is not None else "(no experiment)",
                tuple(cast("list[str]", formats)),
                cast(int, runs),
            )
            for source, experiment, formats, runs in rows
        )

    def facts(self) -> IndexFacts:
        """Counts for the status bar."""
        rows = self._db.rows(
            """select (select count(*) from runs), (select count(*) from recordings),
                      (select coalesce(sum(n), 0)::bigint from series),
                      (select count(*) from problems where severity <> 'info')"""
        )
        runs, recordings, points, problems = cast("tuple[int, int, int, int]", rows[0])
        return IndexFacts(runs, recordings, points, self._db.size_bytes, problems)

    def problems(self) -> tuple[PlacedProblem, ...]:
        """All problems, errors first, each with the run it belongs to."""
        rows = self._db.rows(
            """select s.path, p.severity, p.code, p.path, p.message, p.hint, p.at_byte, r.key
               from problems p
               left join sources s on s.id = p.source
               left join (select recording, min(run) as run from links group by recording) l
                      on l.recording = p.recording
               left join runs r on r.id = l.run
               order by list_position(['error', 'warning', 'info'], p.severity), s.path, p.path, p.code"""
        )
        return tuple(
            PlacedProblem(
                str(source or ""),
                Problem(
                    Severity(str(severity)), str(code), str(path), str(message), str(hint), cast("int | None", offset)
                ),
                RunKey(str(key)) if key is not None else None,
            )
            for source, severity, code, path, message, hint, offset, key in rows
        )

    # --- fields ------------------------------------------------------------------------------------------------

    def known(self) -> Known:
        """The names that a filter may use."""
        names: list[list[str]] = []
        for sql in (
            "select distinct name from run_series",
            "select distinct key from run_params",
            "select distinct name from tags",
            "select distinct name from facts",
        ):
            names.append([str(row[0]) for row in self._db.rows(sql)])
        return Known(*names)

    def fields(self) -> tuple[FieldInfo, ...]:
        """Every field there is, builtins first, each kind by how many runs have it."""
        total = cast(int, self._db.rows("select count(*) from runs")[0][0])
        found = [FieldInfo(b.ref, total, numeric=b.kind in (CellKind.NUMBER, CellKind.DURATION)) for b in BUILTINS]
        for name, runs in self._db.rows("select name, count(*) from run_series group by name order by 2 desc, 1"):
            ref = FieldRef(FieldKind.METRIC, str(name))
            found.append(FieldInfo(ref, cast(int, runs), numeric=True, direction=guess_direction(str(name))))
        params = """select key, count(distinct run), count(distinct text), count(num) * 2 > count(*)
                    from run_params group by key order by 2 desc, 1"""
        for key, runs, distinct, numeric in self._db.rows(params):
            ref = FieldRef(FieldKind.PARAM, str(key))
            found.append(FieldInfo(ref, cast(int, runs), cast(int, distinct), numeric=bool(numeric)))
        for kind, table in ((FieldKind.TAG, "tags"), (FieldKind.FACT, "facts")):
            sql = f"""select t.name, count(distinct l.run), count(distinct t.text)
                      from {table} t join links l on l.recording = t.recording group by t.name order by 2 desc, 1"""
            for name, runs, distinct in self._db.rows(sql):
                found.append(FieldInfo(FieldRef(kind, str(name)), cast(int, runs), cast(int, distinct)))
        return tuple(found)

    def default_columns(self, limit: int) -> tuple[FieldRef, ...]:
        """Columns that are useful without a click: what runs share among the metrics, what varies among the params."""
        fields = self.fields()
        metrics = [f for f in fields if f.field.kind is FieldKind.METRIC and f.direction is not Direction.UNKNOWN]
        # A validation metric says more than a training metric, an accuracy is easier to read than a loss.
        metrics.sort(key=lambda f: (-f.runs, "val" not in f.field.name.lower(), f.direction is not Direction.HIGHER))
        best = [FieldRef(FieldKind.METRIC, f.field.name, Aggregate.BEST) for f in metrics[:2]]
        params = [f for f in fields if f.field.kind is FieldKind.PARAM and (f.distinct or 0) > 1]
        params.sort(key=lambda f: -f.runs)
        head = [BY_NAME[n].ref for n in ("name", "status", "started", "duration")]
        tail = [BY_NAME[n].ref for n in ("dataset", "format", "tag", "stage")]
        room = max(0, limit - len(head) - len(best) - len(tail))
        return (*head, *best, *(f.field for f in params[:room]), *tail)

    def values(self, field: FieldRef, limit: int) -> tuple[tuple[str, int], ...]:
        """The most frequent texts of a field with the number of runs that have each; () for metrics."""
        if field.kind is FieldKind.METRIC:
            return ()
        if field.kind is FieldKind.BUILTIN:
            builtin = BY_NAME[field.name]
            inner = f"unnest(list(select v from ({builtin.sql})))" if builtin.many else f"({builtin.sql})"
            sql = f"select v::varchar, count(*) from (select {inner} as v from runs r) where v is not null"
            params: list[Bound] = []
            if builtin.many:
                sql = f"select v::varchar, count(*) from (select u.v from runs r, lateral ({builtin.sql}) u(v))"
                sql += " where v is not null"
        elif field.kind is FieldKind.PARAM:
            sql, params = "select text, count(*) from run_params where key = ?", [field.name]
        else:
            table = "tags" if field.kind is FieldKind.TAG else "facts"
            sql, params = f"select text, count(*) from {table} where name = ?", [field.name]
        rows = self._db.rows(f"{sql} group by 1 order by 2 desc, 1 limit ?", [*params, limit])
        return tuple((str(text), cast(int, runs)) for text, runs in rows)

    # --- runs --------------------------------------------------------------------------------------------------

    def run_keys(self, query: RunQuery) -> tuple[RunKey, ...]:
        """Keys of the runs that a query selects, in its order. Raises FilterSyntax."""
        compiled = compile_query(parse(query.where), query.sort, self.known())
        narrowed = ""
        params: list[Bound] = [*compiled.params]
        if query.source is not None:
            narrowed += " and r.source = ?"
            params.append(query.source)
        if query.experiment is not None:
            narrowed += " and r.experiment = ?"
            params.append(query.experiment)
        sql = f"""select r.key
                  from runs r {" ".join(compiled.joins)}
                  where {compiled.predicate}{narrowed}
                  order by {", ".join(compiled.order)}"""
        return tuple(RunKey(str(row[0])) for row in self._db.rows(sql, params))

    def check_filter(self, text: str) -> None:
        """Raises FilterSyntax when the text is no filter, or names an unknown field."""
        compile_query(parse(text), (), self.known())

    def column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A field's values for runs, in the order of `keys`."""
        if field.kind is FieldKind.BUILTIN:
            return self._builtin_column(field, keys)
        if field.kind is FieldKind.METRIC:
            inner = (
                f"select x.run, {metric_figure(field.name, field.aggregate)} as v, null as text "
                "from run_series x join series s on s.id = x.series where x.name = ?"
            )
            return Column(field, CellKind.NUMBER, tuple(v[0] for v in self._values(inner, [field.name], keys)))
        if field.kind is FieldKind.PARAM:
            inner = "select run, num as v, text from run_params where key = ?"
            found = self._values(inner, [field.name], keys)
            texts = tuple(cast("str | None", v[1]) for v in found)
            numeric = sum(v[0] is not None for v in found) * 2 > sum(t is not None for t in texts)
            if numeric:
                # A value that is no number shows as its text among the numbers.
                return Column(field, CellKind.NUMBER, tuple(v[0] if v[0] is not None else v[1] for v in found), texts)
            return Column(field, CellKind.TEXT, texts)
        table = "tags" if field.kind is FieldKind.TAG else "facts"
        inner = (
            f"select l.run, arg_min(t.text, l.rank) as v, null as text from {table} t "
            "join links l on l.recording = t.recording where t.name = ? group by l.run"
        )
        return Column(field, CellKind.TEXT, tuple(v[0] for v in self._values(inner, [field.name], keys)))

    def _builtin_column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        builtin = BY_NAME[field.name]
        value = f"(select list(v) from (select distinct v from ({builtin.sql})))" if builtin.many else builtin.sql
        if field.name == "tag":
            value = f"(select list(v) from ({builtin.sql}))"
        inner = f"select r.id as run, {value} as v, null as text from runs r"
        found = [v[0] for v in self._values(inner, [], keys)]
        if builtin.kind is CellKind.TAGS:
            found = [tuple(t for t in cast("list[str | None]", v or []) if t is not None) or None for v in found]
        return Column(field, builtin.kind, tuple(found))

    def _values(self, inner: str, params: list[Bound], keys: Sequence[RunKey]) -> list[tuple[object, object]]:
        sql = f"select k.key, c.v, c.text from runs k join ({inner}) c on c.run = k.id"
        if len(keys) < _MANY:
            sql += " where k.key in (select unnest(?::varchar[]))"
            params = [*params, [*keys]]
        found = {key: (v, text) for key, v, text in self._db.rows(sql, params)}
        return [found.get(key, (None, None)) for key in keys]

    def resolve_run(self, text: str) -> RunKey:
        """The one run that a key, tracker id, name, path, or the start of a key or id means. Raises NotFound."""
        recorded = "exists (select 1 from recordings c join links l on l.recording = c.id where l.run = r.id and {})"
        attempts = (
            "r.key = ?",
            recorded.format("c.tracker_id = ?"),
            "r.name = ?",
            "r.path = ?",
            "starts_with(r.key, ?)",
            recorded.format("starts_with(c.tracker_id, ?)"),
        )
        for attempt in attempts:
            rows = self._db.rows(f"select r.key, r.name, r.path from runs r where {attempt} order by r.key", [text])
            if len(rows) == 1:
                return RunKey(str(rows[0][0]))
            if rows:
                some = ", ".join(f"{name} ({key})" for key, name, _ in rows[:4])
                raise NotFound(
                    f"{len(rows)} runs are called {text!r}: {some}{'…' if len(rows) > 4 else ''}",
                    hint="Use the run's key or tracker id instead; `runfolio runs --columns name,key` shows them.",
                )
        raise NotFound(f"There is no run {text!r}", hint="`runfolio runs` lists them; a name, id, path or key will do.")

    # --- series ------------------------------------------------------------------------------------------------

    def series_for(self, keys: Sequence[RunKey], metric: str) -> dict[RunKey, MetricSeries]:
        """The shown series of one metric for many runs; runs without it are left out."""
        import numpy as np

        from runfolio.model.metrics import MetricSeries
        from runfolio.model.times import NO_TIME

        rows = self._db.rows(
            """select r.key, x.series, s.has_step, s.final, s.final_rule, s.file
               from run_series x join runs r on r.id = x.run join series s on s.id = x.series
               where x.name = ? and r.key in (select unnest(?::varchar[]))""",
            [metric, [*keys]],
        )
        if not rows:
            return {}
        ids = [cast(int, row[1]) for row in rows]
        cursor = self._db.cursor.execute(
            f"""select series, step, coalesce(wall_time, {NO_TIME}) as wall_time, value
                from points
                where series between ? and ? and series in (select unnest(?::integer[]))
                order by series, rowid""",
            # The range lets DuckDB skip whole row groups; the list alone would not.
            [min(ids), max(ids), ids],
        )
        points = cursor.fetchnumpy()
        starts = np.searchsorted(points["series"], ids, side="left")
        ends = np.searchsorted(points["series"], ids, side="right")
        found: dict[RunKey, MetricSeries] = {}
        for (key, _, has_step, final, rule, file), start, end in zip(rows, starts, ends, strict=True):
            arrays = [np.ascontiguousarray(points[c][start:end]) for c in ("step", "value", "wall_time")]
            for array in arrays:
                array.flags.writeable = False
            found[RunKey(str(key))] = MetricSeries(
                metric,
                arrays[0],
                arrays[1],
                arrays[2],
                bool(has_step),
                cast("float | None", final),
                str(rule),
                str(file),
            )
        return {key: found[key] for key in keys if key in found}

    # --- data sets ---------------------------------------------------------------------------------------------

    def datasets(self) -> tuple[DatasetUse, ...]:
        """Data sets by name and digest, with the runs that recorded each."""
        rows = self._db.rows(
            """select d.name, d.digest, list_sort(list(distinct d.context) filter (d.context is not null)),
                      max(d.row_count), any_value(d.origin), list_sort(list(distinct r.key))
               from datasets d join links l on l.recording = d.recording join runs r on r.id = l.run
               group by d.name, d.digest order by d.name, count(distinct r.key) desc, d.digest"""
        )
        return tuple(
            DatasetUse(
                str(name),
                cast("str | None", digest),
                tuple(cast("list[str]", contexts or [])),
                cast("int | None", count),
                str(origin or ""),
                tuple(RunKey(k) for k in cast("list[str]", keys)),
            )
            for name, digest, contexts, count, origin, keys in rows
        )


def loads(text: object) -> object:
    """A value that the writer stored as JSON."""
    return json.loads(str(text))
