"""What chart kinds beside curves ask: fields of many runs as numbers, and what explains a metric."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.api.asking import Asking
from runfolio.errors import TooFewValues
from runfolio.model.query import FieldRef
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.analysis.working import Cancellable
    from runfolio.model.kinds import Classified, Importance, Variable


class Exploring:
    """Questions about many runs at once; nothing is changed."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def variables(self, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Variable, ...]:
        """Fields of runs as numbers, each in the order of `keys`; texts become places among their categories."""
        from runfolio.analysis.kinds.variables import variable

        return tuple(variable(self._asking.column(field, keys)) for field in fields)

    def importance(
        self,
        target: FieldRef,
        params: Sequence[FieldRef],
        keys: Sequence[RunKey],
        *,
        cancel: Cancellable | None = None,
        seconds: float = 600.0,
    ) -> Importance:
        """Which params a metric of runs depends on, by a random forest in a worker process.

        Raises  TooFewValues where runs or params are too few to say; LimitReached; Cancelled.
        """
        from runfolio.analysis.kinds.importance import Request, explain
        from runfolio.analysis.working import in_a_worker

        wanted, *rest = self.variables([target, *params], keys)
        try:
            return in_a_worker(explain, Request(wanted, tuple(rest)), "Explaining the metric", cancel, seconds)
        except ValueError as error:
            raise TooFewValues(str(error), hint="Widen the filter, or choose another metric.") from error

    def classified(
        self,
        path: Path,
        *,
        truth: str = "",
        predicted: str = "",
        score: str = "",
        cancel: Cancellable | None = None,
        seconds: float = 300.0,
    ) -> Classified:
        """A table of predictions judged in a worker process; columns that are not named are guessed.

        Raises  FolderUnreadable; UsageError for what cannot be judged; LimitReached; Cancelled.
        """
        from runfolio.analysis.kinds.classified import classify
        from runfolio.analysis.kinds.predictions import Request
        from runfolio.analysis.working import in_a_worker

        request = Request(str(path.expanduser().absolute()), truth, predicted, score)
        return in_a_worker(classify, request, "Judging the predictions", cancel, seconds)
