"""Colours of selected runs where some of them were given one for good."""

from __future__ import annotations

from collections.abc import Mapping

from runfolio.model.marks import COLORS
from runfolio.model.run import RunKey

COLOR_NAMES = ("Blue", "Ochre", "Red", "Grey", "Purple", "Brown", "Orange", "Olive", "Slate", "Teal")
"""Of the palette, in its order."""


def ranked_colors(slots: Mapping[RunKey, int], chosen: Mapping[RunKey, int]) -> dict[RunKey, tuple[int, int]]:
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
