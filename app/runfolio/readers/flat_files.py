"""All files of a folder that holds nothing but small ones, read in one go.

Stores that keep a file for each value have some fifty of them a run, and what is done around each `open` and `read`
costs as much as these do. So this is one loop without anything in it that could be left out; whatever is not plain is
left to the careful way.
"""

from __future__ import annotations

import os

from runfolio.readers.descriptors import FILE_FLAGS, FOLDER_FLAGS

_SMALL = 1 << 16
"""A regular file that gives fewer bytes than it was asked for has been read to its end."""


def flat_files(base: int, name: str, limit: int, most: int) -> tuple[list[str], list[bytes | None]] | None:
    """Names, sorted, and contents of the files in a folder of that name in an open one; None where it is not plain.

    limit   largest file that is read, in bytes.
    most    files that are read. A folder with more of them, or with anything in it but regular files, is not plain.

    None stands for the content of a file that is empty, has 64 kB or more, or cannot be read. Sizes and times are not
    looked at: this is for files whose changes show in something else.
    """
    # Names of its own for what it calls: looking them up each time would show.
    open_, read, close, flags, size = os.open, os.read, os.close, FILE_FLAGS, min(_SMALL, limit + 1)
    try:
        folder = open_(name, FOLDER_FLAGS, dir_fd=base)
    except OSError:
        return None
    try:
        names: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_file(follow_symlinks=False):
                    return None
                names.append(entry.name)
        if len(names) > most:
            return None
        names.sort()
        contents: list[bytes | None] = []
        for file in names:
            data = b""
            try:
                # If a link or a pipe has come in its place, the one is not followed, the other not waited for.
                handle = open_(file, flags, dir_fd=folder)
                try:
                    data = read(handle, size)
                finally:
                    close(handle)
            except OSError:
                data = b""
            contents.append(data if 0 < len(data) < size else None)
    except OSError:
        return None
    finally:
        close(folder)
    return names, contents


def is_empty_folder(base: int, name: str) -> bool:
    """Whether there is a folder of that name in an open one, and nothing in it."""
    try:
        folder = os.open(name, FOLDER_FLAGS, dir_fd=base)
    except OSError:
        return False
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False
    finally:
        os.close(folder)
