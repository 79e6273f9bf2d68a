"""What chart kinds beside curves ask: fields of many runs as numbers, and what explains a metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.model.kinds import Variable


class Exploring:
    """Questions about many runs at once; nothing is changed."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def variables(self, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Variable, ...]:
        """Fields of runs as numbers, each in the order of `keys`; texts become places among their categories."""
        from runfolio.analysis.kinds.variables import variable

        return tuple(variable(self._asking.column(field, keys)) for field in fields)
