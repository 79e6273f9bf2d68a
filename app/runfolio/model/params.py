"""Params: inputs fixed at the start of a run, each with the text it was written in beside its typed value."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


_LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Param:
    """One leaf of a run's params.

    path    key path from the outside in; a key that itself holds dots or slashes stays one part.
    text    as it stands in the file (`1e-3`, `True`, `[64, 32]`), without quotes that only the syntax needs.
    value   as the tracker's own reader gives it. MLflow keeps only strings; YAML and JSON are typed.
            An empty list or mapping is a leaf; so is any list (its items stay together).
    source  file it was read from, relative to the import root; "" where the reader does not say. No part of equality.
    """

    path: tuple[str, ...]
    text: str
    value: Json
    source: str = field(default="", compare=False)

    def __reduce__(self) -> tuple[type[Param], tuple[object, ...]]:
        # What a data class has for this asks for its fields each time, at three times the cost.
        return Param, (self.path, self.text, self.value, self.source)

    @property
    def key(self) -> str:
        """The path joined with dots, as tables and filters name it."""
        return ".".join(self.path)

    @property
    def number(self) -> float | None:
        """The value as a number when it is one or is the text of one (`1e-3`); None else.

        Booleans are not numbers here: `True` must not equal `1` in a diff.
        """
        return as_number(self.value)

    @property
    def kind(self) -> str:
        """`null`, `bool`, `int`, `float`, `str`, `list` or `map`, after reading numeric text as a number."""
        return kind_of(self.value)


def as_number(value: Json) -> float | None:
    """`value` as float64 if it is a number or the whole text of a decimal number, NaN or infinity; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_NUMBER and "_" not in value:
        try:
            return float(value)
        except ValueError:
            return None
    return None


def kind_of(value: Json) -> str:
    """The type that a diff compares by: numeric and boolean text counts as what it spells."""
    return kind_and_number(value)[0]


def kind_and_number(value: Json) -> tuple[str, float | None]:
    """What `kind_of` and `as_number` say, at the price of one of them."""
    number = as_number(value)
    return _kind(value, number), number


def kinds_and_numbers(texts: Sequence[str]) -> tuple[list[str], list[float | None]]:
    """The same for many texts, which is quick where all of them spell numbers or few differ."""
    joined = "".join(texts)
    if (
        "_" not in joined
        and len(joined) <= _LONGEST_NUMBER * len(texts)
        and len(max(texts, key=len)) <= _LONGEST_NUMBER
    ):
        try:
            numbers: list[float | None] = [*map(float, texts)]
        except ValueError:
            pass
        else:
            return ["float" if "." in text else _kind(text, 0.0) for text in texts], numbers
    both = [_short_kind_and_number(t) if len(t) <= _LONGEST_NUMBER else kind_and_number(t) for t in texts]
    return [kind for kind, _ in both], [number for _, number in both]


@lru_cache(maxsize=16_384)
def _short_kind_and_number(text: str) -> tuple[str, float | None]:
    return kind_and_number(text)


def _kind(value: Json, number: float | None) -> str:
    if value is None or value in ("None", "null"):
        return "null"
    if isinstance(value, bool) or value in ("True", "False", "true", "false"):
        return "bool"
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "map"
    if number is None:
        return "str"
    if isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit()):
        return "int"
    return "float"


def flatten(tree: Mapping[str, Json]) -> Iterator[Param]:
    """The leaves of a nested mapping in written order; lists and empty mappings are leaves."""
    return (Param(path, text_of(value), value) for path, value in leaves(tree))


def leaves(tree: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The same as key paths and values."""
    for key, outer in tree.items():
        if not isinstance(outer, dict) or not outer:
            yield (str(key),), outer
            continue
        # A stack instead of recursion: depth comes from a file.
        stack: list[tuple[tuple[str, ...], Json]] = [((str(key),), outer)]
        while stack:
            path, value = stack.pop()
            if isinstance(value, dict) and value:
                stack.extend(((*path, str(k)), v) for k, v in reversed(list(value.items())))
            else:
                yield path, value


def nest(params: Iterable[Param]) -> dict[str, Json]:
    """The tree that `flatten` came from. Where a key is both leaf and branch, the leaf keeps a dotted key."""
    tree: dict[str, Json] = {}
    for param in params:
        here = tree
        for part in param.path[:-1]:
            below = here.setdefault(part, {})
            if not isinstance(below, dict):
                break
            here = below
        else:
            if param.path[-1] not in here:
                here[param.path[-1]] = param.value
                continue
        tree[param.key] = param.value
    return tree


def text_of(value: Json) -> str:
    """The plain text of a value that came without one: Python's repr for floats, JSON for lists and maps."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int_text(value)
    return json.dumps(value, ensure_ascii=False)


def int_text(value: int) -> str:
    """Decimal digits of an integer of any size; hexadecimal past Python's own limit for decimal text."""
    try:
        return str(value)
    except ValueError:
        return hex(value)
