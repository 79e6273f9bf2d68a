"""The files of a DVC repository at one moment: as they lie in its folder, or in a commit, or in DVC's cache."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Protocol

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.readers.contract import Budget
from runfolio.readers.documents import parse_json
from runfolio.readers.dvc_pipeline import Tracked
from runfolio.readers.folder import Folder
from runfolio.readers.git_objects import GitObjects, ObjectMissing
from runfolio.readers.git_packs import ObjectDamaged

_DIGEST = re.compile(r"([0-9a-f]{2})([0-9a-f]{30}(?:\.dir)?)")
_FOLDER_SUFFIX = ".dir"
_LARGEST_LIST = 64 << 20
_DEEPEST = 32
_MOST_FILES = 100_000


class Source(Protocol):
    """Where files are looked up by their path in the repository."""

    def key(self, path: str) -> str | None:
        """Stands for the content of a file: equal keys mean equal content. None when there is no such file."""
        ...

    def below(self, path: str) -> list[str]:
        """The files in a folder and below it, relative to it, sorted; none when there is no such folder."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """The content of a file. Raises RunfolioError."""
        ...


class FolderFiles:
    """The files as they lie in the folder now. Links are not followed."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def _holder(self, path: str) -> tuple[Folder, str] | None:
        above, _, name = path.rpartition("/")
        try:
            here = self._folder.sub(above) if above else self._folder
            return (here, name) if name in here.files else None
        except FolderUnreadable:
            return None

    def key(self, path: str) -> str | None:
        found = self._holder(path)
        return f"here:{path}" if found is not None else None

    def below(self, path: str) -> list[str]:
        names: list[str] = []
        try:
            pending = [("", self._folder.sub(path) if path else self._folder)]
        except FolderUnreadable:
            return []
        while pending and len(names) < _MOST_FILES:
            prefix, here = pending.pop()
            try:
                names += [prefix + name for name in here.files]
                if prefix.count("/") < _DEEPEST:
                    pending += [(f"{prefix}{name}/", here.sub(name)) for name in here.folders]
            except FolderUnreadable:
                continue
        return sorted(names)

    def read(self, path: str, limit: int) -> bytes:
        found = self._holder(path)
        if found is None:
            raise FolderUnreadable("There is no such file", where=path)
        return found[0].read(found[1], limit)


class CommitFiles:
    """The files of a commit; `tree` is that of the repository's folder in it."""

    def __init__(self, objects: GitObjects, tree: bytes) -> None:
        self._objects = objects
        self._tree = tree

    def key(self, path: str) -> str | None:
        try:
            entry = self._objects.find(self._tree, path)
        except (ObjectMissing, ObjectDamaged):
            return None  # `objects` keeps count of those
        return f"git:{entry.name.hex()}" if entry is not None and entry.kind == "blob" else None

    def below(self, path: str) -> list[str]:
        names: list[str] = []
        try:
            entry = self._objects.find(self._tree, path)
        except (ObjectMissing, ObjectDamaged):
            return []
        pending = [("", entry.name)] if entry is not None and entry.kind == "tree" else []
        while pending and len(names) < _MOST_FILES:
            prefix, tree = pending.pop()
            try:
                entries = self._objects.tree(tree)
            except (ObjectMissing, ObjectDamaged):
                continue
            names += [prefix + name for name, below in entries.items() if below.kind == "blob"]
            if prefix.count("/") < _DEEPEST:
                pending += [(f"{prefix}{name}/", b.name) for name, b in entries.items() if b.kind == "tree"]
        return sorted(names)

    def read(self, path: str, limit: int) -> bytes:
        try:
            entry = self._objects.find(self._tree, path)
            if entry is None or entry.kind != "blob":
                raise FolderUnreadable("There is no such file in the commit", where=path)
            return self._objects.read(entry.name, "blob", limit)
        except (ObjectMissing, ObjectDamaged) as failure:
            raise FolderUnreadable(f"The file cannot be had from the history: {failure}", where=path) from failure


class Cache:
    """DVC's cache, `.dvc/cache`: files by the MD5 of their content. One elsewhere is not looked for."""

    def __init__(self, folder: Folder | None) -> None:
        self._folder = folder
        self._lists: dict[str, dict[str, str] | None] = {}

    def has(self, digest: str) -> bool:
        """Whether a file of that digest is in the cache."""
        return self._place(digest) is not None

    def _place(self, digest: str) -> tuple[Folder, str] | None:
        match = _DIGEST.fullmatch(digest)
        if match is None or self._folder is None:
            return None
        for above in ("files/md5/", ""):  # since 3.0, and before
            try:
                here = self._folder.sub(above + match[1])
                if match[2] in here.files:
                    return here, match[2]
            except FolderUnreadable:
                continue
        return None

    def read(self, digest: str, limit: int) -> bytes:
        """The content. Raises RunfolioError, also when it does not have that digest."""
        place = self._place(digest)
        if place is None:
            raise FolderUnreadable("The file is not in the cache of DVC", where=digest)
        data = place[0].read(place[1], limit)
        # Before 3.0 DVC counted the ends of lines of text as one character.
        for content in (data, data.replace(b"\r\n", b"\n")):
            if hashlib.md5(content, usedforsecurity=False).hexdigest() == digest.removesuffix(_FOLDER_SUFFIX):
                return data
        raise FolderUnreadable(
            "The file does not have the digest it is kept by",
            hint="Its copy is damaged, or was changed in the cache.",
            where=place[0].where(place[1]),
        )

    def listing(self, digest: str, budget: Budget) -> dict[str, str] | None:
        """The files of a folder that DVC keeps, with their digests; None when that cannot be had."""
        if digest not in self._lists:
            try:
                data = self.read(digest, _LARGEST_LIST)
            except RunfolioError:
                self._lists[digest] = None
            else:
                rows = parse_json(data, digest, budget).value
                found: dict[str, str] = {}
                for row in rows if isinstance(rows, list) else ():
                    path, own = (row.get("relpath"), row.get("md5")) if isinstance(row, dict) else (None, None)
                    if isinstance(path, str) and isinstance(own, str):
                        found[path] = own
                self._lists[digest] = found
        return self._lists[digest]


class WithCache:
    """Files of a source, and of what DVC keeps outside of it those that are in its cache.

    absent   what was asked for, is kept by DVC, and is not in the cache: path and digest of the file or folder.
    """

    def __init__(self, source: Source, outs: Sequence[Tracked], cache: Cache, budget: Budget) -> None:
        self._source = source
        self._outs = {t.path: t.digest for t in outs if t.digest is not None and t.algorithm == "md5" and t.inside}
        self._cache = cache
        self._budget = budget
        self.absent: dict[str, str] = {}

    def _digest(self, path: str) -> str | None:
        """The digest of a file that DVC keeps, also within a folder that it keeps."""
        own = self._outs.get(path)
        if own is not None and not own.endswith(_FOLDER_SUFFIX):
            return own
        above, inside = self._above(path)
        if above:
            listing = self._cache.listing(self._outs[above], self._budget)
            if listing is None:
                self.absent[above] = self._outs[above]
                return None
            return listing.get(inside)
        return None

    def _above(self, path: str) -> tuple[str, str]:
        """The nearest kept folder that a path lies in (or is), and the rest of the path."""
        above = path
        while above:
            if self._outs.get(above, "").endswith(_FOLDER_SUFFIX):
                return above, path[len(above) + 1 :]
            above = above.rpartition("/")[0]
        return "", ""

    def key(self, path: str) -> str | None:
        own = self._source.key(path)
        if own is not None:
            return own
        digest = self._digest(path)
        if digest is None:
            return None
        if not self._cache.has(digest):
            self.absent[path] = digest
            return None
        return f"md5:{digest}"

    def below(self, path: str) -> list[str]:
        own = self._source.below(path)
        above, inside = self._above(path)
        if own or not above:
            return own
        listing = self._cache.listing(self._outs[above], self._budget)
        if listing is None:
            self.absent[above] = self._outs[above]
            return []
        prefix = f"{inside}/" if inside else ""
        return sorted(name[len(prefix) :] for name in listing if name.startswith(prefix))

    def read(self, path: str, limit: int) -> bytes:
        if self._source.key(path) is not None:
            return self._source.read(path, limit)
        digest = self._digest(path)
        if digest is None:
            raise FolderUnreadable("There is no such file", where=path)
        return self._cache.read(digest, limit)
