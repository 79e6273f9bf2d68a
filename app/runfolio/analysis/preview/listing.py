"""The files of a run as they lie on the disk now: below the folder of each of its recordings, or where it has them.

Folders of other runs' recordings are not entered, links are not followed, and the walk has limits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from runfolio.analysis.preview.kinds import kind_of_name, step_in
from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.previews import FilePlace, RunFile, RunFiles
from runfolio.model.run_homes import NamedFile, RunHome
from runfolio.readers.folder import Folder
from runfolio.readers.spelled import folder_at, root_at, spelled

MOST = 100_000
_DEEPEST = 32
_SECONDS = 15.0
_DIGITS = re.compile(r"([0-9]+)")
_Pieces = tuple[tuple[int, str], ...]


def list_files(homes: Sequence[RunHome]) -> RunFiles:
    """The files of a run; one that several recordings have is told once."""
    found: dict[tuple[str, str], RunFile] = {}
    missing: dict[str, RunFile] = {}
    notes: dict[str, None] = {}
    until = time.monotonic() + _SECONDS
    # Longer paths first: a file belongs to the recording nearest to it.
    for home in sorted(homes, key=lambda h: -len(h.path)):
        _take(home, found, missing, notes, until)
    here = {file.shown for file in found.values()}
    files = [*found.values(), *(file for shown, file in missing.items() if shown not in here)]
    return RunFiles(tuple(sorted(files, key=lambda file: _natural(file.shown))), tuple(notes))


def _natural(path: str) -> tuple[tuple[_Pieces, ...], _Pieces]:
    """Folders apart, and numbers in a name by their size: `epoch_5.png` comes before `epoch_10.png`."""
    *folders, name = (_pieces(part) for part in path.lower().split("/"))
    return tuple(folders), name


def _pieces(name: str) -> _Pieces:
    # Every second piece is digits: the more of them behind zeros, the larger the number.
    found = []
    for place, piece in enumerate(_DIGITS.split(name)):
        digits = piece.lstrip("0") if place % 2 else ""
        found.append((len(digits), digits or piece))
    return tuple(found)


def _take(
    home: RunHome,
    found: dict[tuple[str, str], RunFile],
    missing: dict[str, RunFile],
    notes: dict[str, None],
    until: float,
) -> None:
    recorded = {named.path for named in home.named if named.base is None}
    try:
        folder, only = _opened(home)
    except FolderUnreadable as gone:
        notes[f"{storable(home.path) or '.'}: {gone.message}"] = None
        folder, only = None, None
    known: set[str] = set()
    if folder is not None:
        if home.is_shared and only is None:
            notes["Other runs lie in the same folder: files of theirs may be among these"] = None
        for file in _walk(folder, home, only, notes, until):
            key = (home.root, file.place.path) if file.place is not None else ("", file.shown)
            if len(found) >= MOST and key not in found:
                notes[f"More than {MOST:,} files; not all are listed"] = None
                break
            is_recorded = not recorded.isdisjoint(_tails(file.shown))
            found.setdefault(key, replace(file, recorded=True) if is_recorded else file)
            known.add(file.shown)
    ends = {end for shown in known for end in _tails(shown)}
    elsewhere = _Elsewhere(home.root)
    for named in home.named:
        path = named.path
        there = elsewhere.find(named) if named.base is not None else None
        if there is not None and there.place is not None:
            key = (home.root, there.place.path)
            if key in found:
                found[key] = replace(found[key], recorded=True)
            elif len(found) < MOST:
                found[key] = there
        elif path not in ends and len(missing) < MOST:
            step, series = step_in(path)
            missing.setdefault(
                path, RunFile(path, None, named.size_bytes, None, kind_of_name(path), True, step, series)
            )


class _Elsewhere:
    """Finds files that a recording names outside of its own place, such as the artifacts beside a database."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._bases: dict[str, Folder] = {}

    def find(self, named: NamedFile) -> RunFile | None:
        """The file, where it lies there now and may be seen; None where not."""
        *above, name = named.path.split("/")
        try:
            folder = self._base(named.base or "")
            for part in above:
                real = spelled(folder.folders, part)
                if real is None:
                    return None
                folder = folder.sub(real)
            real = spelled(folder.files, name)
            if real is None:
                return None
            entry = folder.files[real]
        except FolderUnreadable:
            return None  # told as not here, as what is gone is
        step, series = step_in(named.path)
        place = FilePlace(str(folder.root), folder.join(real))
        return RunFile(named.path, place, entry.size, entry.mtime_ns // 1000, kind_of_name(real), True, step, series)

    def _base(self, path: str) -> Folder:
        if path not in self._bases:
            self._bases[path] = folder_at(Folder(root_at(self._root)), path)
        return self._bases[path]


def _tails(shown: str) -> Iterator[str]:
    yield shown
    place = shown.find("/")
    while place >= 0:
        yield shown[place + 1 :]
        place = shown.find("/", place + 1)


def _opened(home: RunHome) -> tuple[Folder, str | None]:
    """The folder of a recording, and the one file of it where the recording is a file. Raises FolderUnreadable."""
    root = Folder(root_at(home.root))
    folder = folder_at(root, home.path)
    if folder.is_there:
        return folder, None
    above, _, name = home.path.rpartition("/")
    parent = folder_at(root, above)
    real = spelled(parent.files, name) if name and parent.is_there else None
    if real is not None:
        return parent, real
    raise FolderUnreadable("The folder is not there", where=folder.shown)


def _walk(folder: Folder, home: RunHome, only: str | None, notes: dict[str, None], until: float) -> Iterator[RunFile]:
    if only is not None:
        entry = folder.entry(only)
        if entry is not None:
            yield _file(folder, "", only, entry.size, entry.mtime_ns)
        return
    pending = [("", folder)]
    while pending:
        prefix, here = pending.pop()
        if time.monotonic() > until:
            notes[f"Listing took longer than {_SECONDS:.0f} s; not all files are listed"] = None
            return
        try:
            listing = here.listing
        except FolderUnreadable as failure:
            notes[f"{storable(prefix) or '.'}: {failure.message}"] = None
            continue
        for entry in listing.files.values():
            yield _file(here, prefix, entry.name, entry.size, entry.mtime_ns)
        if listing.odd:
            kinds = ", ".join(sorted({odd.kind for odd in listing.odd}))
            left = len(listing.odd)
            told = "1 entry that is" if left == 1 else f"{left:,} entries that are"
            notes[f"{storable(prefix) or './'}: {told} not opened ({kinds})"] = None
        if prefix.count("/") >= _DEEPEST:
            continue
        for name in reversed(listing.folders):
            if storable(here.join(name)) not in home.apart:
                pending.append((f"{prefix}{name}/", here.sub(name)))


def _file(folder: Folder, prefix: str, name: str, size: int, mtime_ns: int) -> RunFile:
    shown = storable(prefix + name)
    step, series = step_in(shown)
    place = FilePlace(str(folder.root), folder.join(name))
    return RunFile(shown, place, size, mtime_ns // 1000, kind_of_name(name), False, step, series)
