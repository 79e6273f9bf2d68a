"""All shortcuts on one page (F1), made from the rows of the commands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.commands import Commands
from runfolio.desktop.widgets import Pill, PlainLabel, SectionTitle

OTHER_KEYS = (
    ("Table", "Walk the runs", "↑ ↓ PgUp PgDn"),
    ("Table", "Highlight several", "Shift+↑ ↓ or Ctrl+click"),
    ("Table", "Sort, and by a second key", "click, Shift+click a header"),
    ("Filter", "Take the first suggestion", "Tab"),
    ("Filter", "Clear, then leave the line", "Esc"),
)
"""What the widgets do by themselves."""


class CheatSheet(QDialog):
    """Groups of commands with their keys, in two columns."""

    def __init__(self, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cheat-sheet")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups: dict[str, list[tuple[str, str]]] = {}
        for command in commands.all():
            if command.keys:
                native = QKeySequence.SequenceFormat.NativeText
                keys = "  ".join(QKeySequence(key).toString(native) for key in command.keys)
                groups.setdefault(command.group, []).append((command.title, keys))
        for group, title, keys in OTHER_KEYS:
            groups.setdefault(group, []).append((title, keys))
        columns = (QVBoxLayout(), QVBoxLayout())
        heights = [0, 0]
        for group, rows in sorted(groups.items(), key=lambda entry: -len(entry[1])):
            side = heights.index(min(heights))
            heights[side] += len(rows) + 2
            columns[side].addWidget(SectionTitle(group))
            columns[side].addLayout(_grid(rows))
            columns[side].addSpacing(10)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(14)
        outer.addWidget(PlainLabel("Keyboard shortcuts", font=fonts.ui(17, QFont.Weight.DemiBold)))
        across = QHBoxLayout()
        across.setSpacing(40)
        for column in columns:
            # A nested layout would take over the 40 pixels between the columns.
            column.setSpacing(8)
            column.addStretch(1)
            across.addLayout(column)
        outer.addLayout(across)
        outer.addStretch()


def _grid(rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(0, 1)
    for place, (title, keys) in enumerate(rows):
        grid.addWidget(PlainLabel(title.rstrip("…")), place, 0)
        grid.addWidget(Pill(keys, "neutral"), place, 1, Qt.AlignmentFlag.AlignRight)
    return grid
