"""Finds a value in JSON: one document, or one a line; cut-off ones as far as they go.

The tokens are walked without building anything, so that each value's place is known and depth costs nothing.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from runfolio.model.origin import Wanted
from runfolio.readers.contract import Budget
from runfolio.readers.place_text import may_be
from runfolio.readers.tabular import STEP_NAMES, plain_name

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|-?(?:Infinity|NaN|\d[\d.eE+-]*)|true|false|null',
    re.DOTALL,
)
_OFTEN = 1 << 14


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is no list or mapping.

    path     keys, and places in lists as digits.
    owner    number of the list or mapping it stands in; siblings have the same.
    start    of its first character in the text.
    """

    path: tuple[str, ...]
    owner: int
    start: int
    text: str

    @property
    def number(self) -> float | None:
        """Its value as a number; text that spells one counts, for writers that quote NaN."""
        try:
            return float(self.text.strip('"'))
        except ValueError:
            return None

    @property
    def name(self) -> tuple[str, ...]:
        """The path without the places in lists at its end."""
        path = self.path
        while len(path) > 1 and path[-1].isdigit():
            path = path[:-1]
        return path


def leaves(text: str, budget: Budget) -> Iterator[Leaf]:
    """The leaves of all documents in a text, in written order."""
    stack: list[tuple[int, bool]] = []
    path: list[str] = []
    owners = 0
    awaits_key = False
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number % _OFTEN == 0:
            budget.check()
        piece = token.group()
        if piece in "{[":
            owners += 1
            stack.append((owners, piece == "{"))
            path.append("" if piece == "{" else "0")
            awaits_key = piece == "{"
        elif piece in "}]":
            if stack:
                stack.pop()
                path.pop()
            awaits_key = False
        elif piece == ",":
            if stack and stack[-1][1]:
                awaits_key = True
            elif stack:
                path[-1] = str(int(path[-1]) + 1)
        elif piece == ":":
            awaits_key = False
        elif awaits_key and piece.startswith('"'):
            path[-1] = _unquoted(piece)
        else:
            yield Leaf(tuple(path), stack[-1][0] if stack else 0, token.start(), piece)


def find_json(text: str, wanted: Wanted, budget: Budget) -> tuple[int, str] | None:
    """Where the wanted value starts in the text, and its key path in words; None when it is not there."""
    if wanted.point is None:
        return _find_text(text, wanted, budget)
    named: list[Leaf] = []
    counters: defaultdict[int, list[float]] = defaultdict(list)
    beside: defaultdict[int, set[float]] = defaultdict(set)
    for leaf in leaves(text, budget):
        number = leaf.number
        if number is None:
            continue
        beside[leaf.owner].add(number)
        if plain_name(leaf.path[-1] if leaf.path else "") in STEP_NAMES:
            counters[leaf.owner].append(number)
        if wanted.point.has(number) and is_name(leaf.name, wanted.name):
            named.append(leaf)
    step = wanted.point.step
    if step is not None:
        # What is called a step says which it is; only where nothing is does a number beside the value.
        named = [n for n in named if n.owner not in counters or step in counters[n.owner]]
        named = [n for n in named if step in beside[n.owner] or n.path[-1] == str(step)] or named
    if not named:
        return None
    leaf = named[min(wanted.point.repeat, len(named) - 1)]
    return leaf.start, ".".join(leaf.path)


def _find_text(text: str, wanted: Wanted, budget: Budget) -> tuple[int, str] | None:
    close: Leaf | None = None
    for leaf in leaves(text, budget):
        if wanted.path:
            # Lists are leaves of params: their first item stands for them.
            path = leaf.path if len(leaf.path) <= len(wanted.path) else leaf.path[: len(wanted.path)]
            if path == wanted.path and (path != leaf.path or may_be(leaf.text, wanted.text)):
                return leaf.start, ".".join(path)
            tail = leaf.path[:-1] if leaf.path[-1:] == ("value",) else leaf.path
            if close is None and tail[-len(wanted.path) :] == wanted.path and may_be(leaf.text, wanted.text):
                close = leaf
        elif leaf.text in (wanted.text, json.dumps(wanted.text)) and is_name(leaf.path, wanted.name):
            return leaf.start, ".".join(leaf.path)
    return None if close is None else (close.start, ".".join(close.path))


def is_name(path: tuple[str, ...], name: str) -> bool:
    """Whether the end of a key path spells a metric's name, whatever stands between its parts."""
    for parts in range(1, min(len(path), 6) + 1):
        tail = path[-parts:]
        if any(between.join(tail) == name for between in ("/", ".", "_")):
            return True
    # Readers put a word before the names of some files' metrics ("eval/loss" of a key "loss").
    return bool(path) and path[-1] == name.rpartition("/")[2]


def _unquoted(token: str) -> str:
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return str(text)
