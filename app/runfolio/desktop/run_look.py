"""What painting the cells of one column takes, looked up once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfolio.desktop.column_format import ColumnFormat
    from runfolio.desktop.columns import Cell, TableColumn
    from runfolio.model.run import RunKey


@dataclass(slots=True)
class Look:
    """A column as it stands in the table now; thrown away when its cells or its format change.

    cells      those that have arrived.
    texts      what the ones that were painted say.
    number     whether they stand at the right.
    builtin    the name of the builtin field that it shows, or "".
    """

    column: TableColumn
    cells: Mapping[RunKey, Cell]
    format: ColumnFormat
    number: bool
    name: bool
    builtin: str
    texts: dict[RunKey, str] = field(default_factory=dict)
