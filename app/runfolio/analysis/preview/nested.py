"""Lists and structures of a Parquet file as texts that look like JSON, written only as far as they are shown."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

DEEPEST = 32
"""Types that are nested deeper are not shown."""


def depth_of(kind: pl.DataType) -> int:
    """How deeply a column's type is nested: 0 for plain values; more than DEEPEST is told as DEEPEST + 1."""
    import polars as pl

    depth, level = 0, [kind]
    while level and depth <= DEEPEST:
        below: list[pl.DataType] = []
        for one in level:
            if isinstance(one, pl.List | pl.Array):
                below.append(one.inner)  # type: ignore[arg-type] # the type of a file is an instance, never a class
            elif isinstance(one, pl.Struct):
                below += [field.dtype for field in one.fields]  # type: ignore[misc] # as above
        if not any(one.is_nested() for one in level):
            return depth
        depth, level = depth + 1, below
    return depth


def items_for(longest: int) -> int:
    """How many items of a list are needed for so many characters: each takes two at least."""
    return longest // 2 + 2


def texts_of(column: pl.Series, longest: int) -> list[str | None]:
    """A text for each row, None for null; a text of more than `longest` characters ends with "…"."""
    return [None if value is None else _text(value, longest) for value in column]


def _text(value: object, longest: int) -> str:
    writer = _Writer(longest)
    writer.write(value)
    text = "".join(writer.parts)
    return f"{text[:longest]}…" if writer.left < 0 else text


class _Writer:
    """Writes until there is no room left."""

    def __init__(self, longest: int) -> None:
        self.parts: list[str] = []
        self.left = longest

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.left -= len(text)

    def write(self, value: object) -> None:
        """Nested no deeper than DEEPEST, as the column's type has it."""
        if isinstance(value, Mapping):
            self._write_all("{}", ((f"{_quoted(str(key), self.left)}: ", below) for key, below in value.items()))
        elif isinstance(value, str):
            self.put(_quoted(value, self.left))
        elif value is None or isinstance(value, bool):
            self.put({None: "null", True: "true", False: "false"}[value])
        elif isinstance(value, float):
            self.put(repr(value) if math.isfinite(value) else str(json.dumps(value)))
        elif isinstance(value, int):
            self.put(str(value))
        elif isinstance(value, bytes):
            self.put(_quoted(f"{len(value):,} bytes", self.left))
        elif isinstance(value, Iterable):
            self._write_all("[]", (("", below) for below in value))
        else:
            self.put(_quoted(str(value), self.left))

    def _write_all(self, brackets: str, items: Iterable[tuple[str, object]]) -> None:
        self.put(brackets[0])
        for place, (name, below) in enumerate(items):
            if self.left < 0:
                return
            self.put(f", {name}" if place else name)
            self.write(below)
        self.put(brackets[1])


def _quoted(text: str, longest: int) -> str:
    """As JSON has it, without escapes for letters of any script."""
    return json.dumps(text[: max(0, longest) + 1], ensure_ascii=False)
