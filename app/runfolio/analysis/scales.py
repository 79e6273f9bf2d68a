"""Where values lie on a y axis: linear, logarithmic, or logarithmic on both sides of a linear stretch around 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runfolio.model.display import count
from runfolio.model.metrics import Floats


class YKind(StrEnum):
    """The y axis of a chart."""

    LINEAR = "linear"
    LOG = "log"
    SYMLOG = "symlog"


@dataclass(frozen=True, slots=True)
class YScale:
    """A kind of axis; `linear` is the value up to which SYMLOG is linear, on both sides of 0."""

    kind: YKind = YKind.LINEAR
    linear: float = 1.0

    @property
    def is_log(self) -> bool:
        """Whether values of 0 and below have no place."""
        return self.kind is YKind.LOG


LINEAR = YScale()


def placed(y: Floats, scale: YScale) -> Floats:
    """`y` float64 (n,) as it lies on the axis.

    LOG     the decimal logarithm, NaN for values of 0 and below.
    SYMLOG  sign(y) * log10(1 + |y| / linear): nearly linear below `linear`, a decade for each factor of ten above.
    NaN and infinities stay what they are.
    """
    if scale.kind is YKind.LINEAR:
        return y
    if scale.kind is YKind.LOG:
        logarithm: Floats = np.full(len(y), np.nan)
        np.log10(y, out=logarithm, where=y > 0)
        return logarithm
    return np.copysign(np.log1p(np.abs(y) / scale.linear) / math.log(10), y)


def value_at(place: float, scale: YScale) -> float:
    """The value at a place of the axis; the inverse of `placed`."""
    if scale.kind is YKind.LINEAR:
        return place
    try:
        if scale.kind is YKind.LOG:
            return math.pow(10.0, place)
        return math.copysign(math.expm1(abs(place) * math.log(10)) * scale.linear, place)
    except OverflowError:
        return math.copysign(math.inf, place)


def hidden_text(values: int) -> str:
    """What is to be said of values that a logarithmic axis has no place for; "" for none."""
    return f"{count(values)} value{'' if values == 1 else 's'} ≤ 0 not on a log axis" if values else ""


def linear_stretch(sizes: Sequence[float]) -> float:
    """The `linear` of a SYMLOG axis, given the 5 % quantile of |y| over the values that are not 0 of each curve.

    The least of them, as a power of ten: nearly all values then lie in the logarithmic part, and 0 is no further away
    than a decade or two. 1 where there is none.
    """
    known = [size for size in sizes if 0 < size < math.inf]
    return 10.0 ** math.floor(math.log10(min(known))) if known else 1.0


def small_size(y: Floats) -> float:
    """The 5 % quantile of |y| over finite values that are not 0; infinite where there is none."""
    sizes = np.abs(y[np.isfinite(y) & (y != 0)])
    return float(np.quantile(sizes, 0.05)) if len(sizes) else math.inf
