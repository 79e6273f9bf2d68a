"""What a figure shows, as plain data: enough to draw it again elsewhere, with or without a window."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runfolio import __version__
from runfolio.errors import UsageError
from runfolio.model.answers import RunDetail
from runfolio.model.direction import Direction

FORMAT = 2
_READ = (1, 2)
THEMES = ("light", "dark", "print")
X_KINDS = ("step", "relative", "wall")
LONGEST = 4_000_000
"""Characters of a recipe; a figure of ten thousand runs has fewer."""


@dataclass(frozen=True, slots=True)
class RunStyleRecipe:
    """A run of the figure: its key, the name in the legend, colour 0 to 9 of the palette, dash 0 to 3, marker.

    marker   0 for none, 1 and up for a shape, so that curves can be told apart without their colours.
    """

    key: str
    name: str
    color: int
    dash: int = 0
    marker: int = 0


@dataclass(frozen=True, slots=True)
class PanelRecipe:
    """One panel.

    x           "step", "relative" or "wall".
    smoothing   weight of the time-weighted EMA, 0 (none) to below 1; the raw curve stays faint behind it.
    unit        stands behind the metric's name.
    x_range, y_range   fixed ends of an axis, on a logarithmic one as numbers, not exponents; None fits what is drawn.
    """

    metric: str
    x: str = "step"
    log_y: bool = False
    smoothing: float = 0.0
    unit: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.x not in X_KINDS or not 0 <= self.smoothing < 1:
            raise UsageError("A panel's x is step, relative or wall; its smoothing lies from 0 to below 1")
        for ends in (self.x_range, self.y_range):
            if ends is not None and not (len(ends) == 2 and all(map(math.isfinite, ends)) and ends[0] < ends[1]):
                raise UsageError("The range of an axis is two finite numbers, the lower one first")


@dataclass(frozen=True, slots=True)
class ChartRecipe:
    """A figure of one or more panels in a grid.

    width_mm, height_mm   of the whole figure; a height of 0 is chosen by the number of rows.
    theme                 "print" is black on white with thin lines, whatever the window shows.
    font_size, line_width in points.
    query                 the filter that the runs were found by, for whoever reads the recipe; `runs` says which.
    """

    runs: tuple[RunStyleRecipe, ...]
    panels: tuple[PanelRecipe, ...]
    title: str = ""
    columns: int = 1
    width_mm: float = 180.0
    height_mm: float = 0.0
    dpi: int = 150
    theme: str = "print"
    font_size: float = 8.0
    line_width: float = 1.1
    query: str = ""

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise UsageError(f"Unknown theme {self.theme!r}", hint=f"Known are {', '.join(THEMES)}.")
        if not self.panels:
            raise UsageError("A chart needs at least one metric")
        if not (10 <= self.width_mm <= 2000 and 0 <= self.height_mm <= 2000 and 20 <= self.dpi <= 1200):
            raise UsageError("A figure is 10 to 2000 mm wide, at most 2000 mm high, at 20 to 1200 dpi")
        if not 1 <= self.columns <= 50:
            raise UsageError("A figure has 1 to 50 columns of panels")
        if not (3 <= self.font_size <= 72 and 0.1 <= self.line_width <= 20):
            raise UsageError("Letters are 3 to 72 points high, lines 0.1 to 20 points wide")

    def to_json(self) -> str:
        """The recipe as one line of JSON with sorted keys, in ASCII: it travels in the metadata of image files."""
        return json.dumps({"format": FORMAT, "version": __version__} | asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ChartRecipe:
        """The inverse, also of recipes that earlier versions wrote. Raises UsageError for anything else."""
        try:
            if len(text) > LONGEST:
                raise UsageError("That is too long for the recipe of a figure")
            fields = json.loads(text)
            if fields.pop("format") not in _READ:
                raise UsageError("The recipe was written by a later version", hint="Update Runfolio to read it.")
            fields.pop("version", None)  # of Runfolio, for whoever reads it
            fields["runs"] = tuple(RunStyleRecipe(**r) for r in fields["runs"])
            fields["panels"] = tuple(_panel(p) for p in fields["panels"])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"That is no recipe of a figure: {error}") from error


def _panel(fields: dict[str, Any]) -> PanelRecipe:
    ranges = {name: tuple(ends) for name in ("x_range", "y_range") if (ends := fields.get(name)) is not None}
    return PanelRecipe(**(fields | ranges))


def recipe_for(runs: Sequence[RunDetail], panels: int = 6) -> ChartRecipe | None:
    """A figure of the metrics that most of the runs share; None when they have no metric with two points.

    Among equally shared ones those of validation and test come first, then those whose direction is known. Metrics
    of the machine (`system/`) are left out.
    """
    shared: dict[str, int] = {}
    known: set[str] = set()
    for metric in (m for run in runs for m in run.told_metrics if m.count > 1 and not m.name.startswith("system/")):
        shared[metric.name] = shared.get(metric.name, 0) + 1
        if metric.direction is not Direction.UNKNOWN:
            known.add(metric.name)

    def rank(name: str) -> tuple[int, bool, bool, str]:
        held_out = any(word in name.lower() for word in ("val", "test"))
        return (-shared[name], not held_out, name not in known, name)

    chosen = sorted(shared, key=rank)[:panels]
    if not chosen:
        return None
    styles = tuple(RunStyleRecipe(run.key, run.name, i % 10, i // 10 % 4) for i, run in enumerate(runs))
    return ChartRecipe(styles, tuple(PanelRecipe(name) for name in chosen), columns=min(2, len(chosen)))
