"""When two values written by different trackers mean the same param value."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Hashable

from runfolio.model.params import Json, as_number, kind_of

_PARSED_CHARACTERS = 10_000
_PARSED_DEPTH = 40
_OPENING = "[{("


def canonical(value: Json) -> Hashable:
    """A value that is equal for two params exactly when they mean the same, and hashable.

    Numbers compare by what they are worth, whether they stand as `1e-3`, `0.001` or the text "0.001"; booleans are
    no numbers; null, None and their texts are one; NaN equals NaN. A text that spells a list or mapping in JSON or
    as a Python literal ("[64, 32]", as MLflow keeps it) equals the list. Tuples count as lists.

    >>> canonical("1e-3") == canonical(0.001), canonical(True) == canonical(1), canonical("[8, 4]") == canonical([8, 4])
    (True, False, True)
    """
    return _canonical(value, 0)


def _canonical(value: object, depth: int) -> Hashable:
    if isinstance(value, list | tuple):
        if depth >= _PARSED_DEPTH:
            return ("text", repr(value))
        return ("list", tuple(_canonical(item, depth + 1) for item in value))
    if isinstance(value, dict):
        if depth >= _PARSED_DEPTH:
            return ("text", repr(value))
        return ("map", frozenset((str(k), _canonical(v, depth + 1)) for k, v in value.items()))
    if value is not None and not isinstance(value, bool | int | float | str):
        return ("text", repr(value))
    kind = kind_of(value)
    if kind == "null":
        return ("null",)
    if kind == "bool":
        return ("bool", str(value).lower())
    if kind in ("int", "float"):
        return _number(value)
    text = str(value)
    parsed = _parsed(text)
    return ("text", text) if parsed is None else _canonical(parsed, depth + 1)


def _number(value: bool | int | float | str | None) -> Hashable:
    # Integers stay integers: past 2**53 a float would make neighbours equal. Python compares int with float exactly.
    if isinstance(value, str):
        try:
            return ("number", int(value))
        except ValueError:
            pass
    if isinstance(value, int):
        return ("number", value)
    number = as_number(value)
    return ("number", "nan" if number is None or math.isnan(number) else number)


def _parsed(text: str) -> list[object] | dict[object, object] | tuple[object, ...] | None:
    """The list or mapping that a text spells; None when it spells none or is too long to be worth a look."""
    stripped = text.strip()
    # A backslash makes Python's parser warn of unknown escapes, and no param needs one to compare.
    if not stripped or stripped[0] not in _OPENING or len(stripped) > _PARSED_CHARACTERS or "\\" in stripped:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(stripped)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | dict | tuple):
            return found
    return None
