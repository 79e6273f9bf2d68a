"""What a figure shows, as plain data: enough to draw it again elsewhere, with or without a window."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from runfolio.errors import UsageError
from runfolio.model.answers import RunDetail
from runfolio.model.direction import Direction

FORMAT = 1
THEMES = ("light", "dark", "print")
X_KINDS = ("step", "relative", "wall")


@dataclass(frozen=True, slots=True)
class RunStyleRecipe:
    """A run of the figure: its key, the name in the legend, colour 0 to 9 of the palette, dash 0 to 3."""

    key: str
    name: str
    color: int
    dash: int = 0


@dataclass(frozen=True, slots=True)
class PanelRecipe:
    """One panel.

    x           "step", "relative" or "wall".
    smoothing   weight of the time-weighted EMA, 0 (none) to below 1; the raw curve stays faint behind it.
    """

    metric: str
    x: str = "step"
    log_y: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True)
class ChartRecipe:
    """A figure of one or more panels in a grid.

    width_mm, height_mm   of the whole figure; a height of 0 is chosen by the number of rows.
    theme                 "print" is black on white with thin lines, whatever the window shows.
    """

    runs: tuple[RunStyleRecipe, ...]
    panels: tuple[PanelRecipe, ...]
    title: str = ""
    columns: int = 1
    width_mm: float = 180.0
    height_mm: float = 0.0
    dpi: int = 150
    theme: str = "print"

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise UsageError(f"Unknown theme {self.theme!r}", hint=f"Known are {', '.join(THEMES)}.")
        if not self.panels:
            raise UsageError("A chart needs at least one metric")
        if not (10 <= self.width_mm <= 2000 and 0 <= self.height_mm <= 2000 and 20 <= self.dpi <= 1200):
            raise UsageError("A figure is 10 to 2000 mm wide, at most 2000 mm high, at 20 to 1200 dpi")
        if not 1 <= self.columns <= 50:
            raise UsageError("A figure has 1 to 50 columns of panels")
        for panel in self.panels:
            if panel.x not in X_KINDS or not 0 <= panel.smoothing < 1:
                raise UsageError("A panel's x is step, relative or wall; its smoothing lies from 0 to below 1")

    def to_json(self) -> str:
        """The recipe as one line of JSON with sorted keys, in ASCII: it travels in the metadata of image files."""
        return json.dumps({"format": FORMAT} | asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ChartRecipe:
        """The inverse. Raises UsageError for anything else."""
        try:
            fields = json.loads(text)
            if fields.pop("format") != FORMAT:
                raise UsageError("The recipe was written by another version")
            fields["runs"] = tuple(RunStyleRecipe(**r) for r in fields["runs"])
            fields["panels"] = tuple(PanelRecipe(**p) for p in fields["panels"])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"That is no recipe of a figure: {error}") from error


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
