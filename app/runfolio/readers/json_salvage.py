"""Reads as much as there is of a JSON document that the standard library refuses: cut off, damaged, too deep.

Slower than `json`, so it is only asked when that has failed. It keeps its own stack, since depth comes from the
file, and accepts what the standard library accepts (NaN and Infinity among it).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import NoReturn

from runfolio.model.params import Json
from runfolio.readers.contract import Budget
from runfolio.readers.yaml_scalars import MAX_DIGITS

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<mark>[\[\]{},:])
      | (?P<string>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![0-9.eE+-])
      | (?P<word>true|false|null|NaN|-?Infinity)(?![A-Za-z])
    )""",
    re.VERBOSE,
)
_WORDS: dict[str, Json] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": math.nan,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
}


@dataclass(slots=True)
class Salvage:
    """What was read, and what ended the reading: `code` "" when the document was whole after all.

    repeated        keys that were given more than once in one object.
    long_integers   how many integers are kept as text, because they have more than MAX_DIGITS digits.
    offset          in characters, where the reading ended.
    """

    value: Json = None
    code: str = ""
    message: str = ""
    offset: int = 0
    repeated: list[str] = field(default_factory=list)
    long_integers: int = 0


@dataclass(slots=True)
class _Open:
    """An array or object whose end has not come yet; `state` says what may follow."""

    items: list[Json] | None
    fields: dict[str, Json]
    state: str = "first"  # first → (key → colon →) value → comma → next
    key: str = ""


class _End(Exception):
    """The document cannot be read on."""


def salvage(text: str, where: str, budget: Budget) -> Salvage:
    """As much of the document as stands before the first mistake or limit. Raises LimitReached on time-out."""
    return _Salvager(text, where, budget).run()


class _Salvager:
    def __init__(self, text: str, where: str, budget: Budget) -> None:
        self.text = text
        self.where = where
        self.budget = budget
        self.result = Salvage()
        self._stack: list[_Open] = []
        self._nodes = 0

    def run(self) -> Salvage:
        position, done = 0, False
        try:
            while not done:
                token = _TOKEN.match(self.text, position)
                if token is None or (token["number"] and token.end() == len(self.text) and self._stack):
                    self._refuse(position)
                self.result.offset = token.start(token.lastgroup or 0)
                done = self._take(token.lastgroup or "", token[token.lastgroup or 0])
                position = token.end()
            if self.text[position:].strip():
                self.result.offset = position
                self._end("json-documents", "Something follows after the end of the document")
        except _End:
            pass
        return self.result

    def _refuse(self, position: int) -> NoReturn:
        rest = self.text[position : position + 40].strip()
        self.result.offset = position
        open_levels = len(self._stack)
        if not rest or len(self.text) - position < 40:
            self._end("json-cut", f"The file ends in the middle, with {open_levels} brackets still open")
        self._end("json-syntax", f"Not JSON from here on: {rest!r}")

    def _end(self, code: str, message: str) -> NoReturn:
        self.result.code, self.result.message = code, message
        raise _End

    def _take(self, kind: str, token: str) -> bool:
        """Take one token; True when the document is complete."""
        if kind == "mark" and token in "]}":
            return self._close(token)
        if kind == "mark" and token in ",:":
            self._separate(token)
            return False
        top = self._stack[-1] if self._stack else None
        if top is not None and top.items is None and top.state in ("first", "next"):
            if kind != "string":
                self._end("json-syntax", "A key was expected here")
            top.key, top.state = str(json.loads(token)), "colon"
            return False
        if top is not None and top.state not in ("value", "first", "next"):
            self._end("json-syntax", f"A {'colon' if top.state == 'colon' else 'comma'} was expected here")
        self._count()
        if kind == "mark":
            self._open(token)
            return False
        self._put(self._scalar(kind, token))
        return not self._stack

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes % 4096 == 0:
            self.budget.check(self.where)
        if self._nodes > self.budget.nodes:
            self._end("too-large", f"More than {self.budget.nodes:,} values")

    def _open(self, token: str) -> None:
        if len(self._stack) >= self.budget.depth:
            self._end("too-deep", f"Nested deeper than {self.budget.depth} levels")
        made = _Open([] if token == "[" else None, {})
        self._put(made.fields if made.items is None else made.items)
        self._stack.append(made)

    def _close(self, token: str) -> bool:
        top = self._stack[-1] if self._stack else None
        expected = "" if top is None else "}" if top.items is None else "]"
        if top is None or token != expected or top.state not in ("first", "comma"):
            self._end("json-syntax", f"An unexpected {token}")
        self._stack.pop()
        return not self._stack

    def _separate(self, token: str) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and (token, top.state) == (",", "comma"):
            top.state = "next"
        elif top is not None and (token, top.state) == (":", "colon"):
            top.state = "value"
        else:
            self._end("json-syntax", f"An unexpected {token}")

    def _put(self, value: Json) -> None:
        if not self._stack:
            self.result.value = value
            return
        top = self._stack[-1]
        top.state = "comma"
        if top.items is not None:
            top.items.append(value)
            return
        if top.key in top.fields:
            self.result.repeated.append(top.key)
        top.fields[top.key] = value

    def _scalar(self, kind: str, token: str) -> Json:
        if kind == "word":
            return _WORDS[token]
        if kind == "string":
            return str(json.loads(token))
        if len(token) > MAX_DIGITS and token.lstrip("-").isdigit():
            self.result.long_integers += 1
            return token
        value: Json = json.loads(token)
        return value
