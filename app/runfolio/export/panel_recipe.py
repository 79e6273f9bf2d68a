"""A panel of a figure as plain data, and how it is read from JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runfolio.analysis.axis import XKind
from runfolio.analysis.derived import Derivation, Derived
from runfolio.analysis.drawing import REPLICATES, Drawing, Groups
from runfolio.analysis.scales import YKind
from runfolio.analysis.smooth import Smoother
from runfolio.errors import UsageError
from runfolio.export.recipe_fields import build
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, SPREADS_OF, Centre, Spread

MOST_SPAN = 8
LINE = "line"
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
        check_texts(
            "panel", (self.metric, self.unit, self.x_metric, self.title, self.other, self.baseline, self.groups_by)
        )
        for name, kind in _CHOICES.items():
            check_one_of(name.replace("_", " "), getattr(self, name), [member.value for member in kind])
        check_one_of("kind of panel", self.kind, KINDS)
        if not 0 <= self.smoothing < 1:
            raise UsageError("A panel's smoothing lies from 0 to below 1")
        if self.spread not in SPREADS_OF[Centre(self.centre)] or not 0 < self.level < 1:
            raise UsageError(f"A {self.centre} has no band called {self.spread} at level {self.level}")
        if not (1 <= self.columns <= MOST_SPAN and 1 <= self.rows <= MOST_SPAN):
            raise UsageError(f"A panel takes 1 to {MOST_SPAN} columns and rows")
        if not all(math.isfinite(x) for x, _ in self.notes):
            raise UsageError("A note stands at a finite place")
        for ends in (self.x_range, self.y_range):
            if ends is not None and not (len(ends) == 2 and all(map(math.isfinite, ends)) and ends[0] < ends[1]):
                raise UsageError("The range of an axis is two finite numbers, the lower one first")
        grouping = [] if self.groups or self.groups_by in ("", REPLICATES) else [self.groups_by]
        for id in (*self.fields, *grouping):
            try:
                FieldRef.from_id(id)
            except ValueError as error:
                raise UsageError(f"A chart shows no field {id[:60]!r}: {error}") from error

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


def panel_from(fields: dict[str, Any]) -> PanelRecipe:
    """A panel from what JSON holds of it, also as earlier formats had it. Raises what a malformed one leads to:
    UsageError, ValueError, KeyError, TypeError or AttributeError.
    """
    known = dict(fields)
    # What formats 1 and 2 had instead of the kinds of y axis.
    if "log_y" in known:
        known["y"] = (YKind.LOG if known.pop("log_y") else YKind.LINEAR).value
    for name in ("x_range", "y_range"):
        if (ends := known.get(name)) is not None:
            if not (isinstance(ends, list | tuple) and len(ends) == 2 and all(map(_is_number, ends))):
                raise UsageError(f"{name!r} is null, or a list of two numbers, the lower one first")
            known[name] = (float(ends[0]), float(ends[1]))
    for name in ("others", "notes", "options", "titles", "groups"):
        if not isinstance(known.get(name, ()), list | tuple):
            raise UsageError(f"{name!r} is no list")
    known["others"] = tuple(str(name) for name in known.get("others", ()))
    known["notes"] = tuple((float(x), str(text)) for x, text in known.get("notes", ()))
    known["options"] = tuple((str(name), _option(value)) for name, value in known.get("options", ()))
    known["titles"] = tuple((str(name), str(title)) for name, title in known.get("titles", ()))
    known["groups"] = tuple(
        GroupRecipe(str(group["name"]), tuple(str(key) for key in group["runs"])) for group in known.get("groups", ())
    )
    return build(PanelRecipe, known, "A panel")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _option(value: object) -> Option:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return tuple(str(part) for part in value)
    raise ValueError("an option is a text, true or false, or texts")


def check_texts(what: str, values: Iterable[object]) -> None:
    """Raises UsageError unless all are texts."""
    if not all(isinstance(value, str) for value in values):
        raise UsageError(f"What a {what} is called by is a text")


def check_one_of(what: str, value: str, known: Iterable[str]) -> None:
    """Raises UsageError for a value that is not known."""
    if value not in (values := list(known)):
        raise UsageError(f"Unknown {what} {value!r}", hint=f"Known are {', '.join(values)}.")
