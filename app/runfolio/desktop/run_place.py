"""Where the runs table is scrolled to, as a session keeps it: by the run at the top, since rows come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractItemView

from runfolio.model.params import Json
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.run_list import RunList


def place_of(table: RunList) -> dict[str, Json]:
    """What stands at the top, and how far the table is scrolled sideways."""
    row = table.rowAt(0)
    if row <= 0:
        return {"across": table.horizontalScrollBar().value()}
    mark = table.runs.mark(row)
    return {"top": [*mark] if isinstance(mark, tuple) else mark, "across": table.horizontalScrollBar().value()}


def bring_back(table: RunList, kept: dict[str, Json]) -> None:
    """Scroll there again; what is not there any more leaves the table as it is."""
    top, across = kept.get("top"), kept.get("across")
    row: int | None = None
    if isinstance(top, str):
        row = table.runs.row_near(RunKey(top))
    elif isinstance(top, list) and len(top) == 2 and isinstance(top[0], int) and isinstance(top[1], str):
        row = table.runs.row_of((top[0], RunKey(top[1])))
    if row is not None:
        table.scrollTo(table.runs.index(row, 0), QAbstractItemView.ScrollHint.PositionAtTop)
    if isinstance(across, int):
        table.horizontalScrollBar().setValue(across)
