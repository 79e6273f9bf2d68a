"""A file between two processes: one puts parts at its end, the other takes those that are whole."""

from __future__ import annotations

import contextlib
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Spool:
    """A file that is there once something was put into it."""

    path: Path

    @property
    def scratch(self) -> Path:
        """A folder beside it for whoever puts parts there, who has to make it; it goes with the file."""
        return self.path.with_name(f"{self.path.name}.scratch")

    def put(self, part: bytes) -> None:
        """Add a part. Raises OSError when the disk is full; nothing may be put there after that."""
        with self.path.open("ab") as file:
            file.write(_LENGTH.pack(len(part)))
            file.write(part)

    def parts(self, start: int = 0) -> Iterator[tuple[bytes, int]]:
        """The parts from the offset `start` on that are whole, each with the offset behind it."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            while True:
                file.seek(start)
                head = file.read(_LENGTH.size)
                if len(head) < _LENGTH.size:
                    return
                (length,) = _LENGTH.unpack(head)
                part = file.read(length)
                if len(part) < length:
                    return
                start += _LENGTH.size + length
                yield part, start

    def drop(self) -> None:
        """Delete the file and the folder beside it, where they are there and can be deleted."""
        with contextlib.suppress(OSError):  # what is left goes with the folder that they lie in
            self.path.unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
