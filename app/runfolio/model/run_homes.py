"""Where the recordings of a run lie, and what they name as files of the run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a recording names.

    path   as the recording has it.
    base   the folder it starts from, below the import root; None where that is the recording's own place.
    """

    path: str
    size_bytes: int | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class RunHome:
    """A place of a run's recordings.

    path        relative to `root`.
    apart       paths relative to `root`, below `path`, of the recordings of other runs.
    is_shared   whether other runs have a recording in the same place, or too many below it.
    named       the files that the recordings there name.
    """

    root: str
    path: str
    apart: frozenset[str]
    is_shared: bool
    named: tuple[NamedFile, ...]
