"""Notes on what was looked at through a folder, by path; see `sights` for what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar, cast

from runfolio.readers.listing import Entry, Listing

T = TypeVar("T")


@dataclass(slots=True)
class Sight:
    """What was looked at in one folder.

    listing   what lies in it, which keeps its own notes; None when it was not listed.
    is_there  whether it could be opened; None when nobody has tried.
    opened    files that were opened without a listing.
    looked    files that were looked at without one, or could not be opened; None for what is no regular file.
    held      names of files that were looked for in the folders in here, with the folders that hold one.
    """

    listing: Listing | None = None
    is_there: bool | None = None
    opened: dict[str, os.stat_result] = field(default_factory=dict)
    looked: dict[str, Entry | None] = field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_asked(self) -> bool:
        """Whether anything is noted."""
        here = self.is_there is not None or bool(self.opened or self.looked or self.held)
        return here or (self.listing is not None and self.listing.is_asked)

    def size(self) -> tuple[int, ...]:
        """Grows with the notes, which are only ever added to until they are dropped."""
        listing = self.listing
        here = (self.is_there is not None, len(self.opened), len(self.looked), len(self.held))
        return here if listing is None else (*here, *listing.size())

    def forget(self) -> None:
        """Drop the notes; the listing stays."""
        self.is_there = None
        for notes in (self.opened, self.looked, self.held):
            notes.clear()
        if self.listing is not None:
            self.listing.forget()


class Trace:
    """The notes of one reading; `others` are those of what was read for several at once."""

    def __init__(self) -> None:
        self._sights: dict[str, Sight] = {}
        self.others: list[Trace] = []
        self._made: tuple[tuple[int, ...], object] | None = None

    def at(self, path: str) -> Sight:
        """Where that folder's notes are kept."""
        sight = self._sights.get(path)
        if sight is None:
            sight = self._sights[path] = Sight()
        return sight

    def include(self, other: Trace) -> None:
        """Count what was looked at for several readings, and is noted there, to this one as well."""
        if other is not self and other not in self.others:
            self.others.append(other)

    def once(self, make: Callable[[], T]) -> T:
        """What `make` gives for the notes, which is asked again only when there are more of them."""
        size = tuple(chain.from_iterable(sight.size() for sight in self._sights.values()))
        if self._made is None or self._made[0] != size:
            self._made = size, make()
        return cast(T, self._made[1])

    def begin(self) -> None:
        """Forget what was asked until now; what was seen counts as seen at that time when it is asked again."""
        self._made = None
        for sight in self._sights.values():
            sight.forget()

    def sights(self) -> Iterator[tuple[str, Sight]]:
        """The folders that anything was asked of, by path."""
        return ((path, sight) for path, sight in self._sights.items() if sight.is_asked)
