"""Look for a text in a file of any size, piece by piece.

A regular expression can run for ever, and Python cannot interrupt it: the worker is ended by its time limit then. Plain
texts have a limit of their own, so that what was found by then is kept.
"""

from __future__ import annotations

import os
import re
import time

from runfolio.analysis.preview.reading import read_at
from runfolio.analysis.preview.text import Coding, coding_of, visible
from runfolio.errors import UsageError
from runfolio.model.display import storable
from runfolio.model.text_search import Match, Matches, Search
from runfolio.readers.folder import Folder

_PIECE = 4 << 20
_MOST = 5_000
_SHOWN = 300
_LONGEST = 1_000
_HEAD = 64 << 10


def search(folder: Folder, name: str, wanted: Search, seconds: float) -> Matches:
    """Where a text is found. Raises UsageError for a bad expression, FolderUnreadable.

    seconds   after which what was found by then is the answer.
    """
    until = time.monotonic() + seconds
    with folder.open(name) as handle:
        size = os.fstat(handle).st_size
        coding = coding_of(read_at(handle, min(_HEAD, size)))
        pattern = _pattern(wanted)
        found: list[Match] = []
        at, line, more = coding.mark, 1, 0
        while at < size and time.monotonic() < until:
            data = read_at(handle, _PIECE, at)
            if not data:
                break
            used = len(data) if at + len(data) >= size else _whole_lines(data, coding)
            piece = data[:used]
            if _may_hold(piece, wanted):
                more += _look(piece, at, line, coding, pattern, found)
            line += piece.count(coding.newline)
            at += used
    return Matches(tuple(found), min(at, size), size, more)


def _pattern(wanted: Search) -> re.Pattern[str]:
    if len(wanted.text) > _LONGEST:
        raise UsageError(f"A text of at most {_LONGEST:,} characters can be looked for")
    try:
        return re.compile(
            wanted.text if wanted.regex else re.escape(wanted.text),
            re.MULTILINE | (0 if wanted.case else re.IGNORECASE),
        )
    except (re.error, OverflowError, RecursionError) as failure:
        position = getattr(failure, "pos", None)
        where = "" if position is None else f" at character {position + 1}"
        raise UsageError(
            f"Not a regular expression{where}: {getattr(failure, 'msg', failure)}",
            hint="Switch the expression off to look for the text as it is.",
        ) from failure


def _may_hold(piece: bytes, wanted: Search) -> bool:
    """False where a plain text is surely not in a piece: looking for bytes takes an eighth of the time."""
    if wanted.regex or not wanted.text.isascii() or not piece.isascii():
        return True
    needle = wanted.text.encode()
    return needle in piece if wanted.case else needle.lower() in piece.lower()


def _whole_lines(data: bytes, coding: Coding) -> int:
    place = data.rfind(coding.newline)
    while place > 0 and place % coding.unit:
        place = data.rfind(coding.newline, 0, place)
    return place + coding.unit if place > 0 else len(data) - len(data) % coding.unit


def _look(piece: bytes, at: int, line: int, coding: Coding, pattern: re.Pattern[str], found: list[Match]) -> int:
    """Adds the matches in a piece; how many there was no room for."""
    # Bytes that are no text are kept apart, so that the bytes before a match can be counted.
    text = piece.decode(coding.name, "replace" if coding.unit > 1 else "surrogateescape")
    more = 0
    seen, seen_bytes, seen_lines = 0, at, line
    for match in pattern.finditer(text):
        start, end = match.span()
        if end == start:
            continue
        if len(found) >= _MOST:
            more += 1
            continue
        begin = text.rfind("\n", 0, start) + 1
        if begin > seen:
            between = text[seen:begin]
            seen_bytes += len(between.encode(coding.name, "replace" if coding.unit > 1 else "surrogateescape"))
            seen_lines += between.count("\n")
            seen = begin
        last = text.find("\n", start)
        shown = text[max(begin, start - 80) : len(text) if last < 0 else last][:_SHOWN]
        found.append(Match(seen_bytes, seen_lines, start - begin, end - start, visible(storable(shown.rstrip("\r")))))
    return more
