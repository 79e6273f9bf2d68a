"""Figures that are held against a goal: noted by each bench, gathered by `python tests/bench` in one table.

A bench is a process of its own and notes figures in the file that RUNFOLIO_BENCH_NOTES names; without it, nowhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

NOTES = "RUNFOLIO_BENCH_NOTES"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure and its goal, in the same unit ("ms", "x" for a ratio, "points/s"...).

    at_least   whether more is better; else less is.
    """

    part: str
    what: str
    value: float
    goal: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def row(self) -> str:
        """As a row of the table."""
        sign = "at least" if self.at_least else "at most"
        shown = f"{self.value:,.3g}" if abs(self.value) < 1_000 else f"{self.value:,.0f}"
        met = "yes" if self.met else "**no**"
        return f"| {self.part} | {self.what} | {shown} {self.unit} | {sign} {self.goal:,g} {self.unit} | {met} |"


HEAD = ("| part | what | measured | goal | met |", "| --- | --- | --- | --- | --- |")


def note(part: str, what: str, value: float, goal: float, unit: str, *, at_least: bool = False) -> Figure:
    """Note a figure where somebody gathers them."""
    figure = Figure(part, what, float(value), goal, unit, at_least)
    path = os.environ.get(NOTES)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")
    return figure


def noted(path: Path) -> Iterator[Figure]:
    """What was noted in a file, in order; nothing where there is none."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Figure(**json.loads(line))
