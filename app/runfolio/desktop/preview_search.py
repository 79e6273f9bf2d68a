"""The bar that looks for a text: a field, case and expression switches, matches one after the other."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import IconButton, PlainLabel, restyle, tooltip
from runfolio.model.display import count, size
from runfolio.model.text_search import Match, Matches, Search


class SearchBar(QWidget):
    """`asked` carries the Search (None when the field is empty), `reached` the Match that is gone to."""

    asked = Signal(object)
    reached = Signal(object)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._matches: Matches | None = None
        self._at = 0
        self.field = QLineEdit()
        self.field.setObjectName(name)
        self.field.setAccessibleName("Find in this file")
        self.field.setPlaceholderText("Find, then Enter")
        self.field.setMinimumWidth(90)
        self.field.setToolTip(tooltip("Enter: find, and go to the next match. Shift+Enter: the one before"))
        self.field.installEventFilter(self)
        self.field.textEdited.connect(self._on_edited)
        self.case = IconButton("case-sensitive", "Match case", theme, size=16)
        self.regex = IconButton("regex", "Regular expression", theme, size=16)
        for button, part in ((self.case, "case"), (self.regex, "regex")):
            button.setCheckable(True)
            button.setObjectName(f"{name}-{part}")
            button.clicked.connect(self._on_edited)
        before = IconButton("chevron-up", "Previous match", theme, size=16, shortcut="Shift+F3")
        after = IconButton("chevron-down", "Next match", theme, size=16, shortcut="F3")
        before.setObjectName(f"{name}-previous")
        after.setObjectName(f"{name}-next")
        before.clicked.connect(lambda: self.step(-1))
        after.clicked.connect(lambda: self.step(1))
        self.told = PlainLabel("", role="muted")
        self.told.setObjectName(f"{name}-told")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.field, 1)
        for widget in (self.case, self.regex, before, after, self.told):
            row.addWidget(widget)

    @property
    def wanted(self) -> Search | None:
        """What is looked for."""
        text = self.field.text()
        return Search(text, self.regex.isChecked(), self.case.isChecked()) if text else None

    def clear(self) -> None:
        """Another file is shown: what was found in the one before is nothing here."""
        self._matches = None
        self.told.setText("")

    def waiting(self) -> None:
        """The file is being searched."""
        self.told.setText("Searching…")

    def refuse(self, message: str) -> None:
        """It cannot be looked for."""
        self._matches = None
        self.told.setText(message)
        self.told.setToolTip(tooltip(message))
        self.field.setProperty("invalid", True)
        restyle(self.field)

    def take(self, matches: Matches) -> None:
        """Found: go to the first."""
        self._matches, self._at = matches, -1
        self._note()
        if matches.found:
            self.step(1)

    def step(self, by: int) -> None:
        """Go to the next match, or the one before; around at the ends."""
        found = self._matches
        if found is None or not found.found:
            if found is None and self.wanted is not None:
                self.asked.emit(self.wanted)
            return
        self._at = (self._at + by) % len(found.found) if self._at >= 0 else (0 if by > 0 else len(found.found) - 1)
        self._note()
        self.reached.emit(found.found[self._at])

    @property
    def current(self) -> Match | None:
        """The match that was gone to last."""
        return None if self._matches is None or self._at < 0 else self._matches.found[self._at]

    def _note(self) -> None:
        found = self._matches
        if found is None:
            return
        total = len(found.found) + found.more
        text = "Not found" if not total else f"{count(self._at + 1)} of {count(total)}"
        tip = ""
        if found.searched < found.size:
            text += f" in the first {size(found.searched)}"
            tip = "The search stopped at its time limit."
        if found.more:
            tip = f"{tip} The first {count(len(found.found))} matches can be gone to.".strip()
        self.told.setText(text)
        self.told.setToolTip(tooltip(tip))

    def _on_edited(self) -> None:
        self.clear()
        if self.field.property("invalid"):
            self.field.setProperty("invalid", False)
            restyle(self.field)
        if not self.field.text():
            self.asked.emit(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and F3 in the field."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F3):
                self.step(-1 if shift else 1)
                return True
        return super().eventFilter(watched, event)
