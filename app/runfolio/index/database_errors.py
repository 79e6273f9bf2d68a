"""What the engine reports, as the errors that cross a layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runfolio.errors import Cancelled, Expected, IndexLocked, IndexStale, UsageError
from runfolio.index.database_file import beside
from runfolio.index.engine import duckdb

ELSEWHERE = (
    "Look whether you may write there and the disk has room. RUNFOLIO_HOME names another folder for all that Runfolio "
    "keeps, --index another file."
)
_PID = re.compile(r"PID (\d+)")
_DAMAGE = re.compile(r"corrupt|could not read enough bytes", re.IGNORECASE)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises what the engine reports of the index at `path` within it: as Cancelled (interrupted or closed),
    IndexStale (damaged: noted beside it, so that the next start makes it anew) or Expected (the disk refuses). A
    mistake in SQL stays what it is, a bug.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise Cancelled from error
    except duckdb.ConnectionException as error:
        raise Cancelled("The index was closed") from error
    except duckdb.Error as error:
        if _DAMAGE.search(str(error)):
            # The damage shows only where it is read; the next start must not trip over it again, and finds it by itself
            # where it cannot be noted.
            with suppress(OSError):
                beside(path, ".damaged").touch()
            raise IndexStale(
                f"The index is damaged: {first_line(error)}",
                hint="Open Runfolio again: the index is then rebuilt from the folders. Decisions are not affected.",
                where=str(path),
            ) from error
        not_committed = isinstance(error, duckdb.TransactionException) and "commit" in str(error).lower()
        if not_committed or isinstance(error, duckdb.IOException | duckdb.FatalException):
            raise Expected(
                f"The index cannot be read or written: {first_line(error)}",
                hint="Look whether the disk is full or gone.",
                where=str(path),
            ) from error
        raise


def cannot_open(path: Path, error: duckdb.Error) -> Expected:
    """Why the engine could not open the index: IndexLocked, UsageError, or IndexStale where it has to be made anew."""
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


def first_line(error: Exception) -> str:
    """What an error says, without what follows in further lines."""
    return str(error).partition("\n")[0]
