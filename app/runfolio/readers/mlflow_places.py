"""Where the artifacts of an MLflow run lie now, told by the end of the URI that the machine which wrote them noted.

A URI may be a path of either kind, `file:`, a bucket, a server's `mlflow-artifacts:`, whole or relative: only its parts
are used, as names to look for beside the store and in the folders above it up to the import root. What is opened lies
inside the import root, whatever a URI says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from runfolio.errors import FolderUnreadable
from runfolio.readers.folder import Folder

PLACES = ("mlartifacts", "mlruns", "artifacts", "")
"""Folders beside a store that MLflow and its users put artifacts into; the last is the store's own folder."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SAFE_PART = re.compile(r"[^/\\\0]{1,255}")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_EXPERIMENT_ID = re.compile(r"[0-9]{1,20}")
_MODELS = ("models", "traces")
_MOST_ABOVE = 16
"""Parts of a URI before the run's id that are looked for, nearest first kept."""
_MOST_LEVELS = 4
"""Folders above the store that are looked into."""


class ArtifactPlaces:
    """Looks for artifact folders around a store; remembers what the beginnings of URIs came to."""

    def __init__(self, store: Folder) -> None:
        self._bases = [*_bases(store)]
        self._known: dict[tuple[str, ...], list[Folder]] = {}

    def folder(
        self, run_id: str, uri: str, asking: Folder | None = None, known_empty: str | None = None
    ) -> Folder | None:
        """The artifact folder of a run, one with something in it first; None when none around the store ends so.

        asking   the folder for which it is looked up, where that is not the store: its trace notes what is looked at.
        known_empty   path of a folder that has been looked into and is empty.
        """
        parts = uri_parts(uri)
        if run_id not in parts:
            return None
        at = parts.index(run_id)
        if not all(_is_safe(part) for part in parts[at:]):
            return None
        before = tuple(parts[max(0, at - _MOST_ABOVE) : at])
        if before not in self._known:
            self._known[before] = [*self._beginnings(before)]
        empty: Folder | None = None
        end = "/".join(parts[at:])
        for beginning in self._known[before]:
            below = beginning.sub(end)
            below = below if asking is None else asking.at(below.path)
            if below.path == known_empty:
                empty = empty or below
            elif not below.is_missing and is_folder(below):
                if below.files or below.folders:
                    return below
                empty = empty or below
        return empty

    def _beginnings(self, parts: Sequence[str]) -> Iterator[Folder]:
        """Existing folders that end as the parts do: the longest ends first, nearer folders before farther ones."""
        for base in self._bases:
            for start in range(len(parts) + 1):
                end = parts[start:]
                if all(_is_safe(part) for part in end):
                    found = base.sub("/".join(end)) if end else base
                    # Not listed: it may be the experiment, with all of its runs.
                    if found.is_there:
                        yield found


def uri_parts(uri: str) -> list[str]:
    """The names in a URI or path, whatever its separators; the scheme or drive is the first of them."""
    scheme = _SCHEME.match(uri)
    text = unquote(uri) if scheme and scheme[0].lower() == "file:" else uri
    return [part for part in re.split(r"[/\\]+", text) if part not in ("", ".")]


def is_folder(folder: Folder) -> bool:
    """Whether it is there and can be listed."""
    try:
        return folder.listing is not None
    except FolderUnreadable:
        return False


def holds_artifacts_only(folder: Folder) -> bool:
    """Whether a folder is a root of artifacts: run folders without a meta.yaml, by themselves or by experiment."""
    if not is_folder(folder) or folder.files or not folder.folders:
        return False
    seen = False
    for name in folder.folders:
        if _RUN_ID.fullmatch(name):
            seen = True
        elif _EXPERIMENT_ID.fullmatch(name):
            below = folder.sub(name)
            if not is_folder(below) or below.files:
                return False
            if not all(_RUN_ID.fullmatch(n) or n in _MODELS for n in below.folders) or below.holding("meta.yaml"):
                return False
            seen = seen or bool(below.folders)
        elif name not in _MODELS:
            return False
    return seen and not folder.holding("meta.yaml")


def _bases(store: Folder) -> Iterator[Folder]:
    here: Folder | None = store
    for _ in range(1 + _MOST_LEVELS):
        if here is None or not is_folder(here):
            return
        for place in PLACES:
            if not place:
                yield here
            elif place in here.folders:
                yield here.sub(place)
        here = here.parent()


def _is_safe(part: str) -> bool:
    return _SAFE_PART.fullmatch(part) is not None and part != ".."
