"""A column of the runs table as numbers that a chart can place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from runfolio.model.answers import CellKind, Column
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

MOST_CATEGORIES = 60
"""Texts of a field that are told apart; the rarer ones share one place, or an axis would be a smear."""

_DIGITS = re.compile(r"(\d+)")


def variable(column: Column) -> Variable:
    """Numbers stay numbers, times become seconds, texts become places among their categories.

    A text among the values of a numeric field counts as missing and is counted in `texts`. Where a field has more
    than `MOST_CATEGORIES` texts, the rarest share a last category whose name says how many they are.
    """
    if column.kind in (CellKind.NUMBER, CellKind.DURATION):
        return _numbers(column, 1.0)
    if column.kind is CellKind.TIME:
        return _numbers(column, 1e-6)
    return _texts(column)


def _numbers(column: Column, scale: float) -> Variable:
    texts = 0
    found = np.full(len(column.values), np.nan)
    for place, value in enumerate(column.values):
        if isinstance(value, float | int) and not isinstance(value, bool):
            found[place] = value * scale
        elif isinstance(value, str):
            texts += 1
    return _counted(column, found, (), texts)


def _texts(column: Column) -> Variable:
    words = [_word(value) for value in column.values]
    counts = Counter(word for word in words if word is not None)
    kept = [word for word, _ in sorted(counts.items(), key=lambda pair: (-pair[1], natural(pair[0])))]
    rest: Sequence[str] = ()
    if len(kept) > MOST_CATEGORIES:
        kept, rest = kept[: MOST_CATEGORIES - 1], kept[MOST_CATEGORIES - 1 :]
    categories = sorted(kept, key=natural)
    places: dict[str | None, float] = {word: float(place) for place, word in enumerate(categories)}
    if rest:
        places |= dict.fromkeys(rest, float(len(categories)))
        categories.append(f"{len(rest):,} others")
    places[None] = np.nan
    found = np.fromiter((places[word] for word in words), np.float64, len(words))
    return _counted(column, found, tuple(categories), 0)


def _counted(column: Column, values: Floats, categories: tuple[str, ...], texts: int) -> Variable:
    return Variable(
        column.field,
        column.kind,
        values,
        categories,
        int(np.isnan(values).sum()),
        int(np.isinf(values).sum()),
        texts,
    )


def _word(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or None
    return str(value)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key by which numbers inside texts count as numbers.

    >>> sorted(["b10", "b9", "a"], key=natural)
    ['a', 'b9', 'b10']
    """
    # A number of any length compares as itself; int() refuses more digits than any name means.
    parts = _DIGITS.split(text)
    known = [(0, int(p), "") if p.isdecimal() and len(p) < 18 else (1, 0, p.casefold()) for p in parts if p]
    # Texts that differ in capitals alone have an order of their own, or a set of them would have another each time.
    return (*known, (-1, 0, text))
