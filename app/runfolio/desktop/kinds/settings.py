"""What can be chosen for each chart kind, as frozen values that a session, a grid and a saved view keep as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from runfolio.model.params import Json
from runfolio.model.query import FieldRef

S = TypeVar("S", bound="KindSettings")

AUTO = "auto"
"""In place of a field's id: what suits the runs in scope."""
_DIRECTIONS = ("", "higher", "lower")


@dataclass(frozen=True, slots=True)
class KindSettings:
    """Fields are named by `FieldRef.id`; `AUTO` lets the panel choose, "" is none.

    FIELDS    names of the settings that are a field, or fields.
    CHOICES   what a setting may be, where that is one of a few.
    """

    FIELDS: ClassVar[frozenset[str]] = frozenset()
    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def saved(self) -> dict[str, Json]:
        """As JSON."""
        return {
            field.name: [*value] if isinstance(value := getattr(self, field.name), tuple) else value
            for field in dataclasses.fields(self)
        }

    @classmethod
    def from_saved(cls: type[S], kept: Json) -> S:
        """The inverse of `saved`; unknown and ill-formed parts are left out."""
        if not isinstance(kept, dict):
            return cls()
        plain = cls()
        taken: dict[str, object] = {}
        for field in dataclasses.fields(cls):
            value, usual = kept.get(field.name), getattr(plain, field.name)
            if isinstance(usual, tuple) and isinstance(value, list) and all(isinstance(v, str) for v in value):
                if field.name not in cls.FIELDS or all(_is_field(str(v)) for v in value):
                    taken[field.name] = tuple(dict.fromkeys(value))
            elif type(value) is type(usual) and cls._may_be(field.name, value):
                taken[field.name] = value
        return dataclasses.replace(plain, **taken)

    @classmethod
    def _may_be(cls, name: str, value: Json) -> bool:
        if name in cls.CHOICES:
            return value in cls.CHOICES[name]
        return name not in cls.FIELDS or _is_field(str(value))


def _is_field(id: str) -> bool:
    """Whether it names a field, none, or any: a view that somebody has sent may say what is none of them."""
    if id in ("", AUTO):
        return True
    try:
        FieldRef.from_id(id)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ScatterSettings(KindSettings):
    """color, size: fields or "". front: whether the Pareto front is drawn. x_better: "higher", "lower" or ""."""

    FIELDS: ClassVar = frozenset(("x", "y", "color", "size"))
    CHOICES: ClassVar = {"x_better": _DIRECTIONS, "y_better": _DIRECTIONS}

    x: str = AUTO
    y: str = AUTO
    color: str = ""
    size: str = ""
    log_x: bool = False
    log_y: bool = False
    margins: bool = True
    front: bool = False
    x_better: str = ""
    y_better: str = ""


@dataclass(frozen=True, slots=True)
class ParallelSettings(KindSettings):
    """axes: in order, from left to right. log: those drawn logarithmic. color: by which field lines are coloured."""

    FIELDS: ClassVar = frozenset(("axes", "log", "color"))

    axes: tuple[str, ...] = (AUTO,)
    log: tuple[str, ...] = ()
    color: str = AUTO


@dataclass(frozen=True, slots=True)
class ImportanceSettings(KindSettings):
    """target: a metric. params: those asked about; AUTO is all that vary. effect: the param whose effect is shown."""

    FIELDS: ClassVar = frozenset(("target", "params", "effect"))

    target: str = AUTO
    params: tuple[str, ...] = (AUTO,)
    effect: str = ""


@dataclass(frozen=True, slots=True)
class GroupsSettings(KindSettings):
    """look: "box", "violin", "strip" or "bar"."""

    FIELDS: ClassVar = frozenset(("value", "group"))
    CHOICES: ClassVar = {"look": ("box", "violin", "strip", "bar")}

    value: str = AUTO
    group: str = AUTO
    look: str = "box"
    log: bool = False


@dataclass(frozen=True, slots=True)
class GridSettings(KindSettings):
    """look: "heat", "contour" or "coverage" (how many runs, whatever their metric). z: a map for each of its values."""

    FIELDS: ClassVar = frozenset(("x", "y", "value", "z"))
    CHOICES: ClassVar = {"look": ("heat", "contour", "coverage")}

    x: str = AUTO
    y: str = AUTO
    value: str = AUTO
    z: str = ""
    look: str = "heat"
    log_x: bool = False
    log_y: bool = False


@dataclass(frozen=True, slots=True)
class HistogramSettings(KindSettings):
    """look: "now" (one value of each run) or "time" (all values along the steps)."""

    FIELDS: ClassVar = frozenset(("value",))
    CHOICES: ClassVar = {"look": ("now", "time")}

    value: str = AUTO
    look: str = "now"
    log: bool = False


@dataclass(frozen=True, slots=True)
class ClassifierSettings(KindSettings):
    """table: of the runs in scope, as `JudgedTables` names them; AUTO for the first that holds predictions.

    path: a file that was chosen by hand in place of it. truth, predicted, score: its columns, "" where guessed.
    of_class: the class whose curves are shown, "" for all of one run. look: see the panel.
    """

    CHOICES: ClassVar = {"look": ("confusion", "rates", "roc", "pr", "calibration")}

    path: str = ""
    table: str = AUTO
    truth: str = ""
    predicted: str = ""
    score: str = ""
    of_class: str = ""
    look: str = "confusion"


@dataclass(frozen=True, slots=True)
class RecordedSettings(KindSettings):
    """tag: of the histograms, AUTO for the one that most runs have. step: "" for the last.

    look   "time" over the steps, "even" the same with steps equally far from each other, "step" at one.
    """

    CHOICES: ClassVar = {"look": ("time", "even", "step")}

    tag: str = AUTO
    look: str = "time"
    step: str = ""


SETTINGS: Mapping[str, type[KindSettings]] = {
    "scatter": ScatterSettings,
    "parallel": ParallelSettings,
    "importance": ImportanceSettings,
    "groups": GroupsSettings,
    "grid": GridSettings,
    "histogram": HistogramSettings,
    "classifier": ClassifierSettings,
    "recorded": RecordedSettings,
}
"""By kind."""


def kind_of(settings: KindSettings) -> str:
    """The kind that settings are of."""
    return next(kind for kind, made in SETTINGS.items() if made is type(settings))


def settings_from(kind: Json, kept: Json) -> KindSettings | None:
    """The settings of a kind, as `saved` gave them; None for no kind, or one that there is not."""
    return SETTINGS[kind].from_saved(kept) if isinstance(kind, str) and kind in SETTINGS else None
