"""Collects points one by one into series, for formats that are read row by row."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from runfolio.model.display import storable
from runfolio.model.metrics import MetricSeries, series
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Budget, warning
from runfolio.readers.json_text import load_json
from runfolio.readers.yaml_nodes import some

_INT64 = 2**63


class SeriesBuilder:
    """Points by metric, in the order they were added."""

    def __init__(self) -> None:
        self._stepped: set[str] = set()
        self._steps: dict[str, array[int]] = {}
        self._values: dict[str, array[float]] = {}
        self._times: dict[str, array[int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def add(self, name: str, step: int | None, value: float, time_us: int = NO_TIME) -> None:
        """One more point; one without a step stands at its place among the points of the metric."""
        if name not in self._steps:
            self._steps[name], self._values[name], self._times[name] = array("q"), array("d"), array("q")
        if step is not None:
            self._stepped.add(name)
        self._steps[name].append(len(self._steps[name]) if step is None else step)
        self._values[name].append(value)
        self._times[name].append(time_us)

    def drop(self, name: str) -> None:
        """Forget a metric, as a tracker does that lets its user delete it."""
        for kept in (self._steps, self._values, self._times):
            kept.pop(name, None)
        self._stepped.discard(name)

    def series(self, source: str) -> Iterator[MetricSeries]:
        """The metrics in the order of their first points; without steps where no point had one."""
        for name, steps in self._steps.items():
            yield series(
                storable(name),
                np.frombuffer(steps, np.int64) if name in self._stepped else None,
                np.frombuffer(self._values[name], np.float64),
                np.frombuffer(self._times[name], np.int64),
                source=source,
            )


def as_number(value: Json) -> float | None:
    """A number as float64; None for anything else, truth values and text included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def as_step(value: Json) -> int | None:
    """A number as a step; None when it is none, or 64 bits don't hold it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_INT64 <= value < _INT64:
        return None
    return int(value)


def is_between(value: Json) -> bool:
    """Whether a step lies between whole numbers, so that `as_step` cuts it."""
    return isinstance(value, float) and math.isfinite(value) and not value.is_integer()


def fractional_steps(names: Iterable[str], where: str) -> Problem:
    """Tells that steps of these metrics were cut to whole ones."""
    listed = some([storable(name) for name in names])
    return warning("fractional-step", where, f"Steps between whole numbers are shown without their fraction: {listed}")


def rows_of(data: bytes, where: str, budget: Budget, problems: list[Problem]) -> Iterator[dict[str, Json]]:
    """The objects of a file of JSON lines; lines that are none are told once, with the first of them.

    NaN and infinities may stand bare. A last line that is cut off is told as such.
    """
    odd: list[int] = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if number % 1024 == 0:
            budget.check(where)
        if not line.strip():
            continue
        try:
            row = load_json(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield row
        else:
            odd.append(number)
    if odd:
        hint = "Check whether the file was copied completely."
        if odd == [len(lines)]:
            problems.append(warning("cut-line", where, "The last line is cut off: the rest is shown", hint))
        else:
            what = "A line is" if len(odd) == 1 else f"{len(odd)} lines are"
            message = f"{what} no JSON objects and left out, the first at line {odd[0]}"
            problems.append(warning("bad-line", where, message, hint))


def numbers_in(tree: Mapping[str, Json], joint: str = "/") -> Iterator[tuple[str, float]]:
    """The numbers of a nested mapping, their names joined."""
    stack: list[tuple[str, Json]] = [(key, value) for key, value in reversed([*tree.items()])]
    while stack:
        name, value = stack.pop()
        if isinstance(value, dict):
            stack += [(f"{name}{joint}{key}", below) for key, below in reversed([*value.items()])]
        elif (number := as_number(value)) is not None:
            yield name, number
