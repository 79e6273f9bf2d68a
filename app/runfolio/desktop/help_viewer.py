"""The help pages, in the window: Markdown that ships with the app, read off the GUI thread."""

from __future__ import annotations

from pathlib import PurePosixPath

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QDialog, QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from runfolio import locate
from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.widgets import PlainLabel, TextButton

FIRST = "README.md"
SIZE = (820, 680)


class _Pages(QTextBrowser):
    """Shows what it is given, and fetches nothing by itself: neither pages nor pictures."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is loaded from inside a page."""
        return None


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
        self.pages.document().setDocumentMargin(18)
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

        def shown(text: str) -> None:
            self._trail.append(name)
            self._back.setEnabled(len(self._trail) > 1)
            self.pages.setMarkdown(text)
            self.pages.verticalScrollBar().setValue(0)

        self._context.jobs.background(lambda: path.read_text(encoding="utf-8"), shown)

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
