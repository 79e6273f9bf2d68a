"""What a figure shows, as plain data: enough to draw it again elsewhere, with or without a window."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from runfolio import __version__
from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation, Derived
from runfolio.analysis.drawing import REPLICATES, Drawing, Groups
from runfolio.analysis.scales import YKind
from runfolio.analysis.smooth import Smoother
from runfolio.errors import UsageError
from runfolio.model.direction import Direction
from runfolio.model.marks import ranked_colors
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey
from runfolio.model.run_detail import RunDetail
from runfolio.model.statistics import LEVEL, SPREADS_OF, Centre, Spread

FORMAT = 4
_READ = (1, 2, 3, 4)
THEMES = ("light", "dark", "print")
LEGENDS = ("below", "none")
X_KINDS = tuple(kind.value for kind in XKind)
MOST_SPAN = 8
LINE = "line"
LINES, CHARTS = "lines", "charts"
KINDS = {
    LINE: (),
    "scatter": ("x", "y", "color", "size"),
    "groups": ("value", "group"),
    "grid": ("x", "y", "value", "z"),
    "histogram": ("value",),
    "parallel": ("axes", "color"),
    "importance": ("target", "params"),
    "classifier": (),
    "recorded": (),
}
"""Kinds of panels, and which of their options name fields."""

Option = str | bool | tuple[str, ...]
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
        _texts("run", (self.key, self.name, self.part, self.points))
        if not all(isinstance(number, int) for number in (self.color, self.dash, self.marker)):
            raise UsageError("A run's colour, dash and marker are whole numbers")


@dataclass(frozen=True, slots=True)
class GroupRecipe:
    """Runs drawn as one curve, by their keys: who belongs together is written down, not found again."""

    name: str
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PanelRecipe:
    """One panel.

    x           "step", "relative", "wall", "epoch", or "metric" with `x_metric`.
    y           "linear", "log" or "symlog".
    smoothing   place of the slider, 0 (none) to below 1; the raw curve stays faint behind. For an exponential average
                it is the weight, else see `analysis.smooth.amount_for`.
    smoother    see `analysis.smooth.Smoother`.
    unit        stands behind the metric's name.
    x_range, y_range   fixed ends of an axis, on a logarithmic one as numbers, not exponents; None fits what is drawn.
    others      more metrics in the same panel.
    title       instead of the metric's name.
    derived, other, baseline   what is made of the metric, the second metric, and the key of the run that is subtracted.
    groups_by   "" for single runs, "replicates", or the id of a field; `groups` are those that were found by it.
    centre, spread, level   of the groups' curves and bands.
    clip        the view leaves out what lies far from the other points, and says so.
    notes       (x, text).
    columns, rows   how many places of the figure's grid it takes.
    kind        "line", or a chart of many runs; then what it shows is said by `options`, as the window's panel of that
                kind keeps them, and of the above only the title and the places count.
    titles      what the fields of the options are called.
    """

    metric: str
    x: str = XKind.STEP.value
    y: str = YKind.LINEAR.value
    smoothing: float = 0.0
    unit: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_metric: str = ""
    smoother: str = Smoother.TIME_EMA.value
    others: tuple[str, ...] = ()
    title: str = ""
    derived: str = Derivation.NONE.value
    other: str = ""
    baseline: str = ""
    groups_by: str = ""
    groups: tuple[GroupRecipe, ...] = ()
    centre: str = Centre.MEAN.value
    spread: str = Spread.T.value
    level: float = LEVEL
    clip: bool = False
    notes: tuple[tuple[float, str], ...] = ()
    columns: int = 1
    rows: int = 1
    kind: str = LINE
    options: tuple[tuple[str, Option], ...] = ()
    titles: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _texts("panel", (self.metric, self.unit, self.x_metric, self.title, self.other, self.baseline, self.groups_by))
        for name, kind in _CHOICES.items():
            _one_of(name.replace("_", " "), getattr(self, name), [member.value for member in kind])
        _one_of("kind of panel", self.kind, KINDS)
        if not 0 <= self.smoothing < 1:
            raise UsageError("A panel's smoothing lies from 0 to below 1")
        if self.spread not in SPREADS_OF[Centre(self.centre)] or not 0 < self.level < 1:
            raise UsageError(f"A {self.centre} has no band called {self.spread} at level {self.level}")
        if not (1 <= self.columns <= MOST_SPAN and 1 <= self.rows <= MOST_SPAN):
            raise UsageError(f"A panel takes 1 to {MOST_SPAN} columns and rows")
        if not all(math.isfinite(x) for x, _ in self.notes):
            raise UsageError("A note stands at a finite place")
        for id in self.fields:
            try:
                FieldRef.from_id(id)
            except ValueError as error:
                raise UsageError(f"A chart shows no field {id[:60]!r}: {error}") from error
        for ends in (self.x_range, self.y_range):
            if ends is not None and not (len(ends) == 2 and all(map(math.isfinite, ends)) and ends[0] < ends[1]):
                raise UsageError("The range of an axis is two finite numbers, the lower one first")
        grouping = [] if self.groups or self.groups_by in ("", REPLICATES) else [self.groups_by]
        for id in (*self.fields, *grouping):
            try:
                FieldRef.from_id(id)
            except ValueError as error:
                raise UsageError(f"There is no field {id!r}") from error

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that it draws as curves."""
        return (self.metric, *self.others) if self.kind == LINE else ()

    def text(self, option: str) -> str:
        """An option that is a text; "" without one."""
        found = dict(self.options).get(option)
        return found if isinstance(found, str) else ""

    def flag(self, option: str) -> bool:
        """An option that is on or off."""
        return dict(self.options).get(option) is True

    def texts(self, option: str) -> tuple[str, ...]:
        """An option that is several texts."""
        found = dict(self.options).get(option)
        return found if isinstance(found, tuple) else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Ids of the fields that its options name."""
        named = [name for option in KINDS[self.kind] for name in (self.text(option), *self.texts(option))]
        return tuple(dict.fromkeys(name for name in named if name))

    def drawing(self, metric: str) -> Drawing:
        """What is drawn of one of its metrics, as the window's panels take it."""
        return Drawing(
            metric=metric,
            x=XKind(self.x),
            x_metric=self.x_metric,
            y=YKind(self.y),
            smoother=Smoother(self.smoother),
            smoothing=self.smoothing,
            derived=Derived(Derivation(self.derived), self.other),
            baseline=RunKey(self.baseline) if self.baseline else None,
            groups=Groups(self.groups_by, Centre(self.centre), Spread(self.spread), self.level),
            y_range=self.y_range,
            clip=self.clip,
        )

    @classmethod
    def of(cls, drawing: Drawing, **more: Any) -> PanelRecipe:
        """The panel that draws so; the inverse of `drawing`."""
        groups = drawing.groups
        return cls(
            metric=drawing.metric,
            x=drawing.x.value,
            x_metric=drawing.x_metric,
            y=drawing.y.value,
            smoother=drawing.smoother.value,
            smoothing=drawing.smoothing,
            derived=drawing.derived.kind.value,
            other=drawing.derived.other,
            baseline=str(drawing.baseline or ""),
            groups_by=groups.by,
            centre=groups.centre.value,
            spread=groups.spread.value,
            level=groups.level,
            y_range=drawing.y_range,
            clip=drawing.clip,
            **more,
        )


_CHOICES = {
    "x": XKind, "y": YKind, "smoother": Smoother, "derived": Derivation, "centre": Centre, "spread": Spread,
}  # fmt: skip


def _texts(what: str, values: Iterable[object]) -> None:
    if not all(isinstance(value, str) for value in values):
        raise UsageError(f"What a {what} is called by is a text")


def _one_of(what: str, value: str, known: Iterable[str]) -> None:
    if value not in (values := list(known)):
        raise UsageError(f"Unknown {what} {value!r}", hint=f"Known are {', '.join(values)}.")


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
        _one_of("theme", self.theme, THEMES)
        _one_of("legend", self.legend, LEGENDS)
        for run in self.runs:
            if run.part not in ("", LINES, CHARTS):
                _one_of("part of a figure", run.part, (LINES, CHARTS))
        _one_of("choice of points", self.points, POINTS)
        _texts("figure", (self.title, self.query))
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
        try:
            if len(text) > LONGEST:
                raise UsageError("That is too long for the recipe of a figure")
            fields = json.loads(text)
            if fields.pop("format") not in _READ:
                raise UsageError("The recipe was written by a later version", hint="Update Runfolio to read it.")
            fields.pop("version", None)  # of Runfolio, for whoever reads it
            fields["runs"] = tuple(RunStyleRecipe(**r) for r in fields["runs"])
            fields["panels"] = tuple(_panel(p) for p in fields["panels"])
            if len({run.key for run in fields["runs"]}) < len(fields["runs"]):
                raise UsageError("A run is in a figure once")
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"That is no recipe of a figure: {error}") from error


def _panel(fields: dict[str, Any]) -> PanelRecipe:
    known = dict(fields)
    # What formats 1 and 2 had instead of the kinds of y axis.
    if "log_y" in known:
        known["y"] = (YKind.LOG if known.pop("log_y") else YKind.LINEAR).value
    for name in ("x_range", "y_range"):
        if (ends := known.get(name)) is not None:
            known[name] = (float(ends[0]), float(ends[1])) if len(ends) == 2 else tuple(ends)
    known["others"] = tuple(str(name) for name in known.get("others", ()))
    known["notes"] = tuple((float(x), str(text)) for x, text in known.get("notes", ()))
    known["options"] = tuple((str(name), _option(value)) for name, value in known.get("options", ()))
    known["titles"] = tuple((str(name), str(title)) for name, title in known.get("titles", ()))
    known["groups"] = tuple(
        GroupRecipe(str(group["name"]), tuple(str(key) for key in group["runs"])) for group in known.get("groups", ())
    )
    return PanelRecipe(**known)


def _option(value: object) -> Option:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    raise ValueError("an option is a text, true or false, or texts")


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
