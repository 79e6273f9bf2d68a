"""Whether the cell that is painted is selected or pointed at, without the names of styles where nothing needs them.

Qt for Python makes the fifteen enums of `QStyle` when the state of an option is first asked for: 7 ms of a start.
"""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem


def is_selected(option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> bool:
    """Whether the cell is highlighted."""
    # What paints cells is always a view.
    return cast(QAbstractItemView, option.widget).selectionModel().isSelected(cast(QModelIndex, index))


def is_pointed(option: QStyleOptionViewItem) -> bool:
    """Whether the mouse is over the cell, or over its row where the view selects rows."""
    if not cast(QAbstractItemView, option.widget).viewport().underMouse():
        return False
    from PySide6.QtWidgets import QStyle

    return bool(option.state.value & QStyle.StateFlag.State_MouseOver.value)
