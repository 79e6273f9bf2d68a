"""A folder that can be listed and read and in no way written, nor left.

Everything a reader sees goes through here, so the promises are kept in one place: symbolic links are not
followed, pipes, sockets and devices are never opened, a file is read up to a limit, paths longer than the system
allows are walked part by part, and reading leaves no access time behind where the system lets us.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from weakref import ref

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.display import storable
from runfolio.readers.descriptors import (
    FILE_FLAGS,
    Base,
    begins_with,
    is_file,
    lstat,
    open_file,
    read_all,
    read_small,
)
from runfolio.readers.flat_files import flat_files, is_empty_folder
from runfolio.readers.listing import Entry, Files, Listing, Names, kind_of_mode, names_in
from runfolio.readers.place import Place
from runfolio.readers.trace import Trace

_ONE_READ = 1 << 20

_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_SIZES = range(len(_POINTER), 1024)
"""How Git LFS begins the file that it leaves in place of the content, and how long that is at most, by its
specification. Repositories whose large files were not fetched are full of them."""

_USUAL_HEAD, _LARGEST_HEAD, _MOST_HEADS = 1 << 14, 1 << 16, 64
"""Bytes and files of which the beginnings are kept while readers decide whether a folder is theirs."""


class Folder(Place):
    """A folder below an import root, listed once when first asked, as are the folders below it.

    root   absolute path of the import root, the folder that the user opened.
    path   this folder relative to the root, `/` between parts, "" for the root itself. Names that are not UTF-8
           hold surrogate escapes here, so that they can be opened; `shown` is the same as valid text.
    opened   where it is kept which folders were looked into through this one, itself among them, by path; "a//b"
             stands for the folders in "a" that hold a file "b".
    trace    where it is kept what was looked at through this one, see `sights`.
    was_read_blindly   whether files below it were read without a look at their sizes and times before.
    """

    def __init__(self, root: Path, path: str = "", opened: set[str] | None = None, trace: Trace | None = None) -> None:
        super().__init__(root, path, opened, trace)
        self._below: dict[str, Folder] = {}
        self.was_read_blindly = False
        self._heads: dict[str, tuple[int, bytes]] | None = None

    def __repr__(self) -> str:
        return f"Folder({str(self.root)!r}, {self.path!r})"

    @property
    def name(self) -> str:
        """The folder's own name; for the root the name of the folder that was opened."""
        return self.path.rpartition("/")[2] if self.path else self.root.name

    @property
    def shown(self) -> str:
        """The path as valid UTF-8, for recordings and problems."""
        return storable(self.path)

    def where(self, name: str) -> str:
        """The path of a file or folder in here relative to the root, as valid UTF-8."""
        return storable(self.join(name))

    def join(self, name: str) -> str:
        """The path of `name` (which may hold `/`) in here, relative to the root."""
        return f"{self.path}/{name}" if self.path else name

    def sub(self, name: str) -> Folder:
        """A folder in here; `name` may hold `/`. Raises FolderUnreadable for names that would climb out."""
        if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
            raise FolderUnreadable(f"{storable(name)!r} is not the name of a folder in here", where=self.shown)
        here = self
        for part in name.split("/"):
            here = here._sub(part)
        return here

    def _sub(self, name: str) -> Folder:
        below = self._below.get(name)
        if below is None:
            below = self._below[name] = self._made(name)
            below._top = self._top
            below._above = ref(self)
        return below

    def _made(self, name: str) -> Folder:
        """The folder of that name in here, as what this one is."""
        return Folder(self.root, self.join(name), self.opened, self.trace)

    def parent(self) -> Folder | None:
        """The folder above; None for the root: nothing above what the user opened is ever read."""
        if not self.path:
            return None
        above = self._above() if self._above is not None else None
        return above if isinstance(above, Folder) else self.at(self.path.rpartition("/")[0])

    def at(self, path: str) -> Folder:
        """A folder elsewhere below the root, by its path relative to that. Raises FolderUnreadable if it climbs out."""
        if "\0" in path or ".." in path.split("/"):
            raise FolderUnreadable(f"{storable(path)!r} is not the path of a folder below the root", where=self.shown)
        there = Folder(self.root, path, self.opened, self.trace)
        if not self._top.path:
            there._top = self._top
        return there

    def apart(self, path: str, trace: Trace | None) -> Folder:
        """The folder at a path below the root, with a trace of its own or none.

        What is looked at through it is noted there only. Where it is for several results, their traces `include` it.
        """
        there = self.at(path)
        there.trace = trace
        return there

    @cached_property
    def listing(self) -> Listing:
        """What lies here: names as of now, sizes and times as of when they are first asked for. FolderUnreadable."""
        sight = self._sight
        if sight is None:
            return self._listed()
        if sight.listing is None:
            sight.listing = self._listed()
        return sight.listing

    def _listed(self) -> Listing:
        try:
            with self._opened() as handle:
                files, folders, odd = names_in(handle)
        except OSError as error:
            raise FolderUnreadable(
                f"The folder cannot be listed: {error.strerror or error}",
                hint="Check that you may read it and that the disk is still there.",
                where=self.shown,
            ) from error
        odd.sort(key=lambda o: o.name)
        root, path = self.root, self.path
        # The listing must not hold on to the folder that holds on to it.
        return Listing(Files(files, lambda names: _look(Folder(root, path), names)), Names(sorted(folders)), Names(odd))

    def entry(self, name: str) -> Entry | None:
        """A regular file directly in here, looked at without listing the folder; None when there is none."""
        entry = next(_look(self, [name]), None)
        if (sight := self._sight) is not None:
            sight.looked.setdefault(name, entry)
        return entry

    @property
    def is_there(self) -> bool:
        """Whether it is a folder that can be opened; nothing in it is looked at."""
        try:
            with self._opened() as here:
                # Without descriptors of folders nothing has been opened yet.
                return isinstance(here, int) or stat.S_ISDIR(os.lstat(here).st_mode)
        except OSError:
            return False

    @property
    def is_missing(self) -> bool:
        """Whether there is surely nothing of that path, which takes a fraction of trying to open it."""
        try:
            os.lstat(f"{self.root}/{self.path}")
        except (FileNotFoundError, NotADirectoryError):
            if self.opened is not None:
                self.opened.add(self.path)
            if (sight := self._sight) is not None and sight.is_there is None:
                sight.is_there = False
            return True
        except OSError:
            return False  # a path that is too long at once, for one, can be opened part by part
        return False

    def holding(self, name: str) -> tuple[str, ...]:
        """Which of the folders in here hold a regular file of that name; they are not listed for it.

        Raises FolderUnreadable when this folder cannot be listed.
        """
        folders = self.listing.folders
        if not folders:
            return ()
        if self.opened is not None:
            self.opened.add(f"{self.path}//{name}")
        try:
            with self._opened() as base:
                found = tuple(folder for folder in folders if is_file(f"{folder}/{name}", base))
        except OSError as error:
            raise _cannot_open(error, self.shown) from error
        if (sight := self._sight) is not None:
            sight.held.setdefault(name, found)
        return found

    @property
    def files(self) -> Mapping[str, Entry]:
        """Regular files by name, sorted; see `listing.Files`."""
        return self.listing.files

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of sub folders, sorted; links to folders are not among them."""
        return self.listing.folders

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
            raise _cannot_open(error, self.shown) from error

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
            raise _cannot_open(error, self.where(name)) from error
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
            raise _cannot_open(error, self.where(name)) from error
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


def _look(folder: Folder, names: list[str]) -> Iterator[Entry]:
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


def _cannot_open(error: OSError, where: str) -> FolderUnreadable:
    return FolderUnreadable(
        f"Cannot be opened: {error.strerror or error}",
        hint="Check that the copy is complete and that you may read it.",
        where=where,
    )
