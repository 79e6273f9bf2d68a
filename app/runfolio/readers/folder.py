"""A folder that can be listed and read and in no way written, nor left.

Everything a reader sees goes through here, so the promises are kept in one place: symbolic links are not
followed, pipes, sockets and devices are never opened, a file is read up to a limit, paths longer than the system
allows are walked part by part, and reading leaves no access time behind where the system lets us.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.display import storable

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_NOATIME = getattr(os, "O_NOATIME", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_HAS_DIR_FD = os.open in os.supports_dir_fd and os.scandir in os.supports_fd

_ONE_READ = 1 << 20

_USUAL_HEAD, _LARGEST_HEAD, _MOST_HEADS = 1 << 14, 1 << 16, 64
"""Bytes and files of which the beginnings are kept while readers decide whether a folder is theirs."""

_SAFE_PATH_BYTES = 900
"""Longest relative path that is opened in one call; longer ones are walked in chunks."""


class Entry(NamedTuple):
    """A regular file: its name in the folder, size in bytes and modification time in nanoseconds."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Odd:
    """A directory entry that is neither a regular file nor a folder, and so is never opened.

    kind   "link", "pipe", "socket", "device" or "unreadable".
    """

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a folder, by name in sorted order."""

    files: dict[str, Entry]
    folders: tuple[str, ...]
    odd: tuple[Odd, ...]


class Folder:
    """A folder below an import root, listed once when first asked, as are the folders below it.

    root   absolute path of the import root, the folder that the user opened.
    path   this folder relative to the root, `/` between parts, "" for the root itself. Names that are not UTF-8
           hold surrogate escapes here, so that they can be opened; `shown` is the same as valid text.
    opened   where it is kept which folders were looked into through this one, itself among them, by path; "a//b"
             stands for the folders in "a" that hold a file "b".
    """

    def __init__(self, root: Path, path: str = "", opened: set[str] | None = None) -> None:
        self.root = root
        self.path = path
        self.opened = opened
        self._below: dict[str, Folder] = {}
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
        below = self._below.get(name)
        if below is None:
            below = self._below[name] = Folder(self.root, self.join(name), self.opened)
        return below

    def parent(self) -> Folder | None:
        """The folder above; None for the root: nothing above what the user opened is ever read."""
        return self.at(self.path.rpartition("/")[0]) if self.path else None

    def at(self, path: str) -> Folder:
        """A folder elsewhere below the root, by its path relative to that."""
        return Folder(self.root, path, self.opened)

    @cached_property
    def listing(self) -> Listing:
        """Names, sizes and times of what lies here. Raises FolderUnreadable."""
        files: list[Entry] = []
        folders: list[str] = []
        odd: list[Odd] = []
        try:
            with self._opened() as handle, os.scandir(handle) as entries:
                for entry in entries:
                    name = entry.name
                    try:
                        facts = entry.stat(follow_symlinks=False)
                    except OSError:
                        odd.append(Odd(name, "unreadable"))
                        continue
                    mode = facts.st_mode
                    if stat.S_ISREG(mode):
                        files.append(Entry(name, facts.st_size, facts.st_mtime_ns))
                    elif stat.S_ISDIR(mode):
                        folders.append(name)
                    else:
                        odd.append(Odd(name, _kind(mode)))
        except OSError as error:
            raise FolderUnreadable(
                f"The folder cannot be listed: {error.strerror or error}",
                hint="Check that you may read it and that the disk is still there.",
                where=self.shown,
            ) from error
        files.sort()
        return Listing({e.name: e for e in files}, tuple(sorted(folders)), tuple(sorted(odd, key=lambda o: o.name)))

    @property
    def is_there(self) -> bool:
        """Whether it is a folder that can be opened; nothing in it is looked at."""
        try:
            with self._opened() as here:
                # Without descriptors of folders nothing has been opened yet.
                return isinstance(here, int) or stat.S_ISDIR(os.lstat(here).st_mode)
        except OSError:
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
                return tuple(folder for folder in folders if _is_file(f"{folder}/{name}", base))
        except OSError as error:
            raise _cannot_open(error, self.shown) from error

    @property
    def files(self) -> dict[str, Entry]:
        """Regular files by name, sorted."""
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
        try:
            with self._opened() as base:
                for name in names:
                    yield name, self._content(name, base, limit)
        except OSError as error:
            raise _cannot_open(error, self.shown) from error

    def _content(self, name: str, base: int | str, limit: int) -> bytes | RunfolioError:
        try:
            handle, size = self._open_file(name, base)
        except FolderUnreadable as failure:
            return failure
        try:
            return self._read_whole(handle, size, name, limit)
        except RunfolioError as failure:
            return failure
        finally:
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
        with self.open(name) as handle:
            return self._read_all(handle, name, size, offset)

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

    def _open_file(self, name: str, base: int | str) -> tuple[int, int]:
        """A descriptor that the caller closes, and the size. Raises FolderUnreadable for all but regular files."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise FolderUnreadable("That is not the name of a file", where=self.where(name))
        try:
            handle = _open(name, base, os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _BINARY)
        except OSError as error:
            raise _cannot_open(error, self.where(name)) from error
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            os.close(handle)
            raise FolderUnreadable(f"Not a regular file but a {_kind(facts.st_mode)}", where=self.where(name))
        return handle, facts.st_size

    def _read_whole(self, handle: int, size: int, name: str, limit: int, offset: int = 0) -> bytes:
        size -= offset
        if size < _ONE_READ and size <= limit and not offset:
            return self._read_small(handle, name, size, limit)
        if size > limit:
            raise LimitReached(
                f"The file has {size:,} bytes; at most {limit:,} are read",
                hint="Runfolio reads files of this kind only up to that size.",
                where=self.where(name),
            )
        return self._read_all(handle, name, limit, offset)

    def _read_small(self, handle: int, name: str, size: int, limit: int) -> bytes:
        """The same for the small files that most are: one call that ends before it is full has seen the end."""
        try:
            data = os.read(handle, size + 1)
        except OSError as error:
            raise FolderUnreadable(
                f"The file cannot be read: {error.strerror or error}", where=self.where(name)
            ) from error
        # Grown meanwhile, or one of those files that say they have no bytes and have some.
        return data if len(data) <= size and size else data + self._read_all(handle, name, limit - len(data), 0)

    def _read_all(self, handle: int, name: str, limit: int, offset: int) -> bytes:
        chunks: list[bytes] = []
        left = limit
        try:
            if offset:
                os.lseek(handle, offset, os.SEEK_SET)
            while left > 0:
                chunk = os.read(handle, min(left, 1 << 24))
                if not chunk:
                    break
                chunks.append(chunk)
                left -= len(chunk)
        except OSError as error:
            raise FolderUnreadable(
                f"The file cannot be read: {error.strerror or error}", where=self.where(name)
            ) from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    @contextmanager
    def _opened(self) -> Iterator[int | str]:
        """A directory descriptor where the system has them, else the path as text."""
        if self.opened is not None:
            self.opened.add(self.path)
        if not _HAS_DIR_FD:
            yield str(self.root / self.path)
            return
        flags = os.O_RDONLY | _DIRECTORY | _NONBLOCK
        handle = os.open(self.root, flags)
        try:
            for chunk in _chunks(self.path):
                # The root itself may be a link that the user chose; no part below it may be.
                below = os.open(chunk, flags | _NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


def _cannot_open(error: OSError, where: str) -> FolderUnreadable:
    return FolderUnreadable(
        f"Cannot be opened: {error.strerror or error}",
        hint="Check that the copy is complete and that you may read it.",
        where=where,
    )


def _open(name: str, base: int | str, flags: int) -> int:
    if isinstance(base, str):
        return os.open(os.path.join(base, name), flags)  # noqa: PTH118
    try:
        return os.open(name, flags | _NOATIME, dir_fd=base)
    except PermissionError:
        # O_NOATIME is only for the owner of the file; everybody else reads as usual.
        return os.open(name, flags, dir_fd=base)


def _is_file(path: str, base: int | str) -> bool:
    try:
        if isinstance(base, str):
            return stat.S_ISREG(os.lstat(os.path.join(base, path)).st_mode)  # noqa: PTH118
        return stat.S_ISREG(os.stat(path, dir_fd=base, follow_symlinks=False).st_mode)
    except OSError:
        return False  # not there, or not to be seen: either way nothing that could be read


def _chunks(path: str) -> Iterator[str]:
    """The path in pieces short enough for one system call each."""
    if len(path) * 4 <= _SAFE_PATH_BYTES or len(os.fsencode(path)) <= _SAFE_PATH_BYTES:
        if path:
            yield path
        return
    yield from path.split("/")


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISFIFO(mode):
        return "pipe"
    if stat.S_ISSOCK(mode):
        return "socket"
    if stat.S_ISDIR(mode):
        return "folder"
    return "device"
