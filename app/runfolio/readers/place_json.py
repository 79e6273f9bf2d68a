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
_WRAPPERS = frozenset({"value", "values", "observations", "data"})
"""Keys below a metric's name that hold its points."""


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
    found: list[tuple[int, Leaf]] = []
    counters: defaultdict[int, dict[str, float]] = defaultdict(dict)
    beside: defaultdict[int, set[float]] = defaultdict(set)
    for leaf in leaves(text, budget):
        number = leaf.number
        if number is None:
            continue
        beside[leaf.owner].add(number)
        if (counter := plain_name(leaf.path[-1] if leaf.path else "")) in STEP_NAMES:
            counters[leaf.owner].setdefault(counter, number)
        if wanted.point.has(number) and (more := unnamed_parts(leaf.path, wanted.name)) is not None:
            found.append((more, leaf))
    # `loss` is not `val.loss` where both are there.
    least = min((more for more, _ in found), default=0)
    named = [leaf for more, leaf in found if more == least]
    step = wanted.point.step
    if step is not None:
        # What is called a step says which it is; only where nothing is does a number beside the value.
        with_step = [n for n in named if n.owner in counters and _step_of(counters[n.owner]) == step]
        free = [n for n in named if n.owner not in counters]
        beside_it = [n for n in free if step in beside[n.owner] or n.path[-1] == str(step)]
        # Where nothing tells the step the value alone will do if it stands once.
        named = with_step or beside_it or (free if len(free) == 1 else [])
    if wanted.point.repeat >= len(named):
        return None
    leaf = named[wanted.point.repeat]
    return leaf.start, ".".join(leaf.path)


def _step_of(counters: dict[str, float]) -> float:
    """The one that readers take for the step where a row has several."""
    return next(counters[name] for name in STEP_NAMES if name in counters)


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
        elif leaf.text in (wanted.text, json.dumps(wanted.text)) and unnamed_parts(leaf.path, wanted.name) is not None:
            return leaf.start, ".".join(leaf.path)
    return None if close is None else (close.start, ".".join(close.path))


def unnamed_parts(path: tuple[str, ...], name: str) -> int | None:
    """How many keys stand above those that spell a metric's name, whatever stands between its parts; None without."""
    every = tuple(part for part in path if not part.isdigit())
    if every and every[-1] == name:
        return len(every) - 1
    keys = tuple(part for part in every if part not in _WRAPPERS)
    for parts in range(1, min(len(keys), 6) + 1):
        tail = keys[-parts:]
        if any(between.join(tail) == name for between in ("/", ".", "_")):
            return len(keys) - parts
    # Readers put a word before the names of some files' metrics ("eval/loss" of a key "loss").
    return len(keys) if keys and keys[-1] == name.rpartition("/")[2] else None


def _unquoted(token: str) -> str:
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return str(text)
