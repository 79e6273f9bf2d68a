"""Everything that is known of one run but its points, and of a data set which runs recorded.

Apart from `model.answers`, which a window needs at once: one run is asked for when it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runfolio.model.alignment import AlignedName
from runfolio.model.direction import Direction

if TYPE_CHECKING:
    from runfolio.model.datasets import ArtifactRef, DatasetRef
    from runfolio.model.params import Json, Param
    from runfolio.model.problem import Problem
    from runfolio.model.promotion import RunMarks
    from runfolio.model.registered import RegisteredVersion
    from runfolio.model.run import RunKey, RunStatus


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """One metric of a run, summarised. All figures as `model.metrics.SeriesSummary` defines them.

    recording   position in `RunDetail.recordings` of the recording shown.
    source      file it was read from.
    origin      the name that the run itself has for it, where names were aligned; "" where it is this one.
    scale       what the run's own values were multiplied with.
    """

    name: str
    count: int
    first_step: int | None
    first: float | None
    last_step: int | None
    last: float | None
    min: float | None
    max: float | None
    best_min: float | None
    best_max: float | None
    nan_count: int
    inf_count: int
    shown: float | None
    shown_rule: str
    direction: Direction
    recording: int
    source: str
    origin: str = ""
    scale: float = 1.0

    @property
    def origin_words(self) -> str:
        """For people: `val_acc × 0.01`; "" where the run has this name itself."""
        return AlignedName(self.origin, self.scale).words if self.origin else ""

    @property
    def best(self) -> float | None:
        """The best finite value by direction; None when the direction is unknown."""
        if self.direction is Direction.HIGHER:
            return self.best_max
        return self.best_min if self.direction is Direction.LOWER else None


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """A recording of a run, with the reason it belongs to it.

    identity   what the ledger names it by, see `model.links.RecordingName`.
    leg        which part of a resumed run it keeps, from 0.
    """

    format: str
    path: str
    source_path: str
    id: str
    reason: str
    primary: bool
    identity: str = ""
    leg: int = 0


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Everything the index and the ledger know about one run, but its points.

    marks        what the user put on it.
    registered   the versions that a tracker's own model registry made of it.
    """

    key: RunKey
    name: str
    experiment: str | None
    status: RunStatus
    status_raw: str | None
    started_us: int | None
    ended_us: int | None
    path: str
    source_path: str
    format: str
    parent: RunKey | None
    params: tuple[Param, ...]
    tags: Mapping[str, str]
    facts: Mapping[str, str]
    metrics: tuple[MetricFacts, ...]
    datasets: tuple[DatasetRef, ...]
    artifacts: tuple[ArtifactRef, ...]
    recordings: tuple[RecordingFacts, ...]
    problems: tuple[Problem, ...]
    marks: RunMarks
    extra: Mapping[str, Json] = field(default_factory=dict)
    registered: tuple[RegisteredVersion, ...] = ()

    @property
    def told_metrics(self) -> tuple[MetricFacts, ...]:
        """The metrics without those that are shown under another name as well: each series once."""
        shown = {metric.origin for metric in self.metrics if metric.origin}
        return tuple(metric for metric in self.metrics if metric.origin or metric.name not in shown)

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None when either is missing or the end lies before the start."""
        if self.started_us is None or self.ended_us is None or self.ended_us < self.started_us:
            return None
        return (self.ended_us - self.started_us) / 1e6


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A data set version by name and digest, and the runs that recorded it."""

    name: str
    digest: str | None
    contexts: tuple[str, ...]
    rows: int | None
    source: str
    runs: tuple[RunKey, ...]
