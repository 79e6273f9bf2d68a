"""A comparison of two data files as JSON and as Markdown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePath
from typing import cast

from runfolio.analysis.cells import markdown
from runfolio.analysis.datachange import Cell, ColumnChange, ColumnStats, DataDiff, RowChange, RowKind, SchemaChange
from runfolio.analysis.render import json_number
from runfolio.model.display import count, counted, number
from runfolio.model.params import Json

NULL = "∅"
"""How a null is written in a cell."""


def cell_text(cell: Cell, kind: RowKind) -> str:
    """`3 → 7` for a changed cell, else the value that there is; `∅` for null."""
    if kind is RowKind.ADDED:
        return NULL if cell.after is None else cell.after
    if kind is RowKind.REMOVED:
        return NULL if cell.before is None else cell.before
    if cell.changed:
        return f"{NULL if cell.before is None else cell.before} → {NULL if cell.after is None else cell.after}"
    known = cell.before if cell.after is None else cell.after
    return NULL if known is None else known


def key_text(diff: DataDiff) -> str:
    """Which key it is and where it comes from, in words."""
    if not diff.key:
        return "no key: rows compared whole"
    return f"key: {' + '.join(diff.key)}" + (" (guessed)" if diff.key_guessed else "")


def type_text(column: ColumnChange) -> str:
    """`int32 → int64` where it changed, else the type."""
    if column.schema is SchemaChange.RETYPED:
        return f"{column.type_before} → {column.type_after}"
    # A column without any value on one side has the type of the other.
    types = [t for t in (column.type_after, column.type_before) if t is not None]
    return next((t for t in types if t != "empty"), types[0])


def as_json(diff: DataDiff) -> dict[str, Json]:
    """The whole comparison: `{"schema", "before", "after", "key", "rows", "columns", "changed_rows", "problems"}`."""
    return {
        "schema": 1,
        "before": cast("dict[str, Json]", asdict(diff.before)),
        "after": cast("dict[str, Json]", asdict(diff.after)),
        "key": {"columns": list(diff.key), "guessed": diff.key_guessed},
        "rows": {
            "before": diff.before.rows,
            "after": diff.after.rows,
            "added": diff.rows_added,
            "removed": diff.rows_removed,
            "changed": diff.rows_changed,
            "same": diff.rows_same,
        },
        "columns": [_column_json(c) for c in diff.columns],
        "row_columns": list(diff.row_columns),
        "changed_rows": [_row_json(r) for r in diff.rows],
        "problems": [
            {"severity": p.severity.value, "code": p.code, "path": p.path, "message": p.message, "hint": p.hint}
            for p in diff.problems
        ],
        "differs": diff.differs,
        "seconds": round(diff.seconds, 3),
    }


def _column_json(column: ColumnChange) -> dict[str, Json]:
    histogram: dict[str, Json] | None = None
    if column.histogram is not None:
        bins: list[Json] = [{"label": b.label, "before": b.before, "after": b.after} for b in column.histogram.bins]
        histogram = {"ordered": column.histogram.ordered, "ranges": column.histogram.ranges, "bins": bins}
    return {
        "name": column.name,
        "change": column.schema.value,
        "type_before": column.type_before,
        "type_after": column.type_after,
        "before": _stats_json(column.before),
        "after": _stats_json(column.after),
        "histogram": histogram,
        "psi": column.psi,
        "changed_cells": column.changed_cells,
        "moved": column.moved,
    }


def _stats_json(stats: ColumnStats | None) -> dict[str, Json] | None:
    if stats is None:
        return None
    found: dict[str, Json] = asdict(stats)
    return found | {"unique": stats.unique, "mean": json_number(stats.mean)}


def _row_json(row: RowChange) -> dict[str, Json]:
    cells: list[Json] = [{"before": c.before, "after": c.after, "changed": c.changed} for c in row.cells]
    return {"change": row.kind.value, "times": row.times, "cells": cells}


def as_markdown(diff: DataDiff, rows: int = 50) -> str:
    """Counts, a table of columns and one of the first `rows` rows; nothing in it can act as Markdown or HTML."""
    before, after = diff.before, diff.after
    lines = [
        f"# {markdown(PurePath(before.path).name)} and {markdown(PurePath(after.path).name)}",
        "",
        f"{before.sha256[:8]} → {after.sha256[:8]}, {count(before.rows)} → {counted(after.rows, 'row')},"
        f" {markdown(key_text(diff))}",
        "",
        f"- rows added {count(diff.rows_added)}, removed {count(diff.rows_removed)}"
        + ("" if diff.rows_changed is None else f", changed {count(diff.rows_changed)}"),
        f"- columns {_columns_text(diff)}",
        *(f"- {p.severity.value}: {markdown(p.message)}" for p in diff.problems),
        "",
        "| column | type | schema | what moved | PSI |",
        "|---|---|---|---|---|",
    ]
    for c in diff.columns:
        psi = "—" if c.psi is None else f"{c.psi:.2f}"
        lines.append(f"| {markdown(c.name)} | {markdown(type_text(c))} | {c.schema} | {markdown(c.moved)} | {psi} |")
    if diff.rows:
        lines += ["", "| change | " + " | ".join(markdown(n) for n in diff.row_columns) + " |"]
        lines.append("|---" * (len(diff.row_columns) + 1) + "|")
        for row in diff.rows[:rows]:
            cells = " | ".join(markdown(cell_text(c, row.kind)) for c in row.cells)
            lines.append(f"| {row.kind}{f' × {row.times}' if row.times > 1 else ''} | {cells} |")
        listed = sum(r.times for r in diff.rows[:rows])
        if left := diff.rows_added + diff.rows_removed + (diff.rows_changed or 0) - listed:
            lines += ["", f"and {count(left)} more rows"]
    return "\n".join(lines) + "\n"


def _columns_text(diff: DataDiff) -> str:
    sizes = [len(diff.columns_with(c)) for c in (SchemaChange.NEW, SchemaChange.REMOVED, SchemaChange.RETYPED)]
    largest = diff.largest_psi
    moved = f", largest PSI {number(largest.psi, 2)} ({markdown(largest.name)})" if largest is not None else ""
    return f"+{sizes[0]} −{sizes[1]} ~{sizes[2]}{moved}"
