"""What a result hangs on beside the files of its claim: whatever was looked at while it was read.

A `Folder` with a trace notes there what is asked of it and of the folders it leads to: names, whether something is
there, sizes and times. What of it the fingerprint of the claim does not know is kept with the result, and the next look
asks whether it is still so. No reader has to say what it looks at.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import xxhash

from runfolio.errors import FolderUnreadable
from runfolio.readers.contract import Claim
from runfolio.readers.folder import Folder
from runfolio.readers.listing import Entry, Listing
from runfolio.readers.trace import Sight, Trace

_NAME = "\0"


class Beside(NamedTuple):
    """What a result hangs on that the fingerprint does not know.

    notes    what was asked, as JSON: of the claimed folder and those in it by path relative to it, then of others. In
             the paths of these a NUL stands for the name of the claimed folder, so that many have the same notes.
    shared   the same of what was looked at for several results at once, of folders outside of the claimed one only.
    mark     three hashes with a `/` between them, each "" where nothing was asked: over the answers of the claimed
             folder itself, over those of all other folders, and over the shared ones.
    """

    notes: str = ""
    shared: str = ""
    mark: str = ""


NOTHING = Beside()


class _Note(NamedTuple):
    """What was asked of a folder.

    kinds    "n" for the names of all files or "a" for their sizes and times, too; "s" for the names of all folders, "o"
             for what is neither.
    looked   files whose size and time count; `asked` are those of which it counts whether they are there.
    folders  those of which it counts whether they are there.
    held     names of files for which it counts which of the folders in here hold one.
    """

    kinds: str = ""
    looked: Iterable[str] = ()
    asked: Iterable[str] = ()
    folders: Iterable[str] = ()
    held: Iterable[str] = ()

    @classmethod
    def of(cls, sight: Sight) -> _Note:
        """All that was asked."""
        listing = sight.listing
        looked, kinds = {*sight.opened, *sight.looked}, ""
        asked, folders = set[str](), set[str]()
        if listing is not None:
            files, below = listing.files, listing.folders
            kinds = "a" if files.is_looked_at else "n" if files.is_listed else ""
            looked |= files.looked | files.opened.keys()
            asked = set() if kinds else files.asked - looked
            looked = set() if kinds == "a" else looked
            folders = set() if below.is_listed else below.asked
            kinds += "s" * below.is_listed + "o" * listing.odd.is_listed
        return cls(kinds, *(tuple(sorted(names)) for names in (looked, asked, folders, sight.held)))

    def beyond(self, claim: Claim) -> _Note | None:
        """What of the claimed folder itself its fingerprint does not know."""
        if claim.prune is None and claim.deep:
            return None
        kinds = self.kinds.replace("o", "")
        looked, asked = [name for name in self.looked if name not in claim.files], self.asked
        if claim.prune is None or not claim.files:
            kinds, looked, asked = kinds.replace("n", "").replace("a", ""), [], ()
        note = _Note(kinds, looked, asked, self.folders, self.held)
        return note if any(note) else None


_Notes: TypeAlias = Mapping[str, Iterable[_Note]]
"""By path of the folder."""


class _View(ABC):
    """A folder as it was, or as it is."""

    @property
    @abstractmethod
    def is_there(self) -> bool:
        """Whether it can be opened."""

    @property
    @abstractmethod
    def listing(self) -> Listing | None:
        """None when it cannot be listed."""

    @abstractmethod
    def entry(self, name: str) -> Entry | None:
        """A regular file; None when there is none of that name."""

    @abstractmethod
    def has_file(self, name: str) -> bool:
        """Whether there is one."""

    @abstractmethod
    def has_folder(self, name: str) -> bool:
        """Whether there is a folder of that name."""

    @abstractmethod
    def holding(self, name: str) -> Iterable[str]:
        """Folders in here with a file of that name."""

    def answer(self, note: _Note) -> str:
        """What is to be said to all that was asked."""
        if not self.is_there:
            return "-"
        lines: list[str] = []
        listing = self.listing if note.kinds else None
        if listing is not None:
            lines.append(note.kinds)
            if "n" in note.kinds:
                lines.append("/".join(listing.files))
            if "a" in note.kinds:
                lines += map(_facts, listing.files.values())
            if "s" in note.kinds:
                lines.append("/".join(listing.folders))
            if "o" in note.kinds:
                lines += [f"{odd.kind}/{odd.name}" for odd in listing.odd]
        lines += [_facts(self.entry(name)) for name in note.looked]
        lines += ["-+"[self.has_file(name)] for name in note.asked]
        lines += ["-+"[self.has_folder(name)] for name in note.folders]
        lines += ["/".join(self.holding(name)) for name in note.held]
        return "\n".join(lines)


def _facts(entry: Entry | None) -> str:
    return "-" if entry is None else f"{entry.name}\0{entry.size}\0{entry.mtime_ns}"


def _hash(answers: Sequence[str]) -> str:
    """Hex; "" of no answers."""
    if not answers:
        return ""
    return xxhash.xxh3_128_hexdigest("\n\n".join(answers).encode("utf-8", "surrogatepass"))


# --- as it was when it was read --------------------------------------------------------------------------------------


class _Past(_View):
    """What was seen of a folder."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    @property
    def is_there(self) -> bool:
        return self._sight.is_there is not False

    @cached_property
    def listing(self) -> Listing | None:
        return self._sight.listing

    def entry(self, name: str) -> Entry | None:
        facts = self._sight.opened.get(name)
        if facts is not None:
            return Entry(name, facts.st_size, facts.st_mtime_ns)
        if name in self._sight.looked or self.listing is None:
            return self._sight.looked.get(name)
        return self.listing.files.get(name)

    def has_file(self, name: str) -> bool:
        return self.listing is not None and name in self.listing.files

    def has_folder(self, name: str) -> bool:
        return self.listing is not None and name in self.listing.folders

    def holding(self, name: str) -> Iterable[str]:
        return self._sight.held[name]


def beside(trace: Trace, claim: Claim) -> Beside:
    """What a result hangs on that has just been read."""
    inside: dict[str, list[_Asked]] = {}
    outside: dict[str, list[_Asked]] = {}
    shared: list[_Seen] = []
    before = f"{claim.path}/" if claim.path else ""
    name = claim.path.rpartition("/")[2]

    def inner(path: str, sight: Sight) -> None:
        place = path[len(before) :]
        note = _Note.of(sight).beyond(claim) if path == claim.path else _Note.of(sight)
        if note is not None and (path == claim.path or not _is_known(claim, place)):
            inside.setdefault(place, []).append((note, _Past(sight).answer(note)))

    for path, sight in trace.sights():
        if path == claim.path or path.startswith(before):
            inner(path, sight)
        else:
            note = _Note.of(sight)
            outside.setdefault(_with_name(path, name, _NAME), []).append((note, _Past(sight).answer(note)))
    for part in trace.others:
        # What is read for many results is made a note of once.
        for one in part.once(partial(_seen_in, part)):
            if one.path == claim.path or one.path.startswith(before):
                inner(one.path, one.sight)
            else:
                shared.append(one)
    if not (inside or outside or shared):
        return NOTHING
    own = {"": inside[""]} if "" in inside else {}
    below = {place: asked for place, asked in inside.items() if place}
    shared_notes, shared_mark = _of_shared(tuple((path, note, answer) for path, _, note, answer in shared))
    return Beside(
        _json(inside, outside) if inside or outside else "",
        shared_notes,
        "/".join((_told(own), _told(below, outside), shared_mark)),
    )


class _Seen(NamedTuple):
    """What was asked of one folder, and the answer."""

    path: str
    sight: Sight
    note: _Note
    answer: str


def _seen_in(trace: Trace) -> tuple[_Seen, ...]:
    notes = [(path, sight, _Note.of(sight)) for path, sight in trace.sights()]
    return tuple(_Seen(path, sight, note, _Past(sight).answer(note)) for path, sight, note in notes)


@lru_cache(maxsize=64)
def _of_shared(seen: tuple[tuple[str, _Note, str], ...]) -> tuple[str, str]:
    """The notes as JSON, and the hash over the answers. Cached because many results share them."""
    shared: dict[str, list[_Asked]] = {}
    for path, note, answer in seen:
        shared.setdefault(path, []).append((note, answer))
    return (_json({}, shared) if shared else "", _told(shared))


def _with_name(path: str, old: str, new: str) -> str:
    """The path with other names for the folders of one name."""
    return "/".join(new if part == old else part for part in path.split("/")) if old else path


_Asked: TypeAlias = tuple[_Note, str]
"""What was asked of a folder, and the answer."""


def _json(*parts: Mapping[str, Iterable[_Asked]]) -> str:
    return json.dumps([{place: [n for n, _ in asked] for place, asked in part.items()} for part in parts])


def _told(*parts: Mapping[str, Iterable[_Asked]]) -> str:
    return _hash([answer for part in parts for _, asked in sorted(part.items()) for _, answer in asked])


def _is_known(claim: Claim, below: str) -> bool:
    """Whether the fingerprint knows all of a folder in the claimed one."""
    return claim.deep and (claim.prune is None or below.partition("/")[0] in claim.prune)


# --- as it is now ----------------------------------------------------------------------------------------------------


class _Present(_View):
    """A folder now. Where not all names were asked for it is not listed, since it may have many."""

    def __init__(self, root: Path, path: str) -> None:
        self._folder = Folder(root, path)

    @property
    def is_there(self) -> bool:
        try:
            # What was looked for in vain is hardly ever there now, which costs a fraction of opening it to tell.
            os.lstat(f"{self._folder.root}/{self._folder.path}")
        except FileNotFoundError:
            return False
        except OSError:
            pass  # a path that is too long at once, for one, can be opened part by part
        return self._folder.is_there

    @cached_property
    def listing(self) -> Listing | None:
        try:
            return self._folder.listing
        except FolderUnreadable:
            return None

    def entry(self, name: str) -> Entry | None:
        return self._folder.entry(name)

    def has_file(self, name: str) -> bool:
        return self._folder.entry(name) is not None

    def has_folder(self, name: str) -> bool:
        return self._folder.sub(name).is_there

    def holding(self, name: str) -> Iterable[str]:
        try:
            return self._folder.holding(name)
        except FolderUnreadable:
            return ()


class Besides:
    """Asks whether what results hang on is as it was; what many of them share is looked at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._shared: dict[str, str] = {}

    def is_same(self, path: str, was: Beside, *, elsewhere: bool = False) -> bool:
        """Of the claimed folder at `path`; with `elsewhere` what lies in that itself is taken to be the same."""
        if not was.mark:
            return True
        own, rest, shared = was.mark.split("/")
        if shared and self._shared_now(was.shared) != shared:
            return False
        if not (rest or (own and not elsewhere)):
            return True
        inside, outside = _read(was.notes)
        if not inside and not any(_NAME in place for place in outside):
            return self._shared_now(was.notes) == rest
        name = path.rpartition("/")[2]
        if own and not elsewhere and _hash([*self._answers(path, {"": inside[""]})]) != own:
            return False
        below = {place: notes for place, notes in inside.items() if place}
        return not rest or _hash([*self._answers(path, below), *self._answers("", outside, name)]) == rest

    def _shared_now(self, notes: str) -> str:
        if notes not in self._shared:
            _, outside = _read(notes)
            self._shared[notes] = _hash([*self._answers("", outside)])
        return self._shared[notes]

    def _answers(self, above: str, notes: _Notes, name: str = "") -> Iterator[str]:
        for place, some in sorted(notes.items()):
            path = _with_name(place, _NAME, name) if name else place
            view = _Present(self._root, "/".join(filter(None, (above, path))))
            for note in some:
                yield view.answer(note)


@lru_cache(maxsize=64)
def _read(notes: str) -> tuple[_Notes, _Notes]:
    """Of the claimed folder and those in it, and of others."""
    inside, outside = ({k: [_Note(*n) for n in some] for k, some in part.items()} for part in json.loads(notes))
    return inside, outside
