"""A table as text to paste elsewhere: TSV, CSV, Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from runfolio.analysis.cells import markdown, spreadsheet, tsv


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
