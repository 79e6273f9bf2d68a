"""The file of an index as a file: what lies beside it, and how an old one is set aside."""

from __future__ import annotations

from pathlib import Path

from runfolio.errors import UsageError


def beside(path: Path, suffix: str) -> Path:
    """The file of that name with a suffix more."""
    return path.with_name(path.name + suffix)


def free_suffix(path: Path) -> str:
    """A suffix for an old file under which there is none yet."""
    return next(s for s in (".old", *(f".old{n}" for n in range(2, 1_000_000))) if not beside(path, s).exists())


def is_index(path: Path) -> bool:
    """Whether the file begins as DuckDB's do; its tables may be beyond reading."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError:
        return False


def set_aside(path: Path, suffix: str) -> None:
    """Rename a file where it is there. Raises UsageError when that cannot be done."""
    try:
        path.replace(beside(path, suffix))
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"The old index cannot be set aside: {error.strerror}", where=str(path)) from error
