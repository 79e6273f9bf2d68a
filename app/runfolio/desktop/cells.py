"""A cell of the runs table as text: the same digits down a column, the text as written where there is one."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from runfolio.model import display, times
from runfolio.model.answers import CellKind
from runfolio.model.query import Aggregate, FieldKind, FieldRef

SIGNIFICANT = 4
"""Digits that the largest value of a column shows; all others get as many decimals as that one."""

_TITLES = {
    "name": "Run",
    "status": "Status",
    "started": "Started",
    "ended": "Ended",
    "duration": "Duration",
    "experiment": "Experiment",
    "format": "Format",
    "path": "Path",
    "source": "Source",
    "dataset": "Dataset",
    "dataset.digest": "Dataset digest",
    "tag": "Tags",
    "note": "Note",
    "model": "Model",
    "stage": "Stage",
    "key": "Key",
    "points": "Points",
    "problems": "Problems",
}


def field_title(field: FieldRef) -> str:
    """What a column is called: `Run`, `lr`, `val/acc · best`."""
    if field.kind is FieldKind.BUILTIN:
        return _TITLES.get(field.name, field.name)
    if field.kind is FieldKind.METRIC and field.aggregate is not Aggregate.LAST:
        return f"{display.plain(field.name)} · {field.aggregate}"
    return display.plain(field.name)


@dataclass(frozen=True, slots=True)
class Digits:
    """How the numbers of one column are written.

    largest   the greatest finite absolute value seen, 0 when there is none.
    whole     whether every finite value is a whole number.
    """

    largest: float = 0.0
    whole: bool = True

    def seen(self, values: Iterable[object]) -> Digits:
        """With more values taken into account; what is no finite number does not count."""
        largest, whole = self.largest, self.whole
        for value in values:
            if isinstance(value, float) and math.isfinite(value):
                largest = max(largest, abs(value))
                whole = whole and value.is_integer()
        return Digits(largest, whole)

    @property
    def decimals(self) -> int:
        """Places after the point."""
        if self.whole or self.largest == 0:
            return 0
        return max(0, SIGNIFICANT - 1 - math.floor(math.log10(self.largest)))

    def write(self, value: float) -> str:
        """`value` with the column's decimals; scientific where that would hide it or run too long.

        >>> Digits().seen([0.9433, 0.5]).write(0.5), Digits().seen([2.31, 1e-5]).write(1e-5)
        ('0.5000', '1e-5')
        """
        if not math.isfinite(value) or value == 0 or (self.whole and abs(value) < 1e15):
            return display.number(value)
        if not 1e-3 <= self.largest < 1e7 or abs(value) < 10.0 ** -(self.decimals - 1):
            return display.number(value, SIGNIFICANT) if abs(value) < 1e-4 else f"{value:.{SIGNIFICANT}g}"
        text = f"{value:,.{self.decimals}f}".replace(",", display.THIN_SPACE)
        return text.replace("-", "−")


def cell_text(kind: CellKind, value: object, text: str | None, digits: Digits, *, utc: bool) -> str:
    """What stands in a cell; "" where a run has no value. `text` is the value as the file wrote it."""
    if value is None:
        return ""
    if text is not None:
        return display.plain(text)
    if kind is CellKind.TIME and isinstance(value, int):
        return time_text(value, utc=utc)
    if kind is CellKind.DURATION and isinstance(value, float):
        return display.duration(value)
    if isinstance(value, tuple):
        return ", ".join(display.plain(str(part)) for part in value)
    if isinstance(value, float):
        return digits.write(value)
    return display.plain(str(value))


def exact_text(kind: CellKind, value: object, text: str | None) -> str:
    """The same in full precision and on one line, for the clipboard and tooltips; times in UTC."""
    if value is None:
        return ""
    if text is not None:
        return text
    if kind is CellKind.TIME and isinstance(value, int):
        return times.to_iso(value) or ""
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return repr(value) if isinstance(value, float) else str(value)


def time_text(time_us: int, *, utc: bool) -> str:
    """An instant to the minute, in this computer's zone or UTC."""
    moment = dt.datetime.fromtimestamp(time_us / 1e6, tz=dt.UTC)
    return (moment if utc else moment.astimezone()).strftime("%Y-%m-%d %H:%M")
