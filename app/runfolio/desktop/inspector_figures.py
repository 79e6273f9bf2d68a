"""Figures of a run's metrics that are worked out of the points: asked for in the background, for the rows in view."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from runfolio.desktop.context import Context
from runfolio.errors import RunfolioError
from runfolio.model.display import duration, number
from runfolio.model.query import Aggregate, FieldKind, FieldRef
from runfolio.model.run import RunKey
from runfolio.model.run_detail import MetricFacts

if TYPE_CHECKING:
    from runfolio.api import Workspace

TITLES = ("Mean", "Std", "Slope", "Reached at", "Time to reach")
TIPS = (
    "Mean of all points; NaN where one of them is NaN",
    "Sample standard deviation (n − 1) of all points; none for a single one",
    "Least squares over the step, of all points; none where all have the same step",
    "Step of the first point that is as good as the value above, by the metric's direction",
    "From the first point to that one; none where times were not recorded",
)
_WHOLE = (Aggregate.MEAN, Aggregate.STD, Aggregate.SLOPE)
_REACHED = (Aggregate.REACH, Aggregate.REACH_TIME)
_METRICS = 24
_POINTS = 2_000_000
"""What is asked for at once; a question that is under way when another run is shown ends within a moment."""

Asked: TypeAlias = tuple[RunKey, FieldRef]


class RunFigures:
    """What is known of one run's figures. `arrived` is called when there are more."""

    def __init__(self, context: Context, arrived: Callable[[], None]) -> None:
        self._context = context
        self._arrived = arrived
        self._known: dict[Asked, float | None] = {}
        self._asking = False
        self.target: float | None = None
        """The value to be reached; None stands for the best one of each metric."""

    def clear(self) -> None:
        """Nothing is known any more: another run is shown, or points have come."""
        self._known.clear()

    def fields(self, metric: MetricFacts) -> tuple[FieldRef | None, ...]:
        """The field of each title; None where there is no value to be reached."""
        target = metric.best if self.target is None else self.target
        whole = [FieldRef(FieldKind.METRIC, metric.name, aggregate) for aggregate in _WHOLE]
        if target is None or not math.isfinite(target):
            return (*whole, None, None)
        return (*whole, *(FieldRef(FieldKind.METRIC, metric.name, aggregate, target) for aggregate in _REACHED))

    def texts(self, run: RunKey, metric: MetricFacts) -> list[str]:
        """The cell of each title; "…" for what was asked for and is not there yet."""
        return [self._text(run, field) for field in self.fields(metric)]

    def _text(self, run: RunKey, field: FieldRef | None) -> str:
        if field is None:
            return "–"
        if (run, field) not in self._known:
            return "…"
        value = self._known[run, field]
        return duration(value) if field.aggregate is Aggregate.REACH_TIME else number(value)

    def tip(self, run: RunKey, metric: MetricFacts, place: int) -> str:
        """The whole figure under title number `place`, and its rule."""
        field = self.fields(metric)[place]
        if field is None:
            return "It is not known whether higher or lower is better: type the value to be reached above"
        value = self._known.get((run, field))
        shown = "none" if value is None else repr(value)
        return f"{field.figure_words}: {shown}\n{TIPS[place]}"

    def lacks(self, run: RunKey, metric: MetricFacts) -> bool:
        """Whether some figure of it has not come yet."""
        return any(field is not None and (run, field) not in self._known for field in self.fields(metric))

    def want(self, run: RunKey, metrics: Sequence[MetricFacts], then: Callable[[], None] | None = None) -> None:
        """Ask for what is lacking of these metrics; `then` is called when nothing is."""
        lacking = [metric for metric in metrics if self.lacks(run, metric)]
        if not lacking:
            if then is not None:
                then()
            return
        if self._asking and then is None:
            return  # what is in view is looked at again when the answer is there
        fields = [field for metric in _some(lacking) for field in self.fields(metric) if field is not None]
        self._asking = True

        def failed(error: RunfolioError) -> None:
            self._asking = False
            if then is not None:
                self._context.say.warning(f"Nothing was copied: {error}")

        def arrived(found: list[float | None]) -> None:
            self._asking = False
            self._known.update(((run, field), value) for field, value in zip(fields, found, strict=True))
            if then is not None:
                self.want(run, lacking, then)
            self._arrived()

        slot = "inspector-figures" if then is None else "inspector-figures-copied"
        self._context.jobs.query(slot, lambda workspace: _figures(workspace, run, fields), arrived, failed)


def _some(metrics: Sequence[MetricFacts]) -> list[MetricFacts]:
    chosen: list[MetricFacts] = []
    points = 0
    for metric in metrics[:_METRICS]:
        points += metric.count
        if chosen and points > _POINTS:
            break
        chosen.append(metric)
    return chosen


def _figures(workspace: Workspace, run: RunKey, fields: Sequence[FieldRef]) -> list[float | None]:
    values = (workspace.column(field, [run]).values[0] for field in fields)
    return [value if isinstance(value, float) else None for value in values]
