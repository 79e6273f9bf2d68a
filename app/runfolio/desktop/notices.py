"""What the window tells its user: one call shows it in the bar, writes it to the log and keeps it for later."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from runfolio.errors import RunfolioError

_log = logging.getLogger("runfolio.desktop")


class Level(StrEnum):
    """How much it matters. Only errors stay until they are dismissed."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: what happened, what to do about it, and a button that does it."""

    level: Level
    text: str
    hint: str = ""
    action: str = ""
    call: Callable[[], None] | None = None


class Notices(QObject):
    """Says things. `said` is emitted with each Notice; `history` holds the last hundred."""

    said = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: deque[Notice] = deque(maxlen=100)

    def info(self, text: str, *, hint: str = "", action: str = "", call: Callable[[], None] | None = None) -> None:
        """Something was done; `action` and `call` make a button, such as Undo."""
        self._say(Notice(Level.INFO, text, hint, action, call), logging.INFO)

    def warning(self, text: str, *, hint: str = "", action: str = "", call: Callable[[], None] | None = None) -> None:
        """Something is not as it should be."""
        self._say(Notice(Level.WARNING, text, hint, action, call), logging.WARNING)

    def error(self, error: RunfolioError) -> None:
        """An expected error, in its own words."""
        text = f"{error.where}: {error.message}" if error.where else error.message
        # An expected error is news for the user, and no fault of the program: developers read it as information.
        self._say(Notice(Level.ERROR, text, error.hint), logging.INFO)

    def _say(self, notice: Notice, severity: int) -> None:
        _log.log(severity, "%s %s", notice.text, notice.hint)
        self.history.append(notice)
        self.said.emit(notice)
