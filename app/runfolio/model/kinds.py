"""What chart kinds are drawn from: a field of many runs as numbers, and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runfolio.model.answers import CellKind
from runfolio.model.metrics import Floats
from runfolio.model.query import FieldRef

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A field of many runs as numbers.

    values       float64 (runs,); NaN where a run has no value, infinities kept. For categories their places; seconds
                 since 1970 for times.
    categories   what the places of a text field stand for, in natural order; () for numbers.
    missing      runs without a value, or with NaN.
    infinite     runs whose value is infinite.
    texts        runs whose value is a text among numbers; they count as missing too.
    """

    field: FieldRef
    kind: CellKind
    values: Floats
    categories: tuple[str, ...] = ()
    missing: int = 0
    infinite: int = 0
    texts: int = 0

    @property
    def finite(self) -> Flags:
        """Which runs have a value that can be drawn; bool (runs,)."""
        found: Flags = np.isfinite(self.values)
        return found
