"""Pages of text: at most some hundred kilobytes at a time of a file of any size, from one line to another."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from runfolio.analysis.preview.reading import read_at
from runfolio.model.previews import FOLD, TextPage
from runfolio.readers.folder import Folder

PAGE = 128 << 10
_LINE = 4 << 10
"""How far a page may go on to end where a line does."""
_LINES_COUNTED = 64 << 20
"""Line numbers are counted up to here; beyond they would cost a read of all that comes before."""
_HEAD = 64 << 10

# Control characters become the pictures of them; what changes the direction of text, or ends a line unseen, a question.
_VISIBLE = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421}
_VISIBLE |= dict.fromkeys(
    (*range(128, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)


_LARGE = re.compile("[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\uffef\U0001f000-\U0003ffff]+")


class Coding(NamedTuple):
    """How text is kept: Python's name of it, bytes of its smallest unit, of its byte-order mark; a line's end."""

    name: str
    unit: int
    mark: int
    newline: bytes


def coding_of(head: bytes) -> Coding:
    """By the byte-order mark; else UTF-8 where the head is that, or Windows-1252."""
    if head.startswith(b"\xef\xbb\xbf"):
        return Coding("utf-8", 1, 3, b"\n")
    # Before UTF-16, whose mark it begins with: no text of that has a zero as its first character.
    if head.startswith(b"\xff\xfe\0\0"):
        return Coding("utf-32-le", 4, 4, b"\n\0\0\0")
    if head.startswith(b"\0\0\xfe\xff"):
        return Coding("utf-32-be", 4, 4, b"\0\0\0\n")
    if head.startswith(b"\xff\xfe"):
        return Coding("utf-16-le", 2, 2, b"\n\0")
    if head.startswith(b"\xfe\xff"):
        return Coding("utf-16-be", 2, 2, b"\0\n")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head may end within a character.
        if error.start < len(head) - 3 or error.reason != "unexpected end of data":
            return Coding("cp1252", 1, 0, b"\n")
    return Coding("utf-8", 1, 0, b"\n")


def text_page(folder: Folder, name: str, at: int, *, backwards: bool = False, page: int = PAGE) -> TextPage:
    """The page that begins at byte `at`, or that ends there. Raises FolderUnreadable."""
    with folder.open(name) as handle:
        size = os.fstat(handle).st_size
        coding = coding_of(read_at(handle, min(_HEAD, size)))
        at = max(0, min(at, size))
        start = max(coding.mark, at - page) if backwards else max(coding.mark, at)
        start -= (start - coding.mark) % coding.unit
        if backwards and start > coding.mark:
            start = _line_start(handle, start, at, coding)
        limit = (max(at, start) if backwards else start + page) - start
        data = read_at(handle, limit + (0 if backwards else _LINE), start)
        if not backwards and len(data) > limit:
            data = data[: _end(data, limit, coding)]
        line = _line_number(handle, start, coding)
    shown = visible(data.decode(coding.name, "replace").replace("\r\n", "\n"))
    fold = fold_of(shown)
    text, folds = folded(shown, fold)
    return TextPage(text, _title(coding), start, start + len(data), size, line, folds, fold)


def visible(text: str) -> str:
    """The text with each character that acts on what is around it replaced by one that only stands there."""
    return text.translate(_VISIBLE)


def fold_of(text: str) -> int:
    """How long lines may get: shorter where many of the characters are of large scripts.

    Chinese, Japanese and Korean are twice as wide as Latin, and no spaces let the eye rest: of a line of 500 such
    characters most is out of sight, and all of it has to be laid out, glyph by glyph.
    """
    large = len(text) - sum(map(len, _LARGE.split(text)))
    return FOLD // 5 if large * 4 > len(text) else FOLD


def folded(text: str, fold: int = FOLD) -> tuple[str, tuple[int, ...]]:
    """The text with lines of at most `fold` characters, and the numbers of those that go on with the one before."""
    lines: list[str] = []
    folds: list[int] = []
    for line in text.split("\n"):
        lines.append(line[:fold])
        for begin in range(fold, len(line), fold):
            folds.append(len(lines))
            lines.append(line[begin : begin + fold])
    return "\n".join(lines), tuple(folds)


def _title(coding: Coding) -> str:
    return {"cp1252": "Windows-1252", "utf-8": "UTF-8"}.get(coding.name, coding.name.upper())


def _line_start(handle: int, start: int, end: int, coding: Coding) -> int:
    """The first line that begins at or after `start`; `start` itself where there is none near."""
    near = read_at(handle, min(_LINE, end - start), start)
    place = near.find(coding.newline)
    return start + place + coding.unit if 0 <= place < len(near) - coding.unit else start


def _end(data: bytes, limit: int, coding: Coding) -> int:
    """Where a page ends: behind the first line end from `limit` on, else between two characters."""
    place = data.find(coding.newline, limit - limit % coding.unit)
    while place >= 0 and place % coding.unit:
        place = data.find(coding.newline, place + 1)
    if place >= 0:
        return place + coding.unit
    end = limit - limit % coding.unit
    if coding.name == "utf-8":
        while end > limit - 4 and end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
    return end


def _line_number(handle: int, start: int, coding: Coding) -> int | None:
    if start > _LINES_COUNTED:
        return None
    lines, at = 1, coding.mark
    while at < start:
        piece = read_at(handle, min(1 << 22, start - at), at)
        if not piece:
            break
        lines += piece.count(coding.newline)
        at += len(piece)
    return lines
