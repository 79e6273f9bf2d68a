"""A table as text to paste elsewhere: TSV, CSV, Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from runfolio.export.neutral import markdown_cell, neutral


def as_tsv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Tabs between cells, one row a line; tabs and line breaks inside cells become spaces."""
    return "\n".join("\t".join(neutral(" ".join(c.split("\t")).replace("\n", " ")) for c in r) for r in [header, *rows])


def as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """RFC 4180 with line feeds."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[neutral(c) for c in row] for row in [header, *rows]])
    return out.getvalue()


def as_markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table."""
    lines = ["| " + " | ".join(markdown_cell(c) for c in row) + " |" for row in [header, *rows]]
    lines.insert(1, "|" + " --- |" * len(header))
    return "\n".join(lines)
