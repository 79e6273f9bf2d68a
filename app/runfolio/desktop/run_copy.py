"""Runs in full precision, row by row, as the clipboard and files take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.desktop.cells import exact_text
from runfolio.desktop.columns import TableColumn
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
