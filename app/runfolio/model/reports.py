"""What reading told: of a round over the folders, of one folder, and of the whole index."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfolio.model.problem import Problem
    from runfolio.model.run import RunKey


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
