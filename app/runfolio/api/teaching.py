"""Layouts that the user teaches: kept, tried on a folder and handed on. They need neither index nor ledger."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.errors import NotFound, UsageError

if TYPE_CHECKING:
    from runfolio.api.library import Library
    from runfolio.model.layout import Layout, SavedLayout
    from runfolio.model.layout_answers import LayoutPreview, LayoutSuggestion
    from runfolio.readers.layout_bench import LayoutBench
    from runfolio.readers.pool import Limits


def layouts() -> tuple[SavedLayout, ...]:
    """The layouts that the user taught, by file; those that cannot be used with the reason."""
    from runfolio.readers.layout_files import saved_layouts

    return saved_layouts()


def saved_layout(name: str) -> tuple[Path, Layout]:
    """The layout of that name and its file. Raises NotFound."""
    from runfolio.readers.layout_files import saved_layout as find

    return find(name)


def read_layout(path: str | Path) -> Layout:
    """A layout from any file. Raises NotFound, and UsageError naming file, key and what is allowed."""
    from runfolio.readers.layout_files import read_layout as read

    return read(Path(path).expanduser())


def save_layout(layout: Layout) -> Path:
    """Keep a layout, in place of the one of that name; its file. The next index run reads what fits by it.

    Raises UsageError when it makes no sense, FolderUnreadable when it cannot be written.
    """
    from runfolio.readers.layout_files import save_layout as save

    return save(layout)


def remove_layout(name: str) -> Path:
    """Take a layout away; the file that was. The next index run reads its folders without it. Raises NotFound."""
    from runfolio.readers.layout_files import remove_layout as remove

    return remove(name)


def toml_of(layout: Layout) -> str:
    """The text of a layout's file."""
    from runfolio.readers.layout_files import layout_text

    return layout_text(layout)


def suggest_layout(folder: str | Path) -> LayoutSuggestion:
    """A guess at the layout of one run folder, by what its files hold. Raises FolderUnreadable, LimitReached."""
    from runfolio.readers.layout_bench import LayoutBench

    with LayoutBench() as bench:
        return bench.suggest(Path(folder))


def preview_layout(layout: Layout, folder: str | Path) -> LayoutPreview:
    """What a layout would make of a run folder. Raises UsageError, FolderUnreadable, LimitReached."""
    from runfolio.readers.layout_bench import LayoutBench

    with LayoutBench() as bench:
        return bench.preview(layout, Path(folder))


class Teaching:
    """The same for a workspace, whose worker process stays for the next question."""

    def __init__(self, library: Library, limits: Limits | None) -> None:
        self._library = library
        self._limits = limits
        self._bench: LayoutBench | None = None
        self._bench_lock = threading.Lock()

    def end(self) -> None:
        """Let what is being tried raise Cancelled."""
        if self._bench is not None:
            self._bench.end()

    def close(self) -> None:
        """Stop the worker process."""
        if self._bench is not None:
            self._bench.close()

    def layouts(self) -> tuple[SavedLayout, ...]:
        """The layouts that the user taught, by file; those that cannot be used with the reason."""
        return layouts()

    def read_layout(self, path: str | Path) -> Layout:
        """A layout from any file. Raises NotFound, and UsageError naming file, key and what is allowed."""
        return read_layout(path)

    def save_layout(self, layout: Layout, *, instead_of: str = "") -> Path:
        """Keep a layout, in place of the one of that name, and of the one that is called `instead_of`; its file.

        The next index run reads what fits by it. Raises UsageError, FolderUnreadable.
        """
        path = save_layout(layout)
        if instead_of and instead_of.casefold() != layout.name.casefold():
            with contextlib.suppress(NotFound):  # somebody else took it away meanwhile
                remove_layout(instead_of)
        return path

    def remove_layout(self, name: str) -> Path:
        """Take a layout away; the next index run reads its folders without it. Raises NotFound."""
        return remove_layout(name)

    def export_layout(self, name: str, path: Path) -> Path:
        """Write the file of a layout to a place outside of the library. Raises NotFound, UsageError."""
        saved, _ = saved_layout(name)
        try:
            self._library.check_target(path).write_bytes(saved.read_bytes())
        except OSError as error:
            raise UsageError(f"The layout cannot be written: {error.strerror or error}", where=str(path)) from error
        return path

    def suggest_layout(self, folder: str | Path) -> LayoutSuggestion:
        """A guess at the layout of one run folder. Raises FolderUnreadable, LimitReached."""
        return self._get_bench().suggest(Path(folder))

    def preview_layout(self, layout: Layout, folder: str | Path) -> LayoutPreview:
        """What a layout would make of a run folder. Raises UsageError, FolderUnreadable, LimitReached."""
        return self._get_bench().preview(layout, Path(folder))

    def _get_bench(self) -> LayoutBench:
        """The bench, whose worker stays for the next question: a preview follows each change in a dialog."""
        with self._bench_lock:
            if self._bench is None:
                from runfolio.readers.layout_bench import LayoutBench

                self._bench = LayoutBench(self._limits)
            return self._bench
