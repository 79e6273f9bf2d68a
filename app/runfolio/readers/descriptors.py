"""Opening folders and files by descriptor: no link on the way is followed, nothing but regular files is opened.

Where the system has no descriptors of folders (Windows), paths as text stand in for them, looked at part by part.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TypeAlias

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_NOATIME = getattr(os, "O_NOATIME", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_DIRECTORY_FLAGS = os.O_RDONLY | _DIRECTORY | _NONBLOCK
FOLDER_FLAGS = _DIRECTORY_FLAGS | _NOFOLLOW
_FILE_FLAGS = os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _BINARY

FILE_FLAGS = _FILE_FLAGS | _NOATIME
"""For reading a file of one's own: that leaves no time of access. Others may not use it, see `open_file`."""

HAS_DIR_FD = os.open in os.supports_dir_fd and os.scandir in os.supports_fd

Base: TypeAlias = int | str
"""An open folder: a descriptor where the system has them, else the path as text."""


def open_folder(root: Path | int, path: str) -> int:
    """A descriptor, which the caller closes, of the folder at `path` below a root, or below one that is open.

    The root itself may be a link that the user chose; no part below it may be, so each is opened by itself. OSError.
    """
    parts = path.split("/") if path else []
    if parts and isinstance(root, int):
        handle = os.open(parts.pop(0), FOLDER_FLAGS, dir_fd=root)
    else:
        handle = os.dup(root) if isinstance(root, int) else os.open(root, _DIRECTORY_FLAGS)
    try:
        for part in parts:
            below = os.open(part, FOLDER_FLAGS, dir_fd=handle)
            os.close(handle)
            handle = below
    except OSError:
        os.close(handle)
        raise
    return handle


def lstat(path: str, base: Base) -> os.stat_result:
    """What is at a path in an open folder; links are not followed. OSError."""
    if isinstance(base, str):
        return os.lstat(os.path.join(base, path))  # noqa: PTH118
    return os.stat(path, dir_fd=base, follow_symlinks=False)


def plain_path(root: Path, path: str) -> str:
    """The path as text, where no folder can be opened. Raises OSError when a part of it below the root is a link."""
    here = str(root)
    for part in path.split("/") if path else ():
        here = os.path.join(here, part)  # noqa: PTH118
        if not stat.S_ISDIR(os.lstat(here).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return here


def open_file(name: str, base: Base) -> int:
    """A descriptor, which the caller closes, of whatever has that name in an open folder, but for links. OSError."""
    if isinstance(base, str):
        return os.open(os.path.join(base, name), _FILE_FLAGS)  # noqa: PTH118
    try:
        return os.open(name, FILE_FLAGS, dir_fd=base)
    except PermissionError:
        # O_NOATIME is only for the owner of the file; everybody else reads as usual.
        return os.open(name, _FILE_FLAGS, dir_fd=base)


def is_file(path: str, base: Base) -> bool:
    """Whether there is a regular file at a path in an open folder."""
    try:
        return stat.S_ISREG(lstat(path, base).st_mode)
    except OSError:
        return False  # not there, or not to be seen: either way nothing that could be read


def read_all(handle: int, limit: int, offset: int = 0) -> bytes:
    """At most `limit` bytes of a file from `offset` on. OSError."""
    chunks: list[bytes] = []
    left = limit
    if offset:
        os.lseek(handle, offset, os.SEEK_SET)
    while left > 0:
        chunk = os.read(handle, min(left, 1 << 24))
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def begins_with(handle: int, data: bytes) -> bool:
    """Whether a file just opened begins so; it is at its beginning after. What cannot be read begins with nothing."""
    try:
        found = read_all(handle, len(data)) == data
        os.lseek(handle, 0, os.SEEK_SET)
    except OSError:
        return False
    return found


def read_small(handle: int, size: int, limit: int) -> bytes:
    """The whole of a small file: one call that ends before it is full has seen the end. OSError."""
    data = os.read(handle, size + 1)
    # Grown meanwhile, or one of those files that say they have no bytes and have some.
    return data if len(data) <= size and size else data + read_all(handle, limit - len(data))
