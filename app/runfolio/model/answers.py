"""What the workspace answers: frozen values that a window, a notebook and the command line share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto

from runfolio.model.alignment import AlignedName
from runfolio.model.datasets import ArtifactRef, DatasetRef
from runfolio.model.direction import Direction
from runfolio.model.params import Json, Param
from runfolio.model.problem import Problem
from runfolio.model.promotion import RunMarks
from runfolio.model.query import FieldRef
from runfolio.model.registered import RegisteredVersion
from runfolio.model.run import RunKey, RunStatus


class Touched(Flag):
    """Which kinds of things a change touched, so that a view knows whether to ask again."""

    NOTHING = 0
    RUNS = auto()
    MARKS = auto()
    PROBLEMS = auto()
    SOURCES = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """Announced once after each commit of the index or the ledger. `runs` empty means "any"."""

    touched: Touched
    runs: frozenset[RunKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A folder in the library. Removing it forgets the index rows, never the folder.

    present    False when the folder was not there at the last look.
    """

    id: int
    path: str
    name: str
    runs: int
    scanned_us: int | None
    present: bool = True


@dataclass(frozen=True, slots=True)
class LibraryNode:
    """An experiment (or tracker folder) below a source, with the number of runs in it."""

    source: int
    experiment: str | None
    title: str
    formats: tuple[str, ...]
    runs: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an index run is. `total` None while folders are still being counted.

    phase      "scan", "read" or "link".
    folder     what is being worked on.
    """

    phase: str
    done: int
    total: int | None
    folder: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index run did: units (folders a reader claimed) read, unchanged and gone; runs and points now known."""

    read: int
    unchanged: int
    gone: int
    runs: int
    recordings: int
    points: int
    problems: int
    seconds: float
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What a round of watching found.

    live      runs whose folders are being written.
    grown     folders of which only what was added was read; `read` those that were read as a whole.
    seconds   that the round took.
    """

    live: frozenset[RunKey]
    grown: int
    read: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """For the status bar."""

    runs: int
    recordings: int
    points: int
    size_bytes: int
    problems: int


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field that exists in the index.

    runs       how many runs have it.
    distinct   how many different values (texts for params); None for metrics.
    numeric    whether most of its values are numbers.
    origins    names of metrics that some runs show under this one, with their scale.
    shown_as   the name under which runs show this metric as well; "" for most.
    """

    field: FieldRef
    runs: int
    distinct: int | None = None
    numeric: bool = False
    direction: Direction = Direction.UNKNOWN
    origins: tuple[AlignedName, ...] = ()
    shown_as: str = ""


class CellKind(StrEnum):
    """How a column's values are to be drawn."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"  # int microseconds
    DURATION = "duration"  # float seconds
    STATUS = "status"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the runs table for an ordered list of runs.

    values    one for each key asked for, in that order; None where a run has no value. NUMBER: float;
              TIME: int; DURATION: float; TAGS: tuple of str; else str.
    texts     the text as written beside a typed value (params: `1e-3`), or None where the value says it all.
    origins   where metric names are aligned to this one: what each run's value comes from (`val_acc × 0.01`), "" where
              the run has this name itself; None where nothing is aligned to it.
    """

    field: FieldRef
    kind: CellKind
    values: tuple[object, ...]
    texts: tuple[str | None, ...] | None = None
    origins: tuple[str, ...] | None = None


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


class Verdict(StrEnum):
    """What became of a folder."""

    IMPORTED = "imported"  # everything in it was read
    PARTIAL = "partial"  # something was lost or is doubtful, the rest is shown
    SKIPPED = "skipped"  # nothing could be made of it


@dataclass(frozen=True, slots=True)
class FolderReport:
    """A folder that was claimed, or that the walk could not enter, and what became of it.

    reader     who claimed it; "" for what the walk met.
    problems   errors first, then warnings, then notes.
    """

    source_path: str
    path: str
    reader: str
    verdict: Verdict
    recordings: int
    points: int
    problems: tuple[Problem, ...]

    @property
    def why(self) -> str:
        """The first problem's message; empty when there is none."""
        return self.problems[0].message if self.problems else ""

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.problems[0].hint if self.problems else ""

    def mentions(self, text: str) -> bool:
        """Whether folder, reader or a problem hold a text, whatever the case; an empty text is held by all."""
        wanted = text.strip().casefold()
        parts = [self.path, self.reader, *(f"{p.path} {p.code} {p.message}" for p in self.problems)]
        return not wanted or any(wanted in part.casefold() for part in parts)


@dataclass(frozen=True, slots=True)
class PlacedProblem:
    """A problem with where it stands: `source_path` is the library folder, `run` the run it belongs to, if any."""

    source_path: str
    problem: Problem
    run: RunKey | None
