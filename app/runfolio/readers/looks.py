"""What a walk keeps of each folder, so that the next one asks no reader about a folder that has not changed.

Who claims a folder, and whether the claimed files have changed, follows from what lies in it and in the other folders
that were looked into to decide it; `Folder` notes which those were. As long as names, kinds, sizes and times in all of
them are the same, and so are readers and layouts, so is the answer. Nothing is kept that was written to moments ago: it
may be written to once more within the same tick of the file system's clock.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import xxhash

_MOST_TOUCHED = 200
"""Folders whose answer hangs on more than this are asked about again each time; hardly one in a tree does."""

_TICK_NS = 3_000_000_000
"""Clocks of file systems are as coarse as two seconds."""


def latest_of(begun_ns: int) -> int:
    """The latest time, in ns, of what has not changed since it was looked at, or is seen to have."""
    return begun_ns - _TICK_NS


class Look(NamedTuple):
    """One folder as it was found.

    mark      of what lies in it and in `touched`; another one says that the folder has to be looked at anew.
    readers   who claimed it. `pruned` are the folders in it that were left to them.
    touched   other folders that the answer hangs on, as `Folder.opened` names them.
    """

    path: str
    mark: str
    readers: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()


class _Glance(NamedTuple):
    """What lies in a folder: a hash of names, kinds, sizes and times, the newest of the times, and the folders."""

    digest: bytes
    newest_ns: int
    folders: dict[str, None]


class _Unseen(Exception):
    """Whether the folder is there, or what lies in it, cannot be seen."""


class Glances:
    """Lists each folder below a root at most once, by names, sizes and times only. Links are not followed."""

    def __init__(self, root: Path, asked: bytes) -> None:
        """`asked` stands for the readers and layouts by which folders are claimed."""
        self._root = str(root)
        self._asked = asked + os.fsencode(root)  # names of folders tell something, too
        self._seen: dict[str, _Glance | None] = {}

    def mark(self, path: str, touched: Iterable[str] = ()) -> str:
        """Hex of a hash over a folder and those that were touched; "" when one of them cannot be seen."""
        try:
            own = self._glance(path)
            if own is None:
                return ""
            return xxhash.xxh3_128_hexdigest(b"".join((self._asked, own.digest, *map(self._part, touched))))
        except _Unseen:
            return ""

    def folders(self, path: str) -> tuple[str, ...]:
        """Names of the folders in one that has a mark, sorted."""
        own = self._glance(path)
        return () if own is None else (*own.folders,)

    def look(
        self, path: str, readers: tuple[str, ...], pruned: Iterable[str], opened: set[str], begun_ns: int
    ) -> Look | None:
        """What to keep of a folder; None when the next walk has to look at it anew.

        opened     the folders that were looked into, its own among them; begun_ns when looking into them began.
        """
        touched = tuple(sorted(opened - {path}))
        mark = self.mark(path, touched) if len(touched) <= _MOST_TOUCHED else ""
        if not mark:
            return None
        if max([self._newest_ns(path), *map(self._newest_ns, touched)]) > latest_of(begun_ns):
            return None
        return Look(path, mark, readers, tuple(sorted(pruned)), touched)

    def _part(self, touched: str) -> bytes:
        above, is_many, name = touched.partition("//")
        glance = self._glance(above)
        if glance is None:
            return b"-"
        if not is_many:
            return glance.digest
        before = self._at(above)
        holding = [folder for folder in glance.folders if _is_file(f"{before}/{folder}/{name}")]
        return xxhash.xxh3_128_digest("/".join(holding).encode("utf-8", "surrogateescape"))

    def _newest_ns(self, touched: str) -> int:
        above, is_many, name = touched.partition("//")
        glance = self._glance(above)
        if glance is None:
            return 0
        if not is_many:
            return glance.newest_ns
        # A folder's own time tells of files that went.
        places = [self._at(above, folder) for folder in glance.folders]
        return max(map(_time_ns, (*places, *(f"{place}/{name}" for place in places))), default=0)

    def _glance(self, path: str) -> _Glance | None:
        """None for what is no folder. Raises _Unseen."""
        if path in self._seen:
            return self._seen[path]
        glance = self._listed(path) if self._is_folder(path) else None
        self._seen[path] = glance
        return glance

    def _is_folder(self, path: str) -> bool:
        if not path:
            return True
        above, _, name = path.rpartition("/")
        over = self._glance(above)
        if over is None or name in over.folders:
            return over is not None
        if os.path.lexists(self._at(path)):  # by a name in other letters, or as a link: better not to judge
            raise _Unseen
        return False

    def _at(self, *parts: str) -> str:
        return "/".join([self._root, *filter(None, parts)])

    def _listed(self, path: str) -> _Glance | None:
        lines: list[str] = []
        folders: list[str] = []
        newest = 0
        try:
            with os.scandir(f"{self._root}/{path}" if path else self._root) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                        continue
                    facts = entry.stat(follow_symlinks=False)
                    written, changed = facts.st_mtime_ns, facts.st_ctime_ns
                    if written > newest:
                        newest = written
                    if changed > newest:
                        newest = changed
                    lines.append(f"{entry.name}\0{facts.st_size}\0{written}\0{changed}\0{facts.st_mode}\n")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _Unseen from error
        lines.sort()
        folders.sort()
        text = "".join(lines) + "\n" + "/".join(folders)
        return _Glance(xxhash.xxh3_128_digest(text.encode("utf-8", "surrogateescape")), newest, dict.fromkeys(folders))


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _Unseen from error


def _time_ns(path: str) -> int:
    try:
        facts = os.lstat(path)
    except OSError:
        return 0
    return max(facts.st_mtime_ns, facts.st_ctime_ns)
