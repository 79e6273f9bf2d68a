"""Finds a param in Python source that is parsed and never run, by the positions of its literals."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from runfolio.model.display import storable
from runfolio.model.origin import Wanted
from runfolio.model.params import text_of
from runfolio.readers.contract import Budget
from runfolio.readers.place_json_leaves import leaves
from runfolio.readers.place_text import Found
from runfolio.readers.python_literals import place_of_literal

_WRITTEN = re.compile(r"\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u\w{4}|\\.|.", re.DOTALL)
"""What stands for one character of a text in JSON; a pair of surrogates is one."""


def find_python(text: str, wanted: Wanted) -> Found | None:
    """The line and character where the literal begins that is the value of a param; None when none is."""
    if not wanted.path:
        return None
    try:
        told = place_of_literal(text, wanted.path)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if told is None or not wanted.means(storable(text_of(told[0]))):
        return None
    _, line, column = told
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Found(line, ".".join(wanted.path), lines[line - 1], column)


def find_packed_python(text: str, key: str, wanted: Wanted, budget: Budget) -> tuple[int, Found] | None:
    """The same in Python that is the value of `key` in a document of JSON: where in the document, and where in it."""
    for leaf in leaves(text, budget):
        if leaf.path == (key,) and leaf.text.startswith('"'):
            try:
                source = json.loads(leaf.text, strict=False)
            except ValueError:
                continue
            found = find_python(source, wanted)
            if found is not None:
                at = _start_of_line(source, found.line) + (found.column or 1) - 1
                part = f"{found.part}, line {found.line:,} of the config in it"
                return leaf.start + _written(leaf.text, at), replace(found, part=part)
    return None


def _start_of_line(source: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        ends = [n for n in (source.find("\n", at), source.find("\r", at)) if n >= 0]
        at = min(ends) + 1
        at += source[at - 1 : at + 1] == "\r\n"
    return at


def _written(token: str, count: int) -> int:
    """Characters of a JSON string up to one of the text that it spells, the quote included."""
    at = 1
    while count > 0:
        width = 1 if token[at] != "\\" else 6 if token[at + 1] == "u" else 2
        # A pair of surrogates is one character of the text.
        if (
            width == 6
            and token[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db")
            and token[at + 6 : at + 8] == "\\u"
        ):
            width = 12
        at, count = at + width, count - 1
    return at
