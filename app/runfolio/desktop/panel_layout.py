"""Where the panels of a page lie: sections under each other, in each of them a grid that panels flow into."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect

from runfolio.analysis.flow import flow
from runfolio.desktop.chart_settings import Size

MANY = 9
"""More panels than this stand in sections by themselves."""

LEAST_HEIGHT = 210
GAP = 14
HEADING = 30
_SIDE, _BOTTOM = 14, 10


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading; `name` is None where there is none."""

    name: str | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """Rectangles in the pixels of the page.

    panels     of each panel that has a place; those of folded sections have none.
    headings   of each section that has a heading.
    step       the distance from one column to the next, and from one row to the next.
    """

    panels: Mapping[str, QRect]
    headings: Mapping[str, QRect]
    height: int
    step: Size


def lay_out(
    sections: Sequence[Section],
    sizes: Mapping[str, Size],
    columns: int,
    width: int,
    height: int,
    folded: Collection[str] = (),
) -> Laid:
    """Places for a page of so many pixels. Rows fill its height where they can and are never too low to be read."""
    wide = max(1, (width - 2 * _SIDE - (columns - 1) * GAP) // columns)
    placed = [
        flow([] if s.name is not None and s.name in folded else [sizes.get(key, (1, 1)) for key in s.keys], columns)
        for s in sections
    ]
    headed = sum(section.name is not None for section in sections)
    open_sections = [rows for (places, rows) in placed if places]
    rows = sum(open_sections)
    room = height - _BOTTOM - headed * HEADING - max(0, rows - 1) * GAP
    high = max(LEAST_HEIGHT, room // rows if rows else LEAST_HEIGHT)
    panels: dict[str, QRect] = {}
    headings: dict[str, QRect] = {}
    top = 0
    for section, (places, own_rows) in zip(sections, placed, strict=True):
        if section.name is not None:
            headings[section.name] = QRect(_SIDE, top, max(1, width - 2 * _SIDE), HEADING)
            top += HEADING
        for key, place in zip(section.keys, places, strict=False):
            panels[key] = QRect(
                _SIDE + place.column * (wide + GAP),
                top + place.row * (high + GAP),
                place.columns * wide + (place.columns - 1) * GAP,
                place.rows * high + (place.rows - 1) * GAP,
            )
        if places:
            top += own_rows * (high + GAP)
    return Laid(panels, headings, max(0, top - GAP) + _BOTTOM, (wide + GAP, high + GAP))


def beside(laid: Laid, key: str, across: int, down: int) -> str | None:
    """The panel that lies nearest to one in a direction (-1, 0 or 1 in each); None where there is none."""
    own = laid.panels.get(key)
    if own is None:
        return None
    best: tuple[int, str] | None = None
    for other, rect in laid.panels.items():
        apart = rect.center() - own.center()
        ahead = apart.x() * across + apart.y() * down
        aside = abs(apart.y() if across else apart.x())
        overlaps = (
            (rect.top() <= own.bottom() and own.top() <= rect.bottom())
            if across
            else (rect.left() <= own.right() and own.left() <= rect.right())
        )
        if other != key and ahead > 0 and overlaps:
            far = ahead + aside
            if best is None or far < best[0]:
                best = far, other
    return None if best is None else best[1]
