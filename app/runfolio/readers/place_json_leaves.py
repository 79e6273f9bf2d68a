"""The leaves of JSON texts with their places: one document, or one a line; cut-off ones as far as they go.

The tokens are walked without building anything, so that each value's place is known and depth costs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runfolio.model.params import Json
from runfolio.readers.contract import Budget

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|-?(?:Infinity|NaN|\d[\d.eE+-]*)|true|false|null',
    re.DOTALL,
)
_OFTEN = 1 << 14
_MOST_TOGETHER = 1 << 18
"""Leaves of one document that are looked at together; longer ones are walked in parts."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is no list or mapping.

    path     keys, and places in lists as digits.
    owner    number of the list or mapping it stands in; siblings have the same.
    start    of its first character in the text.
    row      number of its document in the text.
    listed   whether it stands in a list.
    """

    path: tuple[str, ...]
    owner: int
    start: int
    text: str
    row: int = 0
    listed: bool = False

    @property
    def number(self) -> float | None:
        """Its value as a number; text that spells one counts, for writers that quote NaN."""
        try:
            return float(self.text.strip('"'))
        except ValueError:
            return None

    @property
    def keys(self) -> tuple[str, ...]:
        """The path without places in lists."""
        return tuple(part for part in self.path if not part.isdigit())


def leaves(text: str, budget: Budget) -> Iterator[Leaf]:
    """The leaves of all documents in a text, in written order. Of JSON lines each whole line is one."""
    owners = 0
    for row, (start, piece, _) in enumerate(_documents(text)):
        for leaf in leaves_of(piece, start, budget):
            yield replace(leaf, owner=leaf.owner + owners, row=row + leaf.row)
        owners += piece.count("{") + piece.count("[")


def is_lines(text: str) -> bool:
    """Whether a text is JSON lines: its first line is a document of its own, and more follows."""
    head, _, rest = text.lstrip().partition("\n")
    return bool(rest.strip()) and _parsed(head) is not None


def _documents(text: str) -> Iterator[tuple[int, str, Json]]:
    """Start, text and value of each line of JSON lines; of any other text all of it, as if it held nothing."""
    if not is_lines(text):
        yield 0, text, None
        return
    at = 0
    for line in text.split("\n"):
        # A line that is torn is no row to its reader either.
        value = _parsed(line.strip("\0 \t\r"))
        if value is not None:
            yield at, line, value
        at += len(line) + 1


def _parsed(line: str) -> Json:
    """The mapping or list that a line holds; None for any other."""
    try:
        value: Json = json.loads(line) if line else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def leaves_of(text: str, base: int, budget: Budget) -> Iterator[Leaf]:
    """The leaves of one text that starts at `base` of another; owners and rows are counted in it."""
    stack: list[tuple[int, bool]] = []
    path: list[str] = []
    owners = row = 0
    awaits_key = False
    opened: re.Match[str] | None = None
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number % _OFTEN == 0:
            budget.check()
        piece = token.group()
        before, opened = opened, token if piece in "{[" else None
        if piece in "{[":
            owners += 1
            stack.append((owners, piece == "{"))
            path.append("" if piece == "{" else "0")
            awaits_key = piece == "{"
        elif piece in "}]":
            if stack:
                stack.pop()
                path.pop()
                if before is not None:  # an empty list or mapping is a value
                    owner, is_mapping = stack[-1] if stack else (0, True)
                    text = before.group() + piece
                    yield Leaf(tuple(path), owner, base + before.start(), text, row, not is_mapping)
                row += not stack
            awaits_key = False
        elif piece == ",":
            if stack and stack[-1][1]:
                awaits_key = True
            elif stack:
                path[-1] = str(int(path[-1]) + 1)
        elif piece == ":":
            awaits_key = False
        elif awaits_key and piece.startswith('"'):
            path[-1] = unquoted(piece)
        else:
            owner, is_mapping = stack[-1] if stack else (0, True)
            yield Leaf(tuple(path), owner, base + token.start(), piece, row, not is_mapping)


def together(text: str, budget: Budget) -> Iterator[list[Leaf]]:
    """The leaves of each document, as far as they can be held at once. Those of a line have the start of the line."""
    for row, (start, piece, value) in enumerate(_documents(text)):
        if row % 256 == 0:
            budget.check()
        held: list[Leaf] = []
        if value is not None:
            # Much faster than walking the tokens, of which only those of the chosen line matter.
            try:
                _flatten(value, Leaf((), 0, start, "", row), held)
            except RecursionError:
                held = [replace(leaf, row=row) for leaf in leaves_of(piece, start, budget)]
            yield held
            continue
        for leaf in leaves_of(piece, start, budget):
            if held and (leaf.row != held[-1].row or len(held) >= _MOST_TOGETHER):
                yield held
                held = []
            held.append(leaf)
        if held:
            yield held


def _flatten(value: Json, above: Leaf, made: list[Leaf]) -> int:
    """Add the leaves of a parsed list or mapping; `above` tells of it, its owner being the last number given."""
    owner = last = above.owner + 1
    listed = isinstance(value, list)
    pairs = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in pairs:
        path = (*above.path, str(key))
        if isinstance(item, dict | list) and item:
            last = _flatten(item, Leaf(path, last, above.start, "", above.row), made)
        else:
            text = json.dumps(item, ensure_ascii=False) if isinstance(item, str) else repr(item)
            made.append(Leaf(path, owner, above.start, text, above.row, listed))
    return last


def unquoted(token: str) -> str:
    """The text that a JSON string spells; of one that is none what stands between the quotes."""
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return str(text)
