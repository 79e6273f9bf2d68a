"""What is looked for in the text of a file, and where it was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a text was found.

    line_start   byte at which its line begins (or the piece of an endless line that was looked at together).
    line         number of the line, from 1; column and length in characters.
    text         of the line, cut.
    """

    line_start: int
    line: int
    column: int
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for in a text; `regex`: as a regular expression, line by line."""

    text: str
    regex: bool = False
    case: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """Where it was found, in order. `searched` of `size` bytes were looked through; `more` matches are not listed."""

    found: tuple[Match, ...]
    searched: int
    size: int
    more: int = 0
