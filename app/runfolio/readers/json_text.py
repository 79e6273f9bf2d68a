"""JSON texts of lines and table cells, parsed only as deep as anything else in the program can walk."""

from __future__ import annotations

import json
import re

from runfolio.model.params import Json

DEEPEST = 64
"""Levels of one text. The parser itself goes on to about 1,000, where what walks its result runs out of stack."""

_STRINGS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")


def load_json(text: str | bytes) -> Json:
    """The value of a JSON text; NaN and infinities may stand bare. Raises ValueError for all else, and for depth."""
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if not is_shallow(text, DEEPEST):
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    value: Json = json.loads(text)
    return value


def is_shallow(text: str, depth: int) -> bool:
    """Whether a document nests at most `depth` levels, without parsing it; False when its brackets don't match."""
    if text.count("[") + text.count("{") <= depth:
        return True
    brackets = _NOT_BRACKETS.sub("", _STRINGS.sub("", text))
    for _ in range(depth):
        fewer = brackets.replace("[]", "").replace("{}", "")
        if not fewer:
            return True
        if len(fewer) == len(brackets):
            return False
        brackets = fewer
    return False
