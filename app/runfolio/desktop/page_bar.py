"""The tabs over the charts: pages of panels that are chosen, named, moved and closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QTabBar, QWidget

from runfolio.desktop.panel_pages import LONGEST_NAME
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton
from runfolio.model.display import plain


class PageBar(QWidget):
    """Hidden while there is one page. Places are counted from 0.

    chosen, closed, torn   a page; renamed   a page and its name; moved   a page and the place it goes to.
    """

    chosen = Signal(int)
    closed = Signal(int)
    torn = Signal(int)
    renamed = Signal(int, str)
    moved = Signal(int, int)
    added = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = QTabBar()
        self.tabs.setObjectName("pages")
        self.tabs.setAccessibleName("Pages of charts")
        self.tabs.setDocumentMode(True)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setMovable(True)
        self.tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tabs.customContextMenuRequested.connect(self._open_menu)
        self.tabs.currentChanged.connect(self._on_current)
        self.tabs.tabMoved.connect(self._on_moved)
        self.tabs.tabBarDoubleClicked.connect(self.edit)
        self.tabs.installEventFilter(self)
        self.add_button = IconButton("plus", "New page", theme, size=14, shortcut="Ctrl+T")
        self.add_button.setObjectName("add-page")
        self.add_button.clicked.connect(self.added)
        self._editor: QLineEdit | None = None
        self._moving: tuple[int, int] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 4)
        row.setSpacing(4)
        row.addWidget(self.tabs)
        row.addWidget(self.add_button)
        row.addStretch()

    @property
    def names(self) -> list[str]:
        """What stands on the tabs."""
        return [self.tabs.tabText(place).replace("&&", "&") for place in range(self.tabs.count())]

    def show_pages(self, names: Sequence[str], current: int) -> None:
        """Show these pages, one of them as the one on show."""
        self.tabs.blockSignals(True)
        while self.tabs.count() > len(names):
            self.tabs.removeTab(self.tabs.count() - 1)
        for place, name in enumerate(names):
            text = plain(name, LONGEST_NAME).replace("&", "&&")
            if place < self.tabs.count():
                self.tabs.setTabText(place, text)
            else:
                self.tabs.addTab(text)
        self.tabs.setCurrentIndex(current)
        self.tabs.blockSignals(False)
        self.setVisible(len(names) > 1)

    def page_at(self, at: QPoint) -> int:
        """The page whose tab is at a place of the screen; -1 for none."""
        return self.tabs.tabAt(self.tabs.mapFromGlobal(at)) if self.isVisible() else -1

    def edit(self, place: int) -> None:
        """Let the user write another name on a tab."""
        if place < 0:
            self.added.emit()
            return
        self._end_edit()
        editor = QLineEdit(self.names[place], self)
        editor.setObjectName("page-name")
        editor.setAccessibleName("Name of the page")
        editor.setMaxLength(LONGEST_NAME)
        rect = self.tabs.tabRect(place).translated(self.tabs.pos())
        editor.setGeometry(rect.left(), rect.top(), max(160, rect.width()), rect.height())
        editor.selectAll()
        editor.returnPressed.connect(lambda: self._write(place, editor.text()))
        editor.installEventFilter(self)
        self._editor = editor
        editor.show()
        editor.setFocus()

    def _write(self, place: int, name: str) -> None:
        self._end_edit()
        self.renamed.emit(place, name)

    def _end_edit(self) -> None:
        if self._editor is not None:
            editor, self._editor = self._editor, None
            editor.hide()
            editor.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc and another focus leave a name as it was; a dragged tab is moved when it is let go."""
        if watched is self._editor:
            escape = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
            if escape and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
                self._end_edit()
                return True
            if event.type() == QEvent.Type.FocusOut:
                self._end_edit()
        elif watched is self.tabs and event.type() == QEvent.Type.MouseButtonRelease and self._moving is not None:
            (page, place), self._moving = self._moving, None
            self.moved.emit(page, place)
        return super().eventFilter(watched, event)

    def _on_current(self, place: int) -> None:
        if self._moving is None and place >= 0:
            self.chosen.emit(place)

    def _on_moved(self, start: int, end: int) -> None:
        # Qt moves a tab place by place while it is dragged.
        self._moving = (start if self._moving is None else self._moving[0], end)

    def _open_menu(self, at: QPoint) -> None:
        place = self.tabs.tabAt(at)
        if place < 0:
            return
        menu = QMenu(self)
        menu.setObjectName("page-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename…", lambda: self.edit(place))
        menu.addAction("Tear off into a window", lambda: self.torn.emit(place))
        menu.addAction("Close page", lambda: self.closed.emit(place)).setEnabled(self.tabs.count() > 1)
        menu.popup(self.tabs.mapToGlobal(at))
