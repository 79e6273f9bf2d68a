"""How Aim writes trees into a key-value store: paths as keys, leaves and container marks as values.

Source: `aim/storage/encoding/encoding.pyx` and `aim/storage/treeutils.pyx` of Aim 3.29. A path is its parts one after
the other, each ended by 0xFE; a number is 0xFE, eight bytes big endian, 0xFE. A value begins with the byte of its type.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TypeAlias, cast

from runfolio.model.params import Json

_END = 0xFE
Part = str | int
Path = tuple[Part, ...]

_NONE, _BOOL, _INT, _FLOAT, _TEXT, _BYTES, _ARRAY, _OBJECT = range(8)
_DEEPEST = 64


class Marked:
    """A value that is a container, or something of a class: not a leaf."""


ARRAY, OBJECT, OTHER = Marked(), Marked(), Marked()
Value: TypeAlias = "Json | Marked"


def path_of(key: bytes) -> Path | None:
    """The parts of a key; None where it is no path."""
    parts: list[Part] = []
    at = 0
    while at < len(key):
        if key[at] == _END:
            if at + 10 > len(key) or key[at + 9] != _END:
                return None
            parts.append(int.from_bytes(key[at + 1 : at + 9], "big"))
            at += 10
            continue
        end = key.find(_END, at)
        if end < 0:
            return None
        parts.append(key[at:end].decode("utf-8", "surrogateescape"))
        at = end + 1
    return tuple(parts)


def value_of(data: bytes) -> Value:
    """A leaf, or the mark of a container. OTHER for what is no plain value, or is damaged."""
    if not data:
        return OTHER
    kind, body = data[0], data[1:]
    if kind == _NONE:
        return None
    if kind == _BOOL and body:
        return body[0] != 0
    if kind == _INT and len(body) == 8:
        return cast(int, struct.unpack("<q", body)[0])
    if kind == _FLOAT and len(body) == 8:
        return cast(float, struct.unpack("<d", body)[0])
    if kind == _TEXT:
        return body.decode("utf-8", "surrogateescape")
    if kind == _ARRAY:
        return ARRAY
    return OBJECT if kind == _OBJECT else OTHER


def tree_of(leaves: Iterable[tuple[Path, Value]]) -> Json:
    """The nested value that paths with their values stand for; containers may be marked or only be implied."""
    root: dict[Part, object] = {}
    lists: set[Path] = set()
    for path, value in leaves:
        if len(path) > _DEEPEST:
            continue
        node = root
        for part in path[:-1]:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                below = node[part] = {}
            node = below
        if value is ARRAY:
            lists.add(path)
        if isinstance(value, Marked):
            if path and value is not OTHER:
                node.setdefault(path[-1], {})
        elif path:
            node[path[-1]] = value
    return _built(root, (), lists)


def _built(node: object, path: Path, lists: set[Path]) -> Json:
    if not isinstance(node, dict):
        return cast(Json, node)
    # What is marked as a list and has other keys than places would lose them.
    if path in lists and all(isinstance(part, int) for part in node):
        numbers = sorted(part for part in node if isinstance(part, int))
        return [_built(node[n], (*path, n), lists) for n in numbers]
    return {str(part): _built(below, (*path, part), lists) for part, below in node.items()}
