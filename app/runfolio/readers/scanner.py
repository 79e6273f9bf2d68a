"""Walks an import root and says which folders a reader can read, and what they looked like.

Only names, sizes and first bytes are looked at here; reading is the workers' job. Folders are visited in sorted
order, so that the same tree always gives the same units in the same order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runfolio.errors import FolderUnreadable
from runfolio.model.display import storable
from runfolio.model.problem import Problem, Severity
from runfolio.readers.contract import Claim, info, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.layout_files import saved_layouts
from runfolio.readers.looks import Glances, Look
from runfolio.readers.parse import seen
from runfolio.readers.registry import asked_mark, claims, readers_with

MAX_DEPTH = 400
"""Folders nested deeper than this are not searched; a Problem says so."""

SKIPPED = frozenset({"__pycache__", ".git", "node_modules", ".venv", "site-packages"})
"""Names of folders that are not searched."""


@dataclass(slots=True)
class Unit:
    """A folder that a reader claims."""

    claim: Claim
    folder: Folder
    _fingerprint: str | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when the folder's content may have; worked out when first asked. "" when it cannot be listed."""
        if self._fingerprint is None:
            self._fingerprint = seen(self.folder, self.claim)
        return self._fingerprint

    @property
    def is_seen(self) -> bool:
        """Whether all that the fingerprint is made of has been looked at."""
        return self._fingerprint is not None or not (self.claim.deep or self.claim.watch)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known from earlier walks, and who is told what this one finds.

    is_settled   asked by path; a folder of which it says yes is left out with all below it.
    looks        what was kept of folders by path. One that is as it was is not claimed again.
    stands       asked of such a folder whether all else that was read for it is as it was, too.
    unchanged    told of such a folder.
    keep         told what to keep of any other one, once all its units have been taken.
    opened       told of each folder that is not left out which ones were looked into to decide who claims it, as
                 `Folder.opened` names them; None where that is not known.
    """

    is_settled: Callable[[str], bool] = lambda _: False
    looks: Mapping[str, Look] = field(default_factory=dict)
    stands: Callable[[Look], bool] = lambda _: True
    unchanged: Callable[[Look], None] = lambda _: None
    keep: Callable[[Look], None] | None = None
    opened: Callable[[Iterable[str] | None], None] = lambda _: None


NO_MEMORY = Memory()
_MOST_DENIED = 20
_DATABASES = (".db", ".sqlite", ".sqlite3")
LAYOUT_UNUSABLE = "layout-unusable"
"""The code of problems that say which file of the user's layouts cannot be used; they come before all else."""


def scan(
    root: Path, on_folder: Callable[[str], None] | None = None, memory: Memory = NO_MEMORY
) -> Iterator[Unit | Problem]:
    """Units below `root`, and problems of the walk itself, in sorted order.

    The user's layouts are those there are when the walk begins.
    on_folder    told each folder's path before it is looked at; may raise Cancelled to stop the walk.
    Raises  FolderUnreadable when the root itself cannot be listed.
    """
    if not root.is_dir():
        raise FolderUnreadable(
            "There is no such folder" if not root.exists() else "This is a file, not a folder",
            hint="Check the spelling, and that the disk is mounted.",
            where=str(root),
        )
    saved = saved_layouts()
    hint = "Mend the file or take it away. Runs that were read by a layout before stay until then."
    yield from (warning(LAYOUT_UNUSABLE, "", str(s.trouble), hint) for s in saved if s.trouble is not None)
    layouts = tuple(s.layout for s in saved if s.layout is not None)
    asked = readers_with(layouts)
    glances = Glances(root, asked_mark(layouts))
    stack = [""]
    while stack:
        path = stack.pop()
        if on_folder is not None:
            on_folder(storable(path))
        if memory.is_settled(path):
            continue
        look = memory.looks.get(path)
        if look is not None and look.mark == glances.mark(path, look.touched) and memory.stands(look):
            memory.unchanged(look)
            memory.opened(look.touched)
            if folders := glances.folders(path):
                stack.extend(_below(path, folders, look.pruned))
            continue
        begun_ns = time.time_ns()
        is_kept = memory.keep is not None and glances.mark(path) != "" and storable(path) == path
        folder = Folder(root, path, set() if is_kept else None)
        try:
            with folder.held():
                listing = folder.listing
                found = claims(folder, asked)
        except FolderUnreadable as failure:
            if path == "":
                raise
            yield problem_from(failure, "folder-unreadable", folder.shown, Severity.ERROR)
            continue
        memory.opened(folder.opened)
        pruned: set[str] = set()
        units = [Unit(claim, folder) for claim in found]
        for claim in found:
            pruned.update(listing.folders if claim.prune is None else claim.prune)
        yield from units
        told = [] if found else [*_odd_ones(folder)]
        yield from told
        below = [*_below(path, listing.folders, pruned)]
        if path.count("/") >= MAX_DEPTH and below:
            yield warning(
                "too-deep",
                folder.shown,
                f"Folders nested deeper than {MAX_DEPTH} levels are not searched",
                "Open the inner folder by itself.",
            )
            continue
        stack.extend(below)
        if folder.opened is None or memory.keep is None or told:
            continue
        if all(unit.is_seen for unit in units):
            kept = glances.look(path, tuple(c.reader for c in found), pruned, folder.opened, begun_ns)
            if kept is not None:
                memory.keep(kept)


def _below(path: str, folders: Iterable[str], pruned: Container[str]) -> Iterator[str]:
    """Paths of the folders to be searched, the first one last."""
    before = f"{path}/" if path else ""
    return (before + name for name in reversed([*folders]) if name not in pruned and name not in SKIPPED)


def _odd_ones(folder: Folder) -> Iterator[Problem]:
    """What in an unclaimed folder is no regular file, may not be read, or is the log of a database that is not there.

    Nothing says that it belongs to a run, so no run lacks it. Of files that may not be read those are told that readers
    wanted to look into: one of them may be what a whole store lies in.
    """
    for name in sorted(folder.denied)[:_MOST_DENIED]:
        yield problem_from(folder.denied[name], "file-unreadable", folder.where(name))
    for name in folder.files:
        database = name.removesuffix("-wal")
        if database != name and database.endswith(_DATABASES) and database not in folder.files:
            message = "The log of a database that does not lie here: nothing can be read from it alone"
            yield warning("log-alone", folder.where(name), message, f"Copy {storable(database)} as well.")
    for odd in folder.listing.odd:
        where = folder.where(odd.name)
        if odd.kind == "link":
            yield info("link-not-followed", where, "A symbolic link: it was not followed")
        else:
            yield info("not-a-file", where, f"A {odd.kind}, not a regular file: it was not opened")
