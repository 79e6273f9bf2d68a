"""The axes of a chart: numbers written as everywhere else, spans of time and local clock times at round places."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pyqtgraph as pg

from runfolio.analysis.scales import LINEAR, YKind, YScale, placed, value_at
from runfolio.model.display import number

_DAY = 86_400.0
_LOG = YScale(YKind.LOG)
_SPANS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_NEAR = 0.05
"""Ticks of a symmetric logarithmic axis are this part of its length away from 0."""
_TICK_PIXELS, _LINE_PIXELS, _DIGIT_PIXELS = 80.0, 40.0, 8.0

Ticks = list[tuple[float, list[float]]]


class AxisKind(StrEnum):
    """What an axis counts: numbers, whole numbers, seconds since the start, seconds since 1970 shown as local time."""

    NUMBER = "number"
    WHOLE = "whole"
    DURATION = "duration"
    CLOCK = "clock"


class PlainAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph ships no types
    """An axis of a chart; on a logarithmic one places are decimal logarithms."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.kind = AxisKind.NUMBER
        self.scale_of = LINEAR
        """Where values lie on it."""
        self.enableAutoSIPrefix(False)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Ticks:
        """Levels of (spacing, places)."""
        if not (math.isfinite(minVal) and math.isfinite(maxVal) and minVal < maxVal):
            return []
        if self.scale_of.is_log:
            return log_ticks(minVal, maxVal, size)
        if self.scale_of.kind is YKind.SYMLOG:
            return symlog_ticks(minVal, maxVal, self.scale_of)
        if self.kind in (AxisKind.DURATION, AxisKind.CLOCK):
            return time_ticks(minVal, maxVal, size, clock=self.kind is AxisKind.CLOCK)
        if self.orientation in ("left", "right"):
            return number_ticks(minVal, maxVal, size, _LINE_PIXELS)
        ticks = roomy_ticks(minVal, maxVal, size)
        if self.kind is AxisKind.WHOLE and ticks and ticks[0][0] < 1:
            return [(1.0, [float(k) for k in range(math.ceil(minVal), math.floor(maxVal) + 1)])]
        return ticks

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The text at each place."""
        if self.scale_of.kind is not YKind.LINEAR:
            known = [value_at(v, self.scale_of) for v in values]
            return [number(v, 3).replace("-", "−") if abs(v) < 1e300 else "" for v in known]
        if self.kind is AxisKind.CLOCK:
            return [_clock(v, spacing, dated=i == 0) for i, v in enumerate(values)]
        if self.kind is AxisKind.DURATION:
            return [_span(v, spacing) for v in values]
        return number_texts(values, spacing)


def roomy_ticks(low: float, high: float, size: float) -> Ticks:
    """Places along a horizontal axis, so far apart that their texts don't run into each other."""
    apart = 56.0
    while True:
        ticks = number_ticks(low, high, size, apart)
        widest = max((len(text) for spacing, places in ticks for text in number_texts(places, spacing)), default=0)
        wanted = _DIGIT_PIXELS * widest + 12
        if not ticks or wanted <= ticks[0][0] / (high - low) * size or apart > size:
            return ticks
        apart *= 1.5


def number_ticks(low: float, high: float, size: float, apart: float) -> Ticks:
    """Places at round numbers, about `apart` pixels from each other."""
    rough = (high / 2 - low / 2) / max(2.0, size / apart) * 2
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 1e-300 else 0.0
    if power == 0.0 or not math.isfinite(power):
        return []
    # The round spacing nearest to the one wished for, rather a little narrower than much wider.
    spacing = next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.7)
    first, last = math.ceil(low / spacing), math.floor(high / spacing)
    # Where the range is narrower than the numbers' precision there are no places to tell apart.
    if last - first > 200 or spacing < max(abs(low), abs(high)) * sys.float_info.epsilon:
        return []
    return [(spacing, [k * spacing for k in range(first, last + 1)])]


def number_texts(values: Sequence[float], spacing: float) -> list[str]:
    """Numbers with as many digits as tell neighbours apart, all alike."""
    largest = max((abs(v) for v in values), default=0.0)
    digits = max(0, -math.floor(math.log10(spacing) + 1e-9)) if 0 < spacing < 1 else 0
    if digits > 6 or largest >= 1e6:
        meaningful = math.floor(math.log10(largest / spacing)) + 1 if largest > 0 and spacing > 0 else 1
        digits = max(1, min(17, meaningful + 1))
        texts = [number(0.0 if abs(v) < spacing / 2 else v, digits) for v in values]
        return [f"−{text[1:]}" if text.startswith("-") else text for text in texts]
    return [f"{0.0 if abs(v) < spacing / 2 else v:.{digits}f}".replace("-", "−") for v in values]


def log_ticks(low: float, high: float, size: float) -> Ticks:
    """Powers of ten, with 2 and 5 between them where there is room; round numbers within one decade."""
    if high - low < 0.7:
        bottom, top = value_at(low, _LOG), value_at(high, _LOG)
        if not 0 < bottom < top < math.inf:
            return []
        linear = number_ticks(bottom, top, size, _LINE_PIXELS)
        return [(1.0, [math.log10(v) for _, places in linear for v in places if v > 0])]
    decades = range(math.floor(low), math.ceil(high) + 1)
    every = max(1, math.ceil((high - low) / 8))
    steps = (1, 2, 5) if high - low < 3 else (1,)
    places = [d + math.log10(step) for d in decades if d % every == 0 for step in steps]
    return [(1.0, [p for p in places if low <= p <= high])]


def symlog_ticks(low: float, high: float, scale: YScale) -> Ticks:
    """0 and powers of ten on both sides, as many as there is room for; round numbers where it is linear."""
    bottom, top = value_at(low, scale), value_at(high, scale)
    if not (math.isfinite(bottom) and math.isfinite(top)):
        return []
    if max(abs(bottom), abs(top)) <= scale.linear * 2 or high - low < 0.5:
        wanted = [v for _, places in number_ticks(bottom, top, 300, _LINE_PIXELS) for v in places]
    else:
        decades = range(math.floor(math.log10(scale.linear)), math.ceil(math.log10(max(abs(bottom), abs(top)))) + 1)
        every = max(1, math.ceil((high - low) / 8))
        sizes = [10.0**d for d in decades if d % every == 0]
        # Those next to 0 would lie over it.
        sizes = [size for size in sizes if value_at((high - low) * _NEAR, scale) <= size]
        wanted = [0.0, *sizes, *(-size for size in sizes)]
    places = placed(np.array(sorted(v for v in wanted if bottom <= v <= top)), scale)
    return [(1.0, [float(p) for p in places])]


def time_ticks(low: float, high: float, size: float, *, clock: bool) -> Ticks:
    """Places at round seconds, minutes, hours or days; of a clock at those of the local time."""
    rough = (high - low) / max(1.5, size / (_TICK_PIXELS + 20 * clock))
    if rough < 1:
        return number_ticks(low, high, size, _TICK_PIXELS)
    spacing: float = next((float(s) for s in _SPANS if s >= rough), 0.0)
    if not spacing:
        days = rough / _DAY
        power = 10.0 ** math.floor(math.log10(days)) if days >= 1 else 1.0
        spacing = _DAY * next((step * power for step in (1, 2, 5, 10) if step * power >= days), 1.0)
    offset = _local_offset(low) if clock else 0.0
    first, last = math.ceil((low + offset) / spacing), math.floor((high + offset) / spacing)
    return [(spacing, [k * spacing - offset for k in range(first, last + 1)])]


def _local(seconds: float) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return None


def _local_offset(seconds: float) -> float:
    moment = _local(seconds)
    offset = moment.utcoffset() if moment is not None else None
    return offset.total_seconds() if offset is not None else 0.0


def _clock(seconds: float, spacing: float, *, dated: bool) -> str:
    moment = _local(seconds)
    if moment is None:
        return ""
    if spacing >= _DAY:
        return moment.strftime("%Y-%m-%d")
    time_of_day = "%H:%M" if spacing >= 60 else "%H:%M:%S"
    # The first tick says which day it is, and so does the first of a day.
    dated = dated or (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.strftime(f"%m-%d {time_of_day}" if dated else time_of_day)


def clock_text(seconds: float) -> str:
    """A local time to the second, for read-outs."""
    moment = _local(seconds)
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _span(seconds: float, spacing: float) -> str:
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    if seconds == 0:
        return "0"
    if spacing >= _DAY:
        return f"{sign}{seconds / _DAY:.0f} d"
    if spacing < 1:
        return f"{sign}{seconds:.3g} s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (left if spacing < 60 else 0, "s"))
    return sign + " ".join(f"{n} {unit}" for n, unit in parts if n)
