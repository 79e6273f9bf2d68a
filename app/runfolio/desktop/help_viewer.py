"""The help pages, in the window: Markdown that ships with the app, read off the GUI thread."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from runfolio import locate
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel, TextButton

FIRST = "README.md"
SIZE = (820, 680)
_MARGIN = 18
_PICTURE = re.compile(r"!\[[^\]]*\]\(((?:\.\./)*pictures/[a-z0-9-]+\.png)\)")


class _Pages(QTextBrowser):
    """Shows what it is given, and fetches nothing by itself: neither pages nor pictures.

    pictures   of the page, by how the page names them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, QImage] = {}

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """One of the pictures that came with the page; nothing else is loaded from inside of it."""
        return self.pictures.get(name.toString() if isinstance(name, QUrl) else name)


def read_page(path: Path, width: int) -> tuple[str, dict[str, QImage]]:
    """A page and its pictures, at most so many pixels wide; not for the GUI thread.

    Pictures are those of `pictures/` beside the first page alone, whatever a page names.
    """
    text = path.read_text(encoding="utf-8")
    found: dict[str, QImage] = {}
    for name in _PICTURE.findall(text):
        picture = QImage(str(locate.resources() / "help" / "pictures" / PurePosixPath(name).name))
        if not picture.isNull():
            wide = min(width, picture.width())
            found[name] = picture.scaledToWidth(wide, Qt.TransformationMode.SmoothTransformation)
    return text, found


class HelpViewer(QDialog):
    """Pages below `resources/help`, with links between them and a way back."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle("Runfolio help")
        self.resize(*SIZE)
        self._context = context
        self._trail: list[str] = []
        self._title = PlainLabel("Help", font=fonts.ui(16, fonts.DEMI_BOLD))
        self._back = TextButton("Back", context.theme, icon="chevron-left")
        self._back.setObjectName("help-back")
        self._back.clicked.connect(self.go_back)
        contents = TextButton("Contents", context.theme)
        contents.clicked.connect(lambda: self.show_page(FIRST))
        self.pages = _Pages()
        self.pages.setObjectName("help-page")
        self.pages.setOpenLinks(False)
        self.pages.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.pages.document().setDocumentMargin(_MARGIN)
        self.pages.anchorClicked.connect(self._follow)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch()
        head.addWidget(self._back)
        head.addWidget(contents)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        self.show_page(FIRST)

    def show_page(self, name: str) -> None:
        """Show the page of that path below `resources/help`."""
        path = locate.resources() / "help" / name

        width = max(200, self.pages.viewport().width() - 2 * _MARGIN - 20)

        def shown(page: tuple[str, dict[str, QImage]]) -> None:
            text, self.pages.pictures = page
            self._trail.append(name)
            self._back.setEnabled(len(self._trail) > 1)
            self.pages.setMarkdown(text)
            self.pages.verticalScrollBar().setValue(0)

        self._context.jobs.background(lambda: read_page(path, width), shown)

    def go_back(self) -> None:
        """Show the page before."""
        if len(self._trail) > 1:
            self._trail.pop()
            self.show_page(self._trail.pop())

    def _follow(self, link: QUrl) -> None:
        target = link.path()
        if link.scheme() or not target.endswith(".md") or not self._trail:
            return
        parts: list[str] = []
        for part in (PurePosixPath(self._trail[-1]).parent / target).parts:
            if part == "..":
                parts = parts[:-1]
            elif part != ".":
                parts.append(part)
        self.show_page("/".join(parts))
