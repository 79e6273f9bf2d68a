"""Optuna's studies and trials while they are read, and what its kept numbers and times stand for."""

from __future__ import annotations

import json
import math
from array import array
from dataclasses import dataclass, field

from runfolio.model.params import Json
from runfolio.readers.contract import Budget
from runfolio.readers.documents import parse_json

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
"""By their numbers in the journal (optuna.trial.TrialState)."""
FINISHED = ("COMPLETE", "PRUNED", "FAIL")
_MOST_KNOWN, _LONGEST_KNOWN = 1_000, 1 << 14
DIRECTIONS = ("not set", "minimize", "maximize")


class Distributions:
    """What the texts of distributions stand for; a study writes the same few again with each trial."""

    def __init__(self, where: str, budget: Budget) -> None:
        self._where = where
        self._budget = budget
        self._known: dict[str, Json] = {}

    def of(self, kept: Json) -> Json:
        """A distribution as values, whether it was kept as text or not."""
        if not isinstance(kept, str):
            return kept
        if len(kept) > _LONGEST_KNOWN:
            return document(kept, self._where, self._budget)
        if kept not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[kept] = document(kept, self._where, self._budget)
        return self._known[kept]


@dataclass(slots=True)
class Study:
    """A study; `trials` counts those made so far, which gives each its number."""

    name: str
    directions: list[str] = field(default_factory=list)
    user: dict[str, Json] = field(default_factory=dict)
    system: dict[str, Json] = field(default_factory=dict)
    trials: int = 0
    is_deleted: bool = False
    shapes: dict[str, str] = field(default_factory=dict)
    """Of each param, what its distribution was when a trial was first given one: see `takes`."""

    def takes(self, name: str, distribution: Json) -> bool:
        """Whether a trial may have that param so: of the kind, scale and choices that the study has it in already.

        A journal holds what Optuna refused too, since it is written before it is judged.
        """
        shape = _shape(distribution)
        return self.shapes.setdefault(name, shape) == shape


def _shape(distribution: Json) -> str:
    if not isinstance(distribution, dict):
        return ""
    attributes = distribution.get("attributes")
    known = attributes if isinstance(attributes, dict) else {}
    return json.dumps([distribution.get("name"), known.get("log"), known.get("choices")])


@dataclass(slots=True)
class Trial:
    """One trial. `steps` and `intermediate` belong together; `values` has one for each objective, None where unset."""

    study: Study
    number: int
    state: str = "RUNNING"
    started_us: int | None = None
    ended_us: int | None = None
    params: dict[str, Json] = field(default_factory=dict)
    user: dict[str, Json] = field(default_factory=dict)
    system: dict[str, Json] = field(default_factory=dict)
    values: list[float | None] = field(default_factory=list)
    steps: array[int] = field(default_factory=lambda: array("q"))
    intermediate: array[float] = field(default_factory=lambda: array("d"))
    places: dict[int, int] = field(default_factory=dict)
    """Where in `steps` a step stands."""

    def report(self, step: int, value: float) -> None:
        """Keep an intermediate value; of several at one step the one that was written last."""
        place = self.places.setdefault(step, len(self.steps))
        if place < len(self.steps):
            self.intermediate[place] = value
        else:
            self.steps.append(step)
            self.intermediate.append(value)


def external(value: float | None, distribution: Json) -> Json:
    """What a kept number stands for: a choice, a whole number, or itself."""
    if not isinstance(distribution, dict):
        return value
    kind, attributes = distribution.get("name"), distribution.get("attributes")
    choices = attributes.get("choices") if isinstance(attributes, dict) else None
    if isinstance(choices, list) and value is not None and 0 <= value < len(choices):
        return choices[int(value)]
    whole = isinstance(kind, str) and kind.startswith("Int") and value is not None and math.isfinite(value)
    return int(value) if whole and value is not None else value


def document(text: str | bytes, where: str, budget: Budget) -> Json:
    """What a text of JSON stands for; None where it cannot be read."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return parse_json(data, where, budget).value
