"""The command palette: every command and every run of the scope, found by a few letters in order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from runfolio.desktop import fonts, icons
from runfolio.desktop.columns import NAME
from runfolio.desktop.context import Context
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import Rule
from runfolio.model.display import plain
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

WIDTH = 560
ROW = 34
SHOWN = 60
RUNS_SHOWN = 20
ENOUGH = 2
"""Letters from which on runs are looked for."""
_CHOICE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the palette. `note` is its shortcut, or what kind of thing it is."""

    title: str
    note: str
    icon: str
    call: Callable[[], None]
    enabled: bool = True


def score(typed: str, title: str) -> int | None:
    """How well `title` fits what was typed, the more the better; None when its letters are not there in order.

    A letter that starts a word counts most, then one that follows the letter before it; shorter titles win ties.

    >>> score("ct", "Clear the filter") > score("ct", "Quick sort"), score("xz", "Clear")
    (True, None)
    """
    points = 0
    at = -1
    low = title.lower()
    for letter in typed.lower().replace(" ", ""):
        found = low.find(letter, at + 1)
        if found < 0:
            return None
        start = _word_start(low, letter, at + 1)
        if start is not None and found != at + 1:
            found = start
        if found == 0 or not low[found - 1].isalnum():
            points += 8
        elif found == at + 1:
            points += 5
        at = found
    return points * 100 - len(title)


def best_names(workspace: Workspace, keys: Sequence[RunKey], typed: str) -> list[tuple[int, RunKey, str]]:
    """The runs whose names fit best what was typed, with their points; on a query thread."""
    names = workspace.column(NAME.field, keys).values
    found = [
        (points, key, str(name))
        for key, name in zip(keys, names, strict=True)
        if name is not None and (points := score(typed, str(name))) is not None
    ]
    return heapq.nlargest(RUNS_SHOWN, found, key=lambda entry: entry[0])


def _word_start(text: str, letter: str, after: int) -> int | None:
    found = text.find(letter, after)
    while found >= 0:
        if found == 0 or not text[found - 1].isalnum():
            return found
        found = text.find(letter, found + 1)
    return None


class Palette(QFrame):
    """A popup over the window: type, choose with the arrows, Enter."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self.setProperty("card", True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._window = window
        self.field = QLineEdit()
        self.field.setObjectName("palette-field")
        self.field.setAccessibleName("Search commands and runs")
        self.field.setPlaceholderText("What do you want to do? A command or a run…")
        self.field.setFont(fonts.ui(15))
        self.field.setStyleSheet("border: none; background: transparent; padding: 10px 6px;")
        self.rows = QStandardItemModel(self)
        self.list = QListView()
        self.list.setObjectName("palette-list")
        self.list.setAccessibleName("Commands and runs")
        self.list.setModel(self.rows)
        self.list.setItemDelegate(_ChoiceDelegate(context.theme, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(lambda index: self._give(index.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(Rule())
        column.addWidget(self.list)
        self._choices: list[Choice] = []
        self._commands: list[tuple[int, int, Choice]] = []
        self._open = True
        self.field.textChanged.connect(self._search)
        self.field.returnPressed.connect(lambda: self._give(self.list.currentIndex().row()))
        self.field.installEventFilter(self)
        self._search("")

    def open_over(self) -> None:
        """Show it near the top of the window."""
        size = self._window.size()
        width = min(WIDTH, size.width() - 40)
        self.setFixedSize(width, min(440, size.height() - 120))
        self.move(self._window.mapToGlobal(self._window.rect().topLeft()))
        self.move(self.x() + (size.width() - width) // 2, self.y() + 70)
        self.show()
        self.field.setFocus()

    def titles(self) -> list[str]:
        """What is offered now, best first."""
        return [choice.title for choice in self._choices]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows walk the list while the focus stays in the line."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                Qt.Key(event.key())
            )
            if step is not None and self._choices:
                row = max(0, min(len(self._choices) - 1, self.list.currentIndex().row() + step))
                self.list.setCurrentIndex(self.rows.index(row, 0))
                return True
        return super().eventFilter(watched, event)

    def _search(self, typed: str) -> None:
        ranked: list[tuple[int, int, Choice]] = []
        for place, command in enumerate(self._context.commands.all()):
            points = score(typed, command.title)
            if points is not None and command.id != "palette.open":
                enabled = command.enabled()
                choice = Choice(
                    command.title,
                    command.shortcut,
                    command.icon,
                    partial(self._context.commands.run, command.id),
                    enabled,
                )
                ranked.append((points if typed else -place, -place, choice))
        self._commands = ranked
        self._offer([])
        if len(typed) >= ENOUGH:
            self._ask_for_runs(typed)

    def _offer(self, runs: list[tuple[int, int, Choice]]) -> None:
        ranked = [*self._commands, *runs]
        ranked.sort(key=lambda entry: (entry[2].enabled, *entry[:2]), reverse=True)
        self._choices = [choice for _, _, choice in ranked[:SHOWN]]
        self.rows.clear()
        for choice in self._choices:
            item = QStandardItem(plain(choice.title))
            item.setData(choice, _CHOICE)
            item.setAccessibleText(f"{plain(choice.title)} {choice.note}")
            item.setSizeHint(QSize(60, ROW))
            self.rows.appendRow(item)
        self.list.setCurrentIndex(self.rows.index(0, 0))

    def _ask_for_runs(self, typed: str) -> None:
        keys = self._context.state.scope_keys

        def take(found: list[tuple[int, RunKey, str]]) -> None:
            # Asked for by a popup that may have been closed meanwhile.
            if self._open:
                self._context.state.learn_names({key: name for _, key, name in found})
                self._offer(
                    [
                        (points - 50, 0, Choice(name, "run", "circle-dot", self._go_to_run(key)))
                        for points, key, name in found
                    ]
                )

        self._context.jobs.query("palette-runs", lambda workspace: best_names(workspace, keys, typed), take)

    def hideEvent(self, event: QHideEvent) -> None:
        """Answers on their way are no longer wanted."""
        self._open = False
        self._context.jobs.forget("palette-runs")
        super().hideEvent(event)

    def _go_to_run(self, key: RunKey) -> Callable[[], None]:
        def go() -> None:
            self._context.state.set_current(key)
            self._context.commands.run("window.show-current")

        return go

    def _give(self, row: int) -> None:
        if 0 <= row < len(self._choices) and self._choices[row].enabled:
            choice = self._choices[row]
            self.close()
            choice.call()


class _ChoiceDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        choice = index.data(_CHOICE)
        if not isinstance(choice, Choice):
            return
        painter.save()
        area = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent_soft"))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
        if choice.icon:
            token = "placeholder" if not choice.enabled else "accent" if chosen else "muted"
            painter.drawPixmap(
                area.left() + 10, area.center().y() - 7, icons.pixmap(choice.icon, self._theme, token, size=16, ratio=2)
            )
        inner = area.adjusted(38, 0, -12, 0)
        painter.setFont(fonts.ui(12))
        painter.setPen(self._theme.color("muted"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), choice.note)
        painter.setFont(fonts.ui(13))
        painter.setPen(self._theme.color("text" if choice.enabled else "placeholder"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), plain(choice.title))
        painter.restore()
