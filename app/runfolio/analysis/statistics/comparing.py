"""Groups of runs compared by one figure of each run: how sure a difference is, and the same in plain words.

A run counts as one observation. The points along one curve depend on each other, so they are never taken for a sample.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runfolio.analysis.statistics import resampled, t_tests
from runfolio.analysis.statistics.spreads import spreads
from runfolio.analysis.statistics.verdicts import judged, untold
from runfolio.model.comparison import Comparison, Effect, Figures
from runfolio.model.direction import Direction
from runfolio.model.metrics import Floats
from runfolio.model.statistics import LEVEL, Method

_ROUNDING = 1e-12
"""Of a spread relative to the values: what is below comes from how numbers are written, not from the runs."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of a group's runs.

    values   one for each run; None, NaN and infinities are left out and counted.
    labels   what makes runs of two groups partners (the seed), one for each run, None for a run without. Several ways
             to find partners may be given, the best first; () when runs have none.
    """

    values: Sequence[float | None]
    labels: Sequence[Sequence[Hashable]] = ()


def figures(sample: Sample, level: float = LEVEL) -> Figures:
    """What is known of one group; the interval of the mean is Student's."""
    values, excluded = _finite(sample)
    n = len(values)
    if n == 0:
        return Figures(0, excluded)
    least, most = float(values.min()), float(values.max())
    # Equal values have that very mean, and no spread but 0: their sum may be off in its last digit.
    found = Figures(n, excluded, least if least == most else float(values.mean()), least=least, most=most)
    if n == 1:
        return found
    if least == most:
        return replace(found, std=0.0, low=least, high=least)
    interval = spreads(values[:, None], level=level)
    with np.errstate(over="ignore", invalid="ignore"):
        std = float(values.std(ddof=1))
    return replace(found, std=std, low=float(interval.low[0]), high=float(interval.high[0]))


def compare(
    sample: Sample,
    baseline: Sample,
    direction: Direction = Direction.UNKNOWN,
    *,
    method: Method = Method.T,
    level: float = LEVEL,
    pairing: bool | None = None,
) -> Comparison:
    """A group against the baseline.

    direction   which way is better; without one the words say "higher" and "lower".
    pairing     None: paired where at least two runs, and at least half of the smaller group, have a partner.
                True: wherever two have one. False: never.
    Raises ValueError for a level outside (0, 1).
    """
    return against([sample], baseline, direction, method=method, level=level, pairing=pairing)[0]


def against(
    samples: Sequence[Sample],
    baseline: Sample,
    direction: Direction = Direction.UNKNOWN,
    *,
    method: Method = Method.T,
    level: float = LEVEL,
    pairing: bool | None = None,
) -> tuple[Comparison, ...]:
    """Several groups against one baseline, their p corrected for being several, in the order of `samples`.

    The intervals are those of single comparisons. Everything else is as in `compare`.
    """
    if not 0 < level < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, not at {level:g}")
    found = [_single(s, baseline, method, level, pairing) for s in samples]
    corrected = holm([c.p for c in found])
    return tuple(judged(replace(c, p_holm=p), direction) for c, p in zip(found, corrected, strict=True))


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p values corrected for being several; None stays None and does not count.

    Source  Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    known = sorted((p, i) for i, p in enumerate(ps) if p is not None)
    found: list[float | None] = [None] * len(ps)
    reached = 0.0
    for rank, (p, i) in enumerate(known):
        reached = max(reached, min(1.0, p * (len(known) - rank)))
        found[i] = reached
    return found


def _single(sample: Sample, baseline: Sample, method: Method, level: float, pairing: bool | None) -> Comparison:
    b, b_excluded = _finite(sample)
    a, a_excluded = _finite(baseline)
    notes = []
    for count, whose in ((b_excluded, ""), (a_excluded, " of the baseline")):
        if count:
            runs = "1 run" if count == 1 else f"{count} runs"
            notes.append(f"{runs}{whose} without a finite value {'is' if count == 1 else 'are'} left out")
    pairs = [] if pairing is False else _pairs(sample, baseline, forced=bool(pairing))
    if pairs:
        found = _of_pairs(pairs, method, level)
        left = len(a) + len(b) - sum(found.n)
        if left > 0:
            notes.append(f"{'1 run' if left == 1 else f'{left} runs'} without a partner left out")
    else:
        found = _independent(a, b, method, level)
    return replace(found, notes=(*notes, *found.notes))


def _independent(a: Floats, b: Floats, method: Method, level: float) -> Comparison:
    blank = untold(len(a), len(b), method, level)
    if not len(a) or not len(b):
        return blank
    blank = replace(blank, difference=float(b.mean() - a.mean()))
    if len(a) < 2 or len(b) < 2:
        return blank
    if _constant(a) and _constant(b):
        equal = bool(np.isclose(a[0], b[0], rtol=_ROUNDING, atol=0))
        return replace(blank, difference=0.0 if equal else blank.difference)
    tested = t_tests.welch(a, b, level)
    found = _filled(blank, tested)
    if method is not Method.T:
        found = resampled.independent(found, a, b)
    effect = t_tests.hedges_g(a, b, level)
    return replace(found, effect=Effect("g", *effect) if effect else None)


def _of_pairs(pairs: Sequence[tuple[float, float, int, int]], method: Method, level: float) -> Comparison:
    runs = (sum(p[2] for p in pairs), sum(p[3] for p in pairs))
    before, after = (np.array([p[i] for p in pairs]) for i in (0, 1))
    off = after - before
    blank = replace(untold(len(pairs), len(pairs), method, level), pairs=len(pairs), difference=float(off.mean()))
    size = float(max(np.abs(before).max(), np.abs(after).max()))
    if float(np.ptp(off)) <= _ROUNDING * size:
        nothing = float(np.abs(off).max()) <= _ROUNDING * size
        return replace(blank, n=runs, difference=0.0 if nothing else blank.difference)
    found = _filled(blank, t_tests.paired(off, level))
    if method is not Method.T:
        found = resampled.of_pairs(found, off)
    if sum(runs) > 2 * len(pairs):
        found = replace(found, notes=(*found.notes, "runs of one seed count with their mean"))
    effect = t_tests.cohen_dz(off, level)
    return replace(found, n=runs, effect=Effect("dz", *effect) if effect else None)


def _filled(blank: Comparison, tested: t_tests.TTest) -> Comparison:
    low, high, p, freedom = (
        float(v) if np.isfinite(v) else None for v in (tested.low, tested.high, tested.p, tested.freedom)
    )
    return replace(blank, difference=float(tested.difference), low=low, high=high, p=p, freedom=freedom)


def _finite(sample: Sample) -> tuple[Floats, int]:
    values = np.array([np.nan if v is None else v for v in sample.values], dtype=np.float64)
    kept = values[np.isfinite(values)]
    return kept, len(values) - len(kept)


def _constant(values: Floats) -> bool:
    return float(np.ptp(values)) <= _ROUNDING * float(np.abs(values).max())


def _pairs(sample: Sample, baseline: Sample, *, forced: bool) -> list[tuple[float, float, int, int]]:
    """Baseline's and group's value of each pair, and how many runs each is the mean of; [] when not to be paired."""
    for own, other in zip(sample.labels, baseline.labels, strict=False):
        b, a = _by_label(sample, own), _by_label(baseline, other)
        shared = [label for label in a if label in b]
        if len(shared) >= 2 and (
            forced or _covers(shared, (a, len(_finite(baseline)[0])), (b, len(_finite(sample)[0])))
        ):
            return [
                (float(np.mean(a[label])), float(np.mean(b[label])), len(a[label]), len(b[label])) for label in shared
            ]
    return []


def _covers(shared: Sequence[Hashable], *sides: tuple[Mapping[Hashable, list[float]], int]) -> bool:
    """Whether at least half of the runs of the smaller group are in pairs."""
    least = min(size for _, size in sides)
    return all(2 * sum(len(of[label]) for label in shared) >= size for of, size in sides if size == least)


def _by_label(sample: Sample, labels: Sequence[Hashable]) -> Mapping[Hashable, list[float]]:
    found: dict[Hashable, list[float]] = {}
    for value, label in zip(sample.values, labels, strict=True):
        if label is not None and value is not None and np.isfinite(value):
            found.setdefault(label, []).append(value)
    return found
