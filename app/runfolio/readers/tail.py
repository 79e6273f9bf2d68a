"""Follows folders that are still being written: append-only files are read from the last good offset on.

A reader says which of its files only grow. They are read up to their last whole line or record, and the next time from
there; the reader itself is given a folder in which those files hold nothing but the new part. Whatever else changes in
the folder, shrinks, or no longer ends as it did, makes it be read as a whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import xxhash

from runfolio.errors import FolderUnreadable, LimitReached, RunfolioError
from runfolio.model.params import Json
from runfolio.readers.contract import Appended, Budget, Claim, GrowingReader
from runfolio.readers.folder import Folder
from runfolio.readers.listing import Entry, Files, Listing, Names
from runfolio.readers.parse import Parsed, parse
from runfolio.readers.registry import reader_named
from runfolio.readers.trace import Trace

_GUARD = 512
"""Bytes before an offset that have to be the same for the file to have grown and not been rewritten."""
_LONGEST_LINE = 1 << 20
_RECORD = struct.Struct("<Q")
_AROUND_RECORD = 16
_STEP_BYTES = 1 << 20
_STEP_COLUMN = "step_column"
"""What readers of tables call the step column in `Recording.extra`; None there for numbers of rows."""


@dataclass(frozen=True, slots=True)
class FileMark:
    """How far a file has been read: up to `end`, with a header of `head` bytes; `guard` is a hash of both's bytes."""

    kind: Appended
    head: int
    end: int
    guard: str


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a claimed folder has been read.

    files   by name relative to the claimed folder.
    rest    a hash over names, sizes and times of all other files.
    steps   the step column of each recording, where its reader says which it took.
    """

    files: Mapping[str, FileMark] = field(default_factory=dict)
    rest: str = ""
    steps: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown of a file: its first `head` bytes, then those from `start` to `end`."""

    head: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes that are shown."""
        return self.head + self.end - self.start


class PartFolder(Folder):
    """A folder in which some files hold a part of what they do; `parts` by path relative to the root.

    only   paths of the files that are there at all; None for all. What has not changed is not looked at again.
    """

    def __init__(
        self,
        root: Path,
        path: str,
        parts: Mapping[str, Part],
        only: frozenset[str] | None = None,
        trace: Trace | None = None,
    ) -> None:
        super().__init__(root, path, trace=trace)
        self._parts = parts
        self._only = only

    def _made(self, name: str) -> Folder:
        """A folder in here shows the same parts."""
        return PartFolder(self.root, self.join(name), self._parts, self._only, self.trace)

    @cached_property
    def listing(self) -> Listing:
        """The listing with the sizes of the parts."""
        whole = Folder(self.root, self.path, trace=self.trace).listing
        shown = [name for name in whole.files if self._only is None or self.join(name) in self._only]

        def entries(names: list[str]) -> Iterator[Entry]:
            for name in names:
                part, entry = self._parts.get(self.join(name)), whole.files[name]
                yield entry if part is None else Entry(name, part.size, entry.mtime_ns)

        files = Files(shown, entries)
        files.values()  # now: what is noted of a file when it is opened is its whole size
        if self._only is None:
            # What is asked of all files is asked here, and noted there.
            whole.files.is_looked_at = True
            return Listing(files, whole.folders, whole.odd)
        folders = [n for n in whole.folders if any(path.startswith(f"{self.join(n)}/") for path in self._only)]
        return Listing(files, Names(folders), Names())

    def read(self, name: str, limit: int, *, offset: int = 0) -> bytes:
        """See `Folder.read`."""
        part = self._parts.get(self.join(name))
        if part is None:
            return super().read(name, limit, offset=offset)
        if part.size - offset > limit:
            raise LimitReached(f"The file has {part.size:,} bytes; at most {limit:,} are read", where=self.where(name))
        return self.part(name, offset, part.size)

    def part(self, name: str, offset: int, size: int) -> bytes:
        """See `Folder.part`."""
        part = self._parts.get(self.join(name))
        if part is None:
            return super().part(name, offset, size)
        data = b""
        if offset < part.head:
            data = super().part(name, offset, min(size, part.head - offset))
        start = part.start + max(0, offset - part.head)
        wanted = min(size - len(data), part.end - start)
        return data + super().part(name, start, wanted) if wanted > 0 else data

    def read_flat(self, name: str, limit: int, most: int) -> None:
        """See `Folder.read_flat`; parts are for the careful way."""

    def read_many(self, names: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | RunfolioError]]:
        """See `Folder.read_many`."""
        for name in names:
            if self.join(name) not in self._parts:
                yield from super().read_many([name], limit)
                continue
            try:
                content: bytes | RunfolioError = self.read(name, limit)
            except RunfolioError as failure:
                content = failure
            yield name, content


@dataclass(frozen=True, slots=True)
class Followed:
    """What was read of a folder that is being written.

    whole   whether `parsed` is all of it; else it holds the points that were added, and nothing else of it counts.
    marks   where to go on.
    """

    parsed: Parsed
    whole: bool
    marks: Marks


def follow(root: Path, claim: Claim, marks: Marks | None, budget: Budget) -> Followed:
    """Read what was added since `marks`; all of it without marks, or when it cannot be told apart. Never raises."""
    folder = Folder(root, claim.path)
    reader = reader_named(claim.reader)
    if not isinstance(reader, GrowingReader):
        return Followed(parse(root, claim, budget), True, Marks())
    try:
        growing, rest = _growing(folder, claim, reader)
        if marks is not None and marks.rest == rest and marks.files.keys() == growing.keys():
            added = _added(folder, growing, marks.files)
            if added is not None:
                parts = {folder.join(name): part for name, part in added.items()}
                files = {name: _marked(folder, name, marks.files[name], p.end) for name, p in added.items()}
                only = frozenset({*parts, *map(folder.join, claim.files)})
                parsed = parse(root, claim, budget, PartFolder(root, claim.path, parts, only))
                if _is_read_alike(parsed, marks.steps):
                    return Followed(parsed, False, Marks(files, rest, marks.steps))
        begun = {name: _begun(folder, name, kind) for name, kind in growing.items()}
    except FolderUnreadable:
        # The folder's own problems tell of it.
        return Followed(parse(root, claim, budget), True, Marks())
    parts = {folder.join(name): Part(0, 0, mark.end) for name, mark in begun.items()}
    parsed = parse(root, claim, budget, PartFolder(root, claim.path, parts))
    return Followed(parsed, True, Marks(begun, rest, tuple(r.extra.get(_STEP_COLUMN, "") for r in parsed.recordings)))


def _is_read_alike(part: Parsed, steps: tuple[Json, ...]) -> bool:
    """Whether the steps of new lines are what they are in the whole: no numbers of rows, and of the same column."""
    return len(part.recordings) == len(steps) and all(
        not any(map(len, recording.metrics)) or (step is not None and recording.extra.get(_STEP_COLUMN, "") == step)
        for recording, step in zip(part.recordings, steps, strict=True)
    )


def _growing(folder: Folder, claim: Claim, reader: GrowingReader) -> tuple[dict[str, Appended], str]:
    """The files that only grow, and a hash over all the others."""
    growing: dict[str, Appended] = {}
    digest = xxhash.xxh3_128()
    for name, entry in _entries(folder, claim):
        kind = reader.appended(name)
        if kind is not None:
            growing[name] = kind
        else:
            digest.update(b"%s\0%d\0%d\n" % (name.encode("utf-8", "surrogateescape"), entry.size, entry.mtime_ns))
    return growing, digest.hexdigest()


def _entries(folder: Folder, claim: Claim) -> Iterator[tuple[str, Entry]]:
    """The files that the claim speaks of, by name relative to its folder, as the fingerprint sees them."""
    pending = [("", folder)]
    while pending:
        prefix, here = pending.pop()
        for entry in here.files.values():
            if prefix or claim.prune is None or not claim.files or entry.name in claim.files:
                yield prefix + entry.name, entry
        if claim.deep:
            names = here.folders if claim.prune is None or prefix else sorted(claim.prune & {*here.folders})
            pending += [(f"{prefix}{name}/", here.sub(name)) for name in names]


def _added(folder: Folder, growing: Mapping[str, Appended], known: Mapping[str, FileMark]) -> dict[str, Part] | None:
    """The new part of each file; None when one of them is not what it was, with more behind."""
    added: dict[str, Part] = {}
    untouched = True
    last = max(growing, default="")
    for name in growing:
        mark = known[name]
        end = _sound_end(folder, name, mark)
        if end is None or _marked(folder, name, mark, mark.end).guard != mark.guard:
            return None
        if mark.kind is Appended.RECORDS and end > mark.end and name != last:
            return None  # its points stand before those of the files behind it
        added[name] = Part(mark.head, mark.end, end)
        untouched = untouched and _size(folder, name) == mark.end
    # Somebody wrote, and nothing became longer: what was there is something else now.
    return None if untouched else added


def _begun(folder: Folder, name: str, kind: Appended) -> FileMark:
    head = _header(folder, name) if kind is Appended.TABLE else 0
    empty = FileMark(kind, head, head, "")
    return _marked(folder, name, empty, _sound_end(folder, name, empty) or head)


def _marked(folder: Folder, name: str, mark: FileMark, end: int) -> FileMark:
    digest = xxhash.xxh3_128(folder.part(name, 0, mark.head) if mark.head else b"")
    start = max(0, end - _GUARD)
    digest.update(folder.part(name, start, end - start) if end else b"")
    return FileMark(mark.kind, mark.head, end, digest.hexdigest())


def _header(folder: Folder, name: str) -> int:
    """Bytes of the header and the comments before it, which may hold it; 0 when it is not whole yet."""
    data = folder.head(name, _LONGEST_LINE)
    at = 0
    while True:
        end = data.find(b"\n", at) + 1
        if not end:
            return 0
        if not data[at:end].lstrip().startswith(b"#"):
            # A row without a letter is none, so the last comment was.
            return at if at and not any(map(str.isalpha, data[at:end].decode("latin-1"))) else end
        at = end


def _sound_end(folder: Folder, name: str, mark: FileMark) -> int | None:
    """Where the last whole line or record ends, `mark.end` when nothing was added; None when the file is shorter."""
    size = _size(folder, name)
    if size < mark.end:
        return None
    if mark.kind is Appended.RECORDS:
        return _end_of_records(folder, name, mark.end, size)
    at = size
    while at > mark.end:
        start = max(mark.end, at - _STEP_BYTES)
        found = folder.part(name, start, at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return mark.end


def _size(folder: Folder, name: str) -> int:
    above, _, last = name.rpartition("/")
    return (folder.sub(above) if above else folder).files[last].size


def _end_of_records(folder: Folder, name: str, at: int, size: int) -> int:
    data, base = b"", at
    while True:
        if at - base + _RECORD.size > len(data):
            data, base = folder.part(name, at, _STEP_BYTES), at
            if len(data) < _RECORD.size:
                return at
        (length,) = _RECORD.unpack_from(data, at - base)
        if at + _AROUND_RECORD + length > size:
            return at
        at += _AROUND_RECORD + length
