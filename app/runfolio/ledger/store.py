"""The ledger on disk: an append-only file, its mirror in a second folder, and a lock for writers.

An event counts once it is synced to both files. On opening the longest valid chain wins and the other copy is made
equal; a torn last line (power cut while writing) is set aside, and a chain that is broken further up opens
read-only with its file untouched.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.errors import LedgerDamaged
from runfolio.ledger.events import GENESIS, BrokenLine, Entry, Event, decode, encode

if TYPE_CHECKING:
    from filelock import FileLock

_log = logging.getLogger("runfolio.ledger")
FILE = "ledger.jsonl"
_LOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class _Chain:
    """The sound beginning of a file: entries, bytes they take, what follows them, and why it does not count."""

    entries: tuple[Entry, ...]
    sound_bytes: int
    rest: bytes
    fault: str

    @property
    def torn(self) -> bool:
        """Whether what follows can only be a last line that was cut while being written."""
        return bool(self.rest) and b"\n" not in self.rest


class Ledger:
    """The chain of events. Reading is from memory; `append` reads first what other processes appended."""

    def __init__(self, folder: Path, mirror: Path) -> None:
        """Open or make the ledger in `folder`, mirrored in `mirror`.

        A damaged chain opens read-only: `damage` says where, `append` raises LedgerDamaged. So does one that cannot be
        mended because the disk is full or may not be written.
        """
        self.path = folder / FILE
        self.mirror_path = mirror / FILE
        folder.mkdir(parents=True, exist_ok=True)
        mirror.mkdir(parents=True, exist_ok=True)
        self._lock_path = folder / "ledger.lock"
        self._lock: FileLock | None = None
        self._entries: list[Entry] = []
        self._size = 0
        self.damage: LedgerDamaged | None = None
        self._unmended: OSError | None = None
        # Nobody is kept from writing to open two files that are as they should be, as they are nearly always.
        if not self._load_sound():
            with self._locked():
                self._load()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries known so far, oldest first."""
        return tuple(self._entries)

    def append(self, make: Callable[[tuple[Entry, ...]], Event]) -> Entry:
        """Append the event that `make` builds from the entries there are, under the writers' lock.

        Building under the lock keeps two processes from giving out the same version number.
        Raises LedgerDamaged when the chain is broken or cannot be written.
        """
        with self._locked():
            self._catch_up()
            if self.damage is not None:
                raise self.damage
            if self._unmended is not None:
                raise self._not_written(self._unmended) from self._unmended
            event = make(self.entries)
            number = len(self._entries) + 1
            previous = self._entries[-1].digest if self._entries else GENESIS
            line = encode(event, number, previous)
            entry = decode(line, number, previous)
            try:
                _append(self.path, line + b"\n", self._size)
                try:
                    _append(self.mirror_path, line + b"\n", self._size)
                except OSError:
                    # Or the next start would find, and keep, what was told as not written.
                    os.truncate(self.path, self._size)
                    raise
            except OSError as error:
                raise self._not_written(error) from error
            self._entries.append(entry)
            self._size += len(line) + 1
            return entry

    def _not_written(self, error: OSError) -> LedgerDamaged:
        return LedgerDamaged(
            f"The decision could not be written: {error.strerror or error}",
            good_events=len(self._entries),
            hint="Check that the disk has room and may be written, then do it again.",
            where=str(error.filename or self.path),
        )

    def refresh(self) -> bool:
        """Read what another process appended; True when there was something."""
        try:
            if self.path.stat().st_size == self._size:
                return False
        except FileNotFoundError:
            return False
        before = len(self._entries)
        with self._locked():
            self._catch_up()
        return len(self._entries) != before

    def verify(self) -> int:
        """Read both files again from the start; how many events verify. Raises LedgerDamaged.

        A chain tells by itself of every change but one to its last line; that the two files differ tells of that too.
        """
        with self._locked():
            chains = {path: _read(path) for path in (self.path, self.mirror_path)}
            for path, chain in chains.items():
                if chain.fault:
                    raise _damaged(path, chain)
            if (differing := _differing(*chains.values())) is not None:
                raise self._two_truths(differing)
            return len(chains[self.path].entries)

    @property
    def replaced(self) -> tuple[Path, ...]:
        """Copies that were found altered or cut, were set aside, and were replaced by the other, oldest first."""
        found = [*self.path.parent.glob(f"{FILE}.damaged-*"), *self.mirror_path.parent.glob(f"{FILE}.damaged-*")]
        return tuple(sorted(found))

    def _two_truths(self, number: int) -> LedgerDamaged:
        return LedgerDamaged(
            f"The two copies of the ledger differ from entry {number} on: one of them was altered",
            good_events=number - 1,
            hint=f"Compare {self.path} with {self.mirror_path}, and put the right one in place of the other.",
            where=str(self.path),
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Here: a start that changes nothing needs no lock, and takes longer to import it than to open the ledger.
        from filelock import FileLock, Timeout

        if self._lock is None:
            self._lock = FileLock(str(self._lock_path), timeout=_LOCK_S)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise LedgerDamaged(
                f"Another process has been writing the ledger for more than {_LOCK_S:.0f} s",
                good_events=len(self._entries),
                hint="Close the other Runfolio window or command, then try again.",
                where=str(self.path),
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    def _catch_up(self) -> None:
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            size = -1
        if size != self._size or self._unmended is not None:
            self._load()

    def _load_sound(self) -> bool:
        # Whoever writes meanwhile has written to one of the two first, and then they differ.
        chain, other = _read(self.path), _read(self.mirror_path)
        if chain.fault or other.fault or len(chain.entries) != len(other.entries):
            return False
        if _differing(chain, other) is not None or not (self.path.exists() and self.mirror_path.exists()):
            return False
        self._entries = list(chain.entries)
        self._size = chain.sound_bytes
        return True

    def _load(self) -> None:
        chains = {path: _read(path) for path in (self.path, self.mirror_path)}
        best = max(chains, key=lambda p: (len(chains[p].entries), p == self.path))
        chain = chains[best]
        self._entries = list(chain.entries)
        self._size = chain.sound_bytes
        for path, other in chains.items():
            whole_elsewhere = len(other.entries) < len(chain.entries) or not chain.fault
            if other.fault and not other.torn and not whole_elsewhere:
                self.damage = _damaged(path, other)
        sound = [c for c in chains.values() if not c.fault or c.torn]
        if len(sound) == 2 and (differing := _differing(*sound)) is not None:
            self.damage = self._two_truths(differing)
        try:
            self._mend(chains, chain)
            self._unmended = None
        except OSError as error:
            # What was decided can be read all the same.
            if self._unmended is None:
                _log.warning("the ledger in %s cannot be mended: %s", self.path.parent, error)
            self._unmended = error

    def _mend(self, chains: Mapping[Path, _Chain], best: _Chain) -> None:
        """Set aside what was cut or altered where the other copy is whole, and make the two equal."""
        for path, other in chains.items():
            if other.torn:
                _set_aside(path, other)
                _log.warning("the last line of %s was cut off and is set aside", path)
            elif other.fault and (len(other.entries) < len(best.entries) or not best.fault):
                # Kept for the curious; the whole one is put in its place.
                _set_aside(path)
        if self.damage is None:
            whole = b"".join(entry.line + b"\n" for entry in best.entries)
            for path in chains:
                if not path.exists() or path.stat().st_size != len(whole):
                    _replace(path, whole)


def _differing(one: _Chain, other: _Chain) -> int | None:
    """The number of the first entry that two sound chains have differently; None when one begins with the other."""
    for mine, theirs in zip(one.entries, other.entries, strict=False):
        if mine.digest != theirs.digest:
            return mine.number
    return None


def _read(path: Path) -> _Chain:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return _Chain((), 0, b"", "")
    except OSError as error:
        raise LedgerDamaged(
            f"The ledger cannot be read: {error.strerror or error}",
            good_events=0,
            hint="Look what lies there, and whether you may read it.",
            where=str(path),
        ) from error
    entries: list[Entry] = []
    start = 0
    previous = GENESIS
    while start < len(data):
        end = data.find(b"\n", start)
        if end < 0:
            return _Chain(tuple(entries), start, data[start:], "the last line is cut off")
        try:
            entry = decode(data[start:end], len(entries) + 1, previous)
        except BrokenLine as broken:
            return _Chain(tuple(entries), start, data[start:], str(broken))
        entries.append(entry)
        previous = entry.digest
        start = end + 1
    return _Chain(tuple(entries), start, b"", "")


def _damaged(path: Path, chain: _Chain) -> LedgerDamaged:
    return LedgerDamaged(
        f"The chain of decisions is broken: {chain.fault}. The {len(chain.entries)} before it verify",
        good_events=len(chain.entries),
        hint="Nothing is lost and nothing more is written. Restore the file from a backup, or move it away to "
        "start a new ledger.",
        where=str(path),
    )


def _set_aside(path: Path, torn: _Chain | None = None) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    if torn is None:
        path.replace(aside)
    else:
        try:
            aside.write_bytes(torn.rest)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        with path.open("r+b") as file:
            file.truncate(torn.sound_bytes)
            os.fsync(file.fileno())


def _append(path: Path, data: bytes, at: int) -> None:
    # Unbuffered: a buffer that could not be written would be tried again before the file is cut back.
    with path.open("ab", buffering=0) as file:
        if file.tell() != at:
            raise OSError(f"the file has {file.tell()} bytes where {at} were expected")
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(at)
            raise


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(path)
