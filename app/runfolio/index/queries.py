"""All that is read from the index, as the frozen answers that the façade hands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from runfolio.errors import NotFound
from runfolio.index import columns, points
from runfolio.index.alignments import written
from runfolio.index.database import Database
from runfolio.index.fields import BUILTINS, BY_NAME
from runfolio.index.run_ids import MANY
from runfolio.index.selecting import NAMED, Selecting
from runfolio.model.answers import CellKind, Column, FieldInfo, LibraryNode, Source
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.index.evaluate import Evaluator
    from runfolio.index.known import Known
    from runfolio.index.run_ids import RunIds
    from runfolio.model.facets import Facet
    from runfolio.model.metrics import MetricSeries
    from runfolio.model.reports import IndexFacts, PlacedProblem
    from runfolio.model.run_detail import DatasetUse


class Queries:
    """Questions to an index. May be used from several threads."""

    def __init__(self, database: Database, many: int = MANY) -> None:
        """many: from this many runs on columns are kept in memory."""
        self._db = database
        self._selecting = Selecting(database, many)

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
        from runfolio.model.reports import IndexFacts

        rows = self._db.rows(
            """select (select count(*) from runs), (select count(*) from recordings),
                      (select coalesce(sum(n), 0)::bigint from series where id not in (select id from made_series)),
                      (select count(*) from problems where severity <> 'info')"""
        )
        runs, recordings, points, problems = cast("tuple[int, int, int, int]", rows[0])
        return IndexFacts(runs, recordings, points, self._db.size_bytes, problems)

    def problems(self) -> tuple[PlacedProblem, ...]:
        """All problems, errors first, each with the run it belongs to."""
        from runfolio.model.problem import Problem, Severity
        from runfolio.model.reports import PlacedProblem

        rows = self._db.rows(
            """select s.path, p.severity, p.code, p.path, p.message, p.hint, p.at_byte, r.key
               from problems p
               left join sources s on s.id = p.source
               left join (select recording, min(run) as run from links group by recording) l
                      on l.recording = p.recording
               left join runs r on r.id = l.run
               order by list_position(['error', 'warning', 'info'], p.severity), s.path, p.path, p.code, p.message"""
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
        return self._selecting.known()

    def fields(self) -> tuple[FieldInfo, ...]:
        """Every field there is, builtins first, each kind by how many runs have it."""
        total = cast(int, self._db.rows("select count(*) from runs")[0][0])
        found = [FieldInfo(b.ref, total, numeric=b.kind in (CellKind.NUMBER, CellKind.DURATION)) for b in BUILTINS]
        rows = self._db.rows(
            """select kind, name, runs, texts, numeric
               from fields
               order by list_position(?, kind), runs desc, name""",
            [[kind.value for kind in NAMED]],
        )
        origins = written(self._db)
        shown_as = {aligned.name: target for target, names in origins.items() for aligned in names}
        for kind, name, runs, texts, numeric in rows:
            ref = FieldRef(FieldKind(str(kind)), str(name))
            info = FieldInfo(ref, cast(int, runs), cast("int | None", texts), bool(numeric))
            if ref.kind is FieldKind.METRIC:
                info = replace(
                    info,
                    direction=guess_direction(ref.name),
                    origins=origins.get(ref.name, ()),
                    shown_as=shown_as.get(ref.name, ""),
                )
            found.append(info)
        return tuple(found)

    def default_columns(self, limit: int, odd: Callable[[str], bool] = lambda _: False) -> tuple[FieldRef, ...]:
        """Columns that are useful without a click: what runs share among the metrics, what varies among the params.

        odd   whether a param says little of what was trained: those come after the others that as many runs have.
        Times that no run has take no room.
        """
        fields = self.fields()
        metrics = [f for f in fields if f.field.kind is FieldKind.METRIC and f.direction is not Direction.UNKNOWN]
        # What is shown under another name has its column there.
        metrics = [f for f in metrics if not f.shown_as]
        # A validation metric says more than a training metric, an accuracy is easier to read than a loss.
        metrics.sort(key=lambda f: (-f.runs, "val" not in f.field.name.lower(), f.direction is not Direction.HIGHER))
        best = [FieldRef(FieldKind.METRIC, f.field.name, Aggregate.BEST) for f in metrics[:2]]
        params = [f for f in fields if f.field.kind is FieldKind.PARAM and (f.distinct or 0) > 1]
        params.sort(key=lambda f: (-f.runs, odd(f.field.name)))
        head = [BY_NAME[n].ref for n in ("name", "status", *self._times())]
        tail = [BY_NAME[n].ref for n in ("dataset", "format", "tag", "stage")]
        room = max(0, limit - len(head) - len(best) - len(tail))
        return (*head, *best, *(f.field for f in params[:room]), *tail)

    def _times(self) -> list[str]:
        names = ("started", "duration")
        given = self._db.rows(f"select count(*), {', '.join(f'count({BY_NAME[n].sql})' for n in names)} from runs r")[0]
        return [name for name, runs in zip(names, given[1:], strict=True) if runs or not given[0]]

    def values(self, field: FieldRef, limit: int) -> tuple[tuple[str, int], ...]:
        """The most frequent texts of a field with the number of runs that have each; () for metrics."""
        return columns.values(self._db, field, limit)

    # --- runs --------------------------------------------------------------------------------------------------

    def run_order(self, query: RunQuery) -> KeyOrder:
        """The runs that a query selects, in its order. Raises FilterSyntax."""
        return self._selecting.run_order(query)

    def columns_now(self) -> tuple[RunIds, Evaluator]:
        """The ids and the columns in memory of the surrounding snapshot."""
        return self._selecting.columns_now()

    def run_keys(self, query: RunQuery) -> tuple[RunKey, ...]:
        """Their keys. Raises FilterSyntax."""
        return tuple(self.run_order(query))

    def check_filter(self, text: str) -> None:
        """Raises FilterSyntax when the text is no filter, or names an unknown field."""
        self._selecting.check_filter(text)

    def filter_hints(self, text: str) -> tuple[str, ...]:
        """Sentences on why a filter may find nothing. Raises FilterSyntax."""
        return self._selecting.filter_hints(text)

    def facet(self, field: FieldRef, query: RunQuery, limit: int) -> Facet:
        """The values of a field among the runs of a query, with counts. Raises FilterSyntax."""
        return self._selecting.facet(field, query, limit)

    def derived(self, text: str) -> FieldRef:
        """The column that arithmetic in the filter language stands for. Raises FilterSyntax."""
        return self._selecting.derived(text)

    def column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A field's values for runs, in the order of `keys`."""
        return self._selecting.column(field, keys)

    def columns(self, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Column, ...]:
        """The same of some fields, as one snapshot sees them."""
        return self._selecting.columns(fields, keys)

    def param_kinds(self, param: str, keys: Sequence[RunKey]) -> tuple[str | None, ...]:
        """What a param is in each run ("bool", "null", "float"...), in the order of `keys`; None where it has none."""
        return self._selecting.param_kinds(param, keys)

    def ids(self) -> RunIds:
        """The ids of runs by key and back, of the surrounding snapshot."""
        return self._selecting.current()

    def resolve_run(self, text: str) -> RunKey:
        """The one run that a key, tracker id, name, path, or the start of a key or id means. Raises NotFound."""
        recorded = "exists (select 1 from recordings c join links l on l.recording = c.id where l.run = r.id and {})"
        attempts = (
            "r.key = $1",
            # Together: what is the name of one run may be the path of another, and neither is meant more.
            f"{recorded.format('c.tracker_id = $1')} or r.name = $1 or r.path = $1",
            "starts_with(r.key, $1)",
            recorded.format("starts_with(c.tracker_id, $1)"),
        )
        if not text:
            raise NotFound("No run is named", hint="A name, id, path or key will do; `runfolio runs` lists them.")
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
        return points.series_for(self._db, keys, metric)

    # --- data sets ---------------------------------------------------------------------------------------------

    def datasets(self) -> tuple[DatasetUse, ...]:
        """Data sets by name and digest, with the runs that recorded each."""
        from runfolio.model.run_detail import DatasetUse

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
