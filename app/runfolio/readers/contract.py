"""What a reader is: it claims folders by content, and turns a claimed folder into recordings.

To add one: a module in this package, a line in `registry.READERS`, and a folder of real runs under `tests/corpus`
with what the tracker's own reader says of them. See `resources/help/readers.md`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from runfolio.errors import LimitReached, RunfolioError
from runfolio.model.problem import Problem, Severity
from runfolio.model.run import Recording
from runfolio.readers.folder import Folder


class Strength(IntEnum):
    """How telling the marks are that a reader found. Stronger claims own the folder's files first."""

    GENERIC = 1  # files of a usual name and shape
    LAYOUT = 2  # a layout that one tool writes
    FORMAT = 3  # a format that says what it is (event files)
    IDENTITY = 4  # a tracker's own run id


@dataclass(frozen=True, slots=True)
class Claim:
    """A reader's word that it can read a folder.

    reader    its name in the registry.
    path      the claimed folder, relative to the import root.
    reason    what it recognised, for people ("meta.yaml with a run_id").
    files     names in the folder that belong to this claim; weaker readers leave them alone.
    prune     sub folders that belong to this claim and are not searched for other runs; `None` means all of them.
    deep      True when the claim's content also lies in the pruned sub folders, so that a change there makes
              the folder count as changed.
    watch     files and folders elsewhere below the import root, relative to it, that a run which is being followed is
              read again for at once. Whatever else a reader looks at is noted while it reads.
    settles   True when a run that has ended changes only by files that come or go, so that it need not be looked at
              file by file as long as its folders have the same times.
    recipe    how the reader was told to read the folder, where that is not fixed; with another one the folder counts
              as changed.
    """

    reader: str
    path: str
    strength: Strength
    reason: str
    files: frozenset[str] = frozenset()
    prune: frozenset[str] | None = frozenset()
    deep: bool = False
    watch: frozenset[str] = frozenset()
    settles: bool = False
    recipe: str = ""


@dataclass(slots=True)
class Budget:
    """Limits for reading one claimed folder, and the clock that keeps them.

    text_bytes     largest params, meta or tag file (YAML, JSON, TOML) that is read.
    metric_bytes   largest metric file that is read whole.
    depth, nodes   of a YAML or JSON document.
    names          most params, metrics, tags or artifacts taken from one folder, each.
    seconds        time after which `check` raises LimitReached.
    """

    text_bytes: int = 16 << 20
    metric_bytes: int = 4 << 30
    depth: int = 64
    nodes: int = 2_000_000
    names: int = 1_000_000
    seconds: float = 300.0
    _started: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """Start the clock anew, for a folder whose turn comes now."""
        self._started = time.monotonic()

    def check(self, where: str = "") -> None:
        """Raises LimitReached once the time is used up; readers call it in their loops."""
        if time.monotonic() - self._started > self.seconds:
            raise LimitReached(
                f"Reading took longer than {self.seconds:.0f} s and was stopped",
                hint="Look at the folder's size; the rest of it was not read.",
                where=where,
            )


class Reader(Protocol):
    """Reads what one tracker writes. Stateless: one instance serves all folders and worker processes."""

    name: ClassVar[str]
    """Stable name of the format, as in `recording.format` and the corpus."""

    title: ClassVar[str]
    """What people call it: "MLflow", "TensorBoard"."""

    def claim(self, folder: Folder, taken: frozenset[str]) -> Claim | None:
        """Whether this folder is the reader's, by names and first bytes only.

        `taken` are names in the folder that stronger readers have claimed already. Must not raise for anything
        a folder can hold, except FolderUnreadable. The answer may hang on nothing but what is seen through `folder`,
        those above and below it included: as long as that is the same, nobody asks again.
        """
        ...

    def read(self, folder: Folder, claim: Claim, budget: Budget) -> Iterator[Recording | Problem]:
        """The recordings of a claimed folder, with problems that belong to no recording between them.

        A damaged file costs itself only: its sound part is yielded, with a Problem inside the recording. Raises
        RunfolioError when nothing at all can be made of the folder; it becomes a Problem of the folder. The folder is
        read again when anything changes that was looked at through `folder`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed folder to be read."""

    folder: Folder
    claim: Claim
    budget: Budget


@runtime_checkable
class BatchReader(Protocol):
    """A reader that reads many small folders faster together than one after the other."""

    def read_batch(self, work: Sequence[Work]) -> Iterator[list[Recording | Problem] | RunfolioError]:
        """For each claimed folder, in order, all that `read` gives, or the error that it raises.

        Restarts each budget's clock when the folder's turn comes, and holds no more in memory than some folders do.
        What is read once for several of them is noted for each, see `Folder.apart`.
        """
        ...


class Appended(StrEnum):
    """How an append-only file grows."""

    LINES = "lines"  # each line says all of itself
    TABLE = "table"  # lines below a header line
    RECORDS = "records"  # records of an event file


@runtime_checkable
class GrowingReader(Protocol):
    """A reader some of whose files are only ever appended to, so that a run can be followed from where it was read.

    What `read` makes of a folder in which these files hold only their last lines (below the header of a TABLE) must
    be the series that those lines add, by the same names.
    """

    def appended(self, name: str) -> Appended | None:
        """How a file grows, by its name relative to the claimed folder; None for one that may be rewritten."""
        ...


def warning(code: str, path: str, message: str, hint: str = "", offset: int | None = None) -> Problem:
    """A Problem for a part that was lost or doubtful while the rest is shown."""
    return Problem(Severity.WARNING, code, path, message, hint, offset)


def info(code: str, path: str, message: str, hint: str = "") -> Problem:
    """A Problem that costs nothing but is worth knowing."""
    return Problem(Severity.INFO, code, path, message, hint)


def error(code: str, path: str, message: str, hint: str = "", offset: int | None = None) -> Problem:
    """A Problem for something of which nothing could be made."""
    return Problem(Severity.ERROR, code, path, message, hint, offset)


def problem_from(failure: RunfolioError, code: str, path: str, severity: Severity = Severity.WARNING) -> Problem:
    """The Problem that tells of an expected error; the error's own place wins over `path`."""
    return Problem(severity, code, failure.where or path, failure.message, failure.hint)
