"""JSON, YAML and TOML as trees: the children of one node at a time.

The document that was asked for last is kept in this process, since opening a tree asks for it again and again.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import islice

from runfolio.errors import LimitReached, NotFound
from runfolio.model.display import plain
from runfolio.model.params import Json, text_of
from runfolio.model.previews import Node, TreePage
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder

LARGEST = 64 << 20
"""Bytes of a document; larger ones are shown as text."""
CHILDREN = 500
_TEXT = 400


@dataclass(slots=True)
class _Last:
    """The document read last, and of which file."""

    key: tuple[str, str, int, int] | None = None
    document: Document | None = None


_last = _Last()


def tree_page(folder: Folder, name: str, inside: tuple[str | int, ...], first: int) -> tuple[TreePage, tuple[str, ...]]:
    """Children of a node, and what is wrong with the document. Raises NotFound, LimitReached, FolderUnreadable."""
    document = _document(folder, name)
    notes = tuple(problem.message for problem in document.problems)
    here: Json = document.value
    for key in inside:
        try:
            here = _below(here, key)
        except (KeyError, IndexError) as gone:
            raise NotFound("The document has changed: it has no such part now", where=folder.where(name)) from gone
    pairs: list[tuple[str | int, Json]]
    if isinstance(here, dict):
        total = len(here)
        pairs = [*islice(here.items(), first, first + CHILDREN)]
    elif isinstance(here, list):
        total = len(here)
        pairs = list(enumerate(here[first : first + CHILDREN], first))
    else:
        total, pairs = 1, [("", here)]
    nodes = tuple(_node(key, value, (*inside, key), document) for key, value in pairs)
    return TreePage(inside, first, total, nodes), notes


def _below(here: Json, key: str | int) -> Json:
    if isinstance(here, dict) and isinstance(key, str):
        return here[key]
    if isinstance(here, list) and isinstance(key, int):
        return here[key]
    raise KeyError(key)


def _document(folder: Folder, name: str) -> Document:
    entry = folder.entry(name)
    key = None if entry is None else (str(folder.root), folder.join(name), entry.size, entry.mtime_ns)
    if key is not None and key == _last.key and _last.document is not None:
        return _last.document
    if entry is not None and entry.size > LARGEST:
        raise LimitReached(
            f"The document has {entry.size:,} bytes; up to {LARGEST:,} are shown as a tree",
            hint="Look at it as text.",
            where=folder.where(name),
        )
    document = read_document(folder, name, Budget(text_bytes=LARGEST))
    _last.key, _last.document = key, document
    return document


def _node(key: str | int, value: Json, path: tuple[str | int, ...], document: Document) -> Node:
    if isinstance(value, dict):
        return Node(key, "{}" if not value else "", "map", len(value))
    if isinstance(value, list):
        flat = len(value) <= 8 and not any(isinstance(item, list | dict) for item in value)
        return Node(key, plain(_told(value), _TEXT) if flat else "", "list", len(value))
    keys = tuple(str(part) for part in path)
    text = document.texts.get(keys) or _told(value)
    kind = "null" if value is None else type(value).__name__
    return Node(key, plain(text, _TEXT), kind)


def _told(value: Json) -> str:
    """A value that has no text of its own in the document, as JSON writes it: NaN and Infinity among others."""
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else text_of(value)
