"""Which fields a chart of the runs in scope may show, and which it shows when nothing was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from runfolio.analysis.replicates import is_seed
from runfolio.desktop.kinds.field_combo import Choice, choices
from runfolio.model.answers import FieldInfo
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.api import Workspace

_LOOKED_AT = 400
"""Runs of the scope that are looked at to see whether a field says anything; the rest is drawn all the same."""
_TRIED = 24


class Offer:
    """The index's fields, and what suits some runs.

    usual   fields in the order of use, as `Workspace.default_columns` gives them.
    """

    def __init__(
        self,
        fields: Sequence[FieldInfo],
        usual: Sequence[FieldRef] = (),
        workspace: Workspace | None = None,
        keys: Sequence[RunKey] = (),
    ) -> None:
        self.fields = tuple(fields)
        self._usual = tuple(usual)
        self._workspace = workspace
        self.choose_all = self.choose_numbers = self.choose_metrics = Choice((), ())
        self._keys = keys[:: max(1, len(keys) // _LOOKED_AT)][:_LOOKED_AT]

    def closed(self) -> Offer:
        """The same without the workspace, with all lists made: what the window keeps. On a query thread."""
        kept = Offer(self.fields, self._usual)
        kept.choose_all, kept.choose_numbers = Choice.of(self.all()), Choice.of(self.numbers())
        kept.choose_metrics = Choice.of(self.metrics())
        return kept

    def numbers(self) -> list[FieldRef]:
        """Fields with numbers."""
        return choices(self.fields, numbers=True)

    def all(self) -> list[FieldRef]:
        """Every field that an axis can have."""
        return choices(self.fields)

    def metrics(self) -> list[FieldRef]:
        """What was measured."""
        return [ref for ref in self.numbers() if ref.kind is FieldKind.METRIC]

    def best_metrics(self, most: int = 2) -> list[FieldRef]:
        """Metrics that say most of the runs in scope; () where they have none. On a query thread."""
        usual = [ref for ref in self._usual if ref.kind is FieldKind.METRIC]
        names = {ref.name for ref in usual}
        rest = [ref for ref in self.metrics() if ref.name not in names and ref.aggregate is not Aggregate.MIN]
        return self._varying([*usual, *rest], most)

    def varying_params(self, most: int, *, numbers: bool = False) -> list[FieldRef]:
        """Params with more than one value among the runs in scope, the most used first. On a query thread."""
        usual = [ref for ref in self._usual if ref.kind is FieldKind.PARAM]
        known = {ref.id for ref in choices(self.fields, numbers=numbers, params=True)}
        rest = [i.field for i in self.fields if i.field.kind is FieldKind.PARAM and (i.distinct or 0) > 1]
        ordered = [ref for ref in dict.fromkeys([*usual, *rest]) if ref.id in known]
        ordered.sort(key=lambda ref: is_seed(ref.name))  # what a seed does is chance
        return self._varying(ordered, most)

    def _varying(self, fields: Sequence[FieldRef], most: int) -> list[FieldRef]:
        found: list[FieldRef] = []
        if self._workspace is None:
            return found
        for ref in fields[: max(_TRIED, 2 * most)]:
            (variable,) = self._workspace.variables([ref], self._keys)
            if len(np.unique(variable.values[variable.finite])) > 1:
                found.append(ref)
            if len(found) == most:
                break
        return found
