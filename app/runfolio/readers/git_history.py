"""The commits that a Git repository's branches, tags and DVC experiments lead to, newest first, up to a limit."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from runfolio.errors import FolderUnreadable, RunfolioError
from runfolio.model.display import storable
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.git_objects import Commit, GitObjects, ObjectMissing
from runfolio.readers.git_packs import ObjectDamaged

MOST_COMMITS = 20_000
"""Commits that are looked at; older ones are left out, and a Problem says so."""

_MOST_REFS = 50_000
_LARGEST_REFS = 16 << 20
_REF_BYTES = 4096
_DEEPEST_REFS = 32
_EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38}(?:[0-9a-f]{24})?)/(.+)")
_PACKED = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (refs/.+)")
_ID = re.compile(rb"([0-9a-f]{64}|[0-9a-f]{40})\s*")


@dataclass(frozen=True, slots=True)
class Tip:
    """A name that leads into the history.

    kind       "branch", "remote" (a branch as last fetched), "tag", "exp" or "head".
    baseline   of an experiment the commit it started from, hexadecimal; else "".
    """

    kind: str
    name: str
    commit: bytes
    baseline: str = ""


@dataclass(slots=True)
class History:
    """What was found. `branch` is the one that HEAD stands on; None when it is on none.

    bounded   whether there are more commits than were looked at.
    ends      commits whose parents were left out when a shallow copy was made.
    """

    tips: list[Tip] = field(default_factory=list)
    branch: str | None = None
    bounded: bool = False
    ends: frozenset[bytes] = frozenset()


def open_history(folder: Folder, objects: GitObjects) -> History:
    """The names that lead into the history of a `.git` folder. Raises FolderUnreadable when it cannot be listed."""
    refs = dict(_packed_refs(folder))
    refs.update(_loose_refs(folder))
    history = History(ends=frozenset(_shallow(folder)))
    for name, value in sorted(refs.items()):
        tip = _tip(name, value)
        if tip is not None:
            commit = objects.tagged(value) if tip.kind == "tag" else value
            history.tips.append(Tip(tip.kind, tip.name, commit, tip.baseline))
    head = _content(folder, "HEAD")
    match = _ID.fullmatch(head)
    if head.startswith(b"ref: refs/heads/"):
        history.branch = storable(head[16:].strip().decode("utf-8", "surrogateescape"))
    elif match:
        history.tips.append(Tip("head", "HEAD", bytes.fromhex(match[1].decode())))
    return history


def head_of(history: History) -> bytes | None:
    """The commit that is checked out; None where there is none yet."""
    for tip in history.tips:
        if tip.kind == "head" or (tip.kind == "branch" and tip.name == history.branch):
            return tip.commit
    return None


def walk(
    objects: GitObjects, history: History, budget: Budget, where: str, most: int = MOST_COMMITS
) -> Iterator[Commit]:
    """Every commit once, the latest first. What is missing or damaged is left out, and `objects` keeps count of it."""
    waiting: list[tuple[int, bytes, Commit]] = []
    known: set[bytes] = set()

    def add(name: bytes) -> None:
        if name in known:
            return
        known.add(name)
        try:
            commit = objects.commit(name)
        except (ObjectMissing, ObjectDamaged):
            return
        heapq.heappush(waiting, (-(commit.committed_us or 0), name, commit))

    for tip in history.tips:
        add(tip.commit)
    count = 0
    while waiting:
        if count >= most:
            history.bounded = True
            return
        budget.check(where)
        _, name, commit = heapq.heappop(waiting)
        count += 1
        yield commit
        if name not in history.ends:
            for parent in commit.parents:
                add(parent)


def _shallow(folder: Folder) -> Iterator[bytes]:
    for line in _lines(folder, "shallow"):
        match = _ID.fullmatch(line)
        if match:
            yield bytes.fromhex(match[1].decode())


def _tip(name: str, commit: bytes) -> Tip | None:
    shown = storable(name)
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag"), ("refs/remotes/", "remote")):
        if name.startswith(prefix):
            return None if name.endswith("/HEAD") and kind == "remote" else Tip(kind, shown[len(prefix) :], commit)
    # Beside experiments DVC keeps names of its own there (exec, stash, celery), which lead to half-done work.
    match = _EXPERIMENT.fullmatch(name)
    return Tip("exp", storable(match[3]), commit, match[1] + match[2]) if match else None


def _packed_refs(folder: Folder) -> Iterator[tuple[str, bytes]]:
    for line in _lines(folder, "packed-refs"):
        match = _PACKED.fullmatch(line)
        if match:
            yield match[2].decode("utf-8", "surrogateescape"), bytes.fromhex(match[1].decode())


def _lines(folder: Folder, name: str) -> list[bytes]:
    if name not in folder.files:
        return []
    try:
        return folder.read(name, _LARGEST_REFS).split(b"\n")[:_MOST_REFS]
    except RunfolioError:
        return []


def _loose_refs(folder: Folder) -> Iterator[tuple[str, bytes]]:
    pending = [("refs", folder.sub("refs"))] if "refs" in folder.folders else []
    count = 0
    while pending:
        prefix, here = pending.pop()
        try:
            listing = here.listing
        except FolderUnreadable:
            continue
        for name in listing.files:
            count += 1
            match = _ID.fullmatch(_content(here, name))
            if match and count <= _MOST_REFS:
                yield f"{prefix}/{name}", bytes.fromhex(match[1].decode())
        if prefix.count("/") < _DEEPEST_REFS and count <= _MOST_REFS:
            pending += [(f"{prefix}/{name}", here.sub(name)) for name in listing.folders]


def _content(folder: Folder, name: str) -> bytes:
    try:
        return folder.head(name, _REF_BYTES)
    except FolderUnreadable:
        return b""
