"""The values of a field among the runs of a scope, with counts: what a facet panel shows and filters by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runfolio.model.answers import CellKind
from runfolio.model.query import FieldRef

NO_VALUE = "is null"
"""What asks for runs without a value."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that runs have.

    text     as it is shown.
    typed    as it is typed in a filter.
    runs     how many runs of the scope have it, whatever the filter says of this field.
    chosen   whether the filter asks for it.
    """

    text: str
    typed: str
    runs: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Bins:
    """A histogram of finite numbers.

    edges     k + 1 numbers, ascending; each bin holds its lower edge, the last one both.
    counts    k numbers of runs.
    is_log    whether the edges are equally far apart in powers of ten.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    is_log: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A field among the runs that the rest of the filter leaves: what it asks of this field itself does not count.

    name       the field as it is typed in a filter.
    values     the most frequent texts or numbers; () where `bins` says more.
    distinct   how many different values there are.
    missing    runs without a value; `no_value` says whether the filter asks for those.
    bins       of numbers that are many.
    span       the range that the filter asks for, None at an end that it leaves open.
    rest       the parts of the filter that are about other things.
    own        the part of the filter that is about this field; "" where there is none.
    """

    field: FieldRef
    kind: CellKind
    name: str
    values: tuple[FacetValue, ...]
    distinct: int
    missing: int
    no_value: bool = False
    bins: Bins | None = None
    span: tuple[float | None, float | None] = (None, None)
    rest: tuple[str, ...] = ()
    own: str = ""

    def asking(self, condition: str) -> str:
        """The filter with another condition on this field, "" for none; `condition` stands behind its name."""
        parts = [*self.rest, f"{self.name} {condition}"] if condition else self.rest
        return " and ".join(parts)

    def toggled(self, value: FacetValue) -> str:
        """The filter with a value asked for besides those that are, or no longer."""
        chosen = [v.typed for v in self.values if v.chosen != (v is value)]
        if not chosen:
            return self.asking("")
        return self.asking(f"= {chosen[0]}" if len(chosen) == 1 else f"in ({', '.join(chosen)})")

    def toggled_missing(self) -> str:
        """The filter that asks for the runs without a value, or no longer."""
        return self.asking("" if self.no_value else NO_VALUE)


def most_first(values: Sequence[FacetValue], limit: int) -> tuple[FacetValue, ...]:
    """At most `limit` values, those of most runs first; chosen ones are always among them."""
    ranked = sorted(values, key=lambda value: -value.runs)
    kept = ranked[:limit]
    return (*kept, *(value for value in ranked[limit:] if value.chosen))
