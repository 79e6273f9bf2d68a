"""What a user puts on runs to find them again or to have them out of the way: star, colour, hidden, archived."""

from __future__ import annotations

from dataclasses import dataclass

COLORS = 10
"""How many colours a run may be given; they are those of the palette, numbered from 1."""

FLAGS = ("starred", "hidden", "archived")
"""Marks that a run has or has not; each is a field of that name in filters."""

LEFT_OUT = ("hidden", "archived")
"""Runs with one of these are not looked at unless they are asked for."""


@dataclass(frozen=True, slots=True)
class MarkChange:
    """What is done to many runs at once. None and empty texts leave things as they are.

    color         1 to COLORS; 0 takes the colour away.
    note          what the notes say afterwards; "" takes them away.
    append_note   what is added to each note, as a paragraph of its own.
    """

    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    starred: bool | None = None
    color: int | None = None
    hidden: bool | None = None
    archived: bool | None = None
    note: str | None = None
    append_note: str = ""

    @property
    def does_something(self) -> bool:
        """Whether it asks for anything."""
        return self != MarkChange()


@dataclass(frozen=True, slots=True)
class MarkBoard:
    """The marks that a window draws: of all runs that have some.

    colors   1 to COLORS, by run key.
    """

    starred: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    archived: frozenset[str] = frozenset()
    colors: tuple[tuple[str, int], ...] = ()
