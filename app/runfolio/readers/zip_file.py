"""Files inside a zip, read in memory within limits: nothing is unpacked to the disk, and no name leads anywhere."""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.readers.folder import Folder

EMPTY_ZIP = 22
"""Bytes of a zip without entries."""

MOST_MEMBERS = 1_000_000
_PIECE = 1 << 20
_DIRECTORY = 1 << 16
_DIRECTORY_END, _DIRECTORY_END_BYTES = b"PK\x05\x06", 22
UNSUSPECTED = 64 << 20
DENSEST = 200
"""How much larger than its packed bytes a member of more than 64 MB may be. Logs come to 50, and bombs to 1,000."""

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    OverflowError,
    EOFError,
    ValueError,
    RuntimeError,  # a password is asked for
    NotImplementedError,
)
"""What the standard library raises for a zip, or a member, that it cannot read."""


class Zip:
    """An open zip: the sizes of its members by name, and their content."""

    def __init__(self, archive: zipfile.ZipFile, where: str, packed: int) -> None:
        self._archive = archive
        self._where = where
        self._packed = packed
        self.sizes = {m.filename: m.file_size for m in archive.infolist()[:MOST_MEMBERS] if not m.is_dir()}

    def read(self, name: str, limit: int) -> bytes:
        """A member's content. Raises LimitReached past `limit` bytes, FolderUnreadable when it is damaged."""
        where = f"{self._where}/{name}"
        try:
            member = self._archive.getinfo(name)
            # The size is the zip's own word: the limit is kept whatever it says.
            most = min(limit, max(UNSUSPECTED, DENSEST * min(member.compress_size, self._packed)))
            with self._archive.open(member) as packed:
                data = _read(packed, most + 1)
        except KeyError as failure:
            raise FolderUnreadable("There is no such file in the zip", where=where) from failure
        except DAMAGE as failure:
            hint = "Check whether the zip was copied completely."
            raise FolderUnreadable(f"Cannot be read from the zip: {failure}", hint=hint, where=where) from failure
        if len(data) > most:
            raise LimitReached(f"It has more than the {most:,} bytes that are read", where=where)
        return data

    def head(self, name: str, limit: int) -> bytes:
        """The first bytes of a member, at most `limit`. Raises FolderUnreadable when it is damaged."""
        where = f"{self._where}/{name}"
        try:
            with self._archive.open(name) as packed:
                return _read(packed, limit)
        except KeyError as failure:
            raise FolderUnreadable("There is no such file in the zip", where=where) from failure
        except DAMAGE as failure:
            raise FolderUnreadable(f"Cannot be read from the zip: {failure}", where=where) from failure


def _read(packed: IO[bytes], most: int) -> bytes:
    """At most so many bytes; in pieces, since the library copies what it has each time it adds to it."""
    pieces: list[bytes] = []
    while most > 0 and (piece := packed.read(min(most, _PIECE))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


@contextmanager
def opened_zip(folder: Folder, name: str) -> Iterator[Zip]:
    """The zip `name` in a folder. Raises FolderUnreadable when it is none, or its directory is damaged."""
    where = folder.where(name)
    with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (
            zipfile.BadZipFile,
            struct.error,
            OSError,
            OverflowError,
            EOFError,
            ValueError,
            NotImplementedError,
        ) as failure:
            hint = "Check whether the zip was copied completely."
            raise FolderUnreadable(f"The zip cannot be read: {failure}", hint=hint, where=where) from failure
        with archive:
            yield Zip(archive, where, os.fstat(handle).st_size)


def names_in_directory(folder: Folder, name: str, wanted: tuple[bytes, ...]) -> bool:
    """Whether the directory at the end of a zip names all of `wanted`. Raises FolderUnreadable.

    Of a directory of thousands of files the beginning and the end are looked at.
    """
    size = folder.files[name].size
    tail = folder.part(name, max(0, size - _DIRECTORY), _DIRECTORY)
    end = tail.rfind(_DIRECTORY_END)
    if end < 0 or len(tail) < end + _DIRECTORY_END_BYTES:
        return False
    if all(word in tail for word in wanted):
        return True
    length, _ = struct.unpack_from("<II", tail, end + 12)
    begin = max(0, size - len(tail) + end - length)
    head = folder.part(name, begin, _DIRECTORY)
    return all(word in tail or word in head for word in wanted)
