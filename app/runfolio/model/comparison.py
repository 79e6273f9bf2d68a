"""What comparisons answer: the figures of a group, an effect, and one group against the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.model.statistics import LEVEL, Method, Standing


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one group.

    n             runs with a finite value.
    excluded      runs whose value is missing, NaN or infinite.
    mean          None where n is 0; std, low, high: None where n is below 2.
    low, high     confidence interval of the mean by Student's t.
    least, most   the extreme values.
    """

    n: int
    excluded: int = 0
    mean: float | None = None
    std: float | None = None
    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference in standard deviations, with its confidence interval.

    kind   "g": Hedges' g, over the pooled deviation. "dz": over the deviation of the pairs' differences.
    """

    kind: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group against the baseline.

    difference   the group's mean minus the baseline's, of the pairs where runs are paired; None where either is empty.
    low, high    its confidence interval at `level`; None where it has none.
    p            two-sided; None where nothing can be tested. `p_holm` is corrected for all comparisons made together
                 and equals p for a single one; the standing follows from it.
    freedom      degrees of freedom of t.
    pairs        how many pairs were compared; 0 where the groups are independent.
    n            values of the group and of the baseline that took part.
    words        the standing in plain words: "better", "not distinguishable with n = 3".
    notes        what else has to be known: who was left out, and what the method cannot say.
    """

    standing: Standing
    words: str
    n: tuple[int, int]
    method: Method = Method.T
    level: float = LEVEL
    pairs: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    freedom: float | None = None
    effect: Effect | None = None
    notes: tuple[str, ...] = ()

    @property
    def test(self) -> str:
        """The name of the test that p is from; "" where there is none."""
        if self.p is None:
            return ""
        kind = "paired" if self.pairs else "Welch's"
        if self.method is Method.T:
            return f"{kind} t"
        return "sign permutation" if self.pairs else "permutation"
