"""A table as text to paste elsewhere: TSV, CSV, Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from runfolio.analysis.cells import markdown, spreadsheet, tsv
from runfolio.model.reports import FolderReport


def as_tsv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Tabs between cells, one row a line."""
    return "\n".join("\t".join(tsv(cell) for cell in row) for row in [header, *rows])


def as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """RFC 4180 with line feeds; cells that a spreadsheet would run get an apostrophe in front."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[spreadsheet(c) for c in row] for row in [header, *rows]])
    return out.getvalue()


def as_markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table."""
    lines = ["| " + " | ".join(markdown(c) for c in row) + " |" for row in [header, *rows]]
    lines.insert(1, "|" + " --- |" * len(header))
    return "\n".join(lines)


DOCTOR_HEADER = (
    *("verdict", "source", "folder", "reader", "recordings", "points"),
    *("severity", "code", "file", "message", "hint"),
)


def doctor_rows(reports: Sequence[FolderReport]) -> list[list[str]]:
    """A row for each problem of each folder, and one for each folder without any."""
    rows: list[list[str]] = []
    for r in reports:
        folder = [r.verdict.value, r.source_path, r.path, r.reader, str(r.recordings), str(r.points)]
        rows += [[*folder, p.severity.value, p.code, p.path, p.message, p.hint] for p in r.problems]
        if not r.problems:
            rows.append([*folder, "", "", "", "", ""])
    return rows
