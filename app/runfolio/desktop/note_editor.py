"""Writes a note in Markdown beside what it looks like; nothing in it is loaded, followed or taken for HTML."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.mark_step import mark_runs
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, TextButton
from runfolio.model.marks import MarkChange
from runfolio.model.run import RunKey

_DIALECT = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


class MarkdownPreview(QTextEdit):
    """Markdown as it looks. Links are text, pictures are not loaded, HTML stays as it was typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setObjectName("note-preview")
        self.setAccessibleName("Preview of the note")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(8)

    def show_markdown(self, text: str) -> None:
        """Show a note."""
        self.document().setMarkdown(text, _DIALECT)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is loaded."""
        return None


class NoteEditor(QWidget):
    """A note to write, and its preview in the same place.

    saved   the text to keep: Save was pressed, or Ctrl+Return.
    """

    saved = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = ""
        self.field = _Field()
        self.field.setObjectName("note-text")
        self.field.setAccessibleName("Note, in Markdown")
        self.field.setPlaceholderText("What is worth knowing about this run? Markdown: **bold**, - list, `code`")
        self.field.setTabChangesFocus(True)
        self.preview = MarkdownPreview()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.field)
        self._stack.addWidget(self.preview)
        self.look = TextButton("Preview", theme, tip="Show what the note looks like (Ctrl+P)")
        self.look.setObjectName("note-look")
        self.look.setCheckable(True)
        self.look.setShortcut(QKeySequence("Ctrl+P"))
        self.look.toggled.connect(self._show_preview)
        self.button = TextButton("Save", theme, kind="primary", tip="Keep the note (Ctrl+Return)")
        self.button.setObjectName("note-save")
        self.button.setEnabled(False)
        self.button.clicked.connect(self._save)
        self.field.textChanged.connect(lambda: self.button.setEnabled(self.changed))
        self.field.done.connect(self._save)
        self._buttons = QHBoxLayout()
        self._buttons.addWidget(self.look)
        self._buttons.addStretch()
        self._buttons.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._stack, 1)
        column.addLayout(self._buttons)

    @property
    def changed(self) -> bool:
        """Whether something was written that is not kept yet."""
        return self.field.toPlainText() != self._kept

    def set_text(self, text: str) -> None:
        """Show a note as it is kept."""
        self._kept = text
        self.field.setPlainText(text)
        self.preview.show_markdown(text)
        self.button.setEnabled(False)

    def add_button(self, button: TextButton) -> None:
        """Put another button before Save."""
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def _show_preview(self, shown: bool) -> None:
        self.preview.show_markdown(self.field.toPlainText())
        front = self.preview if shown else self.field
        self._stack.setCurrentWidget(front)
        self.look.set_text("Write" if shown else "Preview")
        front.setFocus()

    def _save(self) -> None:
        if self.changed:
            self._kept = self.field.toPlainText()
            self.button.setEnabled(False)
            self.saved.emit(self._kept)


class _Field(QPlainTextEdit):
    """`done`: Ctrl+Return was pressed."""

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Return keeps the note."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.done.emit()
            return
        super().keyPressEvent(event)


class NoteDialog(QDialog):
    """The note of one run."""

    def __init__(self, context: Context, key: RunKey, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("note-dialog")
        self.setWindowTitle("Note")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 420)
        self._context = context
        self._key = key
        self.editor = NoteEditor(context.theme)
        self.editor.saved.connect(self._keep)
        cancel = TextButton("Cancel", context.theme)
        cancel.clicked.connect(self.reject)
        self.editor.add_button(cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(PlainLabel(f"Note of {context.state.name_of(key)}", font=fonts.ui(17, fonts.DEMI_BOLD)))
        text = "Kept in the audit trail, never in the run's folder. Undo brings back what it said before."
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        column.addWidget(self.editor, 1)

    def ask(self) -> None:
        """Open once the note is known."""
        key = self._key

        def take(note: str) -> None:
            self.editor.set_text(note)
            self.open()
            self.editor.field.setFocus()

        self._context.jobs.query("note-dialog", lambda workspace: workspace.marks(key).note, take)

    def _keep(self, text: str) -> None:
        what = "noted" if text else "without a note"
        mark_runs(self._context, (self._key,), MarkChange(note=text), what)
        self.accept()
