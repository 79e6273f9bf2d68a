"""The fields a run has by itself, and where their values stand in the index."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.model.answers import CellKind
from runfolio.model.query import Aggregate, FieldKind, FieldRef


@dataclass(frozen=True, slots=True)
class Builtin:
    """A field that every run has.

    sql    a scalar over `runs r`; for `many`, a query of the values `v` of run `r`, and `place` to order them by.
    many   whether a run may have several values: `=` then asks for any of them, `!=` for none.
    """

    name: str
    title: str
    kind: CellKind
    sql: str
    many: bool = False

    @property
    def ref(self) -> FieldRef:
        """The field as queries name it."""
        return FieldRef(FieldKind.BUILTIN, self.name)


_DATASETS = """select d.{} as v, (l.rank, d.rowid) as place
               from datasets d join links l on l.recording = d.recording
               where l.run = r.id"""
_MODELS = "select v.model as v, v.model as place from versions v where v.key = r.key"
_TAGS = "select t.tag as v, t.ordinal as place from run_tags t where t.key = r.key"
_FLAG = "case when r.key in (select m.key from run_marks m where m.{}) then 'true' else 'false' end"
_COLOR = "(select m.color::double from run_marks m where m.key = r.key)"
_DURATION = "case when r.ended_us >= r.started_us then (r.ended_us - r.started_us) / 1e6 end"
# The furthest stage counts where a run has several versions; the order is that of a model's life.
_STAGE = """(select arg_max(v.stage, list_position(['none', 'archived', 'candidate', 'staging', 'production'], v.stage))
             from versions v where v.key = r.key)"""

BUILTINS = (
    Builtin("name", "Name", CellKind.TEXT, "r.name"),
    Builtin("status", "Status", CellKind.STATUS, "r.status"),
    Builtin("started", "Started", CellKind.TIME, "r.started_us"),
    Builtin("ended", "Ended", CellKind.TIME, "r.ended_us"),
    Builtin("duration", "Duration", CellKind.DURATION, _DURATION),
    Builtin("experiment", "Experiment", CellKind.TEXT, "r.experiment"),
    Builtin("format", "Format", CellKind.TEXT, "r.format"),
    Builtin("path", "Path", CellKind.TEXT, "r.path"),
    Builtin("source", "Source", CellKind.TEXT, "(select s.name from sources s where s.id = r.source)"),
    Builtin("dataset", "Data set", CellKind.TAGS, _DATASETS.format("name"), many=True),
    Builtin("dataset.digest", "Data set digest", CellKind.TAGS, _DATASETS.format("digest"), many=True),
    Builtin("tag", "Tags", CellKind.TAGS, _TAGS, many=True),
    Builtin("note", "Note", CellKind.TEXT, "(select n.note from run_notes n where n.key = r.key)"),
    Builtin("starred", "Starred", CellKind.TEXT, _FLAG.format("starred")),
    Builtin("color", "Colour", CellKind.NUMBER, _COLOR),
    Builtin("hidden", "Hidden", CellKind.TEXT, _FLAG.format("hidden")),
    Builtin("archived", "Archived", CellKind.TEXT, _FLAG.format("archived")),
    Builtin("model", "Model", CellKind.TAGS, _MODELS, many=True),
    Builtin("stage", "Stage", CellKind.TEXT, _STAGE),
    Builtin("key", "Key", CellKind.TEXT, "r.key"),
    Builtin("metrics", "Metrics", CellKind.NUMBER, "r.metrics::double"),
    Builtin("points", "Points", CellKind.NUMBER, "r.points::double"),
    Builtin("problems", "Problems", CellKind.NUMBER, "r.problems::double"),
)
"""The one list of builtin fields: filters, sorting, columns and completion all come from it."""

BY_NAME = {b.name: b for b in BUILTINS}
AGGREGATE_SQL = {
    Aggregate.LAST: "s.shown * x.scale",
    Aggregate.FIRST: "s.first_value * x.scale",
    Aggregate.MIN: "s.best_min * x.scale",
    Aggregate.MAX: "s.best_max * x.scale",
    Aggregate.COUNT: "s.n::double",
}
"""The figure of a series `s` as `run_series x` shows it; `BEST` is `MIN` or `MAX` by the metric's direction."""
