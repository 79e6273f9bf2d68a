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
    "left_out": list,
}  # fmt: skip
_FOLDER, _FILES, _TABLE = "the folder of the library", "the files that were looked at", "the table of a classifier"
"""What a colleague has no use for: paths of the disk that the view was made on."""


def is_view_file(path: str) -> bool:
    """Whether a path names a saved view."""
    return path.endswith(SUFFIX)


def write_view(view: SavedView, path: Path) -> tuple[Path, tuple[str, ...]]:
    """Write a view, and what was left out of it, because it holds on this disk alone.

    Raises UsageError. Writes a file: not for the GUI thread.
    """
    from runfolio.export.files import write_whole

    shared, left_out = without_paths(view)
    tree = {"runfolio_view": VERSION, **view_to_json(shared)} | ({"left_out": [*left_out]} if left_out else {})
    data = json.dumps(tree, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    return write_whole(path, data), left_out


def without_paths(view: SavedView) -> tuple[SavedView, tuple[str, ...]]:
    """The view without paths of this disk, and what they were of. The filter stays as it was typed."""
    window: Json = json.loads(json.dumps(dict(view.window)))
    left_out: dict[str, None] = {}
    if not isinstance(window, dict):
        return view, ()
    if window.pop("source", None) is not None:
        left_out[_FOLDER] = None
    views = window.get("views")
    views = views if isinstance(views, dict) else {}
    for id, parts in (("data", ("files",)), ("files", ("file", "search"))):
        kept = views.get(id)
        held = [kept.pop(part, None) for part in parts] if isinstance(kept, dict) else []
        if any(held):
            left_out[_FILES] = None
    for settings in _classifiers(views):
        if settings.get("path"):
            settings["path"] = ""
            left_out[_TABLE] = None
    return dataclasses.replace(view, window=window), tuple(left_out)


def _classifiers(views: dict[str, Json]) -> Iterator[dict[str, Json]]:
    """The settings of charts that are made of a file, in Explore and among the panels of Charts."""
    explore, charts = views.get("explore"), views.get("charts")
    kinds = explore.get("kinds") if isinstance(explore, dict) else None
    panels = charts.get("panels") if isinstance(charts, dict) else None
    found = [kinds.get("classifier")] if isinstance(kinds, dict) else []
    if isinstance(panels, dict):
        found += [panel.get("chart") for panel in panels.values() if isinstance(panel, dict)]
    yield from (settings for settings in found if isinstance(settings, dict) and "path" in settings)


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
    # Charts read their tables by themselves, and no file is opened because a stranger has named it.
    window: Json = json.loads(json.dumps(dict(view.window)))
    views = window.get("views") if isinstance(window, dict) else None
    for settings in _classifiers(views if isinstance(views, dict) else {}):
        settings["path"] = ""
    if isinstance(window, dict):
        view = dataclasses.replace(view, window=window)
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
