"""What lies in a folder: names and kinds at once, sizes and times of files only when somebody asks for them.

A folder of an MLflow run has a file for each value; a stat of each would cost as much as reading it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeVar

T = TypeVar("T")


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


class Files(Mapping[str, Entry]):
    """Regular files by name, in sorted order. Looking one up, or going over the values, asks the system about them.

    look     gives the entries of files by name, of all those it can see.
    opened   what was seen of a file when it was opened; it counts unless the file was looked at before.
    looked, asked   names of files that somebody looked up, and of those that it was asked of whether they are here.
    is_listed, is_looked_at   whether somebody went over all names, and over all entries.

    A file that cannot be seen any more (it is gone, or the folder may be listed and not entered) counts as empty and of
    no time: whoever opens it is told why.
    """

    __slots__ = (
        "_complete", "_entries", "_look", "_names", "asked", "is_listed", "is_looked_at", "looked", "opened",
    )  # fmt: skip

    def __init__(self, names: list[str], look: Callable[[list[str]], Iterator[Entry]]) -> None:
        self._names = dict.fromkeys(sorted(names))
        self._entries: dict[str, Entry] = {}
        self.opened: dict[str, os.stat_result] = {}
        self._look = look
        self._complete = not names
        self.looked: set[str] = set()
        self.asked: set[str] = set()
        self.is_listed = self.is_looked_at = False

    def forget(self) -> None:
        """Drop the notes of what was asked."""
        self.looked.clear()
        self.asked.clear()
        self.is_listed = self.is_looked_at = False

    def __getitem__(self, name: str) -> Entry:
        self.looked.add(name)
        found = self._entries.get(name)
        if found is None:
            if name not in self._names:
                raise KeyError(name)
            found = self._noted(name) or next(self._look([name]), None) or Entry(name, 0, 0)
            self._entries[name] = found
        return found

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self.asked.add(name)
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        self.is_listed = True
        return iter(self._names)

    def __len__(self) -> int:
        self.is_listed = True
        return len(self._names)

    def __repr__(self) -> str:
        return f"Files({[*self._names]!r})"

    def values(self) -> ValuesView[Entry]:
        """All entries, asked for together."""
        self.is_looked_at = True
        return self._filled().values()

    def items(self) -> ItemsView[str, Entry]:
        """The same with their names."""
        self.is_looked_at = True
        return self._filled().items()

    def _noted(self, name: str) -> Entry | None:
        facts = self.opened.get(name)
        return None if facts is None else Entry(name, facts.st_size, facts.st_mtime_ns)

    def _filled(self) -> dict[str, Entry]:
        if not self._complete:
            known = {name: self._entries.get(name) or self._noted(name) for name in self._names}
            found = {entry.name: entry for entry in self._look([name for name, entry in known.items() if not entry])}
            self._entries = {n: entry or found.get(n) or Entry(n, 0, 0) for n, entry in known.items()}
            self._complete = True
        return self._entries


class Names(tuple[T, ...]):
    """A tuple that notes what is asked of it.

    asked      what it was asked of whether it is in here; is_listed whether anything else was asked.
    """

    asked: set[T]
    is_listed: bool

    def __new__(cls, names: Iterable[T] = ()) -> Self:
        """As a tuple is made."""
        made = super().__new__(cls, names)
        made.asked = set()
        made.is_listed = False
        return made

    def forget(self) -> None:
        """Drop the notes."""
        self.asked.clear()
        self.is_listed = False

    def __contains__(self, name: object) -> bool:
        self.asked.add(name)  # type: ignore[arg-type]
        return super().__contains__(name)

    def __iter__(self) -> Iterator[T]:
        self.is_listed = True
        return super().__iter__()

    def __len__(self) -> int:
        self.is_listed = True
        return super().__len__()


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a folder, by name in sorted order. Each part notes what is asked of it."""

    files: Files
    folders: Names[str]
    odd: Names[Odd]

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked of it."""
        files = self.files
        is_asked = files.is_listed or files.is_looked_at or self.folders.is_listed or self.odd.is_listed
        return is_asked or bool(files.asked or files.looked or files.opened or self.folders.asked)

    def size(self) -> tuple[int, ...]:
        """Grows with what was asked of it."""
        files, folders = self.files, self.folders
        return (
            len(files.asked), len(files.looked), len(files.opened), files.is_listed, files.is_looked_at,
            len(folders.asked), folders.is_listed, self.odd.is_listed,
        )  # fmt: skip

    def forget(self) -> None:
        """Drop the notes."""
        self.files.forget()
        self.folders.forget()
        self.odd.forget()


def names_in(handle: int | str) -> tuple[list[str], list[str], list[Odd]]:
    """Regular files, folders, and what is neither, in no order. Raises OSError when the folder cannot be listed."""
    files: list[str] = []
    folders: list[str] = []
    odd: list[Odd] = []
    with os.scandir(handle) as entries:
        for entry in entries:
            # The kind comes with the name on nearly all file systems; where it doesn't, this asks the system.
            if entry.is_file(follow_symlinks=False):
                files.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                odd.append(Odd(entry.name, _kind_of(entry)))
    return files, folders, odd


def kind_of_mode(mode: int) -> str:
    """What a directory entry is that is no regular file."""
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISFIFO(mode):
        return "pipe"
    if stat.S_ISSOCK(mode):
        return "socket"
    if stat.S_ISDIR(mode):
        return "folder"
    return "device"


def _kind_of(entry: os.DirEntry[str]) -> str:
    try:
        return kind_of_mode(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return "unreadable"
