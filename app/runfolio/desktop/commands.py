"""Everything a user can do, as rows: menus, palette, shortcuts, tooltips and the cheat sheet come from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


def always() -> bool:
    """A command that can be given at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do.

    id        stable and unique, `area.verb` ("runs.set-baseline").
    title     a verb phrase as menus show it, "…" at the end when it asks something first.
    keys      shortcuts in Qt's portable text ("Ctrl+K"); the first is the one shown.
    group     heading in the cheat sheet.
    enabled   whether it makes sense now; asked when it is shown and when it is given.
    local     True: its keys work only inside the widgets it was attached to, as single letters have to.
    """

    id: str
    title: str
    call: Callable[[], None]
    keys: tuple[str, ...] = ()
    group: str = "General"
    icon: str = ""
    enabled: Callable[[], bool] = always
    local: bool = False

    @property
    def shortcut(self) -> str:
        """The first shortcut as this platform writes it; "" when there is none."""
        return QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if self.keys else ""


class Commands(QObject):
    """The rows that are known, and their actions on `window`."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._rows: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self.given: deque[str] = deque(maxlen=10)
        """Ids of the last commands given, for the report of a bug."""

    def add(self, *commands: Command) -> None:
        """Make commands known. Raises ValueError for an id that is taken."""
        for command in commands:
            if command.id in self._rows:
                raise ValueError(f"Two commands are called {command.id!r}")
            self._rows[command.id] = command
            action = QAction(command.title, self)
            action.setObjectName(command.id)
            action.setShortcuts([QKeySequence(keys) for keys in command.keys])
            action.triggered.connect(lambda _checked=False, id=command.id: self.run(id))
            self._actions[command.id] = action
            if command.local:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            else:
                self._window.addAction(action)

    def attach(self, widget: QWidget, *ids: str) -> None:
        """Let the keys of local commands work while the focus is in `widget`."""
        for id in ids:
            widget.addAction(self._actions[id])

    def run(self, id: str) -> None:
        """Give a command; nothing happens when it is not enabled. Raises KeyError for an unknown id."""
        command = self._rows[id]
        if command.enabled():
            self.given.append(id)
            command.call()

    def get(self, id: str) -> Command:
        """The row of an id. Raises KeyError."""
        return self._rows[id]

    def action(self, id: str) -> QAction:
        """The action of a command, for menus. Raises KeyError."""
        return self._actions[id]

    def all(self) -> tuple[Command, ...]:
        """Every command in the order it was added."""
        return tuple(self._rows.values())

    def tip(self, id: str, text: str = "") -> str:
        """`text`, or the title, with the shortcut behind it: what a tooltip shows."""
        command = self._rows[id]
        title = text or command.title
        return f"{title}  ({command.shortcut})" if command.keys else title
