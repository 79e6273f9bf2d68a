"""A cell of the runs table as text: the same digits down a column, the text as written where there is one."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runfolio.model import display, times
from runfolio.model.answers import CellKind
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import status_words

SIGNIFICANT = 4
"""Digits that the median of a column shows; all others get as many decimals as that one."""
LONGEST = 8
"""Digits of the longest number before decimals are given up."""

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
    "starred": "Star",
    "color": "Colour",
    "hidden": "Hidden",
    "archived": "Archived",
    "model": "Model",
    "stage": "Stage",
    "key": "Key",
    "points": "Points",
    "problems": "Problems",
}


def field_title(ref: FieldRef) -> str:
    """What a column is called: `Run`, `lr`, `val/acc · best`."""
    if ref.kind is FieldKind.BUILTIN:
        return _TITLES.get(ref.name, ref.name)
    if ref.kind is FieldKind.METRIC and ref.aggregate is not Aggregate.LAST:
        return f"{display.plain(ref.name)} · {ref.figure_words}"
    return display.plain(ref.name)


@dataclass(frozen=True, slots=True)
class Digits:
    """How the numbers of one column are written: all with the decimals that suit the one in the middle.

    sizes     how many finite values there are of each power of ten, by its exponent.
    whole     whether every finite value is a whole number.
    """

    sizes: Mapping[int, int] = field(default_factory=dict)
    whole: bool = True
    decimals: int = field(init=False, compare=False)
    """Places after the point: four significant digits for the median, fewer where the largest gets too long."""

    def __post_init__(self) -> None:
        # Once: each cell of a column is written with them.
        object.__setattr__(self, "decimals", self._decimals())

    def seen(self, values: Iterable[object]) -> Digits:
        """With more values taken into account; what is no finite number, or is 0, does not count."""
        sizes, whole = dict(self.sizes), self.whole
        for value in values:
            if isinstance(value, float) and math.isfinite(value) and value != 0:
                size = math.floor(math.log10(abs(value)))
                sizes[size] = sizes.get(size, 0) + 1
                whole = whole and value.is_integer()
        return Digits(sizes, whole)

    def _decimals(self) -> int:
        if self.whole or not self.sizes:
            return 0
        wanted = SIGNIFICANT - 1 - self._median
        return max(0, min(wanted, LONGEST - 1 - max(0, max(self.sizes))))

    @property
    def _median(self) -> int:
        in_order = sorted(self.sizes)
        below = itertools.accumulate(self.sizes[size] for size in in_order)
        half = sum(self.sizes.values()) / 2
        return in_order[sum(count < half for count in below)]

    def write(self, value: float) -> str:
        """`value` with the column's decimals; with significant digits of its own where those would hide it.

        >>> Digits().seen([0.9433, 0.5]).write(0.5), Digits().seen([2.31, 1e-5, 1.0]).write(1e-5)
        ('0.5000', '1e-5')
        """
        if not math.isfinite(value) or value == 0 or (self.whole and abs(value) < 1e15):
            return display.number(value)
        decimals = self.decimals
        if decimals > LONGEST or abs(value) >= 10.0**LONGEST or abs(value) < 10.0 ** -max(decimals - 1, 0):
            return display.number(value, SIGNIFICANT)
        text = f"{value:,.{decimals}f}".replace(",", display.THIN_SPACE)
        return text.replace("-", "−")


def cell_text(kind: CellKind, value: object, text: str | None, digits: Digits, *, utc: bool) -> str:
    """What stands in a cell; "" where a run has no value. `text` is the value as the file wrote it."""
    if value is None:
        return ""
    if text is not None:
        return display.plain(text)
    if kind is CellKind.STATUS:
        return status_words(str(value))
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
