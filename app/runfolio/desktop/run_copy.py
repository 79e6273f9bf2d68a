"""Runs as text on the clipboard, row by row as they are shown, in full precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.desktop.columns import TableColumn
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace
    from runfolio.export.sheet import SheetColumn
    from runfolio.model.grouping import GroupBy
    from runfolio.model.query import SortKey

FORMS = (("tsv", "TSV"), ("markdown", "Markdown"), ("latex", "LaTeX"), ("json", "JSON"), ("python", "Python"))
"""What runs are copied as, and what that is called."""


def sheet_columns(columns: Sequence[TableColumn]) -> tuple[SheetColumn, ...]:
    """The columns of the table as exports take them; curves are left out, no title is there twice."""
    from runfolio.export.sheet import SheetColumn, told_apart

    return told_apart([SheetColumn(column.field, column.title) for column in columns if not column.curve])


def copied(workspace: Workspace, columns: Sequence[TableColumn], keys: Sequence[RunKey], form: str) -> str:
    """Runs as text of one of `FORMS`. Asks the workspace."""
    from runfolio.export.copied import WRITERS

    head = sheet_columns(columns)
    return WRITERS[form][1]([column.title for column in head], workspace.sheet(keys, head))


def copied_groups(
    workspace: Workspace,
    columns: Sequence[TableColumn],
    keys: Sequence[RunKey],
    by: GroupBy,
    sort: Sequence[SortKey],
    form: str,
) -> tuple[str, int]:
    """Groups as text of one of `FORMS`, and how many they are; with one figure a metric where people read it."""
    from runfolio.export.copied import WRITERS

    short = form in ("markdown", "latex")
    titles, block = workspace.group_sheet(keys, by, sheet_columns(columns), sort, short=short)
    return WRITERS[form][1](titles, block), block.rows
