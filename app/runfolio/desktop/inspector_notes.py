"""The note of a run: written in Markdown, read laid out, kept in the ledger."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_markdown import MarkdownPane
from runfolio.desktop.tag_editor import remember_entry
from runfolio.desktop.widgets import PlainLabel, TextButton, tooltip
from runfolio.model.promotion import LedgerEntry
from runfolio.model.run_detail import RunDetail


class NotesSection(QWidget):
    """Write and read. What is being written is not overwritten by what a commit brings."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: RunDetail | None = None
        self._saved = ""
        self.edit = QPlainTextEdit()
        self.edit.setObjectName("note")
        self.edit.setAccessibleName("Note")
        self.edit.setPlaceholderText("A note in Markdown; it is kept in the ledger, with its history")
        self.edit.setFont(fonts.mono(12))
        self.edit.setTabChangesFocus(True)
        self.edit.textChanged.connect(self._on_changed)
        self.edit.installEventFilter(self)
        self.reading = MarkdownPane(context, "note-read")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.edit)
        self.stack.addWidget(self.reading)
        self._write, self._read = _chip("Write", "note-write"), _chip("Read", "note-read-it")
        self._write.setChecked(True)
        self._write.clicked.connect(lambda: self.show_reading(on=False))
        self._read.clicked.connect(lambda: self.show_reading(on=True))
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName("note-told")
        self.save_button = TextButton(
            "Save note", context.theme, kind="primary", tip="Keep it in the ledger (Ctrl+Enter)"
        )
        self.save_button.setObjectName("save-note")
        self.save_button.clicked.connect(self.save)
        self.discard = TextButton("Discard", context.theme, tip="Back to what was saved")
        self.discard.setObjectName("discard-note")
        self.discard.clicked.connect(lambda: self.edit.setPlainText(self._saved))
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._write)
        head.addWidget(self._read)
        head.addStretch()
        head.addWidget(self.told)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.discard)
        foot.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(7)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
        column.addLayout(foot)
        self._on_changed()

    def show_run(self, run: RunDetail) -> None:
        """Show the note of another run, or the same as it is now."""
        writing = self._run is not None and self._run.key == run.key and self.edit.toPlainText() != self._saved
        fresh = self._run is None or self._run.key != run.key
        self._run, self._saved = run, run.marks.note
        if not writing:
            if self.edit.toPlainText() != run.marks.note:
                self.edit.setPlainText(run.marks.note)
            if fresh:
                self.show_reading(on=bool(run.marks.note))
        if self.stack.currentWidget() is self.reading:
            self.reading.put(self.edit.toPlainText())
        self._on_changed()

    def show_reading(self, *, on: bool) -> None:
        """Lay the note out, or edit it."""
        self._read.setChecked(on)
        self._write.setChecked(not on)
        if on:
            self.reading.put(self.edit.toPlainText())
        self.stack.setCurrentIndex(1 if on else 0)

    def save(self) -> None:
        """Write it to the ledger; Ctrl+Z takes the entry back."""
        if self._run is None:
            return
        key, text, context = self._run.key, self.edit.toPlainText(), self._context

        def take(entry: LedgerEntry) -> None:
            remember_entry(context, entry)
            context.say.info(
                f"Entry {entry.number}: {entry.summary}", action="Undo", call=lambda: context.commands.run("edit.undo")
            )

        context.jobs.action(lambda workspace: workspace.note(key, text), take)
        self._saved = text
        self._on_changed()

    def _on_changed(self) -> None:
        changed = self.edit.toPlainText() != self._saved
        self.save_button.setEnabled(changed and self._run is not None)
        self.discard.setVisible(changed)
        self.told.setText("not saved yet" if changed else "saved" if self._saved else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter saves."""
        if watched is self.edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.save()
                return True
        return super().eventFilter(watched, event)


def _chip(title: str, name: str) -> QPushButton:
    button = QPushButton(title)
    button.setObjectName(name)
    button.setProperty("chip", True)
    button.setCheckable(True)
    button.setAutoDefault(False)
    button.setToolTip(tooltip(f"{title} the note"))
    return button
