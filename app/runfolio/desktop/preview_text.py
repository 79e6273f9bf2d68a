"""A text of any size, a page at a time, with a search bar over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.context import Context
from runfolio.desktop.numbered_text import NumberedText
from runfolio.desktop.preview_looker import Looker
from runfolio.desktop.preview_search import SearchBar
from runfolio.desktop.widgets import IconButton, PlainLabel
from runfolio.errors import RunfolioError
from runfolio.model.display import size
from runfolio.model.previews import Ask, FileKind, FilePlace, Preview, TextPage
from runfolio.model.text_search import Match, Matches, Search

if TYPE_CHECKING:
    from runfolio.api import CancelToken, Workspace


class TextPane(QWidget):
    """Shows a page and asks for the next. `name` begins the object names of its parts."""

    def __init__(self, context: Context, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._place: FilePlace | None = None
        self._as_kind = FileKind.TEXT
        self._page: TextPage | None = None
        self._goal: Match | None = None
        self._line_known: int | None = None
        self._looker = Looker(context, "Read a file")
        self._searcher = Looker(context, "Search a file")
        theme = context.theme
        self.search = SearchBar(theme, f"{name}-find")
        self.search.asked.connect(self._search)
        self.search.reached.connect(self._go_to)
        self.text = NumberedText(context)
        self.text.setObjectName(f"{name}-text")
        self.text.setAccessibleName("Text of the file")
        self._buttons: dict[str, IconButton] = {}
        pager = QHBoxLayout()
        pager.setContentsMargins(10, 3, 10, 4)
        pager.setSpacing(2)
        self.told = PlainLabel("", role="muted", font=fonts.ui(12))
        self.told.setObjectName(f"{name}-page")
        for part, icon, title, call in (
            ("first", "chevron-first", "First page", lambda: self._turn(0)),
            ("previous", "chevron-left", "Previous page", lambda: self._turn(-1)),
            ("next", "chevron-right", "Next page", lambda: self._turn(1)),
            ("last", "chevron-last", "Last page", lambda: self._turn(2)),
        ):
            button = IconButton(icon, title, theme, size=16)
            button.setObjectName(f"{name}-{part}")
            button.clicked.connect(call)
            self._buttons[part] = button
        for part in ("first", "previous"):
            pager.addWidget(self._buttons[part])
        pager.addWidget(self.told)
        for part in ("next", "last"):
            pager.addWidget(self._buttons[part])
        pager.addStretch()
        self.coding = PlainLabel("", role="muted", font=fonts.ui(12))
        pager.addWidget(self.coding)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 5, 10, 4)
        bar.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.text, 1)
        column.addLayout(pager)

    def show_page(self, place: FilePlace, page: TextPage, kind: FileKind = FileKind.TEXT) -> None:
        """Show a page of a file that has arrived."""
        if place != self._place:
            self.forget()
            self.search.clear()
        self._place, self._as_kind = place, kind
        self._put(page)

    def open(self, place: FilePlace, *, at_end: bool = False) -> None:
        """Ask for the first page of a file, or the last."""
        if place != self._place:
            self.search.clear()
        self._place, self._as_kind, self._page = place, FileKind.TEXT, None
        self._ask(Ask(FileKind.TEXT, at=(1 << 62) if at_end else 0, backwards=at_end), at_end=at_end)

    def forget(self) -> None:
        """Nothing is shown, and nothing awaited."""
        self._looker.forget()
        self._searcher.forget()
        self._place = self._page = self._goal = None
        self.text.setPlainText("")
        self.told.setText("")
        self.coding.setText("")

    @property
    def page(self) -> TextPage | None:
        """The page that is shown."""
        return self._page

    def focus_search(self) -> None:
        """Put the caret into the search field."""
        self.search.field.setFocus()
        self.search.field.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F3 goes to the next match."""
        if event.key() == Qt.Key.Key_F3:
            self.search.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            event.accept()
            return
        super().keyPressEvent(event)

    # --- pages -------------------------------------------------------------------------------------------------

    def _turn(self, where: int) -> None:
        page = self._page
        if page is None:
            return
        if where == 0:
            self._ask(Ask(self._as_kind))
        elif where == 1:
            self._ask(Ask(self._as_kind, at=page.end))
        else:
            at = page.start if where < 0 else page.size
            self._ask(Ask(self._as_kind, at=at, backwards=True), at_end=True)

    def _ask(self, ask: Ask, *, at_end: bool = False, line: int | None = None) -> None:
        place = self._place
        if place is None:
            return
        self.told.setText("Reading…")
        self._line_known = line

        def call(workspace: Workspace, token: CancelToken) -> Preview:
            return workspace.preview(place, ask, cancel=token)

        def arrived(preview: Preview) -> None:
            if isinstance(preview.content, TextPage):
                self._put(preview.content)
                if at_end:
                    self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())

        self._looker.ask(call, arrived, self._failed)

    def _failed(self, error: RunfolioError) -> None:
        self.told.setText(error.message)

    def _put(self, page: TextPage) -> None:
        self._page = page
        line = page.line if page.line is not None else self._line_known
        self.text.put(page, line)
        self.coding.setText(page.encoding)
        only = page.end >= page.size and page.start <= 3
        for button in self._buttons.values():
            button.setVisible(not only)
        self._buttons["first"].setEnabled(page.start > 3)
        self._buttons["previous"].setEnabled(page.start > 3)
        self._buttons["next"].setEnabled(page.end < page.size)
        self._buttons["last"].setEnabled(page.end < page.size)
        if only:
            self.told.setText(f"{size(page.size)}, all of it")
        else:
            share = f"{100 * page.end / page.size:.0f} %" if page.size else "100 %"
            self.told.setText(f"{size(page.start)} to {size(page.end)} of {size(page.size)} ({share})")
        if self._goal is not None:
            goal, self._goal = self._goal, None
            self._show_match(goal)

    # --- searching ---------------------------------------------------------------------------------------------

    def _search(self, wanted: Search | None) -> None:
        place = self._place
        if place is None or wanted is None:
            self._searcher.forget()
            self.text.mark(None)
            return
        self.search.waiting()

        def call(workspace: Workspace, token: CancelToken) -> Matches:
            return workspace.search_file(place, wanted, cancel=token)

        self._searcher.ask(call, self.search.take, lambda error: self.search.refuse(error.message))

    def _go_to(self, match: Match) -> None:
        page = self._page
        if page is not None and page.start <= match.line_start < page.end:
            self._show_match(match)
            return
        self._goal = match
        self._ask(Ask(self._as_kind, at=match.line_start), line=match.line)

    def _show_match(self, match: Match) -> None:
        page = self._page
        if page is None:
            return
        first = page.line if page.line is not None else self._line_known
        inside = match.line - first if first is not None and match.line >= first else 0
        block, column = page.block_of(inside, match.column)
        self.text.mark((block, column, match.length))
