"""What a user puts on runs to find them again or to have them out of the way: star, colour, hidden, archived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=str)

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

    @property
    def chosen(self) -> dict[str, int]:
        """The colours as places in the palette, 0 to COLORS - 1, by run key."""
        return {key: color - 1 for key, color in self.colors}


def ranked_colors(slots: Mapping[K, int], chosen: Mapping[K, int]) -> dict[K, tuple[int, int]]:
    """For each selected run its colour (0 to 9) and how often that colour was taken before it.

    slots    the selected runs, each with the slot that its colour comes from where none was chosen.
    chosen   colours that were given to runs for good, 0 to 9.

    A run without a chosen colour looks as it always does; the others take the lowest rank that is free, so that no two
    runs look alike.

    >>> ranked_colors({"a": 0, "b": 1, "c": 2}, {"c": 0})
    {'a': (0, 0), 'b': (1, 0), 'c': (0, 1)}
    """
    styles = {key: (slot % COLORS, slot // COLORS) for key, slot in slots.items() if key not in chosen}
    taken = set(styles.values())
    # The lowest rank that may still be free, by colour: thousands of runs may have the same.
    lowest = [0] * COLORS
    for key in slots:
        if key in chosen:
            color = chosen[key]
            while (color, lowest[color]) in taken:
                lowest[color] += 1
            styles[key] = (color, lowest[color])
            lowest[color] += 1
    return styles
