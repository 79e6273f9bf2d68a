"""A folder that can be listed and read and in no way written, nor left.

Everything a reader sees goes through here, so the promises are kept in one place: symbolic links are not
followed, pipes, sockets and devices are never opened, a file is read up to a limit, paths longer than the system
allows are walked part by part, and reading leaves no access time behind where the system lets us.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from weakref import ref

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.readers.descriptors import (
    is_file,
)
from runfolio.readers.file_reading import FileReading, cannot_open, look_at
from runfolio.readers.listing import Entry, Files, Listing, Names, names_in
from runfolio.readers.trace import Trace


class Folder(FileReading):
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

    def __repr__(self) -> str:
        return f"Folder({str(self.root)!r}, {self.path!r})"

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
        return Listing(
            Files(files, lambda names: look_at(Folder(root, path), names)), Names(sorted(folders)), Names(odd)
        )

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
            raise cannot_open(error, self.shown) from error
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
