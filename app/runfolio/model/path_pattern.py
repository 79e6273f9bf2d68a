"""Patterns for paths of run folders, with places for what is taken out of them: `{experiment}/{name}_seed{seed:int}`.

A language of our own, smaller than regular expressions, because patterns come from files that others wrote: the time a
match takes is bounded by the length of the pattern times that of the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runfolio.errors import UsageError

MOST_PARTS = 8
MOST_CHARACTERS = 200
MOST_PLACES = 12
_LONGEST_NAME = 1_024
_LONGEST_TYPED = 128

KINDS = ("int", "number", "word")
"""What a place may be restricted to: a whole number, a decimal number, letters and digits. Without: any text."""

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
# Each of these is tried on at most _LONGEST_TYPED characters.
_TYPED = {
    "int": re.compile(r"[+-]?[0-9]{1,30}"),
    "number": re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,4})?"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a pattern: a field of that name, of any text or one of KINDS; "" is `*`, which is kept nowhere."""

    field: str
    kind: str = ""


Token = str | Place


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern for the last parts of a path.

    parts    one for each folder, the run's own last; literal text and places by turns.
    fields   names of the places, in their order.
    """

    text: str
    parts: tuple[tuple[Token, ...], ...]
    fields: tuple[str, ...]

    def match(self, path: Sequence[str]) -> Mapping[str, str] | None:
        """What the fields hold when the last names of a path fit; None when they do not.

        Each place takes as much as it can, from the left. Letters fit only themselves, capitals or not.
        """
        if len(path) < len(self.parts):
            return None
        found: dict[str, str] = {}
        for tokens, name in zip(self.parts, path[-len(self.parts) :], strict=True):
            if len(name) > _LONGEST_NAME:
                return None
            ends = _Matcher(tokens, name).ends()
            if ends is None:
                return None
            start = 0
            for token, end in zip(tokens, ends, strict=True):
                if isinstance(token, Place) and token.field:
                    found[token.field] = name[start:end]
                start = end
        return found


def parse_pattern(text: str) -> PathPattern:
    """A pattern from its text. Raises UsageError with what is wrong with it."""
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"The pattern has {len(text):,} characters; at most {MOST_CHARACTERS} are allowed")
    parts = text.split("/")
    if len(parts) > MOST_PARTS:
        raise UsageError(f"The pattern has {len(parts)} parts; at most {MOST_PARTS} are allowed")
    fields: list[str] = []
    tokens: list[tuple[Token, ...]] = []
    for part in parts:
        if part in ("", ".", "..") or "\\" in part or not part.isprintable():
            message = f"{part!r} is not the name of a folder" if part else "The pattern has a part without a name"
            raise UsageError(message, hint="Write the names of folders with / between, as in {experiment}/{name}.")
        tokens.append(tuple(_tokens(part)))
        fields += [t.field for t in tokens[-1] if isinstance(t, Place) and t.field]
    places = sum(isinstance(token, Place) for part in tokens for token in part)
    if places > MOST_PLACES:
        raise UsageError(f"The pattern has {places} places; at most {MOST_PLACES} are allowed")
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice is not None:
        raise UsageError(f"{{{twice}}} stands in the pattern twice", hint="Give one of them another name.")
    return PathPattern(text, tuple(tokens), tuple(fields))


def _tokens(part: str) -> Iterator[Token]:
    """Literal text and places by turns. Raises UsageError."""
    literal = ""
    after_place = False
    at = 0
    while at < len(part):
        character = part[at]
        if part.startswith(("{{", "}}"), at):
            literal += character
            at += 2
        elif character == "}":
            raise UsageError("A } has no { before it", hint="Write }} for the character itself.")
        elif character in "{*":
            if after_place and not literal:
                raise UsageError(
                    "Two places follow each other: nothing says where the first one ends",
                    hint="Put some text between them, as in {name}_{seed}.",
                )
            if literal:
                yield literal
            end = part.find("}", at) if character == "{" else at
            if end < 0:
                raise UsageError("A { is never closed", hint="Write {{ for the character itself.")
            yield _place(part[at + 1 : end]) if character == "{" else Place("")
            literal, after_place, at = "", True, end + 1
        else:
            literal += character
            at += 1
    if literal:
        yield literal


def _place(text: str) -> Place:
    field, colon, kind = text.partition(":")
    if not _FIELD.fullmatch(field):
        hint = "Use letters, digits, _, - and dots, with a letter first, as in {name}, {experiment} or {seed:int}."
        raise UsageError(f"{field!r} is not a name for a place", hint=hint)
    if colon and kind not in KINDS:
        raise UsageError(f"{kind!r} is not a kind of place", hint=f"A place may be {', '.join(KINDS)}, or any text.")
    return Place(field, kind)


class _Matcher:
    """One name against one part of a pattern."""

    def __init__(self, tokens: Sequence[Token], name: str) -> None:
        self._tokens = tokens
        self._name = name
        self._failed: set[tuple[int, int]] = set()
        # A place for any text that found no end from here finds none from further right either.
        self._dead: dict[int, int] = {}

    def ends(self) -> list[int] | None:
        """Where in the name each token ends; None when the whole name does not fit."""
        return self._from(0, 0)

    def _from(self, number: int, at: int) -> list[int] | None:
        if number == len(self._tokens):
            return [] if at == len(self._name) else None
        if (number, at) in self._failed or at >= self._dead.get(number, len(self._name) + 1):
            return None
        token = self._tokens[number]
        for end in self._candidates(number, at):
            rest = self._from(number + 1, end)
            if rest is not None:
                return [end, *rest]
        if isinstance(token, Place) and not token.kind:
            self._dead[number] = at
        self._failed.add((number, at))
        return None

    def _candidates(self, number: int, at: int) -> Iterator[int]:
        """Where a token that starts here may end, the furthest first."""
        name, token = self._name, self._tokens[number]
        if isinstance(token, str):
            if name.startswith(token, at):
                yield at + len(token)
        elif token.kind:
            reach = at
            while reach < min(len(name), at + _LONGEST_TYPED) and _may_be_in(name[reach], token.kind):
                reach += 1
            for end in range(reach, at, -1):
                if _is_kind(name[at:end], token.kind):
                    yield end
        elif number + 1 == len(self._tokens):
            if len(name) > at or not token.field:
                yield len(name)
        else:
            following = self._tokens[number + 1]
            first = at + (1 if token.field else 0)
            end = len(name)
            while isinstance(following, str):
                # From where the place after the text has failed, it need not be tried again.
                beyond = self._dead.get(number + 2, len(name) + 1)
                beyond = min(end + len(following), beyond) - 1
                end = name.rfind(following, first, beyond) if beyond > first else -1
                if end < 0:
                    break
                yield end


def _may_be_in(character: str, kind: str) -> bool:
    return character.isalnum() if kind == "word" else character in "+-.eE0123456789"


def _is_kind(text: str, kind: str) -> bool:
    return text.isalnum() if kind == "word" else _TYPED[kind].fullmatch(text) is not None
