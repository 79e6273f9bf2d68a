"""A zip whose directory is missing, as a copy that stopped leaves it: read by the headers before its members.

Layout of a header: APPNOTE 6.3.10, sections 4.3.7 (local file header) and 4.5.3 (sizes past 4 GiB).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import count
from runfolio.model.problem import Problem
from runfolio.readers.contract import warning
from runfolio.readers.folder import Folder
from runfolio.readers.zip_file import DENSEST, MOST_MEMBERS, UNSUSPECTED, Zip, opened_zip

_HEADER = struct.Struct("<4s5H3I2H")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED, _SIZES_BEHIND = 1, 8
_STORED, _DEFLATED = 0, 8
_LARGE = 0xFFFF_FFFF
_PIECE = 1 << 20


class _Member(NamedTuple):
    begin: int
    packed: int
    size: int
    method: int


@dataclass(frozen=True, slots=True)
class CutZip:
    """What is left of a zip: members in the order in which they were written, the last one perhaps not to its end.

    sizes   of members by name, as their headers tell them.
    cut     the name of the one that does not go to its end; "" where all that are left do.
    """

    folder: Folder
    name: str
    members: dict[str, _Member]
    cut: str

    @classmethod
    def of(cls, folder: Folder, name: str) -> CutZip:
        """What can be found in a zip without its directory; no member where it is something else. Raises
        FolderUnreadable.
        """
        size = folder.files[name].size
        members: dict[str, _Member] = {}
        cut = ""
        with folder.open(name) as handle:
            at = 0
            while len(members) < MOST_MEMBERS:
                head = _part(handle, at, _HEADER.size)
                if len(head) < _HEADER.size or not head.startswith(_SIGNATURE):
                    break
                _, _, flags, method, _, _, _, packed, unpacked, name_bytes, extra_bytes = _HEADER.unpack(head)
                rest = _part(handle, at + _HEADER.size, name_bytes + extra_bytes)
                if len(rest) < name_bytes + extra_bytes or flags & _ENCRYPTED:
                    break
                begin = at + _HEADER.size + len(rest)
                if _LARGE in (packed, unpacked):
                    unpacked, packed = _large(rest[name_bytes:], unpacked, packed)
                # Where the sizes stand behind a member, the next one cannot be found without them.
                is_last = bool(flags & _SIZES_BEHIND) and not packed
                at = size if is_last else begin + packed
                named = rest[:name_bytes].decode("utf-8" if flags & 0x800 else "cp437", "replace")
                if not named.endswith("/"):
                    members[named] = _Member(begin, min(at, size) - begin, unpacked, method)
                    if at > size or is_last:
                        cut = named
        return cls(folder, name, members, cut)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of the members, by name."""
        return {name: member.size for name, member in self.members.items()}

    @property
    def is_of_use(self) -> bool:
        """Whether any member is whole."""
        return any(name != self.cut for name in self.members)

    def read(self, name: str, limit: int) -> bytes:
        """A member's content, or its beginning where it is cut. Raises LimitReached past `limit` bytes, and
        FolderUnreadable when it is packed in another way or damaged from the start.
        """
        where = f"{self.folder.where(self.name)}/{name}"
        member = self.members.get(name)
        if member is None:
            raise FolderUnreadable("There is no such file in what is left of the zip", where=where)
        most = min(limit, max(UNSUSPECTED, DENSEST * member.packed))
        if member.method == _STORED:
            data = self.folder.part(self.name, member.begin, min(member.packed, most + 1))
        elif member.method == _DEFLATED:
            data = self._inflated(member, most + 1, where)
        else:
            raise FolderUnreadable(f"Packed by method {member.method}, which is not read here", where=where)
        if len(data) > most:
            raise LimitReached(f"It has more than the {most:,} bytes that are read", where=where)
        return data

    def _inflated(self, member: _Member, most: int, where: str) -> bytes:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces: list[bytes] = []
        at, end, left = member.begin, member.begin + member.packed, most
        while at < end and left > 0 and not inflate.eof:
            packed = self.folder.part(self.name, at, min(_PIECE, end - at))
            at += len(packed)
            try:
                # What is left over is either past `most` or past the end of the member.
                piece = inflate.decompress(packed, left)
            except zlib.error as failure:
                if not pieces:
                    raise FolderUnreadable(f"Cannot be read from the zip: {failure}", where=where) from failure
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def problem(self) -> Problem:
        """What the user is told of it."""
        where = self.folder.where(self.name)
        ends = f", and {self.cut} does not go to its end" if self.cut else ""
        return warning(
            "cut-zip",
            where,
            f"The zip was copied in part: it has no directory. {count(len(self.members))} of its files are left{ends}",
            "Copy it again; what is left of it is shown.",
        )


def _part(handle: int, at: int, size: int) -> bytes:
    try:
        return os.pread(handle, size, at)
    except OSError:
        # As if the file ended there; what comes before it has been read.
        return b""


def _large(extra: bytes, unpacked: int, packed: int) -> tuple[int, int]:
    """The sizes of a member past 4 GiB, of which the header itself says that they are elsewhere."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
            unpacked = next(numbers, unpacked) if unpacked == _LARGE else unpacked
            packed = next(numbers, packed) if packed == _LARGE else packed
            break
        at += 4 + length
    return unpacked, packed


@contextmanager
def opened_zip_or_rest(folder: Folder, name: str) -> Iterator[Zip | CutZip]:
    """The zip `name`, or what is left of it. Raises FolderUnreadable when that is nothing."""
    with ExitStack() as stack:
        archive: Zip | CutZip
        try:
            archive = stack.enter_context(opened_zip(folder, name))
        except FolderUnreadable:
            archive = CutZip.of(folder, name)
            if not archive.is_of_use:
                raise
        yield archive
