"""What may be typed next in the filter bar: fields, functions, operators, values; plain functions without Qt."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runfolio.errors import FilterSyntax
from runfolio.model.answers import FieldInfo
from runfolio.model.arithmetic import FUNCTIONS
from runfolio.model.direction import Direction
from runfolio.model.display import count
from runfolio.model.filter_print import quote_name, quote_value
from runfolio.model.filter_terms import AGGREGATES, EXAMPLES, KINDS
from runfolio.model.filter_text import TEXT_OPERATORS
from runfolio.model.filter_tokens import Token, tokens
from runfolio.model.nearest import is_number, nearest
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunStatus

SHOWN = 12

_NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "between", "in (", "not in (", "is null", "is not null")
_OPERATORS = ("=", "!=", "~", "!~", "like", "ilike", "matches", "in (", "not in (", "is null", "is not null", "<")
"""Of texts, and of what may be either."""

_NUMBERS = frozenset({"started", "ended", "duration", "metrics", "points", "problems"})
_CALLED = (*AGGREGATES, *FUNCTIONS, *KINDS)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`insert` replaces the characters [start, end); `label` and `note` are what the list shows."""

    label: str
    note: str
    insert: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor stands.

    kind    "field" (a name, a keyword or free text), "metric" (the name in a figure's brackets), "argument" (behind the
            comma in them), "operator" (after a name), "value" (after an operator), or "" where nothing can be suggested
            (inside a quoted text).
    word    the piece under the cursor up to it, and where that piece starts.
    field   for "value" and "operator": the name that is compared; for "argument": the figure.
    """

    kind: str
    word: str = ""
    start: int = 0
    field: str = ""


def place_of(text: str, cursor: int, names: frozenset[str]) -> Place:
    """What the piece of `text` that ends at `cursor` is. `names` are the known field names."""
    before = text[:cursor]
    try:
        pieces = tokens(before)[:-1]
    except FilterSyntax:
        return Place("")
    word = Token("word", "", cursor, cursor)
    if pieces and pieces[-1].kind == "word" and pieces[-1].end == cursor:
        word = pieces.pop()
    last = pieces[-1] if pieces else None
    called = _called_at(pieces)
    if called and last is not None and last.kind == "mark":
        if called in AGGREGATES:
            return Place("metric" if last.text == "(" else "argument", word.text, word.start, called)
        if called in KINDS:
            return Place("field", word.text, word.start)
    if last is None or last.sign or last.keyword in ("and", "or", "not") or (last.kind == "mark" and last.text == "("):
        if len(pieces) >= 3 and pieces[-2].keyword == "in":
            name = pieces[-3] if not pieces[-3].keyword else pieces[-4] if len(pieces) > 3 else pieces[-3]
            return Place("value", word.text, word.start, name.text)
        return Place("field", word.text, word.start)
    if last.kind == "operator" or (last.text.lower() in (*TEXT_OPERATORS, "between") and len(pieces) > 1):
        named = (
            pieces[-2] if len(pieces) > 1 and pieces[-2].keyword != "not" else pieces[-3] if len(pieces) > 2 else None
        )
        return Place("value", word.text, word.start, named.text if named is not None else "")
    if last.kind in ("word", "quoted") and last.text in names and not _is_value(pieces) and not called:
        return Place("operator", word.text, word.start, last.text)
    if last.kind == "mark" and last.text == ")" and (opened := _opened(pieces)) and _is_called(pieces, opened):
        return Place("operator", word.text, word.start, pieces[opened - 1].text)
    return Place("field", word.text, word.start)


def _is_value(pieces: Sequence[Token]) -> bool:
    return len(pieces) > 1 and pieces[-2].kind == "operator"


def _called_at(pieces: Sequence[Token]) -> str:
    """The function within whose brackets the cursor stands; "" for none."""
    depth = 0
    for place in range(len(pieces) - 1, -1, -1):
        token = pieces[place]
        if token.kind == "mark" and token.text == ")":
            depth += 1
        elif token.kind == "mark" and token.text == "(":
            if depth == 0:
                return pieces[place - 1].text.lower() if _is_called(pieces, place) else ""
            depth -= 1
    return ""


def _opened(pieces: Sequence[Token]) -> int:
    """The place of the bracket that the last piece closes; 0 for none."""
    depth = 0
    for place in range(len(pieces) - 1, -1, -1):
        token = pieces[place]
        if token.kind == "mark" and token.text in "()":
            depth += 1 if token.text == ")" else -1
            if depth == 0:
                return place
    return 0


def _is_called(pieces: Sequence[Token], place: int) -> bool:
    """Whether the bracket at a place stands right behind a function."""
    before = pieces[place - 1] if place else None
    return before is not None and before.end == pieces[place].start and before.text.lower() in _CALLED


def suggest(
    place: Place, fields: Sequence[FieldInfo], values: Callable[[FieldRef], Sequence[tuple[str, int]]]
) -> tuple[Suggestion, ...]:
    """The best dozen suggestions for a place. `values` gives a field's most frequent texts with their counts."""
    if place.kind == "field":
        return _suggest_names(place.word, fields, functions=True)
    if place.kind == "metric":
        metrics = [info for info in fields if info.field.kind is FieldKind.METRIC]
        if not place.word:
            return tuple(Suggestion(m.field.name, _note(m), quote_name(m.field.name)) for m in metrics[:SHOWN])
        return _suggest_names(place.word, metrics, functions=False)
    if place.kind == "argument":
        aggregate = Aggregate(place.field)
        labels = [f"{aggregate.argument}="] if aggregate.argument in ("last", "step") else []
        example = EXAMPLES.get(aggregate, "")
        return tuple(Suggestion(label, example, label) for label in labels if label.startswith(place.word.lower()))
    if place.kind == "operator":
        return _suggest_operators(place, fields)
    if place.kind == "value":
        field = next((info.field for info in fields if info.field.name == place.field), None)
        if field is None:
            return ()
        low = place.word.lower()
        there = values(field)
        found = [(text, runs) for text, runs in there if low in text.lower() and text != place.word]
        if not found and not is_number(place.word) and all(text != place.word for text, _ in there):
            # Mistyped, it may be: what is spelt alike. A number is meant as it stands.
            runs_of = dict(there)
            found = [(text, runs_of[text]) for text in nearest(place.word, [*runs_of])]
        return tuple(Suggestion(text, count(runs), quote_value(_typed(text)) + " ") for text, runs in found[:SHOWN])
    return ()


def _suggest_operators(place: Place, fields: Sequence[FieldInfo]) -> tuple[Suggestion, ...]:
    info = next((info for info in fields if info.field.name == place.field), None)
    is_number = place.field.lower() in (*AGGREGATES, *FUNCTIONS) or (
        info is not None and (info.field.kind is FieldKind.METRIC or info.field.name in _NUMBERS)
    )
    symbols = [op for op in (_NUMBER_OPERATORS if is_number else _OPERATORS) if op.startswith(place.word.lower())]
    return tuple(Suggestion(op, "", op + ("" if op.endswith("(") else " ")) for op in symbols[:SHOWN])


def _suggest_names(word: str, fields: Sequence[FieldInfo], *, functions: bool) -> tuple[Suggestion, ...]:
    if not word:
        return ()
    low = word.lower()
    # Rank, place, name, and what it is: suggestions are made of the best alone, since a field may be one of thousands.
    ranked: list[tuple[int, int, str, FieldInfo | str]] = []
    for position, info in enumerate(fields):
        name = info.field.name
        at = name.lower().find(low)
        if at < 0 or name == word:
            continue
        # A name that starts with what was typed comes first, then one of whose parts does, then the rest.
        ranked.append((0 if at == 0 else 1 if not name[at - 1].isalnum() else 2, position, name, info))
    if functions:
        ranked += [(1, 0, s.value, "status") for s in RunStatus if low in s.value and s.value != word]
        ranked += [(1, 1, name, "function") for name in (*AGGREGATES, *FUNCTIONS) if name.startswith(low)]
    best = heapq.nsmallest(SHOWN, ranked, key=lambda entry: entry[:3])
    return tuple(_suggestion(name, what, behind=" " if functions else "") for _, _, name, what in best)


def _suggestion(name: str, what: FieldInfo | str, behind: str) -> Suggestion:
    if what == "function":
        example = EXAMPLES.get(Aggregate(name), "") if name in AGGREGATES else ""
        return Suggestion(f"{name}(…)", example or "function", f"{name}(")
    if isinstance(what, str):
        return Suggestion(name, what, name + " ")
    return Suggestion(name, _note(what), quote_name(name) + behind)


def _note(info: FieldInfo) -> str:
    if info.field.kind is FieldKind.BUILTIN:
        return ""
    way = {Direction.HIGHER: " ↑", Direction.LOWER: " ↓"}.get(info.direction, "")
    return f"{info.field.kind.value}{way}{' ≈' if info.origins else ''} · {count(info.runs)}"


def _typed(text: str) -> str | float:
    try:
        number = float(text)
    except ValueError:
        return text
    # A number is typed as it is written; what float() also takes ("nan", "1_0") is safer in quotes.
    return number if repr(number).removesuffix(".0") == text else text
