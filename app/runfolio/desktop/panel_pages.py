"""Pages of panels in the Charts workspace, and panels in windows of their own, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.model.params import Json

FIRST_PAGE = "Charts"
MOST_PAGES = 50
LONGEST_NAME = 60
FOLLOWING = "\x1e"
"""Among the panels of a page: here stand those that follow the selected runs."""


@dataclass(frozen=True, slots=True)
class Page:
    """A named page; `panels` None while they follow the selected runs, `large` the one that has the whole room."""

    name: str
    panels: tuple[str, ...] | None = None
    large: str | None = None

    def saved(self) -> dict[str, Json]:
        """For a session."""
        return {
            "name": self.name,
            "panels": None if self.panels is None else [*self.panels],
            "large": self.large,
        }

    @classmethod
    def from_saved(cls, kept: Json) -> Page | None:
        """The inverse; None for what is none."""
        if not isinstance(kept, dict) or not isinstance(name := kept.get("name"), str) or not name:
            return None
        panels, large = texts(kept.get("panels")), kept.get("large")
        return cls(
            name[:LONGEST_NAME],
            None if panels is None else tuple(dict.fromkeys(panels)),
            large if isinstance(large, str) else None,
        )


@dataclass(frozen=True, slots=True)
class Torn:
    """Panels in a window of their own; closing it puts them back where they were.

    number   tells the windows apart.
    place    left, top, width and height on the screen; None where the desktop chooses.
    """

    number: int
    name: str
    panels: tuple[str, ...]
    large: str | None = None
    place: tuple[int, int, int, int] | None = None

    def saved(self) -> dict[str, Json]:
        """For a session."""
        return {
            "number": self.number,
            "name": self.name,
            "panels": [*self.panels],
            "large": self.large,
            "place": None if self.place is None else [*self.place],
        }

    @classmethod
    def from_saved(cls, kept: Json) -> Torn | None:
        """The inverse; None for what is none."""
        if not isinstance(kept, dict):
            return None
        number, name, panels = kept.get("number"), kept.get("name"), texts(kept.get("panels"))
        large, place = kept.get("large"), kept.get("place")
        if not isinstance(number, int) or not isinstance(name, str) or not panels:
            return None
        left_top_size = [n for n in place if isinstance(n, int) and abs(n) < 100_000] if isinstance(place, list) else []
        four = (
            (left_top_size[0], left_top_size[1], left_top_size[2], left_top_size[3])
            if _is_place(left_top_size)
            else None
        )
        return cls(
            number, name[:LONGEST_NAME], tuple(dict.fromkeys(panels)), large if isinstance(large, str) else None, four
        )


def _is_place(numbers: list[int]) -> bool:
    return len(numbers) == 4 and numbers[2] > 0 and numbers[3] > 0


def pages_from(rows: Json, page: Json) -> tuple[tuple[Page, ...], int]:
    """The pages that a session kept, at least one, and the place of the one on show."""
    pages = [made for row in rows if (made := Page.from_saved(row)) is not None] if isinstance(rows, list) else []
    place = page if isinstance(page, int) and 0 <= page < len(pages[:MOST_PAGES]) else 0
    return tuple(pages[:MOST_PAGES]) or (Page(FIRST_PAGE),), place


def torn_from(rows: Json) -> tuple[Torn, ...]:
    """The windows that a session kept."""
    found: dict[int, Torn] = {}
    for row in rows if isinstance(rows, list) else ():
        if (torn := Torn.from_saved(row)) is not None:
            found.setdefault(torn.number, torn)
    return tuple(found.values())


def texts(kept: Json) -> list[str] | None:
    """The texts of a list; None for what is no list."""
    return [text for text in kept if isinstance(text, str)] if isinstance(kept, list) else None
