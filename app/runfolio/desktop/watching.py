"""Keeps an eye on the library while the window is open: what is being written is followed, and marked as live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from runfolio.desktop.jobs import Jobs, LongJob
from runfolio.desktop.notices import Notices
from runfolio.desktop.state import WindowState
from runfolio.errors import RunfolioError
from runfolio.model.display import count

if TYPE_CHECKING:
    from runfolio.model.reports import WatchReport


class Watching(QObject):
    """`changed` when it starts, stops, or other runs are live."""

    changed = Signal()

    def __init__(self, jobs: Jobs, state: WindowState, say: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._state = state
        self._say = say
        self._job: LongJob | None = None

    @property
    def on(self) -> bool:
        """Whether the library is watched."""
        return self._job is not None

    def set_on(self, *, on: bool) -> None:
        """Start or stop to watch."""
        if on == self.on:
            return
        if self._job is not None:
            self._job.cancel()
            self._ended()
            return
        self._job = self._jobs.standing(
            "Watching",
            lambda workspace, token, tell: workspace.watch(token, on_round=tell),
            self._take,
            self._failed,
        )
        self.changed.emit()

    def _take(self, report: WatchReport) -> None:
        if self._job is not None and report.live != self._state.live:
            self._state.set_live(report.live)
            self.changed.emit()

    def _failed(self, error: RunfolioError) -> None:
        self._ended()
        self._say.error(error)

    def _ended(self) -> None:
        self._job = None
        self._state.set_live(frozenset())
        self.changed.emit()


def watching_text(live: int) -> str:
    """What the status bar says: `3 live`."""
    return f"{count(live)} live" if live else "Watching"
