"""A popup with a searchable list of rows to tick or to pick one of; quick however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from runfolio.desktop import fonts
from runfolio.desktop.widgets import PlainLabel, tooltip
from runfolio.model.display import count, plain

WIDTH, HEIGHT = 340, 400
ROW = 26
_SHOWN = 200
"""Rows that are made at a time; typing finds the others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A row. `ticked` None: not to be ticked but to be picked, which closes the popup."""

    id: str
    title: str
    ticked: bool | None = None
    note: str = ""


class ChoicePopup(QFrame):
    """`call` hears the id of a row and whether it is ticked now."""

    def __init__(
        self, title: str, text: str, choices: Sequence[Choice], call: Callable[[str, bool], None], parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("choice-popup")
        self.setAccessibleName(title)
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedSize(WIDTH, HEIGHT)
        self._choices = {choice.id: choice for choice in choices}
        self._ticked = {choice.id: bool(choice.ticked) for choice in choices}
        self._call = call
        self.search = QLineEdit()
        self.search.setObjectName("choice-search")
        self.search.setAccessibleName(f"Search: {title}")
        self.search.setPlaceholderText("Search")
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._take_current)
        self.list = QListWidget()
        self.list.setObjectName("choice-list")
        self.list.setAccessibleName(title)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.itemChanged.connect(self._on_changed)
        self.list.itemClicked.connect(self._on_clicked)
        self._found = PlainLabel("", role="muted", font=fonts.ui(12))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(8)
        column.addWidget(PlainLabel(title, font=fonts.ui(13, fonts.DEMI_BOLD)))
        if text:
            column.addWidget(PlainLabel(text, role="muted", font=fonts.ui(12), wrap=True))
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self._found)
        self._fill("")

    def open_under(self, widget: QWidget) -> None:
        """Show it below a button."""
        self.move(widget.mapToGlobal(QPoint(0, widget.height() + 3)))
        self.show()
        self.search.setFocus()

    def _fill(self, typed: str) -> None:
        wanted = typed.strip().casefold()
        found = [c for c in self._choices.values() if wanted in c.title.casefold()]
        self.list.blockSignals(True)
        self.list.clear()
        for choice in found[:_SHOWN]:
            item = QListWidgetItem(plain(f"{choice.title}  {choice.note}".rstrip(), 120))
            item.setData(Qt.ItemDataRole.UserRole, choice.id)
            item.setToolTip(tooltip(choice.title))
            item.setSizeHint(QSize(60, ROW))
            if choice.ticked is not None:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                state = Qt.CheckState.Checked if self._ticked[choice.id] else Qt.CheckState.Unchecked
                item.setCheckState(state)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setCurrentRow(0)
        more = f", {count(_SHOWN)} shown" if len(found) > _SHOWN else ""
        self._found.setText(f"{count(len(found))} found{more}" if found else "Nothing is called like that")

    def _on_changed(self, item: QListWidgetItem) -> None:
        id, ticked = str(item.data(Qt.ItemDataRole.UserRole)), item.checkState() is Qt.CheckState.Checked
        if self._ticked[id] != ticked:
            self._ticked[id] = ticked
            self._call(id, ticked)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        if self._choices[str(item.data(Qt.ItemDataRole.UserRole))].ticked is None:
            self._pick(item)

    def _take_current(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        if self._choices[str(item.data(Qt.ItemDataRole.UserRole))].ticked is None:
            self._pick(item)
        else:
            on = item.checkState() is Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _pick(self, item: QListWidgetItem) -> None:
        id = str(item.data(Qt.ItemDataRole.UserRole))
        self.close()
        self._call(id, True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it; arrows walk the list while the search has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.search.hasFocus():
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.hasFocus():
            self._take_current()
            return
        super().keyPressEvent(event)
