"""The keys that walk through groups, as in any tree."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTableView

from runfolio.desktop.run_table import RunTableModel

Fold = Callable[[int, bool], object]
"""Opens (True) or closes the group of a row."""


def step_by_key(table: QTableView, runs: RunTableModel, fold: Fold, event: QKeyEvent) -> bool:
    """Right opens the current group, then goes to its first row; Left closes it, then goes to the group around it.

    False when the key means something else.
    """
    row = table.currentIndex().row()
    line = runs.line(row) if 0 <= row < runs.rowCount() else None
    groups = runs.groups
    if line is None or groups is None:
        return False
    if event.modifiers() not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
        return False
    opened = line.is_group and groups.is_open(line.group)
    if event.key() == Qt.Key.Key_Right and line.is_group:
        if opened:
            table.selectRow(row + 1)
        else:
            fold(row, True)
        return True
    if event.key() == Qt.Key.Key_Left:
        around = int(groups.grouped.tree.parent[line.group]) if line.is_group else line.group
        above = groups.row_of_group(around) if around >= 0 else None
        if opened:
            fold(row, False)
        elif above is not None:
            table.selectRow(above)
        return True
    return False
