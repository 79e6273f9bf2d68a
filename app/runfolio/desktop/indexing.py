"""Reading folders into the index: one job at a time, the next ones wait, all can be cancelled."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from runfolio.desktop.jobs import Jobs, LongJob
from runfolio.desktop.notices import Notices
from runfolio.errors import RunfolioError
from runfolio.model.answers import Progress
from runfolio.model.display import count, counted, duration, plain

if TYPE_CHECKING:
    from runfolio.model.reports import IndexReport


class Indexing(QObject):
    """The queue of folders to look at. `progressed` carries a Progress, or None when nothing is left to do."""

    progressed = Signal(object)

    def __init__(self, jobs: Jobs, say: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._say = say
        self._queue: deque[tuple[tuple[str, ...] | None, bool]] = deque()
        self._job: LongJob | None = None

    @property
    def busy(self) -> bool:
        """Whether a folder is being read or waits for it."""
        return self._job is not None

    def look(self, paths: Sequence[str] | None = None, *, deep: bool = False) -> None:
        """Read what is new below `paths`, which join the library, or in the whole library when None."""
        request = (None if paths is None else tuple(paths), deep)
        if request not in self._queue:
            self._queue.append(request)
        if self._job is None:
            self._next()

    def cancel(self) -> None:
        """Stop soon; what has been read stays."""
        self._queue.clear()
        if self._job is not None:
            self._job.cancel()

    def _next(self) -> None:
        if not self._queue:
            self.progressed.emit(None)
            return
        paths, deep = self._queue.popleft()
        self.progressed.emit(Progress("scan", 0, None, ""))
        self._job = self._jobs.long(
            "Indexing",
            lambda workspace, token, report: workspace.index(paths, on_progress=report, cancel=token, deep=deep),
            self._tell,
            self._failed,
            self.progressed.emit,
            self._ended,
        )

    def _ended(self) -> None:
        self._job = None
        self._next()

    def _failed(self, error: RunfolioError) -> None:
        self._say.error(error)

    def _tell(self, report: IndexReport) -> None:
        if report.cancelled:
            self._say.info("Indexing was cancelled. What had been read is kept.")
        elif report.read or report.gone:
            gone = f", {count(report.gone)} no longer there" if report.gone else ""
            self._say.info(
                f"Read {counted(report.read, 'folder')}{gone} in {duration(report.seconds)}: "
                f"{counted(report.runs, 'run')}, {counted(report.points, 'point')}."
            )


def progress_text(progress: Progress) -> str:
    """What the status bar says: `Indexing ray_results  3 912 / 5 000`."""
    name = plain(progress.folder.replace("\\", "/").rstrip("/").rpartition("/")[2], 40)
    if progress.total is None:
        found = f"  {count(progress.done)} found" if progress.done else ""
        return f"Looking through {name or 'the library'}{found}"
    verb = {"link": "Linking", "read": "Indexing"}.get(progress.phase, "Looking through")
    return f"{verb} {name}  {count(progress.done)} / {count(progress.total)}"
