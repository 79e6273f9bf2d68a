"""What may be typed next in the filter bar: names of fields, operators, values; plain functions without Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runfolio.errors import FilterSyntax
from runfolio.model.answers import FieldInfo
from runfolio.model.direction import Direction
from runfolio.model.filter_print import quote_name, quote_value
from runfolio.model.filter_text import OPERATORS
from runfolio.model.filter_tokens import Token, tokens
from runfolio.model.query import FieldKind, FieldRef
from runfolio.model.run import RunStatus

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`insert` replaces the characters [start, end); `label` and `note` are what the list shows."""

    label: str
    note: str
    insert: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor stands.

    kind    "field" (a name, a keyword or free text), "operator" (after a name), "value" (after an operator), or
            "" where nothing can be suggested (inside a quoted text).
    word    the piece under the cursor up to it, and where that piece starts.
    field   for "value": the name that is compared.
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
    if last is None or last.keyword in ("and", "or", "not") or (last.kind == "mark" and last.text == "("):
        if len(pieces) >= 3 and pieces[-2].keyword == "in":
            name = pieces[-3] if not pieces[-3].keyword else pieces[-4] if len(pieces) > 3 else pieces[-3]
            return Place("value", word.text, word.start, name.text)
        return Place("field", word.text, word.start)
    if last.kind == "operator":
        return Place("value", word.text, word.start, pieces[-2].text if len(pieces) > 1 else "")
    if last.kind in ("word", "quoted") and last.text in names and not _is_value(pieces):
        return Place("operator", word.text, word.start, last.text)
    return Place("field", word.text, word.start)


def _is_value(pieces: Sequence[Token]) -> bool:
    return len(pieces) > 1 and pieces[-2].kind == "operator"


def suggest(
    place: Place, fields: Iterable[FieldInfo], values: Callable[[FieldRef], Sequence[tuple[str, int]]]
) -> tuple[Suggestion, ...]:
    """The best dozen suggestions for a place. `values` gives a field's most frequent texts with their counts."""
    if place.kind == "field":
        return _suggest_names(place.word, fields)
    if place.kind == "operator":
        symbols = [op for op in (*OPERATORS, "in (", "is null", "is not null") if op.startswith(place.word.lower())]
        return tuple(Suggestion(op, "", op + ("" if op.endswith("(") else " ")) for op in symbols[:SHOWN])
    if place.kind == "value":
        field = next((info.field for info in fields if info.field.name == place.field), None)
        if field is None:
            return ()
        low = place.word.lower()
        found = [(text, runs) for text, runs in values(field) if low in text.lower() and text != place.word]
        return tuple(Suggestion(text, f"{runs}", quote_value(_typed(text)) + " ") for text, runs in found[:SHOWN])
    return ()


def _suggest_names(word: str, fields: Iterable[FieldInfo]) -> tuple[Suggestion, ...]:
    if not word:
        return ()
    low = word.lower()
    ranked: list[tuple[int, int, str, Suggestion]] = []
    for position, info in enumerate(fields):
        name = info.field.name
        at = name.lower().find(low)
        if at < 0 or name == word:
            continue
        # A name that starts with what was typed comes first, then one of whose parts does, then the rest.
        rank = 0 if at == 0 else 1 if not name[at - 1].isalnum() else 2
        ranked.append((rank, position, name, Suggestion(name, _note(info), quote_name(name) + " ")))
    for status in RunStatus:
        if low in status.value and status.value != word:
            ranked.append((1, 0, status.value, Suggestion(status.value, "status", status.value + " ")))
    ranked.sort(key=lambda entry: entry[:3])
    return tuple(entry[3] for entry in ranked[:SHOWN])


def _note(info: FieldInfo) -> str:
    if info.field.kind is FieldKind.BUILTIN:
        return ""
    way = {Direction.HIGHER: " ↑", Direction.LOWER: " ↓"}.get(info.direction, "")
    return f"{info.field.kind.value}{way}{' ≈' if info.origins else ''}"


def _typed(text: str) -> str | float:
    try:
        number = float(text)
    except ValueError:
        return text
    # A number is typed as it is written; what float() also takes ("nan", "1_0") is safer in quotes.
    return number if repr(number).removesuffix(".0") == text else text
