"""Several metric names shown as one: what the user decided about names, and what is suggested to decide.

A decision names metrics as the table shows them (with the prefix of their recording). Nothing is renamed: every name
stays, and one more is there that takes each run's values from the name which that run has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runfolio.model.direction import Direction, guess_direction
from runfolio.model.display import plain


@dataclass(frozen=True, slots=True)
class AlignedName:
    """A metric that is shown under another name, its values times `scale` (finite, above 0)."""

    name: str
    scale: float = 1.0

    @property
    def words(self) -> str:
        """For people: `val_acc`, `top1 × 0.01`."""
        return f"{plain(self.name, 80)}{scale_words(self.scale)}"


@dataclass(frozen=True, slots=True)
class Alignment:
    """One decision: runs without a metric `target` show the first of `names` that they have, under that name.

    entry   number of the ledger entry that decided it last.
    """

    target: str
    names: tuple[AlignedName, ...]
    actor: str = ""
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Names that the user said are not one metric; they are not suggested together again."""

    names: tuple[str, ...]
    actor: str = ""
    entry: int = 0


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What the index knows of a metric name, over all runs that have it under this very name.

    low, high   of the finite values; None where there are none.
    fractions   runs whose finite values all lie in [0, 1].
    percents    runs whose finite values all lie in [0, 100], some of them above 1.
    """

    name: str
    runs: int
    low: float | None = None
    high: float | None = None
    fractions: int = 0
    percents: int = 0


@dataclass(frozen=True, slots=True)
class Together:
    """How two names get on in the runs that have both: in `equal` of `runs` they hold the same values."""

    runs: int
    equal: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What suggestions are made from.

    names      every metric name.
    together   for pairs of names (first < second) that some run has both of.
    parts      pairs of parts of the data ("eval", "val": first < second) that some run has metrics of both of.
    """

    names: tuple[NameFacts, ...]
    together: Mapping[tuple[str, str], Together] = field(default_factory=dict)
    parts: frozenset[tuple[str, str]] = frozenset()


class Strength(StrEnum):
    """How sure a suggestion is; the lower the place, the surer."""

    SURE = "sure"  # one name, written in two ways
    LIKELY = "likely"  # the names and the values speak for it
    POSSIBLE = "possible"  # only the user can know

    @property
    def place(self) -> int:
        """0 for the surest."""
        return [*Strength].index(self)


@dataclass(frozen=True, slots=True)
class SuggestedName:
    """A name of a suggestion, why it belongs there, and what is known of it."""

    name: str
    scale: float
    strength: Strength
    reason: str
    facts: NameFacts


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Names that are probably one metric.

    target    the name proposed for all; `own` is what is known of it, None where no run has it.
    names     the others, the surest first.
    extends   whether an alignment of that target stands already, and these are names that it lacks.
    """

    target: str
    names: tuple[SuggestedName, ...]
    own: NameFacts | None = None
    extends: bool = False

    @property
    def strength(self) -> Strength:
        """That of the surest name."""
        return min((n.strength for n in self.names), key=lambda s: s.place)

    @property
    def judges(self) -> bool:
        """Whether it is about a figure that models are judged by, rather than a clock or a counter."""
        return guess_direction(self.target) is not Direction.UNKNOWN and "time" not in self.target.lower()

    @property
    def parts(self) -> tuple[AlignedName, ...]:
        """What confirming it as it stands decides: the names that are more than possible, or all if none is."""
        chosen = [n for n in self.names if n.strength is not Strength.POSSIBLE] or self.names
        return tuple(AlignedName(n.name, n.scale) for n in chosen)


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A name of an alignment. `facts` is None when no run in the index has it; `shown` runs show it as the target."""

    name: AlignedName
    facts: NameFacts | None
    shown: int


@dataclass(frozen=True, slots=True)
class AlignmentFacts:
    """An alignment and what it does in this index.

    own    runs that have the target itself.
    runs   runs that have a value under the target: their own or an aligned one.
    """

    alignment: Alignment
    own: NameFacts | None
    parts: tuple[PartFacts, ...]
    runs: int


@dataclass(frozen=True, slots=True)
class AlignmentPreview:
    """What an alignment would do: runs with the target itself, runs that each name would give values to, in order.

    both   runs that have several of the names, of which they would show one.
    """

    own: int
    gains: tuple[int, ...]
    both: int

    @property
    def runs(self) -> int:
        """Runs that would have a value."""
        return self.own + sum(self.gains)


def scaled(value: float | None, scale: float) -> float | None:
    """A figure of a series under its aligned name; None stays None, NaN NaN."""
    return None if value is None else value * scale


def is_scale(value: float) -> bool:
    """Whether a number can be a scale: finite and above 0, so that the order of values stays."""
    return math.isfinite(value) and value > 0


def scale_words(scale: float) -> str:
    """` × 0.01`; nothing where values stay as they are."""
    return "" if scale == 1.0 else f" × {repr(float(scale)).removesuffix('.0')}"
