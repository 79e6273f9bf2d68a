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
    MEDIAN = "median"
    GAUSSIAN = "gaussian"
    LOWESS = "lowess"


AMOUNTS = {
    Smoother.TIME_EMA: "weight of the past, 0 to below 1, over a thousandth of the x range",
    Smoother.EMA: "weight of the past, 0 to below 1, from point to point",
    Smoother.MEAN: "points in the centred window; 0 or 1 for none",
    Smoother.MEDIAN: "points in the centred window; 0 or 1 for none",
    Smoother.GAUSSIAN: "standard deviation in points",
    Smoother.LOWESS: "share of the points that each place is fitted to, 0 to below 1",
}
"""What `amount` means to each smoother; 0 leaves every value as it is."""


LOWESS_POINTS, LOWESS_PLACES = 20_000, 1_000
_DIRECT = 50_000_000
"""Products of a convolution that are worked out one by one; beyond it by Fourier transform."""


def smooth(x: Floats, y: Floats, how: Smoother, amount: float, x_range: float | None = None) -> Floats:
    """`y` smoothed over the full series, float64 (n,).

    x         float64 (n,), for TIME_EMA and LOWESS. A point whose x is NaN keeps its value and takes no part.
    amount    see AMOUNTS. Raises ValueError when it makes no sense.
    x_range   TIME_EMA: the width of the chart's x axis; that of the series when None.
    NaN and infinite values take no part and stay where they are.
    """
    check_amount(how, amount)
    takes_part = np.isfinite(y) & (np.isfinite(x) if how in (Smoother.TIME_EMA, Smoother.LOWESS) else True)
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
        elif how is Smoother.MEDIAN:
            smoothed[takes_part] = running_median(values, round(amount))
        elif how is Smoother.GAUSSIAN:
            smoothed[takes_part] = gaussian(values, amount)
        else:
            smoothed[takes_part] = lowess(x[takes_part], values, amount)
    return smoothed


def check_amount(how: Smoother, amount: float) -> None:
    """Raises ValueError when `amount` is none for that smoother."""
    highest = 1.0 if how in (Smoother.EMA, Smoother.TIME_EMA, Smoother.LOWESS) else 1e6
    if not 0 <= amount < highest:
        raise ValueError(f"{how} takes an amount from 0 to below {highest:g}, not {amount}")


def amount_for(how: Smoother, part: float) -> float:
    """The amount for a slider at `part`, 0 (none) to below 1.

    EMA, TIME_EMA, LOWESS   as it is.
    MEAN, MEDIAN   a window of 1 to about 10,000 points, ten times as many for each quarter of the way.
    GAUSSIAN       a quarter of that window, so that the kernel is about as wide.
    """
    if part <= 0 or how in (Smoother.EMA, Smoother.TIME_EMA, Smoother.LOWESS):
        return part
    window = 10 ** (4 * part)
    return window / 4 if how is Smoother.GAUSSIAN else float(max(3, round(window) // 2 * 2 + 1))


def amount_text(how: Smoother, part: float) -> str:
    """What a slider at `part` does, in a few words.

    >>> amount_text(Smoother.TIME_EMA, 0.6), amount_text(Smoother.MEAN, 0.5), amount_text(Smoother.LOWESS, 0.3)
    ('0.6', '101 points', '30 % of points')
    """
    amount = amount_for(how, part)
    if how in (Smoother.MEAN, Smoother.MEDIAN):
        return f"{amount:,.0f} points".replace(",", "\u2009")
    if how is Smoother.GAUSSIAN:
        return f"\u03c3 {amount:.3g} points"
    return f"{amount * 100:.0f} % of points" if how is Smoother.LOWESS else f"{amount:g}"


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
    if len(y) * radius <= _DIRECT:
        direct: Floats = np.convolve(y, kernel)[middle] / np.convolve(np.ones_like(y), kernel)[middle]
        return direct
    from scipy.signal import oaconvolve

    # By blocks, so that what a huge value costs the others in digits stays near it.
    total: Floats = oaconvolve(y, kernel)[middle]
    weight = np.full(len(y), kernel.sum())
    inside = np.cumsum(kernel)[radius:]
    edge = min(radius, len(y))
    # Near an end the kernel is cut: what is left of it is a sum of its first weights.
    weight[:edge] -= kernel.sum() - inside[:edge]
    weight[len(y) - edge :] -= kernel.sum() - inside[:edge][::-1]
    smoothed: Floats = total / weight
    return smoothed


def running_median(y: Floats, window: int) -> Floats:
    """Median over a centred window of `window` points (made odd), cut at both ends of the series; n log(window)."""
    half = min(window // 2, len(y))
    if half == 0:
        return y.copy()
    import polars as pl

    found: Floats = pl.Series(y).rolling_median(2 * half + 1, min_samples=1, center=True).to_numpy()
    return found.copy()


def lowess(x: Floats, y: Floats, share: float) -> Floats:
    """Locally weighted linear regression: at each place a line through the nearest `share` of all points, which weigh
    (1 - d**3)**3 by their distance d as a part of the furthest one's.

    Source  Cleveland (1979), "Robust locally weighted regression and smoothing scatterplots", without its robust steps.

    Fitted at each point of up to `LOWESS_PLACES`; of longer series at so many places, with straight lines between. More
    than `LOWESS_POINTS` points are first averaged by neighbours, in groups of equal size, to so many.
    """
    if len(y) < 3:
        return y.copy()
    order = np.argsort(x, kind="stable")
    sorted_x, sorted_y = x[order], y[order]
    size = np.ones(len(y))
    at, value = sorted_x, sorted_y
    if len(y) > LOWESS_POINTS:
        starts = np.linspace(0, len(y), LOWESS_POINTS, endpoint=False).astype(np.int64)
        size = np.diff(starts, append=len(y)).astype(np.float64)
        at, value = np.add.reduceat(at, starts) / size, np.add.reduceat(value, starts) / size
    nearest = min(len(at), max(3, round(share * len(at))))
    places = np.unique(sorted_x)
    if len(places) > LOWESS_PLACES:
        places = np.unique(places[np.linspace(0, len(places) - 1, LOWESS_PLACES).round().astype(np.int64)])
    fitted = np.array([_local_line(at, value, size, float(place), nearest) for place in places])
    smoothed = np.empty_like(y)
    smoothed[order] = np.interp(sorted_x, places, fitted)
    return smoothed


def _local_line(x: Floats, y: Floats, size: Floats, place: float, nearest: int) -> float:
    """The height at `place` of the line through the `nearest` points, which stand for `size` points each."""
    low, high = 0, len(x) - nearest
    while low < high:
        # The window of the nearest ones begins where its far ends are equally far away.
        middle = (low + high) // 2
        if place - x[middle] > x[middle + nearest] - place:
            low = middle + 1
        else:
            high = middle
    own = slice(low, low + nearest)
    apart = x[own] - place
    reach = float(np.abs(apart).max())
    if reach == 0:
        return float(np.average(y[own], weights=size[own]))
    weight = (1 - np.minimum(np.abs(apart) / reach, 1.0) ** 3) ** 3 * size[own]
    if not weight.any():
        # All of them are as far away as the furthest.
        weight = size[own]
    total = weight.sum()
    mean_x, mean_y = (weight * apart).sum() / total, (weight * y[own]).sum() / total
    spread = (weight * (apart - mean_x) ** 2).sum()
    if spread <= 1e-24 * reach * reach * total:
        return float(mean_y)
    slope = (weight * (apart - mean_x) * (y[own] - mean_y)).sum() / spread
    return float(mean_y - slope * mean_x)
