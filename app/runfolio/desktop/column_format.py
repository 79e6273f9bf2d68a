"""How the numbers of one column are written and coloured when the user does not leave it to the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runfolio.model.display import THIN_SPACE, number
from runfolio.model.params import Json

MOST_DIGITS = 12


class Notation(StrEnum):
    """Ways to write a number."""

    AUTO = "automatic"
    FIXED = "decimals"
    PERCENT = "percent"
    SCIENTIFIC = "scientific"
    SI = "SI prefixes"


class Colouring(StrEnum):
    """What the ground of a cell says besides its number. Numbers stay: colour is never the only signal."""

    NONE = "none"
    HEAT = "heat by value"
    BASELINE = "difference to the baseline"


_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """A format.

    digits   decimals for FIXED, PERCENT and SCIENTIFIC, significant digits for SI; None where the notation decides.
    unit     written behind each number.
    """

    notation: Notation = Notation.AUTO
    digits: int | None = None
    unit: str = ""
    colouring: Colouring = Colouring.NONE

    @property
    def plain(self) -> bool:
        """Whether numbers are written as the table writes them by itself."""
        return self.notation is Notation.AUTO and not self.unit

    def write(self, value: float, auto: str) -> str:
        """A number; `auto` is what the table would write.

        >>> ColumnFormat(Notation.PERCENT, 1).write(0.9433, ""), ColumnFormat(Notation.SI, unit="B").write(25.6e6, "")
        ('94.3\\u2009%', '25.6\\u2009MB')
        """
        if not math.isfinite(value):
            return auto
        text = {
            Notation.FIXED: lambda: _fixed(value, 3 if self.digits is None else self.digits),
            Notation.PERCENT: lambda: f"{_fixed(value * 100, 2 if self.digits is None else self.digits)}{THIN_SPACE}%",
            Notation.SCIENTIFIC: lambda: _scientific(value, 3 if self.digits is None else self.digits),
            Notation.SI: lambda: _si(value, self.digits or 3, self.unit),
        }.get(self.notation, lambda: auto)()
        if self.unit and self.notation is not Notation.SI:
            text += f"{THIN_SPACE}{self.unit}"
        return text

    def to_json(self) -> dict[str, Json]:
        """For sessions and saved views."""
        return {
            "notation": self.notation.value,
            "digits": self.digits,
            "unit": self.unit,
            "colouring": self.colouring.value,
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Json]) -> ColumnFormat:
        """The inverse; parts that make no sense are left out."""
        notation, digits, unit, colouring = (tree.get(name) for name in ("notation", "digits", "unit", "colouring"))
        return cls(
            Notation(notation) if isinstance(notation, str) and notation in [*Notation] else Notation.AUTO,
            digits if isinstance(digits, int) and 0 <= digits <= MOST_DIGITS else None,
            unit if isinstance(unit, str) else "",
            Colouring(colouring) if isinstance(colouring, str) and colouring in [*Colouring] else Colouring.NONE,
        )


PLAIN = ColumnFormat()
"""As the table writes numbers by itself."""


def _fixed(value: float, decimals: int) -> str:
    if abs(value) >= 1e15:
        return number(value)
    return f"{value:,.{decimals}f}".replace(",", THIN_SPACE).replace("-", "−")


def _scientific(value: float, decimals: int) -> str:
    mantissa, _, exponent = f"{value:.{decimals}e}".partition("e")
    return f"{mantissa.replace('-', '−')}e{str(int(exponent)).replace('-', '−')}"


def _si(value: float, digits: int, unit: str) -> str:
    size, prefix = 1.0, ""
    if value:
        # Rounded first, so that 999.99 becomes 1 k and not 1000.
        rounded = abs(float(f"{value:.{digits - 1}e}"))
        size, prefix = next(((s, p) for s, p in _PREFIXES if rounded >= s), _PREFIXES[-1])
    scaled = float(f"{value:.{digits - 1}e}") / size
    whole = len(str(int(abs(scaled))))
    text = f"{scaled:.{max(0, digits - whole)}f}".replace("-", "−")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    tail = prefix + unit
    return f"{text}{THIN_SPACE}{tail}" if tail else text
