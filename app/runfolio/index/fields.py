"""The fields a run has by itself, and which field a typed name means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from runfolio.errors import FilterSyntax
from runfolio.model.answers import CellKind
from runfolio.model.query import Aggregate, FieldKind, FieldRef, Name


@dataclass(frozen=True, slots=True)
class Builtin:
    """A field that every run has.

    sql    a scalar over `runs r`; for `many`, a query of one column `v` over the values of run `r`.
    many   whether a run may have several values: `=` then asks for any of them, `!=` for none.
    """

    name: str
    kind: CellKind
    sql: str
    many: bool = False

    @property
    def ref(self) -> FieldRef:
        """The field as queries name it."""
        return FieldRef(FieldKind.BUILTIN, self.name)


_DATASETS = "select d.{} as v from datasets d join links l on l.recording = d.recording where l.run = r.id"
_TAGS = "select t.tag as v from run_tags t where t.key = r.key order by t.ordinal"
_VERSIONS = "select v.{} as v from versions v where v.key = r.key"
# The furthest stage counts where a run has several versions; the order is that of a model's life.
_STAGE_ORDER = "['none', 'archived', 'candidate', 'staging', 'production']"

BUILTINS = (
    Builtin("name", CellKind.TEXT, "r.name"),
    Builtin("status", CellKind.STATUS, "r.status"),
    Builtin("started", CellKind.TIME, "r.started_us"),
    Builtin("ended", CellKind.TIME, "r.ended_us"),
    Builtin(
        "duration",
        CellKind.DURATION,
        "case when r.ended_us >= r.started_us then (r.ended_us - r.started_us) / 1e6 end",
    ),
    Builtin("experiment", CellKind.TEXT, "r.experiment"),
    Builtin("format", CellKind.TEXT, "r.format"),
    Builtin("path", CellKind.TEXT, "r.path"),
    Builtin("source", CellKind.TEXT, "(select s.name from sources s where s.id = r.source)"),
    Builtin("dataset", CellKind.TAGS, _DATASETS.format("name"), many=True),
    Builtin("dataset.digest", CellKind.TAGS, _DATASETS.format("digest"), many=True),
    Builtin(
        "tag", CellKind.TAGS, "select t.tag as v from run_tags t where t.key = r.key order by t.ordinal", many=True
    ),
    Builtin("note", CellKind.TEXT, "(select n.note from run_notes n where n.key = r.key)"),
    Builtin("model", CellKind.TAGS, _VERSIONS.format("model"), many=True),
    Builtin(
        "stage",
        CellKind.TEXT,
        f"(select arg_max(v.stage, list_position({_STAGE_ORDER}, v.stage)) from versions v where v.key = r.key)",
    ),
    Builtin("key", CellKind.TEXT, "r.key"),
    Builtin(
        "points",
        CellKind.NUMBER,
        "(select sum(s.n)::double from run_series x join series s on s.id = x.series where x.run = r.id)",
    ),
    Builtin(
        "problems",
        CellKind.NUMBER,
        "(select count(*)::double from problems p join links l on l.recording = p.recording where l.run = r.id)",
    ),
)
BY_NAME = {b.name: b for b in BUILTINS}
_ALIASES = {"tags": "tag", "datasets": "dataset", "start": "started", "end": "ended", "tracker": "format"}

AGGREGATE_SQL = {
    Aggregate.LAST: "s.shown",
    Aggregate.FIRST: "s.first_value",
    Aggregate.MIN: "s.best_min",
    Aggregate.MAX: "s.best_max",
    Aggregate.COUNT: "s.n::double",
}
"""The figure of a series; `BEST` is `MIN` or `MAX` by the metric's direction."""


class Known:
    """The names that exist in an index, so that a typed name can be looked up and a wrong one explained."""

    def __init__(
        self,
        metrics: Iterable[str] = (),
        params: Iterable[str] = (),
        tags: Iterable[str] = (),
        facts: Iterable[str] = (),
    ) -> None:
        self._names = {
            FieldKind.METRIC: frozenset(metrics),
            FieldKind.PARAM: frozenset(params),
            FieldKind.TAG: frozenset(tags),
            FieldKind.FACT: frozenset(facts),
        }

    def resolve(self, name: Name) -> FieldRef:
        """The field a name means: builtin, metric, param, tag or fact, in that order. Raises FilterSyntax."""
        aggregate = Aggregate(name.aggregate) if name.aggregate else Aggregate.LAST
        found = self._find(name.text, aggregate)
        if found is None and not name.aggregate:
            # `val/acc.max` is the maximum of val/acc, unless something is really called that.
            stem, dot, tail = name.text.rpartition(".")
            if dot and tail in {a.value for a in Aggregate}:
                found = self._find(stem, Aggregate(tail), only_metrics=True)
        if found is None:
            raise self._unknown(name)
        if name.aggregate and found.kind is not FieldKind.METRIC:
            raise FilterSyntax(
                f"{name.aggregate}(…) is for metrics, and {name.text!r} is none",
                position=name.span.start,
                length=name.span.end - name.span.start,
            )
        return found

    def has(self, kind: FieldKind, name: str) -> bool:
        """Whether there is such a field."""
        return name in BY_NAME if kind is FieldKind.BUILTIN else name in self._names[kind]

    def _find(self, text: str, aggregate: Aggregate, *, only_metrics: bool = False) -> FieldRef | None:
        prefix, dot, rest = text.partition(".")
        for kind in (FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG, FieldKind.FACT):
            if only_metrics and kind is not FieldKind.METRIC:
                continue
            if dot and prefix.lower() == kind.value and rest in self._names[kind]:
                return FieldRef(kind, rest, aggregate)
        if not only_metrics:
            builtin = _ALIASES.get(text.lower(), text.lower())
            if builtin in BY_NAME:
                return BY_NAME[builtin].ref
        for kind, names in self._names.items():
            if text in names and (kind is FieldKind.METRIC or not only_metrics):
                return FieldRef(kind, text, aggregate)
        return None

    def _unknown(self, name: Name) -> FilterSyntax:
        everything = [*BY_NAME, *(n for names in self._names.values() for n in names)]
        near = difflib.get_close_matches(name.text, everything, n=3, cutoff=0.6)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Type a few letters of a name to see what there is."
        return FilterSyntax(
            f"No run has a field {name.text!r}",
            position=name.span.start,
            length=name.span.end - name.span.start,
            hint=hint,
        )
