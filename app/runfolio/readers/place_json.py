"""Finds a value in JSON: one document, or one a line; cut-off ones as far as they go."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runfolio.model.origin import Point, Wanted
from runfolio.readers.contract import Budget
from runfolio.readers.place_json_leaves import Leaf, is_lines, leaves, leaves_of, together, unquoted
from runfolio.readers.place_text import may_be
from runfolio.readers.tabular import STEP_NAMES, plain_name

_WRAPPERS = frozenset({"value", "values", "observations", "data"})
"""Keys below a metric's name that hold its points."""
_BY_TEXT, _BY_LAST = 1_000, 2_000
"""How far a name is from its value that texts beside it spell, and one of which the key has only the last part."""
_MOST_TEXTS = 32


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A leaf with the wanted value.

    far       how far its key is from the wanted name.
    ordinal   how many numbers of its name stand before it.
    step      what its row says the step is; None where it does not say.
    beside    whether a number beside it is the wanted step.
    """

    leaf: Leaf
    far: int
    ordinal: int
    step: float | None
    beside: bool


def find_json(text: str, wanted: Wanted, budget: Budget, *, is_own: bool = True) -> tuple[int, str] | None:
    """Where the wanted value starts in the text, and its key path in words; None when it is not there.

    is_own   whether the file is the one that the reader named; in others the name has to be there as a whole.
    """
    point = wanted.point
    if point is None:
        return _find_text(text, wanted, budget)
    found = [c for c in _candidates(text, wanted, point, budget) if is_own or c.far < _BY_LAST]
    leaf = _choose(found, point, counts_rows=wanted.step == "")
    return None if leaf is None else (_exact(text, leaf, budget), ".".join(leaf.path))


def _candidates(text: str, wanted: Wanted, point: Point, budget: Budget) -> Iterator[_Candidate]:
    counts: defaultdict[tuple[int, tuple[str, ...]], int] = defaultdict(int)
    known: dict[tuple[str, ...], int | None] = {}
    lines = is_lines(text)
    for document in together(text, budget):
        counters: defaultdict[object, dict[str, float]] = defaultdict(dict)
        beside: set[int] = set()
        texts: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        numbers: list[tuple[Leaf, float]] = []
        for leaf in document:
            number = leaf.number
            if number is not None:
                numbers.append((leaf, number))
                if number == point.step and not leaf.listed and not point.has(number):
                    beside.add(leaf.owner)
                if leaf.path and (counter := _counter(leaf, wanted.step)) is not None:
                    counters[_row(leaf)].setdefault(counter, number)
            elif leaf.text.startswith('"'):
                own = texts[leaf.path[:-2] if leaf.listed else leaf.path[:-1]]
                if len(own) < _MOST_TEXTS:
                    own.append(unquoted(leaf.text))
        for leaf, number in numbers:
            keys = leaf.keys
            if keys not in known:
                known[keys] = unnamed_parts(keys, wanted.name)
            far = known[keys]
            if (far is None or far >= _BY_LAST) and texts and _is_spelled(wanted.name, leaf, texts):
                far = _BY_TEXT
            if far is None:
                continue
            ordinal = counts[far, keys]
            counts[far, keys] += 1
            if point.has(number):
                said = next((counters[row] for row in _rows(leaf, lines) if row in counters), None)
                step = None if said is None else next(said[n] for n in (wanted.step, *STEP_NAMES) if n in said)
                yield _Candidate(leaf, far, ordinal, step, leaf.owner in beside)


def _exact(text: str, leaf: Leaf, budget: Budget) -> int:
    """Where a leaf starts; of a key that is given twice in its line, the last."""
    if text[leaf.start] not in "{[\0 \t\r":
        return leaf.start  # not only that of its line
    end = text.find("\n", leaf.start)
    line = text[leaf.start : end if end >= 0 else len(text)]
    return max((own.start for own in leaves_of(line, leaf.start, budget) if own.path == leaf.path), default=leaf.start)


def _row(leaf: Leaf) -> object:
    """What is equal for values of one row: their mapping, or what is above lists that stand side by side."""
    return (leaf.path[:-2], leaf.path[-1]) if leaf.listed and len(leaf.path) > 1 else leaf.path[:-1]


def _rows(leaf: Leaf, lines: bool) -> Iterator[object]:
    """The rows that a value may be of, the nearest first: also of those around it, up to the item of a list or line."""
    yield _row(leaf)
    if leaf.listed:
        return
    for end in range(len(leaf.path) - 2, -1, -1):
        if leaf.path[end].isdigit() or (end == 0 and not lines):
            return
        yield leaf.path[:end]


def _counter(leaf: Leaf, said: str | None) -> str | None:
    """The name under which a value says the step; None for any other."""
    key = leaf.path[-2] if leaf.listed and len(leaf.path) > 1 else leaf.path[-1]
    if said is not None:
        return said if key == said else None
    name = plain_name(key)
    return name if name in STEP_NAMES else "step" if name == "steps" else None


def _choose(found: Sequence[_Candidate], point: Point, *, counts_rows: bool) -> Leaf | None:
    """The candidate that is the point: by its step where rows say one, else by its place among those of its name."""
    step, sure = point.step, True
    if step is not None:
        # What is called a step says which it is; only where nothing is does a number beside the value.
        told = [c for c in found if c.step == step]
        free = [c for c in found if c.step is None]
        in_row = [c for c in free if step in (c.leaf.row, _row_of(c.leaf)) or c.leaf.path[-1] == str(step)]
        near = [c for c in free if c.beside and not counts_rows]
        # Where nothing tells the step the value alone will do if it stands once.
        sure = bool(told or in_row or near)
        found = told or [c for c in in_row if c.ordinal == point.ordinal] or near or in_row or free
    # `loss` is not `val.loss` where both are there.
    least = min((c.far for c in found), default=0)
    named = [c.leaf for c in found if c.far == least]
    exact = [c.leaf for c in sorted(found, key=lambda c: c.far) if c.ordinal == point.ordinal]
    if exact:
        return exact[0]
    if not sure:
        return named[0] if len(named) == 1 else None
    return named[point.repeat] if point.repeat < len(named) else None


def _row_of(leaf: Leaf) -> int:
    """The outermost place in a list that it stands at."""
    return next((int(part) for part in leaf.path if part.isdigit()), -1)


def _is_spelled(name: str, leaf: Leaf, texts: Mapping[tuple[str, ...], Sequence[str]]) -> bool:
    """Whether a name is made up of texts that stand beside the value or above it, and of its own key."""
    parts = [leaf.path[-1]] if leaf.path and not leaf.listed else []
    for depth in range(len(leaf.path)):
        parts += texts.get(leaf.path[:depth], ())
    left = [name]
    while left:
        rest = left.pop()
        for part in parts:
            if rest == part:
                return True
            if part and rest.endswith(part) and len(left) < _MOST_TEXTS:
                before = rest[: -len(part)]
                if before[-1:] in ("/", ".", "_"):
                    left.append(before[:-1])
    return False


def _find_text(text: str, wanted: Wanted, budget: Budget) -> tuple[int, str] | None:
    close: Leaf | None = None
    for leaf in leaves(text, budget):
        if wanted.path:
            # Lists are leaves of params: their first item stands for them.
            path = leaf.path if len(leaf.path) <= len(wanted.path) else leaf.path[: len(wanted.path)]
            if path == wanted.path and (path != leaf.path or may_be(leaf.text, wanted.text)):
                return leaf.start, ".".join(path)
            tail = leaf.path[:-1] if leaf.path[-1:] == ("value",) else leaf.path
            if close is None and tail[-len(wanted.path) :] == wanted.path and _is_text(leaf.text, wanted.text):
                close = leaf
        elif leaf.text in (wanted.text, json.dumps(wanted.text)) and unnamed_parts(leaf.path, wanted.name) is not None:
            return leaf.start, ".".join(leaf.path)
    return None if close is None else (close.start, ".".join(close.path))


def _is_text(written: str, text: str) -> bool:
    return text in (written, unquoted(written)) or (
        may_be(written, text) and written[:1] not in '"[{' and text[:1] not in ("[", "{")
    )


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
    return _BY_LAST if keys and keys[-1] == name.rpartition("/")[2] else None
