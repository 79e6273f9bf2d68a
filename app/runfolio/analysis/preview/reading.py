"""Reading at any place of an open file."""

from __future__ import annotations

import os

from runfolio.readers.descriptors import read_all


def read_at(handle: int, size: int, offset: int = 0) -> bytes:
    """At most `size` bytes from `offset` on, wherever the file was read last; fewer only at its end. OSError."""
    os.lseek(handle, offset, os.SEEK_SET)
    return read_all(handle, size)
