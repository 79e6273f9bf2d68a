"""Writing a finished file in one move, so that nobody ever sees half of it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runfolio.errors import UsageError


def write_whole(path: Path, data: bytes) -> Path:
    """Write `data` beside `path` and put it in place. Raises UsageError when that cannot be done."""
    with whole_file(path) as fresh:
        fresh.write_bytes(data)
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; what is written there is put in its place when the context ends well.

    Raises UsageError when that cannot be done. Nothing is left behind of what was given up.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise UsageError(
            f"The file cannot be written: {error.strerror or error}",
            hint="Choose a folder that you may write to and that has room.",
            where=str(path),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


@contextmanager
def system_errors(kind: type[Exception]) -> Iterator[None]:
    """Raise as OSError what a library that only writes here has words of its own for: `... (os error 28)`."""
    try:
        yield
    except kind as error:
        number = re.search(r"\(os error (\d+)\)", str(error))
        if number is None:
            raise OSError(str(error)) from error
        raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
