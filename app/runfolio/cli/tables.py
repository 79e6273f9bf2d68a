"""Tables for a terminal: aligned, coloured only where a person looks, and never carrying a control character."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import TextIO

from runfolio.model.display import plain

_LONGEST_CELL = 60


class Colour(StrEnum):
    """The few colours there are, as SGR parameters."""

    NONE = ""
    DIM = "2"
    BOLD = "1"
    GOOD = "32"
    WARN = "33"
    BAD = "31"


def paint(text: str, colour: Colour, stream: TextIO | None = None) -> str:
    """`text` in a colour when `stream` (standard output) is a terminal that wants it (NO_COLOR, TERM=dumb)."""
    out = stream or sys.stdout
    wanted = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return f"\x1b[{colour.value}m{text}\x1b[0m" if wanted and colour is not Colour.NONE else text


def width(text: str) -> int:
    """Terminal columns that a text takes: wide characters two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    colours: Sequence[Colour] = (),
) -> str:
    """Rows under a header with aligned columns.

    right     numbers of the columns that are aligned right.
    colours   one for each row, or none at all.
    """
    shown = [[plain(cell, _LONGEST_CELL) for cell in row] for row in [header, *rows]]
    widths = [max(width(row[i]) for row in shown) for i in range(len(header))]
    lines: list[str] = []
    for number, row in enumerate(shown):
        cells = []
        for i, cell in enumerate(row):
            gap = " " * (widths[i] - width(cell))
            cells.append(gap + cell if i in right else cell + gap)
        line = "  ".join(cells).rstrip()
        if number == 0:
            line = paint(line, Colour.BOLD)
        elif colours:
            line = paint(line, colours[number - 1])
        lines.append(line)
    return "\n".join(lines)
