"""Where a folder lies, and how it is opened: from the nearest one above that is held open, or from the root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import ReferenceType

from runfolio.model.display import storable
from runfolio.readers.descriptors import HAS_DIR_FD, Base, open_folder, plain_path
from runfolio.readers.trace import Sight, Trace


class Place:
    """A folder below an import root that can be opened, and notes that it was; see `Folder`."""

    def __init__(self, root: Path, path: str, opened: set[str] | None, trace: Trace | None) -> None:
        self.root = root
        self.path = path
        self.opened = opened
        self.trace = trace
        self._top: Place = self
        # Weak, so that a walk over a large tree does not keep all of it.
        self._above: ReferenceType[Place] | None = None
        self._held: Base | None = None

    @property
    def name(self) -> str:
        """The folder's own name; for the root the name of the folder that was opened."""
        return self.path.rpartition("/")[2] if self.path else self.root.name

    @property
    def shown(self) -> str:
        """The path as valid UTF-8, for recordings and problems."""
        return storable(self.path)

    def where(self, name: str) -> str:
        """The path of a file or folder in here relative to the root, as valid UTF-8."""
        return storable(self.join(name))

    def join(self, name: str) -> str:
        """The path of `name` (which may hold `/`) in here, relative to the root."""
        return f"{self.path}/{name}" if self.path else name

    @property
    def _sight(self) -> Sight | None:
        """Where it is noted what was looked at in here."""
        return None if self.trace is None else self.trace.at(self.path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep this folder open meanwhile: what is opened in it and below need not be looked up from the root again.

        One that cannot be opened is not held, and whoever opens something in it is told why.
        """
        if self._held is not None or not HAS_DIR_FD:
            yield
            return
        try:
            self._held = self._open_below(self._nearest_held())
        except OSError:
            yield
            return
        try:
            yield
        finally:
            os.close(self._held)
            self._held = None

    @contextmanager
    def _opened(self) -> Iterator[Base]:
        """This folder as something to open files in. Raises OSError."""
        if self.opened is not None:
            self.opened.add(self.path)
        sight = self._sight
        if sight is not None and sight.is_there is None:
            sight.is_there = False  # until it has been opened
        handle = -1
        if self._held is not None:
            base: Base = self._held
        elif not HAS_DIR_FD:
            base = plain_path(self.root, self.path)
        else:
            base = handle = self._open_below(self._nearest_held())
        if sight is not None:
            sight.is_there = True
        try:
            yield base
        finally:
            if handle >= 0:
                os.close(handle)

    def _nearest_held(self) -> Place | None:
        """The nearest folder above that is held open."""
        above = self._above() if self._above is not None else None
        while above is not None:
            if above._held is not None:
                return above
            above = above._above() if above._above is not None else None
        return self._top if self._top._held is not None else None

    def _open_below(self, held: Place | None) -> int:
        """A descriptor of this folder, looked up from one that is held, or from the root."""
        if held is None:
            return open_folder(self.root, self.path)
        assert isinstance(held._held, int)
        return open_folder(held._held, self.path[len(held.path) :].lstrip("/"))
