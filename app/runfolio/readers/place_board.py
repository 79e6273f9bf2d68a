"""Finds a point in what SwanLab keeps for its dashboard: a folder for each metric, with its points in slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runfolio.errors import FolderUnreadable
from runfolio.model.origin import Wanted
from runfolio.readers.folder import Folder
from runfolio.readers.swanlab_board import LOGS, slices_in


def slices_of(folder: Folder, name: str, wanted: Wanted) -> Iterator[tuple[str, Wanted]]:
    """The files that may hold the point, and what is looked for in each; nothing for any other folder."""
    point = wanted.point
    if point is None or f"/{LOGS}/" not in f"/{name}":
        return
    try:
        files = [*slices_in(folder.sub(name))]
    except FolderUnreadable:
        return
    # Points go on from slice to slice: only in the first is the place of one in its series the place in the file.
    for repeat in {point.repeat: None, 0: None}:
        inside = replace(wanted, name="data", step="index", point=replace(point, ordinal=None, repeat=repeat))
        yield from ((f"{name}/{file}", inside) for file in files)
