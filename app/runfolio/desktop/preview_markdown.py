"""Markdown of others, laid out without HTML, without images, and without links that could be followed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSizeF, QTimer, QUrl
from PySide6.QtGui import QImage, QTextCharFormat, QTextCursor, QTextDocument, QTextImageFormat
from PySide6.QtWidgets import QTextBrowser, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.model.display import plain

LONGEST = 16_000
"""Characters that are laid out; a longer text is cut, and says so."""
_SHORT = 1_500
"""Characters that are laid out at once."""
_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


class _Document(QTextDocument):
    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """An empty picture for whatever is asked: with none at all Qt would open the file of that name itself."""
        nothing = QImage(1, 1, QImage.Format.Format_ARGB32)
        nothing.fill(0)
        return nothing


class MarkdownPane(QTextBrowser):
    """Shows Markdown. A click on a link does nothing; an image is the text that stands for it."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._text = ""
        self._made: _Document | None = None
        self._steps: list[Callable[[], None]] = []
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._go_on)
        self.setObjectName(name)
        self.setAccessibleName("Text")
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setProperty("bare", True)
        context.theme.changed.connect(lambda: self._make(at=self.verticalScrollBar().value()))

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is loaded."""
        nothing = QImage(1, 1, QImage.Format.Format_ARGB32)
        nothing.fill(0)
        return nothing

    def put(self, text: str) -> None:
        """Show another text; a long one is there some turns later, and the one before stays until then."""
        if text != self._text:
            self._text = text
            self._make(at=0)

    def _make(self, at: int) -> None:
        document = _Document(self)
        document.setDefaultFont(fonts.ui(13))
        document.setDocumentMargin(14)
        document.setMarkdown(plain(self._text, LONGEST, lines=True), _FEATURES)
        if "![" in self._text:
            _images_to_text(document)
        self._forget_steps()
        if len(self._text) <= _SHORT:
            self._take(document, at)
            return
        if not self.isVisible():
            # What is there was of another file, and would be seen until this one is laid out.
            self._take(_Document(self), 0)
        self._made = document
        self._steps = [lambda: self._lay_out(document), lambda: self._take(document, at)]
        self._turn.start()

    def _forget_steps(self) -> None:
        self._turn.stop()
        self._steps = []
        if self._made is not None:
            self._made.deleteLater()
            self._made = None

    def _go_on(self) -> None:
        step = self._steps.pop(0)
        if self._steps:
            self._turn.start()
        step()

    def _lay_out(self, document: _Document) -> None:
        """Lay out what a viewport holds, as wide as it is; Qt does the rest by and by when the document is shown."""
        document.setDefaultTextOption(self.document().defaultTextOption())
        document.setPageSize(QSizeF(self.viewport().width(), -1))
        document.documentLayout()

    def _take(self, document: _Document, at: int) -> None:
        self._made = None
        before = self.document()
        self.setDocument(document)
        if isinstance(before, _Document):
            before.deleteLater()
        if at:
            # All of it is laid out first: the scroll bar ends where the layout does.
            document.documentLayout().documentSize()
            self.verticalScrollBar().setValue(at)


def _images_to_text(document: QTextDocument) -> None:
    """Replace each image by its name in brackets, before anything is laid out."""
    found: list[tuple[int, str]] = []
    block = document.begin()
    while block.isValid():
        inside = block.begin()
        while not inside.atEnd():
            fragment = inside.fragment()
            look = fragment.charFormat()
            if look.isImageFormat():
                image: QTextImageFormat = look.toImageFormat()
                title = str(image.property(QTextImageFormat.Property.ImageAltText) or "") or image.name()
                found += [(fragment.position() + place, title) for place in range(fragment.length())]
            inside += 1
        block = block.next()
    for position, title in reversed(found):
        cursor = QTextCursor(document)
        cursor.setPosition(position)
        cursor.setPosition(position + 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(f"[image: {plain(title, 120)}]", QTextCharFormat())
