"""The whole text of one cell of a table, which the page cuts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.display import count, plain


class CellDialog(QDialog):
    """Its column and row, the text to be selected from, and a button that copies it."""

    def __init__(self, context: Context, column: str, row: int, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cell-dialog")
        self.setWindowTitle("Cell")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 420)
        self.field = QPlainTextEdit()
        self.field.setObjectName("cell-text")
        self.field.setAccessibleName(f"{plain(column, 60)} of row {row + 1}")
        self.field.setReadOnly(True)
        self.field.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.field.setUndoRedoEnabled(False)
        self.field.setFont(fonts.mono(12))
        self.field.setPlainText(text)
        told = PlainLabel(f"{count(len(text))} characters", role="muted", font=fonts.ui(12))
        copy, close = TextButton("Copy", context.theme, icon="copy"), TextButton("Close", context.theme)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(text))
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(told, 1)
        foot.addWidget(copy)
        foot.addWidget(close)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 16, 20, 16)
        box.setSpacing(10)
        title = f"{plain(column, 80)} · row {count(row + 1)}"
        box.addWidget(PlainLabel(title, font=fonts.ui(14, fonts.DEMI_BOLD)))
        box.addWidget(self.field, 1)
        box.addLayout(foot)
