"""Groups of runs and what becomes of comparing them: frozen answers for the window, the command line and notebooks."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.model.comparison import Comparison, Figures
from runfolio.model.direction import Direction
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey
from runfolio.model.statistics import LEVEL, Method


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that stand together.

    name     what tells the group from others: `lr=0.1, optimizer=adam`.
    seeds    of each run, "" for one without.
    others   for each run a number that is equal where experiment, data and params are, but for what makes the group
             and what only names a run: partners in other groups; None without params. () where seeds alone make them.
    """

    name: str
    runs: tuple[RunKey, ...]
    seeds: tuple[str, ...]
    others: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Grouping:
    """How runs were put together.

    groups    the largest first.
    rule      in words: "same experiment, data and params (fractions to 12 digits), but for seed".
    ignored   keys of the params that did not count.
    offered   keys of params that runs of different groups differ in: what could be ignored as well.
    single    how many runs are alone in their group. Groups of one are in `groups` too.
    unknown   how many runs are in no group, since nothing is recorded that tells where they belong.
    """

    groups: tuple[RunGroup, ...]
    rule: str
    ignored: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    single: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group in a table of one metric.

    values       the figure of each run, in the group's order; None where a run has none.
    comparison   None for the baseline.
    """

    name: str
    values: tuple[float | None, ...]
    figures: Figures
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Groups compared by one metric against `rows[baseline]`.

    figure   which figure of each run is compared: "best", "last"...
    """

    metric: FieldRef
    figure: str
    direction: Direction
    baseline: int
    rows: tuple[GroupRow, ...]
    method: Method = Method.T
    level: float = LEVEL
