"""What the workspace answers: frozen values that a window, a notebook and the command line share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import TYPE_CHECKING

from runfolio.model.direction import Direction
from runfolio.model.query import FieldRef

if TYPE_CHECKING:
    from runfolio.model.alignment import AlignedName
    from runfolio.model.run import RunKey


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


def merged(one: Change, other: Change) -> Change:
    """Both changes as one; runs empty, which means any, stays any where runs or marks are touched."""
    touched = one.touched | other.touched
    about_runs = [c for c in (one, other) if c.touched & (Touched.RUNS | Touched.MARKS)]
    if not about_runs or any(not change.runs for change in about_runs):
        return Change(touched)
    return Change(touched, frozenset().union(*(change.runs for change in about_runs)))
