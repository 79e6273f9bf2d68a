"""Panels of different sizes placed in a grid, the same way in the window and in a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """The grid's first row and column that a panel takes, and how many of each."""

    row: int
    column: int
    rows: int = 1
    columns: int = 1


def flow(sizes: Sequence[tuple[int, int]], columns: int) -> tuple[list[Place], int]:
    """Places for panels of (columns, rows) in a grid of so many columns, and how many rows they take together.

    Panels stand in order, from left to right and from the top down, as words do on a page: a panel goes to the first
    place after the one before it that is free for all of it. One wider than the grid is as wide as the grid.

    >>> [(p.row, p.column) for p in flow([(1, 1), (2, 1), (1, 2)], 2)[0]]
    [(0, 0), (1, 0), (2, 0)]
    """
    taken: set[tuple[int, int]] = set()
    places: list[Place] = []
    row = column = height = 0
    for wide, high in sizes:
        wide, high = max(1, min(wide, columns)), max(1, high)
        while column + wide > columns or any(
            (row + down, column + right) in taken for down in range(high) for right in range(wide)
        ):
            column += 1
            if column + wide > columns:
                row, column = row + 1, 0
        taken.update((row + down, column + right) for down in range(high) for right in range(wide))
        places.append(Place(row, column, high, wide))
        height = max(height, row + high)
    return places, max(1, height)
