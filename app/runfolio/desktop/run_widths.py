"""How wide a column of the runs table has to be for the rows that are looked at."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics

from runfolio.desktop import fonts
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.group_painter import DOT_SPACE, SIDE, indent_of
from runfolio.desktop.run_delegate import FLAG_SPACE
from runfolio.desktop.run_table import RunTableModel
from runfolio.model.answers import CellKind

NARROW, WIDE = 56, 280
"""Bounds of widths that the table chooses itself."""
FIRST_ROWS = 30
"""Rows looked at while cells arrive."""
_PILL = 22


def wanted_width(runs: RunTableModel, place: int, rows: range) -> int:
    """The width that shows the header and the cells of `rows` in full, within bounds. Only texts in memory count."""
    column = runs.columns[place]
    if column.curve:
        return first_width(column)
    metrics = QFontMetrics(fonts.ui(13, figures=True))
    bold = QFontMetrics(fonts.ui(12, fonts.DEMI_BOLD))
    # Names stand behind a dot, before the baseline's flag, and are bolder when selected.
    extra = 2 * SIDE + (DOT_SPACE + FLAG_SPACE + 12 if column.is_name else 0)
    if column.field.name in ("status", "stage", "tag") and runs.kind(column) is not CellKind.NUMBER:
        extra += _PILL
    cells = 0
    for row in rows:
        width = metrics.horizontalAdvance(runs.shown_text(row, place))
        if column.is_name and (line := runs.line(row)) is not None:
            width += indent_of(runs, line) + (3 * _PILL if line.is_group else 0)
        cells = max(cells, width)
    head = bold.horizontalAdvance(column.title + " ≈ ↓2") + 2 * SIDE
    return max(NARROW, min(WIDE, max(cells + extra, head)))


def first_width(column: TableColumn) -> int:
    """The width of a column before anything has arrived."""
    if column.curve:
        return 104
    return 190 if column.is_name else 110
