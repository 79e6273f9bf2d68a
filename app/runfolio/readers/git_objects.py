"""Objects of a Git repository by name: commits, trees and files, from packs and loose files, each checked.

Only what lies below the repository's own `objects` folder is read: no alternates, no work trees elsewhere, no
configuration and no program of anybody. An object whose content does not have the digest it is named by is damaged.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model import times
from runfolio.model.display import storable
from runfolio.readers.folder import Folder
from runfolio.readers.git_packs import ObjectDamaged, Pack, open_packs

_LARGEST_COMMIT = 4 << 20
_LARGEST_TREE = 64 << 20
_TREES_KEPT = 4096
_DEEPEST = 64
_MISSING_NOTED = 100


class ObjectMissing(Exception):
    """No object of that name: a shallow, partial or interrupted copy."""


class TreeEntry(NamedTuple):
    """What a name in a tree stands for: `kind` "tree", "blob", "link" or "commit" (a repository inside)."""

    kind: str
    name: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit.

    id            hexadecimal.
    author        without the address.
    authored_us, committed_us   microseconds UTC; None for a time that is damaged.
    subject       first line of the message.
    """

    id: str
    tree: bytes
    parents: tuple[bytes, ...]
    author: str
    authored_us: int | None
    committed_us: int | None
    subject: str


class GitObjects:
    """The objects of one repository. `folder` is its `.git`; `hash_size` 20 bytes for SHA-1, 32 for SHA-256.

    damaged   names of objects that were asked for and are damaged, hexadecimal.
    missing   the same of objects that are not there.
    odd       packs that cannot be read.
    """

    def __init__(self, folder: Folder, hash_size: int) -> None:
        self._objects = folder.sub("objects")
        # What has the digest it is named by does not change: nobody needs to look at each of them again.
        self._singles = folder.apart(self._objects.path, None)
        self._hash = hashlib.sha1 if hash_size == 20 else hashlib.sha256
        self._hash_size = hash_size
        self.damaged: dict[str, str] = {}
        self.missing: set[str] = set()
        self._packs: list[Pack] = []
        self.odd: list[str] = []
        if "pack" in self._objects.folders:
            self._packs, self.odd = open_packs(self._objects.sub("pack"), hash_size)
        self._trees: OrderedDict[bytes, Mapping[str, TreeEntry]] = OrderedDict()

    def read(self, name: bytes, kind: str, limit: int) -> bytes:
        """The content of an object. Raises ObjectMissing, ObjectDamaged (also for one of another kind)."""
        shown = name.hex()
        try:
            found = self._packed(name, limit) or self._loose(shown, limit)
            if found is None:
                if len(self.missing) < _MISSING_NOTED:
                    self._objects.sub(shown[:2]).entry(shown[2:])  # notes that it counts whether it comes
                self.missing.add(shown)
                raise ObjectMissing(shown)
            if found[0] != kind:
                raise ObjectDamaged(f"a {found[0]} where a {kind} is expected")
            if self._hash(f"{kind} {len(found[1])}\0".encode() + found[1]).digest() != name:
                raise ObjectDamaged("its content does not have the digest it is named by")
        except ObjectDamaged as failure:
            self.damaged[shown] = str(failure)
            raise
        return found[1]

    def _packed(self, name: bytes, limit: int) -> tuple[str, bytes] | None:
        damaged: ObjectDamaged | None = None
        for place, pack in enumerate(self._packs):
            try:
                offset = pack.find(name)
                if offset is None:
                    continue
                found = pack.read(offset, limit)
            except ObjectDamaged as failure:
                damaged = failure
                continue
            if place:  # what is asked for next lies in the same pack
                self._packs.insert(0, self._packs.pop(place))
            return found
        if damaged is not None:
            raise damaged
        return None

    def _loose(self, shown: str, limit: int) -> tuple[str, bytes] | None:
        try:
            if shown[:2] not in self._singles.folders or shown[2:] not in self._singles.sub(shown[:2]).files:
                return None
            data = self._singles.sub(shown[:2]).read(shown[2:], limit)
        except LimitReached as failure:
            raise ObjectDamaged(failure.message) from None
        except RunfolioError:
            return None
        inflater = zlib.decompressobj()
        try:
            content = inflater.decompress(data, limit + 64)
        except zlib.error as failure:
            raise ObjectDamaged(f"it cannot be unpacked: {failure}") from None
        head, zero, body = content.partition(b"\0")
        kind, _, size = head.decode("ascii", "replace").partition(" ")
        if not inflater.eof or not zero or size != str(len(body)):
            raise ObjectDamaged("it is cut off, or too large")
        return kind, body

    def commit(self, name: bytes) -> Commit:
        """A commit. Raises ObjectMissing, ObjectDamaged."""
        head, _, message = self.read(name, "commit", _LARGEST_COMMIT).partition(b"\n\n")
        tree = b""
        parents: list[bytes] = []
        times_of: dict[bytes, tuple[str, int | None]] = {}
        for line in head.split(b"\n"):
            key, _, rest = line.partition(b" ")
            if key == b"tree":
                tree = self._name(rest)
            elif key == b"parent":
                parents.append(self._name(rest))
            elif key in (b"author", b"committer"):
                times_of.setdefault(key, _signature(rest))
        author, authored = times_of.get(b"author", ("", None))
        subject = message.lstrip(b"\n").partition(b"\n")[0].decode("utf-8", "replace").strip()
        committed = times_of.get(b"committer", ("", None))[1]
        return Commit(name.hex(), tree, tuple(parents), author, authored, committed, storable(subject))

    def tagged(self, name: bytes) -> bytes:
        """The commit that a tag stands for; the name itself when it is no tag. Never raises for what it holds."""
        for _ in range(5):
            try:
                head = self.read(name, "tag", _LARGEST_COMMIT)
            except (ObjectMissing, ObjectDamaged):
                # Most tags are commits themselves: that is no damage.
                self.damaged.pop(name.hex(), None)
                self.missing.discard(name.hex())
                return name
            name = self._name(head.partition(b"\n")[0].removeprefix(b"object "))
        return name

    def tree(self, name: bytes) -> Mapping[str, TreeEntry]:
        """The names in a tree, not UTF-8 as surrogate escapes. Raises ObjectMissing, ObjectDamaged."""
        kept = self._trees.get(name)
        if kept is not None:
            self._trees.move_to_end(name)
            return kept
        entries: dict[str, TreeEntry] = {}
        data = self.read(name, "tree", _LARGEST_TREE)
        place = 0
        while place < len(data):
            space, zero = data.find(b" ", place, place + 8), data.find(b"\0", place)
            end = zero + 1 + self._hash_size
            if space < 0 or zero < space or end > len(data):
                raise ObjectDamaged("a tree that is cut off")
            text = data[space + 1 : zero].decode("utf-8", "surrogateescape")
            entries[text] = TreeEntry(_kind(data[place:space]), data[zero + 1 : end])
            place = end
        self._trees[name] = entries
        if len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return entries

    def find(self, tree: bytes, path: str) -> TreeEntry | None:
        """What lies at a path below a tree; None when there is nothing, or a link on the way. Raises as `tree` does."""
        entry: TreeEntry | None = TreeEntry("tree", tree)
        parts = path.split("/") if path else []
        for part in parts if len(parts) <= _DEEPEST else ():
            if entry is None or entry.kind != "tree":
                return None
            entry = self.tree(entry.name).get(part)
        return entry if len(parts) <= _DEEPEST else None

    def _name(self, text: bytes) -> bytes:
        try:
            name = bytes.fromhex(text.decode("ascii", "replace"))
        except ValueError:
            name = b""
        if len(name) != self._hash_size:
            raise ObjectDamaged("it names no object")
        return name


def _kind(mode: bytes) -> str:
    if mode in (b"40000", b"040000"):
        return "tree"
    return {b"120000": "link", b"160000": "commit"}.get(mode, "blob")


def _signature(line: bytes) -> tuple[str, int | None]:
    """The name and the time in `name <address> seconds zone`."""
    who, _, rest = line.rpartition(b">")
    name = storable(who.partition(b"<")[0].decode("utf-8", "replace").strip())
    seconds = rest.strip().partition(b" ")[0]
    if not seconds.isdigit() or len(seconds) > 12:
        return name, None
    return name, times.from_seconds(int(seconds))


def hash_size_of(folder: Folder) -> int:
    """20 or 32 bytes, by the one word in `config` that tells; nothing else of the settings is looked at."""
    try:
        head = folder.head("config", 1 << 14)
    except FolderUnreadable:
        return 20
    return 32 if b"sha256" in head.lower() and b"objectformat" in head.lower() else 20
