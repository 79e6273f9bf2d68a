"""Reads one event file in pieces, so that its size costs no memory, and tells what is wrong with it.

A record that fails its checksum costs itself, a length that fails its checksum costs what follows, and a file that
ends within a record is what a killed or running writer leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from runfolio.errors import RunfolioError
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, error, problem_from, warning
from runfolio.readers.folder import Folder
from runfolio.readers.framing import HEAD, Frames, frames
from runfolio.readers.tensorboard_events import FolderEvents

_PIECE = 2 << 20
"""Read at once: some ten thousand scalars, and within the cache of one processor core while they are sorted."""
_LARGEST_RECORD = 256 << 20
"""Larger records are skipped: they hold images or graphs, and a false length must not cost memory."""
_MOST_NAMED = 5
"""Problems of one kind that are told one by one for each file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes at which a file is cut into pieces and a record is skipped."""

    piece: int = _PIECE
    largest_record: int = _LARGEST_RECORD


def read_file(
    folder: Folder, name: str, events: FolderEvents, budget: Budget, limits: Limits | None = None
) -> list[Problem]:
    """Takes the whole file into `events`, as far as it is sound, and returns what is wrong with it. Never raises."""
    reading = _Reading(folder, name, events, limits or Limits())
    if reading.size == 0:
        reading.problems.append(
            error("empty-file", reading.where, "The event file is empty", "The run ended before it wrote anything.")
        )
    try:
        while reading.goes_on:
            budget.check(reading.where)
            reading.next_piece()
    except RunfolioError as failure:
        reading.problems.append(problem_from(failure, "unreadable", reading.where))
    return [*reading.problems, *reading.unnamed()]


class _Reading:
    """How far a file was read. `before` counts the whole records up to `offset`, `lost` those not taken in."""

    def __init__(self, folder: Folder, name: str, events: FolderEvents, limits: Limits) -> None:
        self.folder, self.name, self.events, self.limits = folder, name, events, limits
        self.where = folder.where(name)
        self.size = folder.files[name].size
        self.goes_on = self.size > 0
        self.problems: list[Problem] = []
        self.offset = 0
        self.piece = limits.piece
        self.before = 0
        self.lost = 0
        self._named: dict[str, int] = {}

    def next_piece(self) -> None:
        """Reads on from `offset`."""
        data = self.folder.part(self.name, self.offset, self.piece)
        framed = frames(data)
        self._tell_damage(framed)
        for index, why in self.events.add(data, framed, self.where):
            self.lost += 1
            number = self.before + int(framed.numbers[index])
            at = self.offset + int(framed.starts[index]) - HEAD
            hint = "That record was left out; the others are shown."
            self._name("bad-record", f"Record {number:,} cannot be decoded: {why}", hint, at)
        self.before += framed.count
        self.offset += framed.size
        whole = len(data) == self.piece
        self.piece = self.limits.piece
        if framed.stop is None:
            self.goes_on = whole
        elif not whole or not framed.stop.needs or self.offset + framed.stop.needs > self.size:
            self._tell_stop(framed.stop.needs)
        elif framed.stop.needs > self.limits.largest_record:
            self._skip(framed.stop.needs)
        else:
            # The piece ended within the record: read again from its start, with room for all of it.
            self.piece = max(self.piece, framed.stop.needs)

    def _skip(self, needs: int) -> None:
        self._name(
            "large-record",
            f"Record {self.before + 1:,} has {needs:,} bytes and was skipped; at most {self.limits.largest_record:,} "
            "are read of one record",
            "Records of that size hold images or graphs.",
            self.offset,
        )
        self.before += 1
        self.lost += 1
        self.offset += needs
        self.goes_on = self.offset < self.size

    def _tell_damage(self, framed: Frames) -> None:
        hint = "That record was left out; the others are shown. Copy the file again if the original is sound."
        for damage in framed.damaged:
            self.lost += 1
            message = f"Record {self.before + damage.record:,} fails its checksum"
            self._name("bad-checksum", message, hint, self.offset + damage.offset)

    def _tell_stop(self, needs: int) -> None:
        self.goes_on = False
        left = self.size - self.offset
        number, kept = self.before + 1, self.before - self.lost
        shown = f"the {kept:,} sound ones before it are shown"
        if not needs:
            message = f"The length of record {number:,} fails its checksum; {shown}, {left:,} bytes from it on are not"
            self.problems.append(warning("bad-length", self.where, message, "Copy the file again.", self.offset))
            return
        if left < HEAD:
            message = f"Record {number:,} is cut off in its first bytes; {shown}"
        else:
            message = f"Record {number:,} says it has {needs:,} bytes, {max(0, left):,} are left; {shown}"
        hint = "Normal for a run that was killed or is still being written; else copy the file again."
        self.problems.append(warning("cut-record", self.where, message, hint, self.offset))

    def _name(self, code: str, message: str, hint: str, at: int) -> None:
        self._named[code] = self._named.get(code, 0) + 1
        if self._named[code] <= _MOST_NAMED:
            self.problems.append(warning(code, self.where, message, hint, at))

    def unnamed(self) -> list[Problem]:
        """A row for the rest of each kind, so that a file of a million bad records has not as many problems."""
        return [
            warning(code, self.where, f"{count - _MOST_NAMED:,} more records of this file have the same problem")
            for code, count in self._named.items()
            if count > _MOST_NAMED
        ]
