"""Runs as text for the clipboard: TSV for spreadsheets, Markdown for notes and pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.desktop.cells import exact_text
from runfolio.desktop.columns import TableColumn
from runfolio.model.display import plain
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

Rows = list[list[str]]


def exact_rows(workspace: Workspace, columns: Sequence[TableColumn], keys: Sequence[RunKey]) -> Rows:
    """Titles, then a row for each run, in full precision; curves are left out. Asks the workspace."""
    shown = [column for column in columns if not column.curve]
    texts: list[list[str]] = []
    for column in shown:
        answer = workspace.column(column.field, keys)
        written = answer.texts or (None,) * len(keys)
        texts.append([exact_text(answer.kind, *cell) for cell in zip(answer.values, written, strict=True)])
    return [[column.title for column in shown], *([column[row] for column in texts] for row in range(len(keys)))]


def as_tsv(rows: Rows) -> str:
    """Tab-separated lines; tabs and line breaks inside a cell become spaces, as spreadsheets paste them."""
    return "\n".join("\t".join(" ".join(cell.split()) if cell.split() else "" for cell in row) for row in rows) + "\n"


def as_markdown(rows: Rows) -> str:
    """A Markdown table whose cells hold no markup: what could be some is escaped."""
    head, *body = [[_markdown_cell(cell) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _markdown_cell(text: str) -> str:
    shown = plain(text).replace("\\", "\\\\")
    for mark in "|`*_<>[]":
        shown = shown.replace(mark, f"\\{mark}")
    return shown
