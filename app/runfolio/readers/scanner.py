"""Walks an import root and says which folders a reader can read, and what they looked like.

Only names, sizes and first bytes are looked at here; reading is the workers' job. Folders are visited in sorted
order, so that the same tree always gives the same units in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runfolio.errors import FolderUnreadable
from runfolio.model.problem import Problem, Severity
from runfolio.readers.contract import Claim, info, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.layout_files import saved_layouts
from runfolio.readers.parse import seen
from runfolio.readers.registry import claims, readers_with

MAX_DEPTH = 400
"""Folders nested deeper than this are not searched; a Problem says so."""

_SKIPPED = frozenset({"__pycache__", ".git", "node_modules", ".venv", "site-packages"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A folder that a reader claims."""

    claim: Claim
    folder: Folder

    @property
    def fingerprint(self) -> str:
        """Changes when the folder's content may have; worked out when asked. "" when it cannot be listed."""
        return seen(self.folder, self.claim)


def scan(
    root: Path,
    on_folder: Callable[[str], None] | None = None,
    is_settled: Callable[[str], bool] = lambda _: False,
) -> Iterator[Unit | Problem]:
    """Units below `root`, and problems of the walk itself, in sorted order.

    The user's layouts are those there are when the walk begins.
    on_folder    told each folder's path before it is looked at; may raise Cancelled to stop the walk.
    is_settled   asked by path next; a folder of which it says yes is left out with all below it.
    Raises  FolderUnreadable when the root itself cannot be listed.
    """
    if not root.is_dir():
        raise FolderUnreadable(
            "There is no such folder" if not root.exists() else "This is a file, not a folder",
            hint="Check the spelling, and that the disk is mounted.",
            where=str(root),
        )
    saved = saved_layouts()
    yield from (warning("layout-unusable", "", str(s.trouble)) for s in saved if s.trouble is not None)
    asked = readers_with(tuple(s.layout for s in saved if s.layout is not None))
    stack = [Folder(root)]
    while stack:
        folder = stack.pop()
        if on_folder is not None:
            on_folder(folder.shown)
        if is_settled(folder.path):
            continue
        try:
            listing = folder.listing
            found = claims(folder, asked)
        except FolderUnreadable as failure:
            if folder.path == "":
                raise
            yield problem_from(failure, "folder-unreadable", folder.shown, Severity.ERROR)
            continue
        pruned: set[str] = set()
        for claim in found:
            pruned.update(listing.folders if claim.prune is None else claim.prune)
            yield Unit(claim, folder)
        if not found:
            yield from _odd_ones(folder)
        below = [n for n in listing.folders if n not in pruned and n not in _SKIPPED]
        if folder.path.count("/") >= MAX_DEPTH and below:
            yield warning(
                "too-deep",
                folder.shown,
                f"Folders nested deeper than {MAX_DEPTH} levels are not searched",
                "Open the inner folder by itself.",
            )
            continue
        stack.extend(folder.sub(name) for name in reversed(below))


def _odd_ones(folder: Folder) -> Iterator[Problem]:
    """What in an unclaimed folder is no regular file. Nothing says that it belongs to a run, so no run lacks it."""
    for odd in folder.listing.odd:
        where = folder.where(odd.name)
        if odd.kind == "link":
            yield info("link-not-followed", where, "A symbolic link: it was not followed")
        else:
            yield info("not-a-file", where, f"A {odd.kind}, not a regular file: it was not opened")
