"""Files inside a zip, read in memory within limits: nothing is unpacked to the disk, and no name leads anywhere."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.readers.folder import Folder

EMPTY_ZIP = 22
"""Bytes of a zip without entries."""

_MOST_MEMBERS = 1_000_000
_DIRECTORY = 1 << 16


class Zip:
    """An open zip: the sizes of its members by name, and their content."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._archive = archive
        self._where = where
        self.sizes = {m.filename: m.file_size for m in archive.infolist()[:_MOST_MEMBERS] if not m.is_dir()}

    def read(self, name: str, limit: int) -> bytes:
        """A member's content. Raises LimitReached past `limit` bytes, FolderUnreadable when it is damaged."""
        where = f"{self._where}/{name}"
        try:
            member = self._archive.getinfo(name)
            # The size is the zip's own word: the limit is kept whatever it says.
            with self._archive.open(member) as packed:
                data = packed.read(limit + 1)
        except KeyError as failure:
            raise FolderUnreadable("There is no such file in the zip", where=where) from failure
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            RuntimeError,
            NotImplementedError,
        ) as failure:
            hint = "Check whether the zip was copied completely."
            raise FolderUnreadable(f"Cannot be read from the zip: {failure}", hint=hint, where=where) from failure
        if len(data) > limit:
            raise LimitReached(f"It has more than the {limit:,} bytes that are read", where=where)
        return data


@contextmanager
def opened_zip(folder: Folder, name: str) -> Iterator[Zip]:
    """The zip `name` in a folder. Raises FolderUnreadable when it is none, or its directory is damaged."""
    where = folder.where(name)
    with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as failure:
            hint = "Check whether the zip was copied completely."
            raise FolderUnreadable(f"The zip cannot be read: {failure}", hint=hint, where=where) from failure
        with archive:
            yield Zip(archive, where)


def names_in_directory(folder: Folder, name: str, wanted: tuple[bytes, ...]) -> bool:
    """Whether the end of a zip, where its directory lies, names all of `wanted`. Raises FolderUnreadable."""
    size = folder.files[name].size
    tail = folder.part(name, max(0, size - _DIRECTORY), _DIRECTORY)
    return b"PK\x05\x06" in tail and all(word in tail for word in wanted)
