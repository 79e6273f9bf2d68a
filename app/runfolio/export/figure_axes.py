"""What the panels of a figure share: colours, dashes and markers of runs, and axes with plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from runfolio.analysis.scales import YKind, YScale, placed, value_at
from runfolio.export.recipe import RunStyleRecipe
from runfolio.model import times
from runfolio.model.display import number
from runfolio.model.metrics import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PETROFF = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Ten colours that colour-blind readers can tell apart. Source: Petroff, arXiv:2107.02270."""

DASHES: tuple[Literal["solid"] | tuple[float, Sequence[float]], ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1.2, 1.6)),
    (0, (5, 2, 1.2, 2)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_DAY = 86_400.0
_SPANS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0,
          43_200.0)  # fmt: skip

_NEAR = 0.05
"""Ticks of a symmetric logarithmic axis are this part of its length away from 0."""
_DECADES = 7
"""Ticks on either side of 0 of a symmetric logarithmic axis, at most."""


def color_of(run: RunStyleRecipe) -> str:
    """The run's colour, the same in every theme."""
    return PETROFF[run.color % len(PETROFF)]


def set_y_scale(axes: Axes, scale: YScale) -> None:
    """Make the y axis linear, logarithmic, or logarithmic on both sides of 0, as `analysis.scales` places values."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    if scale.kind is YKind.LINEAR:
        return
    if scale.kind is YKind.LOG:
        axes.set_yscale("log", nonpositive="mask")
    else:
        _symlog(axes, scale)
    # Plain numbers: the default writes powers as formulas.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _symlog(axes: Axes, scale: YScale) -> None:
    from matplotlib.ticker import FuncFormatter, Locator

    class Decades(Locator):
        """0, and powers of ten from the end of the linear part on."""

        def __call__(self) -> Sequence[float]:
            low, high = axes.get_ylim()
            return self.tick_values(low, high)

        def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
            most = max(abs(vmin), abs(vmax))
            powers: list[float] = []
            power = scale.linear
            while power <= most and len(powers) < 700:
                powers.append(power)
                power *= 10
            powers = powers[:: -(-len(powers) // _DECADES) or 1]
            # Those next to 0 would lie over it.
            bottom, top = placed(np.array([vmin, vmax], dtype=np.float64), scale).tolist()
            powers = [p for p in powers if value_at((top - bottom) * _NEAR, scale) <= p]
            return [tick for tick in (*(-p for p in reversed(powers)), 0.0, *powers) if vmin <= tick <= vmax]

    def there(values: Floats) -> Floats:
        return placed(np.asarray(values, dtype=np.float64), scale)

    def back(places: Floats) -> Floats:
        flat = np.asarray(places, dtype=np.float64)
        return np.array([value_at(float(place), scale) for place in flat.ravel()]).reshape(flat.shape)

    axes.set_yscale("function", functions=(there, back))
    axes.yaxis.set_major_locator(Decades())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))


def clock_ticks(axes: Axes) -> None:
    """Write the x axis, seconds since 1970, as dates and times of day in UTC, at round places."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    low, high = axes.get_xlim()
    spacing = _clock_spacing(high - low)
    places = np.arange(np.ceil(low / spacing), np.floor(high / spacing) + 1) * spacing

    def clock(seconds: float, _: int | None) -> str:
        text = times.to_iso(times.from_seconds(seconds)) or ""
        if spacing >= _DAY:
            return text[:10]
        return text[5 : 16 if spacing >= 60 else 19 if spacing >= 1 else 23].replace("T", " ")

    axes.xaxis.set_major_locator(FixedLocator(places.tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(clock))
    axes.set_xlim(low, high)


def _clock_spacing(span: float) -> float:
    """Round seconds, minutes, hours or days, so that a span has at most four of them and a half."""
    rough = max(span / 4.5, 1e-3)
    power = 10.0 ** np.floor(np.log10(rough if rough < 1 else max(rough / _DAY, 1.0)))
    tens = [float(step * power) for step in (1, 2, 5, 10)]
    known = tens if rough < 1 else [*_SPANS, *(_DAY * step for step in tens)]
    return next(spacing for spacing in known if spacing >= rough)
