"""What is read out of curves at a place of the x axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QColor

from runfolio.desktop.plot_style import Curve
from runfolio.model.run import RunKey


@dataclass(frozen=True, slots=True)
class Reading:
    """One line of a read-out: the last point at or before the cursor; x and value None when all come later.

    n      how many runs are taken together there; 0 for a run by itself.
    look   colour and dash of the curve; None for a run without one.
    """

    key: RunKey
    name: str
    x: float | None
    value: float | None
    n: int = 0
    look: tuple[QColor, int] | None = None


def readings(curves: Sequence[Curve], at: float) -> list[Reading]:
    """What each curve has at `at`: its last point at or before it."""
    found: list[Reading] = []
    for curve in curves:
        place = curve.series.at_or_before(at)
        x, value = (None, None) if place is None else (float(curve.x[place]), float(curve.series.shown[place]))
        n = 0 if curve.band is None else curve.band.count_at(at)
        found.append(Reading(curve.key, curve.name, x, value, n, (curve.color, curve.dash)))
    return found
