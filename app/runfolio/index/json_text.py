"""The text of a JSON document with one value a line, in pieces, as `json.dump(indent=1)` writes it.

The standard library writes indented documents value by value in Python, which for millions of points takes longer
than to read them. Here what holds no further containers goes to its compiled encoder as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring
from typing import TypeAlias

from runfolio.model.params import Json

Tree: TypeAlias = "Json | Inline | list[Tree] | dict[str, Tree]"
Inline: TypeAlias = Callable[[str], str]
"""A leaf that writes itself: given the line break and blanks that stand before its end, its text."""

_SIMPLE = frozenset({str, int, float, bool, type(None)})
_PIECE = 1 << 20


def pieces(document: Mapping[str, Tree], depth: int = 4) -> Iterator[str]:
    """The text in pieces of about a million characters; what lies `depth` levels deep is one piece however long.

    Raises ValueError for NaN and infinities.
    """
    waiting: list[str] = []
    size = 0
    for text in _walk(document, "\n", depth):
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def _walk(value: Tree | Mapping[str, Tree], end: str, depth: int) -> Iterator[str]:
    if not depth or not value or not isinstance(value, dict | list):
        yield indented(value, end)
        return
    inner = end + " "
    before = inner
    if isinstance(value, dict):
        yield "{"
        for key, below in value.items():
            yield f"{before}{encode_basestring(key)}: "
            yield from _walk(below, inner, depth - 1)
            before = "," + inner
        yield end + "}"
        return
    yield "["
    for item in value:
        yield before
        yield from _walk(item, inner, depth - 1)
        before = "," + inner
    yield end + "]"


def indented(value: Tree | Mapping[str, Tree], end: str) -> str:
    """The text of a value; `end` is the line break and the blanks before its closing bracket."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = end + " "
        if _SIMPLE.issuperset(map(type, value.values())):
            return f"{{{inner}{_flat(value, inner)}{end}}}"
        fields = [f"{encode_basestring(key)}: {indented(below, inner)}" for key, below in value.items()]
        return f"{{{inner}{(',' + inner).join(fields)}{end}}}"
    if isinstance(value, list):
        if not value:
            return "[]"
        inner = end + " "
        if _SIMPLE.issuperset(map(type, value)):
            return f"[{inner}{_flat(value, inner)}{end}]"
        return f"[{inner}{(',' + inner).join([indented(item, inner) for item in value])}{end}]"
    if callable(value):
        return value(end)
    return json.dumps(value, allow_nan=False)


def _flat(value: object, inner: str) -> str:
    """What stands between the brackets of a list or mapping that holds no other."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=("," + inner, ": "))[1:-1]
