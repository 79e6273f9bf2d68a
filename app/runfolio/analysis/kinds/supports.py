"""Whether a sweep can say which params matter: what speaks against it, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runfolio.model.kinds import Variable
from runfolio.model.metrics import Floats

_WEAK = 0.1
_ALIKE = 0.9
_PER_PARAM = 5
_FEW = 20


def warnings_of(runs: int, params: int, oob: float, y: Floats, alike: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Reasons not to trust importances, the gravest first."""
    found: list[str] = []
    if oob < _WEAK:
        found.append(
            f"The params explain next to nothing of this metric (out-of-bag R² {oob:.2f}): the order below is chance."
        )
    if runs < max(_FEW, _PER_PARAM * params):
        found.append(
            f"{runs} runs are few for {params} param{'s' if params > 1 else ''}; about "
            f"{max(_FEW, _PER_PARAM * params)} are needed to tell them apart."
        )
    for one, other in alike[:3]:
        found.append(f"{one} and {other} were changed together: what either does cannot be told from the other.")
    if len(alike) > 3:
        found.append(f"{len(alike) - 3} more pairs of params were changed together.")
    spread = float(y.std())
    if spread > 0 and float(np.abs(y - np.median(y)).max()) > 8 * spread:
        found.append("One run's value lies far from all others and decides much of this; filter it to see the rest.")
    return tuple(found)


def correlated(params: Sequence[Variable], x: Floats, text: NDArray[np.bool_]) -> list[tuple[str, str]]:
    """Names of params that say the same: |rank correlation| above 0.9 for numbers; one given the other where a text is.

    x   float64 (runs, params), NaN where missing; only runs with both values are looked at.
    """
    from scipy.stats import rankdata

    found: list[tuple[str, str]] = []
    for i in range(len(params)):
        for j in range(i + 1, len(params)):
            both = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
            a, b = x[both, i], x[both, j]
            if len(a) < 4:
                continue
            if text[i] or text[j]:
                alike = _one_to_one(a, b)
            else:
                ranks = rankdata(a), rankdata(b)
                spread = ranks[0].std() * ranks[1].std()
                cov = ((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean())).mean()
                alike = spread > 0 and abs(cov / spread) > _ALIKE
            if alike:
                found.append((params[i].field.name, params[j].field.name))
    return found


def _one_to_one(a: Floats, b: Floats) -> bool:
    pairs = len(np.unique(np.stack([a, b], axis=1), axis=0))
    kinds = len(np.unique(a)), len(np.unique(b))
    # Where nearly every run has a value of its own, pairs are unique by themselves and say nothing.
    return kinds[0] == kinds[1] == pairs > 1 and pairs <= len(a) // 2
