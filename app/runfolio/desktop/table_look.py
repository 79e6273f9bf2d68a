"""How the runs table looks: which columns, where, how wide, how written and coloured, in which groups.

One value, so that one step of undo, a session and a saved view hold all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runfolio.desktop.column_format import ColumnFormat
from runfolio.desktop.columns import NAME, TableColumn
from runfolio.desktop.session import texts
from runfolio.model.grouping import GroupBy
from runfolio.model.params import Json

NARROWEST, WIDEST = 20, 2_000


@dataclass(frozen=True, slots=True)
class TableLook:
    """A look.

    columns   from left to right, pinned ones first; () follows what the runs have.
    pinned    ids of the columns that stay at the left when the others are scrolled.
    formats   by column id, of the columns that are not written as they come.
    widths    by column id, of the columns that were resized by hand.
    """

    columns: tuple[TableColumn, ...] = ()
    pinned: tuple[str, ...] = (NAME.id,)
    formats: Mapping[str, ColumnFormat] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    group: GroupBy = field(default_factory=GroupBy)

    def to_json(self) -> dict[str, Json]:
        """For sessions and saved views."""
        return {
            "columns": [column.id for column in self.columns],
            "pinned": [*self.pinned],
            "formats": {id: chosen.to_json() for id, chosen in self.formats.items()},
            "widths": dict(self.widths),
            "group": self.group.to_json(),
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Json]) -> TableLook:
        """The inverse; parts that make no sense are left out."""
        widths, formats, group = tree.get("widths"), tree.get("formats"), tree.get("group")
        return cls(
            columns_of(texts(tree.get("columns"))),
            texts(tree.get("pinned")) if isinstance(tree.get("pinned"), list) else (NAME.id,),
            {
                id: ColumnFormat.from_json(piece)
                for id, piece in (formats.items() if isinstance(formats, dict) else ())
                if isinstance(piece, dict)
            },
            {
                id: width
                for id, width in (widths.items() if isinstance(widths, dict) else ())
                if isinstance(width, int) and NARROWEST <= width <= WIDEST
            },
            GroupBy.from_json(group) if isinstance(group, dict) else GroupBy(),
        )


def columns_of(ids: tuple[str, ...]) -> tuple[TableColumn, ...]:
    """Columns from their ids, each once; unknown ones are left out, and the name always comes along."""
    columns: dict[TableColumn, None] = {}
    for id in ids:
        try:
            columns[TableColumn.from_id(id)] = None
        except ValueError:
            continue
    if not columns:
        return ()
    return tuple(columns) if NAME in columns else (NAME, *columns)


def pinned_first(columns: tuple[TableColumn, ...], pinned: tuple[str, ...]) -> tuple[TableColumn, ...]:
    """The columns in their order, those that are pinned before the others."""
    return tuple(sorted(columns, key=lambda column: column.id not in pinned))
