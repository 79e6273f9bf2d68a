"""Which folders hold a DVC repository, where its Git history is, and where its pipelines lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runfolio.errors import FolderUnreadable
from runfolio.readers.dvc_pipeline import LOCK, PIPELINE
from runfolio.readers.folder import Folder
from runfolio.readers.git_objects import GitObjects, ObjectMissing
from runfolio.readers.git_packs import ObjectDamaged

DVC, GIT = ".dvc", ".git"
_SUFFIX = ".dvc"
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_MOST_FOLDERS = 5_000
_DEEPEST = 32
_HEAD = 1 << 16
_STAGES = re.compile(rb"^stages:", re.MULTILINE)
_NAMED = re.compile(rb"[\w./@+\-]+\.(?:json|ya?ml|toml|csv|tsv|py)\b")
_MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where the history of a repository lies.

    git       the `.git` folder; None where there is none within what the user opened.
    prefix    the DVC repository relative to the Git one, "" where they are one.
    elsewhere the `.git` file of a work tree or submodule, which names a folder that is not followed; else None.
    """

    git: Folder | None
    prefix: str = ""
    elsewhere: str | None = None


def is_file_of_dvc(name: str) -> bool:
    """Whether a file is one that DVC keeps its pipelines and data in."""
    return name in (PIPELINE, LOCK) or (name.endswith(_SUFFIX) and name != _SUFFIX)


def owner_above(folder: Folder) -> bool:
    """Whether a folder above, within what the user opened, is a DVC repository: this one is a part of it."""
    above = folder.parent()
    while above is not None:
        try:
            if DVC in above.folders:
                return True
        except FolderUnreadable:
            return False
        above = above.parent()
    return False


def place_of(folder: Folder) -> Place:
    """Where the Git history of a folder lies: beside it or above, never outside of what the user opened."""
    here: Folder | None = folder
    while here is not None:
        try:
            if GIT in here.folders:
                prefix = folder.path[len(here.path) :].strip("/")
                return Place(here.sub(GIT), prefix)
            if GIT in here.files:
                return Place(None, elsewhere=here.where(GIT))
        except FolderUnreadable:
            break
        here = here.parent()
    return Place(None)


def has_stages(folder: Folder) -> bool:
    """Whether the folder's `dvc.yaml` has stages, rather than being what DVCLive writes along."""
    return bool(_STAGES.search(_head(folder, PIPELINE)))


def named_files(folder: Folder) -> frozenset[str]:
    """Files that look like metrics, params and plots and are named in the pipeline files, by their first bytes."""
    found: set[str] = set()
    for name in folder.files:
        if is_file_of_dvc(name):
            for text in _NAMED.findall(_head(folder, name)):
                path = text.decode("utf-8", "replace").removeprefix("./")
                if not any(part in ("", ".", "..") for part in path.split("/")):
                    found.add(path)
        if len(found) > _MOST_NAMED:
            break
    return frozenset(sorted(found)[:_MOST_NAMED])


def _head(folder: Folder, name: str) -> bytes:
    try:
        return folder.head(name, _HEAD)
    except FolderUnreadable:
        return b""


def files_here(folder: Folder, *, deep: bool) -> list[str]:
    """The files of DVC in a folder, and with `deep` below it; hidden folders and data that DVC keeps are left out."""
    found: list[str] = []
    pending = [("", folder)]
    looked_at = 0
    while pending and looked_at < _MOST_FOLDERS:
        prefix, here = pending.pop()
        looked_at += 1
        try:
            names = here.files
            found += [prefix + name for name in names if is_file_of_dvc(name)]
            if not deep or prefix.count("/") >= _DEEPEST:
                continue
            for name in reversed(here.folders):
                # A nested repository of DVC is one of its own.
                kept = name.startswith(".") or name in _SKIPPED or f"{name}{_SUFFIX}" in names
                if not kept and DVC not in here.sub(name).folders:
                    pending.append((f"{prefix}{name}/", here.sub(name)))
        except FolderUnreadable:
            continue
    return sorted(found)


class TreeIndex:
    """The files of DVC in trees of a Git repository; a tree that many commits share is looked at once."""

    def __init__(self, objects: GitObjects) -> None:
        self._objects = objects
        self._known: dict[bytes, tuple[str, ...]] = {}

    def files(self, tree: bytes, *, deep: bool, depth: int = 0) -> tuple[str, ...]:
        """Their paths relative to the tree, sorted."""
        if deep and tree in self._known:
            return self._known[tree]
        try:
            entries = self._objects.tree(tree)
        except (ObjectMissing, ObjectDamaged):
            return ()
        found = [name for name, entry in entries.items() if entry.kind == "blob" and is_file_of_dvc(name)]
        if deep:
            for name, entry in entries.items():
                if entry.kind == "tree" and name not in (DVC, GIT) and depth < _DEEPEST:
                    found += [f"{name}/{below}" for below in self.files(entry.name, deep=True, depth=depth + 1)]
            self._known[tree] = tuple(sorted(found))
        return tuple(sorted(found))


def by_pipeline(files: Iterable[str]) -> Mapping[str, list[str]]:
    """The `*.dvc` files of each pipeline, by the folder of its `dvc.yaml` or `dvc.lock`; "" stands in for none."""
    paths = [*files]
    folders = {p.rpartition("/")[0] for p in paths if p.rpartition("/")[2] in (PIPELINE, LOCK)}
    singles = [p for p in paths if p.rpartition("/")[2] not in (PIPELINE, LOCK)]
    found: dict[str, list[str]] = {folder: [] for folder in sorted(folders)}
    if not found and singles:
        found[""] = []
    for path in singles:
        home = next((h for h in _above(path) if h in found), None)
        if home is None and len(found) == 1:
            (home,) = found
        if home is not None:
            found[home].append(path)
    return found


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
