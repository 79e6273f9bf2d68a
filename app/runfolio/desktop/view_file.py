"""A saved view as a file that a colleague can open: `NAME.runfolio-view.json`.

The file comes from somebody else, so its size, depth and types are checked before anything is taken from it. Parts that
this version does not know are kept with the view and written again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from runfolio.desktop.saved_views import SavedView
from runfolio.desktop.session import view_from_json, view_to_json
from runfolio.errors import UsageError
from runfolio.model.display import plain
from runfolio.model.params import Json

SUFFIX = ".runfolio-view.json"
VERSION = 1
MOST_BYTES = 1_000_000
_DEEPEST, _MOST_PARTS, _LONGEST_TITLE = 16, 50_000, 200
_KNOWN: dict[str, type] = {
    "runfolio_view": int, "title": str, "where": str, "sort": list, "columns": list, "look": dict, "window": dict,
}  # fmt: skip


def is_view_file(path: str) -> bool:
    """Whether a path names a saved view."""
    return path.endswith(SUFFIX)


def write_view(view: SavedView, path: Path) -> Path:
    """Write a view. Raises UsageError. Writes a file: not for the GUI thread."""
    from runfolio.export.files import write_whole

    tree = {"runfolio_view": VERSION, **view_to_json(view)}
    return write_whole(path, json.dumps(tree, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace"))


def read_view(path: Path) -> SavedView:
    """The view in a file. Raises UsageError, which says what is wrong. Reads a file: not for the GUI thread."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"The view cannot be read: {error.strerror or error}", where=str(path)) from error
    if len(data) > MOST_BYTES:
        _refuse(path, f"it is larger than {MOST_BYTES // 1000} kB")
    try:
        tree: Json = json.loads(data, parse_constant=lambda word: _refuse(path, f"it holds {word}"))
    except (ValueError, RecursionError):
        _refuse(path, "it is no JSON")
    if not isinstance(tree, dict) or "runfolio_view" not in tree:
        _refuse(path, "it is some other file")
    for number, depth in enumerate(_depths(tree)):
        if depth > _DEEPEST or number > _MOST_PARTS:
            _refuse(path, "it is nested too deep, or has too many parts")
    for name, kind in _KNOWN.items():
        if name in tree and (not isinstance(tree[name], kind) or isinstance(tree[name], bool)):
            _refuse(path, f"“{name}” is not what it should be")
    title = tree.get("title")
    if not isinstance(title, str) or not 0 < len(title.strip()) <= _LONGEST_TITLE:
        _refuse(path, f"its title is not 1 to {_LONGEST_TITLE} characters")
    view = view_from_json({**tree, "title": plain(title.strip(), _LONGEST_TITLE)})
    if view is None:
        _refuse(path, "it has no title")
    return dataclasses.replace(view, extra={name: tree[name] for name in tree if name not in _KNOWN})


def _refuse(path: Path, why: str) -> NoReturn:
    hint = "Ask for the file again: Runfolio writes it from the menu of a saved view."
    raise UsageError(f"This is no saved view of Runfolio: {why}", hint=hint, where=str(path))


def _depths(tree: Json) -> Iterator[int]:
    # A stack instead of recursion: depth comes from a file.
    stack: list[tuple[Json, int]] = [(tree, 1)]
    while stack:
        piece, depth = stack.pop()
        yield depth
        below = piece.values() if isinstance(piece, dict) else piece if isinstance(piece, list) else ()
        stack.extend((part, depth + 1) for part in below)
