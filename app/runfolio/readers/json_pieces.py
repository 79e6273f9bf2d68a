"""JSON files that are too large to be parsed as one text: an object whose long lists are taken piece by piece.

A piece of the file lies in memory as text at a time. What was read before a mistake is kept, as in smaller files.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import NoReturn

from runfolio.errors import RunfolioError
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.documents import Document
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import is_shallow

LARGEST = 1 << 30
"""Bytes of a file that is read this way."""
_PIECE = 4 << 20
_LONGEST_TOKEN = 64
"""Characters of what is neither text nor number."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def read_large_json(folder: Folder, name: str, budget: Budget) -> Document:
    """The object in a JSON file; what cannot be read is an empty document with a Problem.

    A value at the top is a text, a number, a mapping or a list; NaN and infinities are accepted. Of a key that is given
    twice the last value counts. Texts as they were written are not kept.
    Raises LimitReached when it takes too long.
    """
    where = folder.where(name)
    try:
        size = folder.files[name].size
        if size > LARGEST:
            message = f"The file has {size:,} bytes; at most {LARGEST:,} are read"
            return Document(None, problems=(warning("too-large", where, message),), where=where)
        reading = _Reading(folder, name, size, budget)
        reading.run()
    except RunfolioError as failure:
        budget.check(where)
        return Document(None, problems=(problem_from(failure, "unreadable", where),), where=where)
    return Document(reading.value, problems=tuple(reading.problems), where=where)


class _End(Exception):
    """The document cannot be read on."""


class _Reading:
    """A window of text that moves over the file; `_at` is the place in it."""

    def __init__(self, folder: Folder, name: str, size: int, budget: Budget) -> None:
        self.value: dict[str, Json] = {}
        self.problems: list[Problem] = []
        self._folder = folder
        self._name = name
        self._where = folder.where(name)
        self._size = size
        self._budget = budget
        self._text = ""
        self._at = 0
        self._offset = 0
        self._is_mixed = False
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")

    def run(self) -> None:
        """Fill `value` and `problems`."""
        try:
            if self._next() != "{":
                self._refuse("The file holds no mapping of names to values")
            self._at += 1
            if self._next() == "}":
                return
            while True:
                self._field()
                mark = self._next()
                self._at += 1
                if mark == "}":
                    break
                if mark != ",":
                    self._refuse(f"A comma was expected in place of {mark!r}")
        except _End:
            pass

    def _field(self) -> None:
        if self._next() != '"':
            self._refuse("A key was expected")
        key = str(self._one())
        if self._next() != ":":
            self._refuse("A colon was expected")
        self._at += 1
        if self._next() == "[":
            self._at += 1
            items: list[Json] = []
            self.value[key] = items  # at once, so that what there is of a list that is cut is kept
            for some in self._items():
                items += some
        else:
            self.value[key] = self._one()

    def _items(self) -> Iterator[list[Json]]:
        """The items of the list that begins here."""
        if self._next() == "]":
            self._at += 1
            return
        while True:
            self._next()
            yield self._many() or [self._one()]
            mark = self._next()
            self._at += 1
            if mark == "]":
                return
            if mark != ",":
                self._refuse(f"A comma was expected in place of {mark!r}")

    def _many(self) -> list[Json]:
        """The items up to the last that ends within the window; [] when these cannot be told by their brackets."""
        if len(self._text) - self._at < _PIECE // 2:
            self._more()
        if self._is_mixed:
            return []
        if self._text[self._at] == "{":
            end = self._text.rfind("},", self._at) + 1
        else:
            end = self._text.find("]", self._at)
            end = self._text.rfind(",", self._at) if end < 0 else end
        if end <= self._at:
            return []
        text = self._text[self._at : end]
        try:
            found: list[Json] = json.loads(f"[{text}]")
        except (ValueError, RecursionError):
            found = []
        is_flat = "[" not in text and text.count("{") in (0, len(found))
        if not found or not (is_flat or is_shallow(text, self._budget.depth)):
            self._is_mixed = True  # one by one up to the next window, so that no text is tried again and again
            return []
        self._at = end
        return found

    def _one(self) -> Json:
        """The value that begins here, all of it in the window."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as failure:
                if _is_final(failure, len(self._text)) or not self._more():
                    self._refuse(f"Not JSON from here on: {self._text[self._at : self._at + 40]!r}")
                continue
            # A number at the very end of the window may go on behind it, with "0." and "1e-" among what is seen of it.
            if len(self._text) - end > _LONGEST_TOKEN or not self._more():
                break
        if not is_shallow(self._text[self._at : end], self._budget.depth - 1):
            self._refuse(f"Nested deeper than {self._budget.depth} levels", "too-deep")
        self._at = end
        found: Json = value
        return found

    def _next(self) -> str:
        """The next mark; it stays where it is."""
        while True:
            match = _BLANKS.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                self._refuse("The file ends in the middle", "json-cut")

    def _more(self) -> bool:
        """Move the window on: what was taken leaves it, and as much as is left comes in, at least a piece."""
        self._budget.check(self._where)
        if self._offset >= self._size:
            return False
        data = self._folder.part(self._name, self._offset, max(_PIECE, len(self._text) - self._at))
        self._offset = self._offset + len(data) if data else self._size
        self._text = self._text[self._at :] + self._decoder.decode(data)
        self._at = 0
        self._is_mixed = False
        return True

    def _refuse(self, message: str, code: str = "json-syntax") -> NoReturn:
        hint = "Check whether the file was copied completely."
        self.problems.append(warning(code, self._where, f"{message}; what comes before is shown", hint, self._place()))
        raise _End

    def _place(self) -> int:
        """About the byte at which the window stands."""
        return max(0, self._offset - len(self._text[self._at :].encode("utf-8", "replace")))


def _is_final(failure: Exception, length: int) -> bool:
    """Whether a mistake is one whatever follows the text: what is only cut is refused at its end, or as open quotes."""
    if not isinstance(failure, json.JSONDecodeError):
        return isinstance(failure, RecursionError)
    return failure.pos < length - _LONGEST_TOKEN and not failure.msg.startswith("Unterminated string")
