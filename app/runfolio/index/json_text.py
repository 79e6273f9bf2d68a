"""The text of a JSON document with one value a line, in pieces, as `json.dump(indent=1)` writes it.

The standard library writes indented documents value by value in Python, which for millions of points takes longer
than to read them. Here what holds no further containers goes to its compiled encoder as a whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from runfolio.model.params import Json

Tree: TypeAlias = "Json | Inline | list[Tree] | dict[str, Tree]"
Inline: TypeAlias = Callable[[str], str]
"""A leaf that writes itself: given the line break and blanks that stand before its end, its text."""

_TEXT_OF: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
_SIMPLE = frozenset({*_TEXT_OF, float})
_FEW = 32
"""Shorter lists and mappings are written here: setting the compiled encoder to work costs as much."""
_PIECE = 1 << 20


def write(document: Mapping[str, Tree], put: Callable[[str], object]) -> None:
    """Hands the text to `put` in pieces of about a million characters; a leaf that writes itself is never cut.

    Raises ValueError for NaN and infinities.
    """
    sheet = _Sheet(put)
    sheet.write(document, "\n", 4)
    sheet.flush()


class _Sheet:
    """Text on its way out."""

    def __init__(self, put: Callable[[str], object]) -> None:
        self._put = put
        self._waiting: list[str] = []
        self._size = 0

    def write(self, value: Tree | Mapping[str, Tree], end: str, depth: int) -> None:
        """What lies `depth` levels deep is one piece however long."""
        if not depth or not value or not isinstance(value, dict | list):
            self._add(indented(value, end))
            return
        inner = end + " "
        before = inner
        if isinstance(value, dict):
            self._add("{")
            for key, below in value.items():
                if below.__class__ in _SIMPLE:
                    self._add(f"{before}{encode_basestring(key)}: {indented(below, inner)}")
                else:
                    self._add(f"{before}{encode_basestring(key)}: ")
                    self.write(below, inner, depth - 1)
                before = "," + inner
            self._add(end + "}")
            return
        self._add("[")
        for item in value:
            self._add(before)
            self.write(item, inner, depth - 1)
            before = "," + inner
        self._add(end + "]")

    def _add(self, text: str) -> None:
        self._waiting.append(text)
        self._size += len(text)
        if self._size >= _PIECE:
            self.flush()

    def flush(self) -> None:
        """Hand over what waits."""
        self._put("".join(self._waiting))
        self._waiting, self._size = [], 0


def indented(value: object, end: str) -> str:
    """The text of a value; `end` is the line break and the blanks before its closing bracket."""
    simple = _TEXT_OF.get(value.__class__)
    if simple is not None:
        return simple(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = end + " "
        if len(value) > _FEW and _SIMPLE.issuperset(map(type, value.values())):
            return f"{{{inner}{_flat(value, inner)}{end}}}"
        fields = [f"{encode_basestring(key)}: {indented(below, inner)}" for key, below in value.items()]
        return f"{{{inner}{(',' + inner).join(fields)}{end}}}"
    if isinstance(value, list):
        if not value:
            return "[]"
        inner = end + " "
        if len(value) > _FEW and _SIMPLE.issuperset(map(type, value)):
            return f"[{inner}{_flat(value, inner)}{end}]"
        return f"[{inner}{(',' + inner).join([indented(item, inner) for item in value])}{end}]"
    if isinstance(value, float):
        return float_text(value)
    if callable(value):
        return str(value(end))
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def float_text(value: float) -> str:
    """As JSON has it. Raises ValueError for NaN and infinities."""
    if not math.isfinite(value):
        raise ValueError(f"JSON has no {value}")
    return float.__repr__(value)


def _flat(value: object, inner: str) -> str:
    """What stands between the brackets of a list or mapping that holds no other."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=("," + inner, ": "))[1:-1]
