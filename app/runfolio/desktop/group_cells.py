"""What the row of a group says: its value, how many runs it holds, and what their figures come to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runfolio.desktop.cells import Digits, exact_text
from runfolio.desktop.columns import TableColumn
from runfolio.model import display
from runfolio.model.answers import CellKind
from runfolio.model.direction import Direction
from runfolio.model.grouping import Figure
from runfolio.model.query import FieldKind

if TYPE_CHECKING:
    from runfolio.analysis.groups import GroupFigures
    from runfolio.desktop.group_rows import GroupRows

MOST_MEMBERS = 200
"""Runs of a group whose points are read for its sparkline; of larger groups the first ones, which is said."""

_WITH_BEST = (Figure.BEST, Figure.WORST)


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one group, as far as its runs have any.

    n       finite values, of `size` runs.
    lower   whether lower values are better.
    """

    size: int
    n: int
    mean: float
    std: float
    half: float
    low: float
    high: float
    lower: bool

    @property
    def best(self) -> float:
        """The best value."""
        return self.low if self.lower else self.high

    @property
    def worst(self) -> float:
        """The worst value."""
        return self.high if self.lower else self.low

    def shown(self, figure: Figure, digits: Digits, *, duration: bool = False) -> str:
        """What the cell says: `0.9433 ± 0.0018`; the number of values behind it where some runs have none.

        There is no interval for n = 1.
        """
        if not self.n:
            return ""
        values = {Figure.STD: self.std, Figure.BEST: self.best, Figure.WORST: self.worst}
        value = values.get(figure, self.mean)
        if math.isnan(value):
            return "–"
        write = display.duration if duration else digits.write
        text = write(value)
        beside = {Figure.MEAN_CI: self.half, Figure.MEAN_STD: self.std}.get(figure, math.nan)
        if math.isfinite(beside):
            text += f" ± {display.duration(beside) if duration else spread_text(beside, digits)}"
        return text if self.n == self.size else f"{text} ({display.count(self.n)})"

    def told(self, *, directed: bool) -> str:
        """All figures in full precision, a line for each."""
        lines = [f"n = {display.count(self.n)}"]
        if self.n != self.size:
            lines[0] += f" of {display.counted(self.size, 'run')}; the others have no finite value"
        if not self.n:
            return lines[0]
        lines.append(f"mean {self.mean!r}")
        if self.n > 1:
            lines.append(f"std {self.std!r}")
            lines.append(f"95 % CI {self.mean - self.half!r} to {self.mean + self.half!r} (t, n = {self.n})")
        else:
            lines.append("no interval for one run")
        names = ("best", "worst") if directed else ("highest", "lowest")
        lines.append(f"{names[0]} {self.best!r}")
        lines.append(f"{names[1]} {self.worst!r}")
        return "\n".join(lines)


def spread_text(half: float, digits: Digits) -> str:
    """What stands behind `±`: with the column's decimals, with two digits of its own where those would hide it.

    >>> spread_text(0.0018, Digits({-1: 1}, whole=False)), spread_text(0.00000183, Digits({-1: 1}, whole=False))
    ('0.0018', '1.8e-6')
    """
    if half == 0:
        return "0"
    decimals = digits.decimals
    if half < 10.0**-decimals or half >= 1e8:
        return display.number(half, 2)
    return f"{half:,.{max(decimals, 0)}f}".replace(",", display.THIN_SPACE)


def is_summed(column: TableColumn, kind: CellKind) -> bool:
    """Whether groups show figures of a column, and not how many values it has: metrics and measured numbers."""
    return column.field.kind in (FieldKind.METRIC, FieldKind.DERIVED) or (
        column.field.kind is FieldKind.BUILTIN and kind in (CellKind.NUMBER, CellKind.DURATION)
    )


def summary(rows: GroupRows, column: TableColumn, group: int) -> Summary | None:
    """The figures of a group; None for a column without figures, or while they are on their way."""
    answer = rows.columns.get(column.field)
    if answer is None or answer.figures is None:
        return None
    found: GroupFigures = answer.figures
    return Summary(
        rows.size(group),
        int(found.n[group]),
        float(found.mean[group]),
        float(found.std[group]),
        float(found.half[group]),
        float(found.low[group]),
        float(found.high[group]),
        column.direction is Direction.LOWER,
    )


def varied(rows: GroupRows, column: TableColumn, group: int) -> int:
    """How many values the runs of a group have; 0 while that is not known."""
    answer = rows.columns.get(column.field)
    return 0 if answer is None else int(answer.distinct[group])


def days_text(found: Summary | None) -> str:
    """From which day to which, in UTC: `2026-09-02`, `2026-09-02 – 2026-09-05`."""
    if found is None or not found.n:
        return ""
    first, last = (exact_text(CellKind.TIME, int(instant), None)[:10] for instant in (found.low, found.high))
    return first if first == last else f"{first} – {last}"


def range_told(found: Summary | None, kind: CellKind, values: int) -> str:
    """What the tooltip of several values says."""
    told = "Different times" if kind is CellKind.TIME else f"{display.count(values)} different values"
    # Where all numbers are one, the other values are texts or missing, and no range says anything of them.
    if found is not None and found.n and found.low != found.high:
        ends = (int(end) if kind is CellKind.TIME else end for end in (found.low, found.high))
        told += ", from {} to {}".format(*(exact_text(kind, end, None).removesuffix(".0") for end in ends))
    return told
