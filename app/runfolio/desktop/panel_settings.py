"""What is set for one panel of the Charts workspace, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from runfolio.analysis.derived import NOT_DERIVED, Derivation, Derived
from runfolio.analysis.drawing import Range
from runfolio.analysis.scales import YKind
from runfolio.desktop.kinds.settings import KindSettings, kind_of, settings_from
from runfolio.desktop.panel_pages import texts
from runfolio.model.params import Json

MOST_COLUMNS, MOST_ROWS = 4, 4
"""Of the grid that one panel takes."""

MOST_NOTE = 200
"""Characters of a note."""

MOST_TOGETHER = 12
"""Metrics in one panel."""

Size = tuple[int, int]
Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A text at a place of the x axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """How one panel differs from the others.

    x_range, y_range   where the view ends, in steps (or what x is) and values; None to follow the points.
    zoom               where the user has zoomed to, as places on both axes; None for all that there is.
    clip               the view leaves out what lies far from the other points.
    notes              texts along x.
    metrics            what it draws; () for the metric that is its key.
    title              instead of the metric's name.
    size               how many columns and rows of the grid it takes.
    chart              what a chart of all runs in scope shows, None for curves of the selected runs.
    """

    y: YKind = YKind.LINEAR
    derived: Derived = NOT_DERIVED
    x_range: Range | None = None
    y_range: Range | None = None
    clip: bool = False
    notes: tuple[Note, ...] = ()
    metrics: tuple[str, ...] = ()
    title: str = ""
    size: Size = (1, 1)
    zoom: tuple[Range, Range] | None = None
    chart: KindSettings | None = None

    @property
    def kind(self) -> str:
        """The kind of a chart of all runs in scope; "" for curves."""
        return "" if self.chart is None else kind_of(self.chart)

    def saved(self) -> dict[str, Json]:
        """For a session."""
        return {
            "metrics": [*self.metrics],
            "title": self.title,
            "size": [*self.size],
            "y": self.y.value,
            "derived": self.derived.kind.value,
            "other": self.derived.other,
            "x_range": None if self.x_range is None else [*self.x_range],
            "y_range": None if self.y_range is None else [*self.y_range],
            "zoom": None if self.zoom is None else [[*ends] for ends in self.zoom],
            "clip": self.clip,
            "notes": [[note.x, note.text] for note in self.notes],
            "kind": self.kind,
            "chart": None if self.chart is None else self.chart.saved(),
        }

    @classmethod
    def from_saved(cls, kept: Mapping[str, Json]) -> PanelSettings:
        """The inverse; what is ill-formed is left at its default."""
        kind, other = member(Derivation, kept.get("derived"), Derivation.NONE), kept.get("other")
        notes, title = kept.get("notes"), kept.get("title")
        return cls(
            metrics=tuple(dict.fromkeys(texts(kept.get("metrics")) or ()))[:MOST_TOGETHER],
            title=title[:MOST_NOTE] if isinstance(title, str) else "",
            size=_size(kept.get("size")),
            y=member(YKind, kept.get("y"), YKind.LINEAR),
            derived=Derived(kind, other if isinstance(other, str) else ""),
            x_range=_range(kept.get("x_range")),
            y_range=_range(kept.get("y_range")),
            zoom=_zoom(kept.get("zoom")),
            clip=kept.get("clip") is True,
            chart=settings_from(kept.get("kind"), kept.get("chart")),
            notes=tuple(note for row in notes if (note := _note(row)) is not None) if isinstance(notes, list) else (),
        )


PLAIN_PANEL = PanelSettings()


def member(kind: type[Member], kept: Json, default: Member) -> Member:
    """What was kept as a member of an enum; `default` for what is none."""
    return kind(kept) if isinstance(kept, str) and kept in [*kind] else default


def _range(kept: Json) -> Range | None:
    if not isinstance(kept, list) or len(kept) != 2:
        return None
    low, high = kept
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _zoom(kept: Json) -> tuple[Range, Range] | None:
    if not isinstance(kept, list) or len(kept) != 2:
        return None
    x, y = (_range(ends) for ends in kept)
    return None if x is None or y is None else (x, y)


def _size(kept: Json) -> Size:
    if not isinstance(kept, list) or len(kept) != 2:
        return 1, 1
    wide, high = kept
    if not isinstance(wide, int) or not isinstance(high, int):
        return 1, 1
    return max(1, min(wide, MOST_COLUMNS)), max(1, min(high, MOST_ROWS))


def _note(kept: Json) -> Note | None:
    if not isinstance(kept, list) or len(kept) != 2:
        return None
    x, text = kept
    if not isinstance(x, int | float) or not math.isfinite(x) or not isinstance(text, str):
        return None
    return Note(float(x), text[:MOST_NOTE])
