"""What is known of a source while it is walked, and what the walk finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runfolio.model.display import storable
from runfolio.model.problem import Problem, Severity
from runfolio.readers.contract import Claim
from runfolio.readers.looks import Look
from runfolio.readers.sights import Beside, Besides


class Noticed(Protocol):
    """Hears of a folder that is to be read; False when it is not to be read here.

    known   whether it has been read before and has changed; not when only something beside it has.
    """

    def __call__(self, source: int, claim: Claim, fingerprint: str, *, known: bool) -> bool: ...


@dataclass(slots=True)
class Walk:
    """One source being walked: what was seen, what the walk itself met, and which folders need no closer look.

    beside     what results hang on that fingerprints do not know, those that hang on other folders only.
    all_beside   gives the same for all results.
    looks      what earlier walks kept, `standing` the paths of those that still hold; `kept` is from this one.
    refused    paths of folders that have changed and are not to be read here.
    """

    source: int
    root: Path
    noticed: Noticed | None = None
    seen: set[tuple[str, str]] = field(default_factory=set)
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    beside: Mapping[tuple[str, str], Beside] = field(default_factory=dict)
    all_beside: Callable[[], Mapping[tuple[str, str], Beside]] = dict
    looks: dict[str, Look] = field(default_factory=dict)
    kept: dict[str, Look] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    _besides: Besides | None = None

    def is_beside_same(self, path: str, reader: str, *, elsewhere: bool = False) -> bool:
        """See `Besides.is_same`, of what was read of a folder."""
        was = (self.beside if elsewhere else self.all_beside()).get((storable(path), reader))
        if was is None:
            return True
        self._besides = self._besides or Besides(self.root)
        return self._besides.is_same(path, was, elsewhere=elsewhere)

    def trust(self, looks: Mapping[str, Look], known: Mapping[tuple[str, str], str]) -> None:
        """Take up what earlier walks kept, as far as what they found is in the index."""
        self.looks = {
            path: look for path, look in looks.items() if all(known.get((path, name)) for name in look.readers)
        }


def missing_source(root: Path, scanned_us: int | None) -> Problem | None:
    """Why a source cannot be walked now; None when it can.

    The place where a disk is mounted is an empty folder without it. So one with runs by the last walk (at `scanned_us`;
    None without any) counts as away when it is empty and was so before that walk: nobody has emptied it since.
    """
    hint = "Plug the disk in or mount it again; until then the last known state is shown."
    if not root.is_dir():
        return Problem(Severity.ERROR, "source-missing", "", "The folder is not there", hint)
    if scanned_us is not None and _is_empty_since(root, scanned_us):
        message = "The folder is empty, as one is where a disk is not mounted, and there were runs in it"
        return Problem(Severity.ERROR, "source-missing", "", message, hint)
    return None


def _is_empty_since(folder: Path, time_us: int) -> bool:
    try:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
        return is_empty and folder.stat().st_mtime_ns // 1000 < time_us
    except OSError:
        return False  # the walk tells why
