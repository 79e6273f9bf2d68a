"""The folders of a library: which they are, what lies below them, and that nothing is written into them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runfolio.api.stores import Stores
from runfolio.errors import NotFound, UsageError
from runfolio.model.answers import LibraryNode, Source, Touched
from runfolio.model.display import storable


class Library:
    """The list of folders, kept in the index and in a file beside the ledger."""

    def __init__(self, stores: Stores, file: Path) -> None:
        self._stores = stores
        self._file = file
        self._restore()

    def sources(self) -> tuple[Source, ...]:
        """The folders in the library."""
        return self._stores.queries.sources()

    def add_source(self, path: str | Path) -> Source:
        """Put a folder into the library without reading it yet; folders inside of it that are there already leave it.

        One that is there under another name (a link, another spelling) is that one.
        Raises NotFound when there is no such folder, UsageError when it lies inside one that is in the library.
        """
        folder = _folder(path)
        sources = self.sources()
        same = next((source for source in sources if source.path == storable(str(folder))), None)
        if same is not None and self._file.is_file():
            return same
        from runfolio.index.writer import Writer

        for other in sources:
            known = _root_at(other.path)
            if known != folder and _is_same(folder, known):
                return other
            _refuse_part(folder, known)
            if known != folder and _lies_in(known, folder):
                self.remove_source(other.id)
        number = Writer(self._stores.db).add_source(folder)
        self._keep()
        self._stores.announce(Touched.SOURCES)
        return next(s for s in self.sources() if s.id == number)

    def add_sources(self, paths: Iterable[str | Path]) -> list[Source]:
        """Put several folders into the library: all of them, or none where one of them cannot be.

        A folder inside another of them is read as a part of that one. Raises as `add_source` does.
        """
        folders = [*dict.fromkeys(_folder(path) for path in paths)]
        outer = [f for f in folders if not any(f != other and _is_part(f, other) for other in folders)]
        for folder in outer:
            for known in (_root_at(source.path) for source in self.sources()):
                _refuse_part(folder, known)
        return [self.add_source(folder) for folder in outer]

    def remove_source(self, source: int) -> None:
        """Take a folder out of the library. The folder, and what the ledger says of its runs, are not touched."""
        with self._stores.indexing:
            self._stores.indexer().forget(source)
            self._stores.follow_new_keys()
        self._keep()
        self._stores.announce(Touched.SOURCES | Touched.RUNS | Touched.PROBLEMS)

    def library(self) -> tuple[LibraryNode, ...]:
        """Experiments below the sources."""
        return self._stores.queries.library()

    def check_target(self, path: Path) -> Path:
        """The path, when writing there changes no run folder. Raises UsageError when it lies inside the library."""
        for source in self.sources():
            if _lies_in(path.expanduser().absolute(), _root_at(source.path)):
                raise UsageError(
                    "That place is inside a folder of runs, which are only read",
                    hint="Choose a place outside of the folders in the library.",
                    where=str(path),
                )
        return path

    def _keep(self) -> None:
        from runfolio.index.library_file import write_library

        try:
            write_library(self._file, [source.path for source in self.sources()])
        except OSError as error:
            raise UsageError(
                f"The list of folders cannot be kept: {error.strerror or error}", where=str(self._file)
            ) from error

    def _restore(self) -> None:
        """Put the folders that were added back into an index that was made anew."""
        if self.sources():
            return
        from runfolio.index.library_file import read_library

        folders = [*read_library(self._file)]
        if folders:
            # Imported here: it takes as long as all else that a start takes.
            from runfolio.index.writer import Writer

            for folder in folders:
                Writer(self._stores.db).add_source(folder)


def _root_at(kept: str) -> Path:
    # Here: a start shows rows before it needs any reader.
    from runfolio.readers.spelled import root_at

    return root_at(kept)


def _folder(path: str | Path) -> Path:
    """The absolute path of a folder that is there. Raises NotFound."""
    folder = Path(path).expanduser().absolute()
    folder = folder.resolve() if ".." in folder.parts else folder
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise NotFound(f"{folder} {what}", hint="Give the folder that holds the runs.", where=str(folder))
    return folder


def _is_part(folder: Path, outer: Path) -> bool:
    """Whether a folder lies inside another, and is not that one under another name."""
    return folder != outer and not _is_same(folder, outer) and _lies_in(folder, outer)


def _refuse_part(folder: Path, known: Path) -> None:
    if _is_part(folder, known):
        raise UsageError(
            f"{folder} is in the library already, as a part of {known}",
            hint="Filter by its path, or take the outer folder out of the library first.",
            where=str(folder),
        )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # one of them is not there


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path leads to a place inside a folder, links and all; a folder lies in itself."""
    try:
        return path.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False  # nothing can be written there either
