"""What the engine says when it fails, as the errors that cross a layer."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from runfolio.errors import Cancelled, Expected, IndexLocked, IndexStale, RunfolioError, UsageError
from runfolio.index.database_file import beside
from runfolio.index.engine import duckdb

ELSEWHERE = (
    "Look whether you may write there and the disk has room. RUNFOLIO_HOME names another folder for all that Runfolio "
    "keeps, --index another file."
)
_PID = re.compile(r"PID (\d+)")
_DAMAGE = re.compile(r"corrupt|could not read enough bytes", re.IGNORECASE)


def cannot_open(path: Path, error: duckdb.Error) -> Expected:
    """Why an index file could not be opened: in use, out of reach, or no good any more (IndexStale)."""
    said = str(error)
    found = _PID.search(said)
    if isinstance(error, duckdb.IOException) and (found or "lock" in said or "used by another" in said):
        pid = int(found[1]) if found else None
        return IndexLocked(
            f"The index is in use by another process{f' (PID {pid})' if pid else ''}",
            pid=pid,
            hint="Use the window that is open, close it, wait with --wait, or work on another index with --index FILE.",
            where=str(path),
        )
    if isinstance(error, duckdb.IOException) and said.startswith("IO Error: Cannot open file"):
        return UsageError(f"The index cannot be opened: {first_line(error)}", hint=ELSEWHERE, where=str(path))
    return IndexStale(f"The index cannot be opened: {first_line(error)}", where=str(path))


def told(path: Path, error: duckdb.Error) -> RunfolioError | None:
    """What a statement that failed means to whoever asked; None for a mistake in SQL, which stays a bug.

    Damage is noted beside the file: it shows only where it is read, and the next start must not trip over it again.
    """
    if isinstance(error, duckdb.InterruptException):
        return Cancelled()
    if isinstance(error, duckdb.ConnectionException):
        return Cancelled("The index was closed")
    if _DAMAGE.search(str(error)):
        # Where it cannot be noted the next start finds the damage by itself.
        with suppress(OSError):
            beside(path, ".damaged").touch()
        return IndexStale(
            f"The index is damaged: {first_line(error)}",
            hint="Open Runfolio again: the index is then rebuilt from the folders. Decisions are not affected.",
            where=str(path),
        )
    not_committed = isinstance(error, duckdb.TransactionException) and "commit" in str(error).lower()
    if not_committed or isinstance(error, duckdb.IOException | duckdb.FatalException):
        return Expected(
            f"The index cannot be read or written: {first_line(error)}",
            hint="Look whether the disk is full or gone.",
            where=str(path),
        )
    return None


def first_line(error: Exception) -> str:
    """What an error says, without what the engine adds below."""
    return str(error).partition("\n")[0]
