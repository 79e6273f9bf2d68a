"""Which row of the runs table is which: runs in order, or groups and the runs in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex

from runfolio.model.key_order import KeyOrder
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.desktop.group_rows import Anchor, GroupRows, Line

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class RunRowsModel(QAbstractTableModel):
    """Rows without cells; what they show is added by who inherits from it."""

    def __init__(self) -> None:
        super().__init__()
        self._keys = KeyOrder()
        self._groups: GroupRows | None = None

    def _rows_changed(self) -> None:
        """The rows have become others, and their views hear of it next."""

    @property
    def keys(self) -> KeyOrder:
        """The runs in order."""
        return self._keys

    @property
    def groups(self) -> GroupRows | None:
        """The groups and runs that the rows are; None when every row is a run."""
        return self._groups

    def set_keys(self, keys: Sequence[RunKey], groups: GroupRows | None = None) -> None:
        """Show other runs, or the same in another order; in groups where those are given."""
        self.beginResetModel()
        self._keys, self._groups = KeyOrder.of(keys), groups
        self._rows_changed()
        self.endResetModel()

    def fold(self, group: int, *, opened: bool) -> None:
        """Open or close a group."""
        change = self._groups.folded(group, opened=opened) if self._groups is not None else None
        if change is None:
            return
        begin, end = self.beginRemoveRows, self.endRemoveRows
        if opened:
            begin, end = self.beginInsertRows, self.endInsertRows
        begin(QModelIndex(), change.first, change.first + change.count - 1)
        self._groups = change.rows
        end()
        above = self.index(change.first - 1, 0)
        self.dataChanged.emit(above, above)

    def line(self, row: int) -> Line | None:
        """What a row of a grouped table shows; None where every row is a run."""
        return None if self._groups is None else self._groups.line(row)

    def key_at(self, row: int) -> RunKey | None:
        """The run of a row; None for the row of a group, or none."""
        if not 0 <= row < self.rowCount():
            return None
        if self._groups is None:
            return self._keys[row]
        return None if self._groups.line(row).is_group else self._groups.key(row)

    def stand_in(self, row: int) -> RunKey:
        """The run of a row, or the first of its group."""
        return self._keys[row] if self._groups is None else self._groups.key(row)

    def members(self, rows: Sequence[int]) -> tuple[RunKey, ...]:
        """The runs of rows, those of groups included, each once."""
        if self._groups is None:
            return tuple(self._keys[row] for row in rows if row < len(self._keys))
        found: dict[RunKey, None] = {}
        for row in rows:
            line = self._groups.line(row)
            keys = self._groups.members(line.group) if line.is_group else (self._groups.key(row),)
            found.update(dict.fromkeys(keys))
        return tuple(found)

    def mark(self, row: int) -> RunKey | Anchor:
        """What a row is known by when the rows become others."""
        line = self.line(row)
        if self._groups is not None and line is not None and line.is_group:
            return self._groups.anchor(line.group)
        return self.stand_in(row)

    def row_near(self, mark: RunKey | Anchor) -> int | None:
        """The same; for a run inside a closed group the row of that group."""
        row = self.row_of(mark)
        if row is None and self._groups is not None and isinstance(mark, str):
            return self._groups.row_of_run(mark, or_group=True)
        return row

    def row_of(self, mark: RunKey | Anchor) -> int | None:
        """The row of a run or a group; None when it is not in the scope, or inside a closed group."""
        if isinstance(mark, tuple):
            group = None if self._groups is None else self._groups.group_of_anchor(mark)
            return None if group is None or self._groups is None else self._groups.row_of_group(group)
        if self._groups is not None:
            return self._groups.row_of_run(mark)
        return self._keys.row_of(mark)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Rows; known at once, so that the scroll bar is right."""
        if parent.isValid():
            return 0
        return len(self._keys) if self._groups is None else self._groups.count
