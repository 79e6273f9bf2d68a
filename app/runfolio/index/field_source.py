"""Where the values of one field stand in the index, as SQL; apart from filters, which a start has none of."""

from __future__ import annotations

from runfolio.index.fields import AGGREGATE_SQL
from runfolio.model.direction import Direction, guess_direction
from runfolio.model.query import Aggregate, FieldKind, FieldRef


def metric_figure(name: str, aggregate: Aggregate) -> str:
    """A metric's figure in terms of `series s` and `run_series x`. `BEST` of an undirected metric is its last value."""
    if aggregate is Aggregate.BEST:
        direction = guess_direction(name)
        aggregate = {Direction.HIGHER: Aggregate.MAX, Direction.LOWER: Aggregate.MIN}.get(direction, Aggregate.LAST)
    return AGGREGATE_SQL[aggregate]


def field_source(ref: FieldRef) -> tuple[str, list[str]]:
    """A query of (run, num, text) over a field that is no builtin, one row for each run that has it."""
    if ref.kind is FieldKind.METRIC:
        figure = metric_figure(ref.name, ref.aggregate)
        return (
            f"select x.run, {figure} as num, null as text "
            "from run_series x join series s on s.id = x.series where x.name = ?",
            [ref.name],
        )
    if ref.kind is FieldKind.PARAM:
        return "select run, num, text, kind from run_params where key = ? and is_first", [ref.name]
    return "select run, null as num, text from run_texts where kind = ? and name = ?", [ref.kind.value, ref.name]
