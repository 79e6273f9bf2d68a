"""Markdown of others, laid out without HTML, without images, and without links that could be followed."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextCharFormat, QTextCursor, QTextDocument, QTextImageFormat
from PySide6.QtWidgets import QTextBrowser, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.model.display import plain

LONGEST = 16_000
"""Characters that are laid out; a longer text is cut, and says so."""
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
        self.setObjectName(name)
        self.setAccessibleName("Text")
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setProperty("bare", True)
        context.theme.changed.connect(lambda: self.put(self._text))

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is loaded."""
        nothing = QImage(1, 1, QImage.Format.Format_ARGB32)
        nothing.fill(0)
        return nothing

    def put(self, text: str) -> None:
        """Show another text."""
        self._text = text
        document = _Document(self)
        document.setDefaultFont(fonts.ui(13))
        document.setDocumentMargin(14)
        document.setMarkdown(plain(text, LONGEST, lines=True), _FEATURES)
        if "![" in text:
            _images_to_text(document)
        before = self.document()
        self.setDocument(document)
        if isinstance(before, _Document):
            before.deleteLater()


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
