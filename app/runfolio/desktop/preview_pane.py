"""Shows any file: asks the workers what it holds, and puts up the part that can show that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.preview_grid import GridPane
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_markdown import LONGEST, MarkdownPane
from runfolio.desktop.preview_picture import PicturePane
from runfolio.desktop.preview_sheet import SheetPane
from runfolio.desktop.preview_sound import SoundPane
from runfolio.desktop.preview_text import TextPane
from runfolio.desktop.preview_tree import TreePane
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
        self.text = TextPane(context, name)
        self.markdown = MarkdownPane(context, f"{name}-markdown")
        self.tree = TreePane(context, name)
        self.table = GridPane(context, f"{name}-grid")
        self.picture = PicturePane(context, name)
        self.sheet = SheetPane(context, name)
        self.sound = SoundPane(context, name)
        self.stack = QStackedWidget()
        for widget in (
            self.empty, self.text, self.markdown, self.tree, self.table, self.picture, self.sheet, self.sound,
        ):  # fmt: skip
            self.stack.addWidget(widget)
        self._head = QWidget()
        self._head.setLayout(head)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.notes)
        column.addWidget(self.stack, 1)
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
        self.sound.player.stop()
        self._place = self._natural = None
        self.empty.set(title, text)
        self.stack.setCurrentWidget(self.empty)
        self._head.hide()
        self.notes.hide()

    def open(self, place: FilePlace, title: str, as_kind: FileKind | None = None) -> None:
        """Show a file; by what it is, or as something else."""
        if as_kind is None:
            self._natural = None
        self._place = place
        self.sound.player.stop()
        self.title.setText(title)
        self._head.show()
        if self.stack.currentWidget() is self.empty:
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
        if self.stack.currentWidget() is self.text:
            self.text.focus_search()
        elif self.stack.currentWidget() is self.sheet:
            self.sheet.search.setFocus()

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
        self.stack.setCurrentWidget(self.empty)
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
                self.markdown.put(content.text)
                self.stack.setCurrentWidget(self.markdown)
                if not whole or len(content.text) > LONGEST:
                    notes = (*notes, "The beginning is laid out; the rest is under Text")
            else:
                self.text.show_page(place, content)
                self.stack.setCurrentWidget(self.text)
                if kind is FileKind.MARKUP:
                    notes = (*notes, "Shown as text: pages and drawings of others are not rendered")
                elif kind is FileKind.OTHER:
                    notes = (*notes, "No known kind of file: its bytes are shown as text")
        elif isinstance(content, TreePage):
            self.tree.show_page(place, content)
            self.stack.setCurrentWidget(self.tree)
        elif isinstance(content, TablePage):
            self.table.show_page(place, content)
            self.stack.setCurrentWidget(self.table)
        elif isinstance(content, Picture):
            self.picture.show_picture(content)
            self.stack.setCurrentWidget(self.picture)
        elif isinstance(content, Sheet):
            self.sheet.show_sheet(content)
            self.stack.setCurrentWidget(self.sheet)
        elif isinstance(content, Sound):
            self.sound.show_sound(place, content)
            self.stack.setCurrentWidget(self.sound)
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
