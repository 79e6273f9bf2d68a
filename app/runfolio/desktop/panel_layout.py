"""Where the panels of a page lie: sections under each other, in each of them a grid that panels flow into."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect

from runfolio.analysis.flow import flow
from runfolio.desktop.chart_settings import ChartSettings, section_of
from runfolio.desktop.panel_settings import Size

MANY = 9
"""More panels than this stand in sections by themselves."""

OF_MANY = "all runs in scope"
"""The heading of charts that are no curves of the selected runs."""

LEAST_HEIGHT = 210
LEAST_WIDTH, LEAST_OF_CHARTS = 200, 300
LEAST_OF_CURVES = 170
"""A panel of curves that is narrower shows next to nothing: then there are fewer columns than were asked for."""
"""They have titles on their axes, and a legend."""
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


def sections_of(settings: ChartSettings, keys: Sequence[str]) -> tuple[Section, ...]:
    """Panels on show under their headings, or all of them under none."""
    wished = settings.sections if settings.sections is not None else len(keys) > MANY
    if settings.large is not None or not wished:
        return (Section(None, tuple(keys)),)
    found: dict[str, list[str]] = {}
    for key in keys:
        metrics = settings.metrics_of(key)
        name = OF_MANY if settings.panel(key).chart is not None else section_of(metrics[0]) if metrics else ""
        found.setdefault(name, []).append(key)
    return tuple(Section(name, tuple(own)) for name, own in found.items())


def lay_out(
    sections: Sequence[Section],
    sizes: Mapping[str, Size],
    columns: int,
    width: int,
    height: int,
    folded: Collection[str] = (),
    least: int = LEAST_HEIGHT,
) -> Laid:
    """Places for a page of so many pixels. Rows fill its height where they can and are never lower than `least`."""
    wide = max(1, (width - 2 * _SIDE - (columns - 1) * GAP) // columns)
    placed = [
        flow([] if s.name is not None and s.name in folded else [sizes.get(key, (1, 1)) for key in s.keys], columns)
        for s in sections
    ]
    headed = sum(section.name is not None for section in sections)
    open_sections = [rows for (places, rows) in placed if places]
    rows = sum(open_sections)
    room = height - _BOTTOM - headed * HEADING - max(0, rows - 1) * GAP
    high = max(least, room // rows if rows else least)
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


def lay_out_page(
    settings: ChartSettings, keys: Sequence[str], width: int, height: int, resizing: tuple[str, Size] | None = None
) -> tuple[Laid, dict[str, int]]:
    """The places of a page's panels on show, and how many there are under each heading.

    resizing   a panel that the hand makes larger or smaller, and the size that it has in it.
    """
    sections, large = sections_of(settings, keys), settings.large is not None
    sizes = {} if large else {key: panel.size for key, panel in settings.panels}
    if resizing is not None:
        sizes[resizing[0]] = resizing[1]
    columns = 1 if large else columns_for(settings, sections, width)
    least = LEAST_HEIGHT if settings.lines(keys) == tuple(keys) else LEAST_OF_CHARTS
    counts = {section.name: len(section.keys) for section in sections if section.name is not None}
    return lay_out(sections, sizes, columns, width, height, settings.folded, least), counts


def reordered(keys: Sequence[str], key: str, place: int) -> tuple[str, ...]:
    """Panels in another order: one of them at a place from 0, as far as there are places."""
    order = [*keys]
    order.remove(key)
    order.insert(max(0, place), key)
    return tuple(order)


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


def columns_for(settings: ChartSettings, sections: Sequence[Section], width: int) -> int:
    """How many columns there are in so many pixels: few panels share the whole width, charts are never too narrow."""
    sizes = {key: panel.size[0] for key, panel in settings.panels}
    longest = max((sum(sizes.get(key, 1) for key in section.keys) for section in sections), default=1)
    charts = any(settings.panel(key).chart is not None for section in sections for key in section.keys)
    fit = (width - 2 * _SIDE) // ((LEAST_WIDTH if charts else LEAST_OF_CURVES) + GAP)
    return max(1, min(settings.columns, longest, fit))


def size_to(laid: Laid, key: str, corner: QPoint) -> Size:
    """How many columns and rows a panel takes when its lower right corner is dragged there; at least one of each."""
    rect, (wide, high) = laid.panels[key], laid.step
    return max(1, round((corner.x() - rect.left()) / wide)), max(1, round((corner.y() - rect.top()) / high))


def furthest(laid: Laid, keys: Sequence[str], sight: QRect, most: int) -> list[str]:
    """Of some panels those that are out of sight, the `most` that are furthest from it."""
    if most <= 0:
        return []
    nowhere, middle = QRect(0, -100_000, 1, 1), sight.center().y()
    hidden = [key for key in keys if not sight.intersects(laid.panels.get(key, QRect()))]
    return sorted(hidden, key=lambda key: abs(laid.panels.get(key, nowhere).center().y() - middle))[-most:]
