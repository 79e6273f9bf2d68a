"""Changes tags, star, colour, notes of many runs together, and puts them out of the way: one entry, one undo."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.mark_step import mark_runs, swatch
from runfolio.desktop.mark_styles import COLOR_NAMES
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.display import counted
from runfolio.model.marks import MarkChange
from runfolio.model.run import RunKey

AS_IT_IS = "As it is"
_FLAGS = (
    ("starred", "Star", "Starred", "Not starred"),
    ("hidden", "Hidden", "Hidden", "Not hidden"),
    ("archived", "Archive", "Archived", "Not archived"),
)


class BulkEditor(QDialog):
    """What is left as it is stays as it is in each run."""

    def __init__(self, context: Context, keys: tuple[RunKey, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bulk-editor")
        self.setWindowTitle("Edit runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self._context = context
        self._keys = keys
        self.add = self._line("bulk-add", "Tags to put on", "Tags with commas between")
        self.remove = self._line("bulk-remove", "Tags to take off", "Tags with commas between")
        self.flags: dict[str, QComboBox] = {}
        for name, title, on, off in _FLAGS:
            self.flags[name] = self._choice(f"bulk-{name}", title)
            self.flags[name].addItem(on, True)
            self.flags[name].addItem(off, False)
        self.color = self._choice("bulk-color", "Colour")
        self.color.addItem("None", 0)
        self.color.setIconSize(QSize(14, 14))
        for place, name in enumerate(COLOR_NAMES):
            self.color.addItem(swatch(context.theme.run_color(place)), name, place + 1)
        self.note = QPlainTextEdit()
        self.note.setObjectName("bulk-note")
        self.note.setAccessibleName("Add to the notes")
        self.note.setPlaceholderText("A paragraph in Markdown, added below what each note says")
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(84)
        for field in (self.add, self.remove):
            field.textChanged.connect(self._check)
        for box in (*self.flags.values(), self.color):
            box.currentIndexChanged.connect(self._check)
        self.note.textChanged.connect(self._check)
        runs = context.state.name_of(keys[0]) if len(keys) == 1 else counted(len(keys), "run")
        self.button = TextButton("Apply", context.theme, kind="primary")
        self.button.setObjectName("bulk-apply")
        self.button.setDefault(True)
        self.button.clicked.connect(self._apply)
        cancel = TextButton("Cancel", context.theme)
        cancel.clicked.connect(self.reject)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(9)
        form.addRow("Tag", self.add)
        form.addRow("Untag", self.remove)
        for name, title, _, _ in _FLAGS:
            form.addRow(title, self.flags[name])
        form.addRow("Colour", self.color)
        form.addRow("Add to notes", self.note)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(cancel)
        buttons.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(PlainLabel(f"Edit {runs}", font=fonts.ui(17, fonts.DEMI_BOLD)))
        text = "One entry of the audit trail; one undo takes all of it back. The folders are not touched."
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        column.addLayout(form)
        column.addLayout(buttons)
        self._check()

    def ask(self, *, at_note: bool = False) -> None:
        """Open it, with the focus in the note or in the first line."""
        self.open()
        (self.note if at_note else self.add).setFocus()

    def change(self) -> MarkChange:
        """What was chosen."""
        flags = {name: box.currentData() for name, box in self.flags.items()}
        return MarkChange(
            _tags(self.add.text()),
            _tags(self.remove.text()),
            **flags,
            color=self.color.currentData(),
            append_note=self.note.toPlainText().strip(),
        )

    def _apply(self) -> None:
        mark_runs(self._context, self._keys, self.change(), "edited")
        self.accept()

    def _check(self) -> None:
        self.button.setEnabled(self.change().does_something)

    def _line(self, name: str, label: str, hint: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setAccessibleName(label)
        field.setPlaceholderText(hint)
        return field

    def _choice(self, name: str, label: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(label)
        box.addItem(AS_IT_IS, None)
        return box


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
