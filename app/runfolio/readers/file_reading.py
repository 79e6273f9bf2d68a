"""Reading the files of a folder: up to a limit, following nothing, and telling what was looked at."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.readers.descriptors import (
    FILE_FLAGS,
    Base,
    begins_with,
    lstat,
    open_file,
    read_all,
    read_small,
)
from runfolio.readers.flat_files import flat_files, is_empty_folder
from runfolio.readers.listing import Entry, Listing, kind_of_mode
from runfolio.readers.place import Place
from runfolio.readers.trace import Trace

_ONE_READ = 1 << 20

_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_SIZES = range(len(_POINTER), 1024)
"""How Git LFS begins the file that it leaves in place of the content, and how long that is at most, by its
specification. Repositories whose large files were not fetched are full of them."""

_USUAL_HEAD, _LARGEST_HEAD, _MOST_HEADS = 1 << 14, 1 << 16, 64
"""Bytes and files of which the beginnings are kept while readers decide whether a folder is theirs."""


class FileReading(Place, ABC):
    """A folder whose files can be read; see `Folder`, which also lists them."""

    def __init__(self, root: Path, path: str, opened: set[str] | None, trace: Trace | None) -> None:
        super().__init__(root, path, opened, trace)
        self.was_read_blindly = False
        self._heads: dict[str, tuple[int, bytes]] | None = None
        self.denied: dict[str, FolderUnreadable] = {}

    @abstractmethod
    def sub(self, name: str) -> FileReading:
        """A folder in here; `name` may hold `/`. Raises FolderUnreadable for names that would climb out."""

    def entry(self, name: str) -> Entry | None:
        """A regular file directly in here, looked at without listing the folder; None when there is none."""
        entry = next(look_at(self, [name]), None)
        if (sight := self._sight) is not None:
            sight.looked.setdefault(name, entry)
        return entry

    def read(self, name: str, limit: int, *, offset: int = 0) -> bytes:
        """The whole of a file from `offset`. `name` may hold `/`.

        Raises  LimitReached when more than `limit` bytes would have to be read (nothing is read then),
                FolderUnreadable when it is missing, no regular file, or may not be read.
        """
        with self.open(name) as handle:
            return self._read_whole(handle, os.fstat(handle).st_size, name, limit, offset)

    def read_many(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | RunfolioError]]:
        """The whole of many small files directly in here, with what went wrong in place of the content.

        The folder is looked up once for all of them, which halves the system calls of stores that keep a file for
        each value. `names` are file names, without `/`. Failures are those of `read`.
        """
        noted = self._notes_of_opened()
        largest = min(limit, _ONE_READ)
        # Written out, with names of its own for what it calls: most files of a tree pass through here, and a call costs
        # as much as an `open`.
        open_, read, facts_of, close, is_regular = os.open, os.read, os.fstat, os.close, stat.S_ISREG
        flags = FILE_FLAGS
        try:
            with self._opened() as base:
                for name in names:
                    data = b""
                    if isinstance(base, int) and "/" not in name:
                        try:
                            handle = open_(name, flags, dir_fd=base)
                            try:
                                facts = facts_of(handle)
                                size = facts.st_size
                                if size < largest and is_regular(facts.st_mode):
                                    data = read(handle, size + 1)
                            finally:
                                close(handle)
                        except (OSError, ValueError):
                            data = b""  # looked at more closely below, where it is told
                    if data and len(data) <= size and not data.startswith(_POINTER):
                        noted.setdefault(name, facts)
                        yield name, data
                    else:
                        yield name, self._content(name, base, limit)
        except OSError as error:
            raise cannot_open(error, self.shown) from error

    def read_flat(self, name: str, limit: int, most: int) -> tuple[list[str], list[bytes | None]] | None:
        """The files of a folder directly in here, see `flat_files`; None as well where this one is not held open.

        Nothing of it is noted in the trace: it is for folders whose own times tell of a change.
        """
        if not isinstance(self._held, int):
            return None
        self.was_read_blindly = True
        return flat_files(self._held, name, limit, most)

    def holds_empty(self, name: str) -> bool:
        """Whether it is seen without a listing that a folder directly in here is empty; only while this one is held."""
        self.was_read_blindly = True
        return isinstance(self._held, int) and is_empty_folder(self._held, name)

    def _notes_of_opened(self) -> dict[str, os.stat_result]:
        """Where it is kept what was seen of a file when it was opened."""
        listed = self.__dict__.get("listing")
        if isinstance(listed, Listing):
            return listed.files.opened
        sight = self._sight
        return {} if sight is None else sight.opened

    def _content(self, name: str, base: Base, limit: int) -> bytes | RunfolioError:
        handle = -1
        try:
            handle, size = self._open_file(name, base)
            return self._read_whole(handle, size, name, limit)
        except RunfolioError as failure:
            return failure
        finally:
            if handle >= 0:
                os.close(handle)

    def head(self, name: str, size: int = 4096) -> bytes:
        """At most the first `size` bytes of a file. Raises FolderUnreadable."""
        if self._heads is None or size > _LARGEST_HEAD:
            return self.part(name, 0, size)
        length, data = self._heads.get(name, (0, b""))
        if length < size:
            length = max(size, _USUAL_HEAD)
            data = self.part(name, 0, length)
            if len(self._heads) < _MOST_HEADS:
                self._heads[name] = length, data
        return data[:size]

    @contextmanager
    def keeping_heads(self) -> Iterator[None]:
        """Within it, the first bytes of the files in here are read once, however often they are asked for."""
        self._heads = {}
        try:
            yield
        finally:
            self._heads = None

    def part(self, name: str, offset: int, size: int) -> bytes:
        """At most `size` bytes of a file from `offset` on; fewer only at its end. Raises FolderUnreadable."""
        with self.open(name) as handle, self._told(name):
            return read_all(handle, size, offset)

    @contextmanager
    def open(self, name: str) -> Iterator[int]:
        """A read-only descriptor of a regular file in here (`name` may hold `/`). Raises FolderUnreadable."""
        *above, last = name.split("/")
        folder = self.sub("/".join(above)) if above else self
        try:
            with folder._opened() as base:
                handle, _ = folder._open_file(last, base)
        except OSError as error:
            raise cannot_open(error, self.where(name)) from error
        try:
            yield handle
        finally:
            os.close(handle)

    def _open_file(self, name: str, base: Base) -> tuple[int, int]:
        """A descriptor that the caller closes, and the size. Raises FolderUnreadable for all but regular files."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise FolderUnreadable("That is not the name of a file", where=self.where(name))
        try:
            handle = open_file(name, base)
        except OSError as error:
            self._note_unopened(name)
            failure = cannot_open(error, self.where(name))
            if isinstance(error, PermissionError):
                self.denied[name] = failure
            raise failure from error
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            os.close(handle)
            self._note_unopened(name)
            raise FolderUnreadable(f"Not a regular file but a {kind_of_mode(facts.st_mode)}", where=self.where(name))
        # Before it is read: if it changes from now on, it differs from what is noted here.
        self._notes_of_opened().setdefault(name, facts)
        if facts.st_size in _POINTER_SIZES and begins_with(handle, _POINTER):
            os.close(handle)
            raise FolderUnreadable(
                "The content is not here: this is the pointer that Git LFS leaves in its place",
                hint="Fetch it with `git lfs pull` in the repository, or copy the file itself.",
                where=self.where(name),
            )
        return handle, facts.st_size

    def _note_unopened(self, name: str) -> None:
        """That somebody wanted a file that is not there, or may not be read."""
        if self.trace is not None:
            self.entry(name)

    def _read_whole(self, handle: int, size: int, name: str, limit: int, offset: int = 0) -> bytes:
        size -= offset
        if size > limit:
            raise LimitReached(
                f"The file has {size:,} bytes; at most {limit:,} are read",
                hint="Runfolio reads files of this kind only up to that size.",
                where=self.where(name),
            )
        with self._told(name):
            small = size < _ONE_READ and not offset
            return read_small(handle, size, limit) if small else read_all(handle, limit, offset)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"The file cannot be read: {error.strerror or error}"
            raise FolderUnreadable(message, where=self.where(name)) from error


def cannot_open(error: OSError, where: str) -> FolderUnreadable:
    """What is told of a folder that cannot be opened."""
    return FolderUnreadable(
        f"Cannot be opened: {error.strerror or error}",
        hint="Check that the copy is complete and that you may read it.",
        where=where,
    )


def look_at(folder: Place, names: list[str]) -> Iterator[Entry]:
    """Sizes and times of those files that can be seen and are regular still."""
    try:
        with folder._opened() as base:
            for name in names:
                try:
                    facts = lstat(name, base)
                except OSError:
                    continue  # gone, or not to be seen: whoever opens it is told
                if stat.S_ISREG(facts.st_mode):
                    yield Entry(name, facts.st_size, facts.st_mtime_ns)
    except OSError:
        return  # the folder itself is gone meanwhile, and with it all files
