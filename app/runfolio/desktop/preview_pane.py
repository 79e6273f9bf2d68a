"""Shows any file: asks the workers what it holds, and puts up the part that can show that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_markdown import LONGEST
from runfolio.desktop.preview_parts import PreviewParts
from runfolio.desktop.widgets import ElidedLabel, EmptyState, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import plain, size, storable
from runfolio.model.previews import (
    Ask,
    FileKind,
    FilePlace,
    Picture,
    Preview,
    Sheet,
    Sound,
    TablePage,
    TextPage,
    TreePage,
)

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace

_WAYS = {
    FileKind.MARKDOWN: ((FileKind.MARKDOWN, "Formatted"), (FileKind.TEXT, "Text")),
    FileKind.TREE: ((FileKind.TREE, "Tree"), (FileKind.TEXT, "Text")),
    FileKind.TABLE: ((FileKind.TABLE, "Table"), (FileKind.TEXT, "Text")),
    FileKind.MODEL: ((FileKind.MODEL, "Header"), (FileKind.TEXT, "Bytes as text")),
    FileKind.OTHER: ((FileKind.TEXT, "Bytes as text"),),
}
"""What else a file of a kind can be shown as."""


class PreviewPane(QWidget):
    """A file by its name, with ways to look at it; empty, loading and error states. `shown` when it is there."""

    shown = Signal()

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._looker = Looker(context, "Preview a file")
        self._place: FilePlace | None = None
        self._natural: FileKind | None = None
        theme = context.theme
        self.title = ElidedLabel("", font=fonts.ui(14, fonts.DEMI_BOLD))
        self.title.setObjectName(f"{name}-title")
        self.facts = PlainLabel("", role="muted", font=fonts.ui(12))
        self.facts.setObjectName(f"{name}-size")
        self.notes = PlainLabel("", role="warn", wrap=True, font=fonts.ui(12))
        self.notes.setObjectName(f"{name}-notes")
        self.notes.setContentsMargins(14, 0, 14, 6)
        self._ways = QHBoxLayout()
        self._ways.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(14, 9, 12, 7)
        head.setSpacing(9)
        head.addWidget(self.title, 1)
        head.addWidget(self.facts)
        head.addLayout(self._ways)
        self.empty = EmptyState(
            theme, "No file is chosen", "Choose a file at the left to see what it holds.", icon="file"
        )
        self.parts = PreviewParts(context, name, self.empty)
        self._head = QWidget()
        self._head.setLayout(head)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.notes)
        column.addWidget(self.parts, 1)
        self.clear()

    @property
    def place(self) -> FilePlace | None:
        """The file that is shown or awaited."""
        return self._place

    def clear(
        self, title: str = "No file is chosen", text: str = "Choose a file at the left to see what it holds."
    ) -> None:
        """Show no file, and say why."""
        self._looker.forget()
        self.parts.silence()
        self._place = self._natural = None
        self.empty.set(title, text)
        self.parts.setCurrentWidget(self.empty)
        self._head.hide()
        self.notes.hide()

    def open(self, place: FilePlace, title: str, as_kind: FileKind | None = None) -> None:
        """Show a file; by what it is, or as something else."""
        if as_kind is None:
            self._natural = None
        self._place = place
        self.parts.silence()
        self.title.setText(title)
        self._head.show()
        if self.parts.currentWidget() is self.empty:
            self.empty.set("Reading…", storable(place.name))
        ask = Ask(FileKind.TEXT if as_kind is FileKind.MARKDOWN else as_kind)

        def call(workspace: Workspace, token: CancelToken) -> Preview:
            return workspace.preview(place, ask, cancel=token)

        self._looker.ask(
            call,
            lambda preview: self._arrived(place, title, preview, as_kind),
            lambda error: self._failed(title, error),
        )

    def focus_search(self) -> None:
        """Find in a text; in a list, search that."""
        self.parts.focus_search()

    def _failed(self, title: str, error: RunfolioError) -> None:
        place = self._place
        hint = "\n".join(part for part in (error.message, error.hint) if part)
        if place is not None and self._natural is None:
            # The bytes can be looked at whatever the file is.
            self.empty.set(
                "This file cannot be shown",
                hint,
                action="Show its bytes as text",
                call=lambda: self.open(place, title, FileKind.TEXT),
            )
        else:
            self.empty.set("This file cannot be shown", hint)
        self._note(())
        self.facts.setText("")
        self._offer(title, None, None)
        self.parts.setCurrentWidget(self.empty)
        self.shown.emit()

    def _arrived(self, place: FilePlace, title: str, preview: Preview, as_kind: FileKind | None) -> None:
        kind = as_kind or preview.kind
        if as_kind is None or self._natural is None:
            self._natural = preview.kind if as_kind is None else None
        content = preview.content
        notes = preview.notes
        self.facts.setText(f"{kind.value} · {size(preview.size)}")
        if isinstance(content, TextPage):
            whole = content.start <= 3 and content.end >= content.size
            if kind is FileKind.MARKDOWN:
                self.parts.markdown.body.put(content.text)
                self.parts.setCurrentWidget(self.parts.markdown)
                if not whole or len(content.text) > LONGEST:
                    notes = (*notes, "The beginning is laid out; the rest is under Text")
            else:
                self.parts.text.body.show_page(place, content)
                self.parts.setCurrentWidget(self.parts.text)
                if kind is FileKind.MARKUP:
                    notes = (*notes, "Shown as text: pages and drawings of others are not rendered")
                elif kind is FileKind.OTHER:
                    notes = (*notes, "No known kind of file: its bytes are shown as text")
        elif isinstance(content, TreePage):
            self.parts.tree.body.show_page(place, content)
            self.parts.setCurrentWidget(self.parts.tree)
        elif isinstance(content, TablePage):
            self.parts.table.body.show_page(place, content)
            self.parts.setCurrentWidget(self.parts.table)
        elif isinstance(content, Picture):
            self.parts.picture.body.show_picture(content)
            self.parts.setCurrentWidget(self.parts.picture)
        elif isinstance(content, Sheet):
            self.parts.sheet.body.show_sheet(content)
            self.parts.setCurrentWidget(self.parts.sheet)
        elif isinstance(content, Sound):
            self.parts.sound.body.show_sound(place, content)
            self.parts.setCurrentWidget(self.parts.sound)
        self._note(notes)
        self._offer(title, self._natural, kind)
        self.shown.emit()

    def _note(self, notes: tuple[str, ...]) -> None:
        self.notes.setText(plain("\n".join(notes[:4]), 600, lines=True))
        self.notes.setVisible(bool(notes))

    def _offer(self, title: str, natural: FileKind | None, shown: FileKind | None) -> None:
        while self._ways.count():
            item = self._ways.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.deleteLater()
        ways = _WAYS.get(natural, ()) if natural is not None else ()
        if len(ways) < 2:
            return
        for kind, words in ways:
            button = QPushButton(words)
            button.setObjectName(f"as-{kind.value}")
            button.setProperty("chip", True)
            button.setCheckable(True)
            button.setChecked(kind is shown)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, kind=kind: self._open_as(title, kind))
            self._ways.addWidget(button)

    def _open_as(self, title: str, kind: FileKind) -> None:
        if self._place is not None:
            natural = self._natural
            self.open(self._place, title, None if kind is natural else kind)
            self._natural = natural
