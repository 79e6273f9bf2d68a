"""From values to places along an axis and back, with the ticks that belong to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from runfolio.desktop.plot_axis import clock_text, log_ticks, number_texts, number_ticks, roomy_ticks, time_ticks
from runfolio.model.answers import CellKind
from runfolio.model.display import number, plain
from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

_ROW = 18.0
_LETTER, _APART = 7.0, 16.0
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`; on a logarithmic one both are decimal logarithms."""

    low: float
    high: float
    log: bool = False
    categories: tuple[str, ...] = ()
    kind: CellKind = CellKind.NUMBER

    @classmethod
    def of(cls, variable: Variable, *, log: bool = False, pad: float = 0.04) -> Scale:
        """The axis that holds every finite value of a variable, with some room beside; above 0 where it is `log`."""
        if variable.categories:
            return cls(-0.5, len(variable.categories) - 0.5, categories=variable.categories, kind=variable.kind)
        return cls.over(variable.values, log=log, pad=pad, kind=variable.kind)

    @classmethod
    def over(
        cls,
        values: Floats,
        *,
        log: bool = False,
        pad: float = 0.04,
        kind: CellKind = CellKind.NUMBER,
        zero: bool = False,
    ) -> Scale:
        """The axis that holds every finite value; `zero` lets a bar's foot be on it."""
        kept = values[np.isfinite(values)]
        if log:
            kept = np.log10(kept[kept > 0])
        if not len(kept):
            return cls(0.0, 1.0, log, kind=kind)
        low, high = float(kept.min()), float(kept.max())
        if zero:
            low, high = min(0.0, low), max(0.0, high)
        if low == high:
            half = max(abs(low) * 0.05, 1e-12) if low and not log else 0.5
            return cls(low - half, high + half, log, kind=kind)
        room = (high / 2 - low / 2) * 2 * pad
        return cls(low - (0 if zero and low == 0 else room), high + (0 if zero and high == 0 else room), log, kind=kind)

    def place(self, values: Floats) -> Floats:
        """Where values lie, 0 to 1 along the axis; NaN for what has none (infinities; 0 and less on `log`)."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            inner = np.log10(np.where(values > 0, values, np.nan)) if self.log else values
            found: Floats = np.where(np.isfinite(inner), (inner - self.low) / (self.high - self.low), np.nan)
        return found

    def value(self, place: float) -> float:
        """The value at a place."""
        inner = self.low + place * (self.high - self.low)
        return float(10.0 ** min(inner, 308.0)) if self.log else inner

    def ticks(self, pixels: float, *, upright: bool) -> list[tuple[float, str]]:
        """Places from 0 to 1 with the text at each."""
        span = self.high - self.low
        if self.categories:
            every = max(1, math.ceil(len(self.categories) * _ROW / max(pixels, 1.0))) if upright else 1
            return [((i - self.low) / span, plain(t, 40)) for i, t in enumerate(self.categories) if i % every == 0]
        if self.log:
            found = log_ticks(self.low, self.high, pixels)
            return [((p - self.low) / span, number(10**p, 3)) for _, places in found for p in places if abs(p) < 300]
        if self.kind in (CellKind.TIME, CellKind.DURATION):
            found = time_ticks(self.low, self.high, pixels, clock=self.kind is CellKind.TIME)
            return [((p - self.low) / span, self.text(p, short=True)) for _, places in found for p in places]
        found = number_ticks(self.low, self.high, pixels, 40.0) if upright else roomy_ticks(self.low, self.high, pixels)
        return [
            ((p - self.low) / span, text)
            for spacing, places in found
            for p, text in zip(places, number_texts(places, spacing), strict=True)
        ]

    def text(self, value: float, *, short: bool = False, digits: int = 5) -> str:
        """A value as people read it."""
        if math.isnan(value):
            return "–"
        if self.categories:
            place = round(value)
            return plain(self.categories[place], 60) if 0 <= place < len(self.categories) else ""
        if self.kind is CellKind.TIME:
            words = clock_text(value)
            return words[5:16] if short and self.high - self.low > _DAY / 24 else words
        if self.kind is CellKind.DURATION:
            from runfolio.model.display import duration

            return duration(value)
        return number(value, digits)


@dataclass(frozen=True, slots=True)
class PlacesScale(Scale):
    """An axis of places 0, 1, 2 and so on with a text for each; so many are written as there is room for."""

    texts: tuple[str, ...] = ()

    def ticks(self, pixels: float, *, upright: bool) -> list[tuple[float, str]]:
        """Places from 0 to 1 with the text at each."""
        room = _ROW if upright else _LETTER * max(map(len, self.texts), default=1) + _APART
        every = max(1, math.ceil(len(self.texts) * room / max(pixels, 1.0)))
        span = self.high - self.low
        return [((at - self.low) / span, text) for at, text in enumerate(self.texts) if at % every == 0]


def scattered(places: Floats, scale: Scale) -> Floats:
    """Places on a categorical axis spread within their category, always in the same way; others as they are."""
    if not scale.categories:
        return places
    # The golden ratio's multiples fill an interval evenly, in whatever number they come.
    spread = (np.arange(len(places)) * 0.618033988749895) % 1.0 - 0.5
    return places + spread * 0.6 / len(scale.categories)
