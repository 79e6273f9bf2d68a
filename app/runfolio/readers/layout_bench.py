"""Where layouts are tried on sample folders: in a worker process, as all that foreign folders hold is read."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from runfolio.errors import FolderUnreadable
from runfolio.model.layout import Layout
from runfolio.model.layout_answers import LayoutPreview, LayoutSuggestion
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.layout_guess import guess_layout
from runfolio.readers.layout_preview import preview
from runfolio.readers.parse import Parsed
from runfolio.readers.pool import Limits, ParsePool

_SECONDS = 30.0


class LayoutBench:
    """One worker, started when it is first needed. Use as a context manager, or call `close`."""

    def __init__(self, limits: Limits | None = None) -> None:
        memory = (limits or Limits()).memory_bytes
        self._pool: ParsePool[list[Parsed]] = ParsePool(list[Parsed], Limits(1, memory, _SECONDS))

    def __enter__(self) -> LayoutBench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def end(self) -> None:
        """Let what is being tried raise Cancelled; from another thread, before `close`."""
        self._pool.end()

    def close(self) -> None:
        """End the worker."""
        self._pool.stop()

    def suggest(self, folder: Path) -> LayoutSuggestion:
        """A guess at the layout of a run folder. Raises FolderUnreadable, LimitReached."""
        return self._pool.call(_suggest, str(_checked(folder)))

    def preview(self, layout: Layout, folder: Path) -> LayoutPreview:
        """What a layout would make of a run folder. Raises UsageError, FolderUnreadable, LimitReached."""
        return self._pool.call(_preview, layout, str(_checked(folder)))


def _checked(path: Path) -> Path:
    folder = path.expanduser().absolute()
    if not folder.is_dir():
        what = "This is a file, not a folder" if folder.exists() else "There is no such folder"
        raise FolderUnreadable(what, hint="Give the folder of one run.", where=str(folder))
    return folder


def _suggest(folder: str) -> LayoutSuggestion:
    return guess_layout(Folder(Path(folder)), Budget(seconds=_SECONDS))


def _preview(layout: Layout, folder: str) -> LayoutPreview:
    return preview(layout, Folder(Path(folder)), Budget(seconds=_SECONDS))
