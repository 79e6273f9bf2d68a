"""Smoothing of whole series, before they are reduced: a curve must not change when one zooms."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from runfolio.model.metrics import Floats


class Smoother(StrEnum):
    """How a curve is smoothed; `AMOUNTS` says what the amount means for each."""

    TIME_EMA = "time-ema"
    EMA = "ema"
    MEAN = "mean"
    GAUSSIAN = "gaussian"


AMOUNTS = {
    Smoother.TIME_EMA: "weight of the past, 0 to below 1, over a thousandth of the x range",
    Smoother.EMA: "weight of the past, 0 to below 1, from point to point",
    Smoother.MEAN: "points in the centred window; 0 or 1 for none",
    Smoother.GAUSSIAN: "standard deviation in points",
}
"""What `amount` means to each smoother; 0 leaves every value as it is."""


def smooth(x: Floats, y: Floats, how: Smoother, amount: float, x_range: float | None = None) -> Floats:
    """`y` smoothed over the full series, float64 (n,).

    x         float64 (n,); only TIME_EMA looks at it. A point whose x is NaN keeps its value and takes no part.
    amount    see AMOUNTS. Raises ValueError when it makes no sense.
    x_range   TIME_EMA: the width of the chart's x axis; that of the series when None.
    NaN and infinite values take no part and stay where they are.
    """
    check_amount(how, amount)
    takes_part = np.isfinite(y) & (np.isfinite(x) if how is Smoother.TIME_EMA else True)
    if amount == 0 or not takes_part.any():
        return y.copy()
    smoothed = y.copy()
    values = y[takes_part]
    # Values near the end of float64's range may overflow in a sum; infinity is then what is shown.
    with np.errstate(over="ignore", invalid="ignore"):
        if how is Smoother.TIME_EMA:
            smoothed[takes_part] = time_weighted_ema(x[takes_part], values, amount, x_range)
        elif how is Smoother.EMA:
            smoothed[takes_part] = ema(values, amount)
        elif how is Smoother.MEAN:
            smoothed[takes_part] = running_mean(values, round(amount))
        else:
            smoothed[takes_part] = gaussian(values, amount)
    return smoothed


def check_amount(how: Smoother, amount: float) -> None:
    """Raises ValueError when `amount` is none for that smoother."""
    highest = 1.0 if how in (Smoother.EMA, Smoother.TIME_EMA) else 1e6
    if not 0 <= amount < highest:
        raise ValueError(f"{how} takes an amount from 0 to below {highest:g}, not {amount}")


def natural_range(x: Floats) -> float | None:
    """The `x_range` at which TIME_EMA decays by its weight's square root from point to point of a usual distance.

    With the width of the chart instead, as W&B takes it, a run of sixty epochs is not smoothed at all and one of a
    million steps hardly shows; with the median distance between points the slider means the same for both. None
    when the series has no two different x.
    """
    steps = np.abs(np.diff(x[np.isfinite(x)]))
    steps = steps[steps > 0]
    return float(np.median(steps)) * 1000 if len(steps) else None


def ema(y: Floats, weight: float) -> Floats:
    """Debiased exponential moving average: each point's weight is `weight` times that of the one after it.

    Source  TensorBoard's scalar smoothing (tensorboard/components/vz_line_chart2/line-chart.ts, `resmoothDataset`):
            last = last * weight + (1 - weight) * y, divided by 1 - weight**n. Written here as the equal quotient of
            two sums, sum(weight**(n-i) * y_i) / sum(weight**(n-i)).
    """
    return _decayed_mean(y, np.full(len(y), weight))


def time_weighted_ema(x: Floats, y: Floats, weight: float, x_range: float | None = None) -> Floats:
    """Debiased exponential moving average whose decay follows the distance in x, so that dense and sparse series
    are smoothed alike.

    Source  W&B's default, "Time weighted exponential moving average" (docs.wandb.ai, smooth line plots): the decay
            between neighbours is min(sqrt(weight), 0.999) ** (|dx| / x_range * 1000).
    A step back in x decays by its distance as well. Where the series has no extent in x, it is a plain `ema`.
    """
    width = float(x.max() - x.min()) if x_range is None else x_range
    if not width > 0:
        return ema(y, weight)
    distance = np.abs(np.diff(x, prepend=x[0])) / width * 1000
    return _decayed_mean(y, np.power(min(np.sqrt(weight), 0.999), distance))


def _decayed_mean(y: Floats, decay: Floats) -> Floats:
    return _decayed_sum(y, decay) / _decayed_sum(np.ones_like(y), decay)


def _decayed_sum(y: Floats, decay: Floats) -> Floats:
    """s[t] = decay[t] * s[t-1] + y[t], by doubling: after pass k each sum covers 2**k points.

    log2(n) passes over arrays instead of a loop over points, and without the divisions by tiny powers that a
    closed form needs. It ends early once what is further away weighs nothing.
    """
    total, reach = y.copy(), decay.copy()
    reach[0] = 0.0
    shift = 1
    while shift < len(y) and reach.max() > 1e-300:
        total[shift:] += reach[shift:] * total[:-shift]
        reach[shift:] *= reach[:-shift]
        reach[:shift] = 0.0
        shift *= 2
    return total


def running_mean(y: Floats, window: int) -> Floats:
    """Mean over a centred window of `window` points (made odd), cut at both ends of the series."""
    half = min(window // 2, len(y))
    if half == 0:
        return y.copy()
    width = 2 * half + 1
    padded = np.concatenate([np.zeros(half), y, np.zeros(half)])
    inside = np.concatenate([np.zeros(half), np.ones(len(y)), np.zeros(half)])
    return _window_sum(padded, width, len(y)) / _window_sum(inside, width, len(y))


def _window_sum(values: Floats, width: int, count: int) -> Floats:
    """Sums of `width` values from each of the first `count` positions, put together from sums of 1, 2, 4... values.

    A running total would be one pass, but a single value of 1e300 would spoil every sum after it.
    """
    total = np.zeros(count)
    block, size, done = values, 1, 0
    while done < width:
        if width & size:
            total += block[done : done + count]
            done += size
        if done < width:
            block = block[: len(block) - size] + block[size:]
            size *= 2
    return total


def gaussian(y: Floats, sigma: float) -> Floats:
    """Mean weighted by a Gaussian over positions, cut at 4 sigma and, rescaled, at both ends of the series."""
    radius = min(int(4 * sigma + 0.5), len(y) - 1)
    if radius == 0:
        return y.copy()
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    middle = slice(radius, radius + len(y))
    smoothed: Floats = np.convolve(y, kernel)[middle] / np.convolve(np.ones_like(y), kernel)[middle]
    return smoothed
