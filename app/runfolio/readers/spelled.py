"""From paths as they are kept, which are valid text, back to those on the disk, whose bytes need not be UTF-8.

What is kept spells such bytes out (`\\xff`, see `model.display.storable`), which no program can tell from a name that
has these characters. So the disk is asked: a name that is there as it is kept is that one, else the first that is kept
so.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.model.display import storable

if TYPE_CHECKING:
    from runfolio.readers.folder import Folder

_SPELLED = "\\"


def spelled(names: Collection[str], kept: str) -> str | None:
    """The name that is kept so; None when there is none."""
    if kept in names:
        return kept
    return next((name for name in names if storable(name) == kept), None) if _SPELLED in kept else None


def folder_at(root: Folder, kept: str) -> Folder:
    """The folder below an import root whose path is kept so. Raises FolderUnreadable if it climbs out."""
    folder = root.at(kept) if kept else root
    if _SPELLED not in kept or folder.is_there:
        return folder
    there = root
    for part in kept.split("/"):
        name = spelled(there.folders, part) if _SPELLED in part else part
        if name is None:
            return folder
        there = there.sub(name)
    return there


def root_at(kept: str) -> Path:
    """The import root whose path is kept so; as it is kept where there is none."""
    path = Path(kept)
    if _SPELLED not in kept or os.path.lexists(path):
        return path
    there = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        try:
            name = spelled([entry.name for entry in there.iterdir()], part) if _SPELLED in part else part
        except OSError:
            return path
        if name is None:
            return path
        there = there / name
    return there
