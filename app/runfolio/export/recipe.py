"""What a figure shows, as plain data: enough to draw it again elsewhere, with or without a window."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from runfolio import __version__
from runfolio.analysis.axis import XKind
from runfolio.errors import UsageError
from runfolio.export.panel_recipe import LINE, PanelRecipe, check_one_of, check_texts, panel_from
from runfolio.export.recipe_fields import build, each, listed, parsed
from runfolio.model.direction import Direction
from runfolio.model.marks import ranked_colors
from runfolio.model.run_detail import RunDetail

FORMAT = 4
_READ = (1, 2, 3, 4)
THEMES = ("light", "dark", "print")
LEGENDS = ("below", "none")
LINES, CHARTS = "lines", "charts"
POINTS = ("all", "drawn")
MOST_PANELS = 400
LONGEST = 4_000_000
"""Characters of a recipe; a figure of ten thousand runs has fewer."""


@dataclass(frozen=True, slots=True)
class RunStyleRecipe:
    """A run of the figure: its key, the name in the legend, colour 0 to 9 of the palette, dash 0 to 3, marker.

    marker   0 for none, 1 and up for a shape, so that curves can be told apart without their colours.
    shown    False for a run that has no curve of its own and still counts in a group.
    part     "lines" or "charts" for a run that is in curves, or in charts of many runs, alone; "" for both.
    points   the digest of what the figure is made of, see `digests`; "" where it was not taken.
    """

    key: str
    name: str
    color: int
    dash: int = 0
    marker: int = 0
    shown: bool = True
    part: str = ""
    points: str = ""

    def __post_init__(self) -> None:
        check_texts("run", (self.key, self.name, self.part, self.points))
        if not all(isinstance(number, int) for number in (self.color, self.dash, self.marker)):
            raise UsageError("A run's colour, dash and marker are whole numbers")


@dataclass(frozen=True, slots=True)
class ChartRecipe:
    """A figure of one or more panels in a grid.

    width_mm, height_mm   of the whole figure; a height of 0 is chosen by the number of rows.
    theme                 "print" is black on white with thin lines, whatever the window shows.
    font_size, line_width in points.
    legend                "below" or "none".
    points                what CSV and Parquet hold: "all" points, or what is "drawn".
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
    legend: str = LEGENDS[0]
    points: str = POINTS[0]

    def __post_init__(self) -> None:
        check_one_of("theme", self.theme, THEMES)
        check_one_of("legend", self.legend, LEGENDS)
        for run in self.runs:
            if run.part not in ("", LINES, CHARTS):
                check_one_of("part of a figure", run.part, (LINES, CHARTS))
        check_one_of("choice of points", self.points, POINTS)
        check_texts("figure", (self.title, self.query))
        if len(self.panels) > MOST_PANELS:
            raise UsageError(f"A figure has at most {MOST_PANELS} panels")
        if not self.panels:
            raise UsageError("A chart needs at least one metric")
        if not (10 <= self.width_mm <= 2000 and 0 <= self.height_mm <= 2000 and 20 <= self.dpi <= 1200):
            raise UsageError("A figure is 10 to 2000 mm wide, at most 2000 mm high, at 20 to 1200 dpi")
        if not 1 <= self.columns <= 50:
            raise UsageError("A figure has 1 to 50 columns of panels")
        if not (3 <= self.font_size <= 72 and 0.1 <= self.line_width <= 20):
            raise UsageError("Letters are 3 to 72 points high, lines 0.1 to 20 points wide")

    @property
    def for_lines(self) -> ChartRecipe:
        """The same with the runs that panels of curves are of."""
        return replace(self, runs=tuple(run for run in self.runs if run.part != CHARTS))

    @property
    def is_of_charts(self) -> bool:
        """Whether any panel is of no curves."""
        return any(panel.kind != LINE for panel in self.panels)

    @property
    def is_of_own_points(self) -> bool:
        """Whether all it is made of are the points of its panels' metrics: nothing is joined from other series."""
        return not self.is_of_charts and not any(
            panel.x_metric or panel.other or panel.baseline or panel.x == XKind.EPOCH for panel in self.panels
        )

    @property
    def chart_runs(self) -> tuple[RunStyleRecipe, ...]:
        """The runs that charts of many runs are of."""
        return tuple(run for run in self.runs if run.part != LINES)

    def to_json(self) -> str:
        """The recipe as one line of JSON with sorted keys, in ASCII: it travels in the metadata of image files."""
        return json.dumps({"format": FORMAT, "version": __version__} | asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ChartRecipe:
        """The inverse, also of recipes that earlier versions wrote. Raises UsageError for anything else."""
        if len(text) > LONGEST:
            raise UsageError("That is too long for the recipe of a figure")
        known = parsed(text)
        if (written := known.pop("format", None)) not in _READ:
            if isinstance(written, int) and written > FORMAT:
                raise UsageError("The recipe was written by a later version", hint="Update Runfolio to read it.")
            raise UsageError(
                "That is no recipe of a figure: it has no format that is known",
                hint=f'It begins with "format": {FORMAT}.',
            )
        known.pop("version", None)  # of Runfolio, for whoever reads it
        runs = each("Run", listed(known, "runs"), lambda one: build(RunStyleRecipe, one, "A run"))
        if len({run.key for run in runs}) < len(runs):
            raise UsageError("A run is in a figure once")
        panels = each("Panel", listed(known, "panels"), panel_from)
        return build(cls, known | {"runs": runs, "panels": panels}, "A figure")


def recipe_for(
    runs: Sequence[RunDetail], panels: int = 6, chosen: Mapping[str, int] | None = None
) -> ChartRecipe | None:
    """A figure of the metrics that most of the runs share; None when they have no metric with two points.

    Among equally shared ones those of validation and test come first, then those whose direction is known. Metrics
    of the machine (`system/`) are left out. `chosen`: colours (0 to 9) that runs were given for good, by key.
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

    metrics = sorted(shared, key=rank)[:panels]
    if not metrics:
        return None
    colors = ranked_colors({str(run.key): place for place, run in enumerate(runs)}, chosen or {})
    styles = tuple(RunStyleRecipe(run.key, run.name, colors[run.key][0], colors[run.key][1] % 4) for run in runs)
    return ChartRecipe(styles, tuple(PanelRecipe(name) for name in metrics), columns=min(2, len(metrics)))
