"""What is asked of the runs, not how it is answered: fields, sort keys, which runs.

A field is named by its kind and its name. In text a bare name is looked up in the order builtin, metric, param, tag,
fact, and `param.lr`, `metric."val/acc".max`, `dataset.digest`, `tag`, `stage` say which one is meant.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """Where a field's value lives."""

    BUILTIN = "builtin"  # name, status, started, duration, dataset, tag, stage... (see index.fields)
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"  # a tag that the tracker wrote, by its key
    FACT = "fact"  # code and environment
    DERIVED = "derived"  # worked out of others: its name is arithmetic in the filter language, `val/loss / train/loss`


class Aggregate(StrEnum):
    """Which figure of a series stands for it in a table or a filter; NaN and infinities never are BEST.

    Those from MEAN on are worked out of the points. NaN among the points makes a mean, deviation or slope NaN.
    """

    LAST = "last"
    MIN = "min"
    MAX = "max"
    BEST = "best"  # min or max of the finite values, by the metric's direction
    COUNT = "count"
    FIRST = "first"
    MEAN = "mean"  # of the last k points, or of all
    STD = "std"  # sample standard deviation (n - 1) of the last k points, or of all
    SLOPE = "slope"  # least squares over the step, of the last k points, or of all
    AT = "at"  # the value at a step, or the latest one before it; none where the series ends before
    REACH = "reach"  # the step of the first point that is as good as a value, by the metric's direction
    REACH_TIME = "reach_time"  # seconds from the first point to that one

    @property
    def argument(self) -> str:
        """What its argument is called: "last" (points), "step", "value"; "" where it takes none."""
        return _ARGUMENTS.get(self, "")

    @property
    def needs_argument(self) -> bool:
        """Whether it means nothing without its argument."""
        return self.argument in ("step", "value")

    @property
    def of_points(self) -> bool:
        """Whether it is worked out of the points rather than kept with the series."""
        return self in _ARGUMENTS


_ARGUMENTS = {
    Aggregate.MEAN: "last",
    Aggregate.STD: "last",
    Aggregate.SLOPE: "last",
    Aggregate.AT: "step",
    Aggregate.REACH: "value",
    Aggregate.REACH_TIME: "value",
}
PLAIN_AGGREGATES = tuple(a for a in Aggregate if a not in _ARGUMENTS)
"""Those that take no argument and are kept with the series."""

LEAST_LAST = {Aggregate.MEAN: 1, Aggregate.STD: 2, Aggregate.SLOPE: 2}
"""The fewest last points that each can be worked out of."""

_FIGURE = re.compile(r"([a-z_]+)(?:\(([^()]+)\))?")


def argument_fault(aggregate: Aggregate, argument: float | None) -> str:
    """What is wrong with an aggregate's argument, for people; "" when nothing is."""
    if argument is None:
        return f"needs a {aggregate.argument}" if aggregate.needs_argument else ""
    if not aggregate.argument:
        return "takes nothing but the name of a metric"
    if aggregate.argument == "last":
        least = LEAST_LAST[aggregate]
        if not (math.isfinite(argument) and argument == int(argument) and argument >= least):
            return f"wants a whole number of last points, {least} or more"
    elif not math.isfinite(argument):
        return f"wants a finite {aggregate.argument}"
    return ""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field by kind and name; `aggregate` and its `argument` matter for metrics only.

    argument   the number of last points, the step or the value that the aggregate asks for; None for all points, and
               for aggregates that take none. ValueError where it does not suit the aggregate.
    """

    kind: FieldKind
    name: str
    aggregate: Aggregate = Aggregate.LAST
    argument: float | None = None

    def __post_init__(self) -> None:
        if self.kind is FieldKind.METRIC and (fault := argument_fault(self.aggregate, self.argument)):
            raise ValueError(f"{self.aggregate} {fault}")

    def __hash__(self) -> int:
        # Fields are keys wherever cells are painted. The name alone tells nearly all of them apart, and Python keeps
        # the hash of a text; that of an enum is worked out each time.
        return hash(self.name)

    @property
    def figure(self) -> str:
        """The aggregate with its argument: `best`, `mean(10)`, `at(1000)`."""
        return str(self.aggregate) if self.argument is None else f"{self.aggregate}({number_text(self.argument)})"

    @property
    def figure_words(self) -> str:
        """The same for people: `best`, `mean of last 10`, `at step 1000`, `step to reach 0.9`."""
        if self.argument is None:
            return str(self.aggregate)
        number = number_text(self.argument)
        if self.aggregate.argument == "last":
            return f"{self.aggregate} of last {number}"
        return {Aggregate.AT: "at step", Aggregate.REACH: "step to reach"}.get(
            self.aggregate, "seconds to reach"
        ) + f" {number}"

    @property
    def id(self) -> str:
        """A text that names the field without doubt: `metric:val/acc:last`, `metric:loss:mean(10)`, `param:lr`."""
        tail = f":{self.figure}" if self.kind is FieldKind.METRIC else ""
        return f"{self.kind}:{self.name}{tail}"

    @classmethod
    def from_id(cls, text: str) -> FieldRef:
        """The inverse of `id`. Raises ValueError when it is none."""
        kind, _, rest = text.partition(":")
        if FieldKind(kind) is FieldKind.METRIC:
            name, _, figure = rest.rpartition(":")
            found = _FIGURE.fullmatch(figure)
            if found is None:
                raise ValueError(f"{figure!r} is no figure of a metric")
            return cls(FieldKind.METRIC, name, Aggregate(found[1]), None if found[2] is None else float(found[2]))
        return cls(FieldKind(kind), rest)


def number_text(number: float) -> str:
    """A number as short as it can be written without loss: `10`, `0.9`, `1e-05`."""
    return repr(float(number)).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class SortKey:
    """Sort by a field; runs without a value, and NaN, come last in either direction."""

    field: FieldRef
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, in which order.

    where         filter text as typed; "" is all.
    source        only runs of this library source id.
    experiment    only runs of this experiment (within `source` when both are given).
    with_hidden   also runs that are hidden or archived; a filter that asks about that brings them anyway.
    """

    where: str = ""
    sort: tuple[SortKey, ...] = ()
    source: int | None = None
    experiment: str | None = None
    with_hidden: bool = False
