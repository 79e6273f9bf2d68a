"""Packs of a Git repository: an index of object names, and the objects, most of them as differences to others.

Nothing of Git runs here. A pack is a foreign file like any other: it is read in blocks through `Folder`, every size in
it is checked before memory is taken for it, and chains of differences are followed up to a limit.
"""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.readers.folder import Folder

_MAGIC = b"\xfftOc"
_LARGEST_INDEX = 256 << 20
_BLOCK = 1 << 16
_BLOCKS_KEPT = 128
_BYTES_KEPT = 48 << 20
_LONGEST_CHAIN = 4096
_HEADER = 64
"""More than the longest header of an entry: ten bytes of size, then a name of 32 bytes."""
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA, _NAME_DELTA = 6, 7


class ObjectDamaged(Exception):
    """An object that cannot be what its name says, or is larger than it may be. The text says why."""


class Pack:
    """One pack. `name` is that of its files without the suffix; `hash_size` 20 bytes for SHA-1, 32 for SHA-256.

    Raises RunfolioError when the index cannot be read, ObjectDamaged when it is none.
    """

    def __init__(self, folder: Folder, name: str, hash_size: int) -> None:
        self._folder = folder
        self._file = f"{name}.pack"
        self._hash_size = hash_size
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._bases: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        self._bytes = 0
        self._index = folder.read(f"{name}.idx", _LARGEST_INDEX)
        if self._index[:8] != _MAGIC + b"\0\0\0\2" or len(self._index) < 8 + 1024:
            raise ObjectDamaged("the index of the pack is of no known version")
        self._fan_out: tuple[int, ...] = struct.unpack_from(">256I", self._index, 8)
        self._count = self._fan_out[-1]
        self._names = 8 + 1024
        self._offsets = self._names + self._count * (hash_size + 4)
        if len(self._index) < self._offsets + self._count * 4 + 2 * hash_size:
            raise ObjectDamaged("the index of the pack is cut off")

    def find(self, name: bytes) -> int | None:
        """Where in the pack the object of that name begins; None when it is not in here."""
        low = self._fan_out[name[0] - 1] if name[0] else 0
        high = min(self._fan_out[name[0]], self._count)
        size = self._hash_size
        while low < high:
            middle = (low + high) // 2
            start = self._names + middle * size
            here = self._index[start : start + size]
            if here == name:
                return self._offset(middle)
            if here < name:
                low = middle + 1
            else:
                high = middle
        return None

    def _offset(self, place: int) -> int:
        (offset,) = struct.unpack_from(">I", self._index, self._offsets + place * 4)
        if not offset & 0x80000000:
            return int(offset)
        large = self._offsets + self._count * 4 + (offset & 0x7FFFFFFF) * 8
        if large + 8 > len(self._index):
            raise ObjectDamaged("the index of the pack is damaged")
        return int(struct.unpack_from(">Q", self._index, large)[0])

    def read(self, offset: int, limit: int) -> tuple[str, bytes]:
        """Kind and content of the object at `offset`. Raises ObjectDamaged, RunfolioError."""
        chain: list[tuple[int, bytes]] = []
        seen: set[int] = set()
        pending = 0
        while True:
            if offset in self._bases:
                self._bases.move_to_end(offset)
                kind, data = self._bases[offset]
                break
            if offset in seen or len(chain) > _LONGEST_CHAIN or pending > 4 * limit:
                raise ObjectDamaged("differences that lead in a circle, or nowhere")
            seen.add(offset)
            number, size, start, base = self._header(offset)
            if size > limit:
                raise ObjectDamaged(f"it has {size:,} bytes; at most {limit:,} are read")
            content = self._inflated(start, size)
            if base is None:
                kind, data = _KINDS[number], content
                self._keep(offset, kind, data)
                break
            chain.append((offset, content))
            pending += len(content)
            offset = base
        for place, delta in reversed(chain):
            data = patched(data, delta, limit)
            self._keep(place, kind, data)
        return kind, data

    def _keep(self, offset: int, kind: str, data: bytes) -> None:
        if len(data) > _BYTES_KEPT // 8 or offset in self._bases:
            return
        self._bases[offset] = (kind, data)
        self._bytes += len(data)
        while self._bytes > _BYTES_KEPT:
            _, (_, old) = self._bases.popitem(last=False)
            self._bytes -= len(old)

    def _header(self, offset: int) -> tuple[int, int, int, int | None]:
        """Type number, size, where the packed content begins, and where the base of a difference does."""
        head = self._part(offset, _HEADER)
        place = 0
        try:
            byte = head[place]
            number, size, shift = byte >> 4 & 7, byte & 15, 4
            while byte & 0x80:
                place += 1
                byte = head[place]
                size |= (byte & 0x7F) << shift
                shift += 7
            place += 1
            base: int | None = None
            if number == _OFFSET_DELTA:
                byte = head[place]
                back = byte & 0x7F
                while byte & 0x80:
                    place += 1
                    byte = head[place]
                    back = (back + 1) << 7 | byte & 0x7F
                place += 1
                base = offset - back
                if not 0 < base < offset:
                    raise ObjectDamaged("a difference to an object that is not in the pack")
            elif number == _NAME_DELTA:
                base = self.find(head[place : place + self._hash_size])
                place += self._hash_size
                if base is None:
                    raise ObjectDamaged("a difference to an object that is not in the pack")
        except IndexError:
            raise ObjectDamaged("the pack is cut off") from None
        if base is None and number not in _KINDS:
            raise ObjectDamaged("an entry of no known type")
        return number, size, offset + place, base

    def _inflated(self, start: int, size: int) -> bytes:
        inflater = zlib.decompressobj()
        parts: list[bytes] = []
        made = 0
        # What cannot be made smaller is stored with a few bytes more for each block.
        left = size + size // 64 + 4096
        try:
            while not inflater.eof:
                packed = self._part(start, min(left, max(512, size // 2)))
                if not packed:
                    raise ObjectDamaged("the pack is cut off")
                start, left = start + len(packed), left - len(packed)
                parts.append(inflater.decompress(packed, size - made + 1))
                made += len(parts[-1])
                if made > size or inflater.unconsumed_tail:
                    raise ObjectDamaged("it is larger than it says")
        except zlib.error as failure:
            raise ObjectDamaged(f"it cannot be unpacked: {failure}") from None
        if made != size:
            raise ObjectDamaged("it is smaller than it says")
        return b"".join(parts)

    def _part(self, offset: int, size: int) -> bytes:
        number, inside = divmod(offset, _BLOCK)
        data = self._block(number)[inside : inside + size]
        while len(data) < size:
            number += 1
            more = self._block(number)
            if not more:
                break
            data += more[: size - len(data)]
        return data

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            try:
                block = self._folder.part(self._file, number * _BLOCK, _BLOCK)
            except (FolderUnreadable, OverflowError) as failure:
                raise ObjectDamaged("the pack cannot be read there") from failure
            self._blocks[number] = block
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return block


def patched(base: bytes, delta: bytes, limit: int) -> bytes:
    """What a difference makes of its base: pieces copied from there, and pieces of its own. Raises ObjectDamaged."""
    try:
        base_size, place = _size(delta, 0)
        size, place = _size(delta, place)
        if base_size != len(base):
            raise ObjectDamaged("a difference to an object of another size")
        if size > limit:
            raise ObjectDamaged(f"it has {size:,} bytes; at most {limit:,} are read")
        parts: list[bytes] = []
        made = 0
        while place < len(delta) and made <= size:
            code = delta[place]
            place += 1
            if code & 0x80:
                start = length = 0
                for bit in range(7):
                    if code & 1 << bit:
                        if bit < 4:
                            start |= delta[place] << 8 * bit
                        else:
                            length |= delta[place] << 8 * (bit - 4)
                        place += 1
                piece = base[start : start + (length or 0x10000)]
                if len(piece) != (length or 0x10000):
                    raise ObjectDamaged("a difference that copies from behind the end")
            elif code:
                piece = delta[place : place + code]
                if len(piece) != code:
                    raise ObjectDamaged("a difference that is cut off")
                place += code
            else:
                raise ObjectDamaged("a difference with an unknown instruction")
            parts.append(piece)
            made += len(piece)
    except IndexError:
        raise ObjectDamaged("a difference that is cut off") from None
    if made != size:
        raise ObjectDamaged("a difference that makes an object of another size")
    return b"".join(parts)


def _size(delta: bytes, place: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte = delta[place]
        place += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, place


def open_packs(folder: Folder, hash_size: int) -> tuple[list[Pack], list[str]]:
    """The packs in `objects/pack`, and the names of those that cannot be read. Raises FolderUnreadable."""
    packs: list[Pack] = []
    odd: list[str] = []
    for file in folder.files:
        name = file.removesuffix(".idx")
        if name == file or f"{name}.pack" not in folder.files:
            continue
        try:
            packs.append(Pack(folder, name, hash_size))
        except (ObjectDamaged, RunfolioError):
            odd.append(file)
    return packs, odd
