"""What chart kinds have in common that read the files of runs: a worker is asked, a moment after the last change."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

from PySide6.QtCore import QTimer

from runfolio.desktop.kinds.panel import KindPanel
from runfolio.desktop.kinds.settings import KindSettings
from runfolio.desktop.preview_looker import Looker

S = TypeVar("S", bound=KindSettings)
A = TypeVar("A")

_PAUSE_MS = 150


class ReadingPanel(KindPanel[S, A]):
    """A chart whose answer comes out of files; `begin` asks for it through `looker`."""

    job: ClassVar[str]
    """What is done, for the list of jobs."""

    def add_controls(self) -> None:
        """Make ready to ask."""
        self.looker = Looker(self._context, self.job)
        # While a filter is typed the scope changes with each key.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.begin)

    @abstractmethod
    def begin(self) -> None:
        """Ask for what the settings want of the runs in scope."""

    def read_soon(self) -> None:
        """Begin when nothing has changed for a moment."""
        self._pause.start()

    def stop_reading(self) -> None:
        """Want no answer any more."""
        self._pause.stop()
        self.looker.forget()

    @property
    def settled(self) -> bool:
        """Whether no answer is awaited."""
        return not (self.looker.busy or self._pause.isActive())

    def leave(self) -> None:
        """Read no longer."""
        super().leave()
        self.stop_reading()
