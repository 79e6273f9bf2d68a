"""Tells whether a claimed folder may have changed since it was read, without reading it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path

import xxhash

from runfolio.errors import FolderUnreadable
from runfolio.readers.contract import Claim
from runfolio.readers.folder import Folder
from runfolio.readers.listing import Entry


def fingerprint(folder: Folder, claim: Claim) -> str:
    """Hex of a 128-bit hash over the claim's recipe and names, sizes and modification times of the files it speaks of.

    Times alone are not enough: rsync and cp -p keep them. Raises FolderUnreadable when the folder cannot be listed.
    """
    digest = xxhash.xxh3_128()
    digest.update(claim.reader.encode())
    digest.update(claim.recipe.encode())
    pending = [(folder, True)]
    while pending:
        here, top = pending.pop()
        listing = here.listing
        some = claim.files if top and claim.prune is not None and claim.files else None
        before = here.join("")
        lines = [
            f"{before}{name}\0{size}\0{mtime_ns}\n"
            for name, size, mtime_ns in listing.files.values()
            if some is None or name in some
        ]
        # All at once: a folder of MLflow's has a file for each value.
        digest.update("".join(lines).encode("utf-8", "surrogateescape"))
        for odd in listing.odd:
            digest.update(f"{odd.kind}\0".encode() + odd.name.encode("utf-8", "surrogateescape"))
        if claim.deep:
            names = listing.folders if claim.prune is None or not top else sorted(claim.prune & {*listing.folders})
            for name in names:
                try:
                    below = here.sub(name)
                    below.listing  # noqa: B018
                except FolderUnreadable:
                    digest.update(b"unreadable\0" + name.encode("utf-8", "surrogateescape"))
                else:
                    digest.update(b"/" + name.encode("utf-8", "surrogateescape"))
                    pending.append((below, False))
    for path in sorted(claim.watch):
        for mark in _watched(folder, path):
            digest.update(mark)
    return digest.hexdigest()


def _watched(folder: Folder, path: str) -> Iterator[bytes]:
    """The marks of a file, or of all files in a folder, elsewhere below the root; none of what is not there."""
    above, _, name = path.rpartition("/")
    try:
        here = folder.at(above)
        # Not listed: it may have a folder for each of many runs, all of which ask.
        entry = here.entry(name)
        if entry is not None:
            yield _mark(here, entry)
            return
        pending = [here.sub(name)]
    except FolderUnreadable:
        return
    while pending:
        below = pending.pop()
        try:
            listing = below.listing
        except FolderUnreadable:
            continue
        for entry in listing.files.values():
            yield _mark(below, entry)
        pending += [below.sub(n) for n in listing.folders]


def _mark(folder: Folder, entry: Entry) -> bytes:
    path = folder.join(entry.name).encode("utf-8", "surrogateescape")
    return b"%s\0%d\0%d\n" % (path, entry.size, entry.mtime_ns)


def settled_mark(root: Path, path: str, watch: Iterable[str] = ()) -> str:
    """A hash over the times of a folder and of all below it, and over sizes and times of the files in itself.

    A folder's time changes with the names in it, not with what its files hold. That costs a fraction of looking at each
    file. "" when something cannot be seen; links count as what they are and are not followed.

    watch   files elsewhere below the root that count as those in the folder do; they are named behind the hash.
    """
    watched = sorted(watch)
    digest = xxhash.xxh3_128()
    for other in watched:
        digest.update(_seen_of(os.path.join(root, other)))  # noqa: PTH118 - as below
    top = os.path.join(root, path)  # noqa: PTH118 - a fifth of the time of a Path
    counts_folders = False
    pending = [top]
    try:
        while pending:
            here = pending.pop()
            facts = os.lstat(here)
            if not stat.S_ISDIR(facts.st_mode):
                return ""
            digest.update(b"%s\0%d\n" % (os.fsencode(here[len(top) :]), facts.st_mtime_ns))
            if here == top:
                # Most file systems count the folders in a folder as links to it; others say 1 or 2 of every folder.
                counts_folders = facts.st_nlink > 2
            elif counts_folders and facts.st_nlink == 2:
                continue
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=attrgetter("name")):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif here == top:
                        facts = entry.stat(follow_symlinks=False)
                        digest.update(b"%s\0%d\0%d\n" % (os.fsencode(entry.name), facts.st_size, facts.st_mtime_ns))
    except OSError:
        return ""
    return digest.hexdigest() + (json.dumps(watched) if watched else "")


def is_settled(root: Path, path: str, mark: str) -> bool:
    """Whether a folder has that `settled_mark` still."""
    _, begins, names = mark.partition("[")
    watch = json.loads(begins + names) if begins else ()
    return mark != "" and settled_mark(root, path, watch) == mark


def _seen_of(file: str) -> bytes:
    try:
        facts = os.lstat(file)
    except OSError:
        return b"-\n"
    return b"%d\0%d\0%d\n" % (stat.S_IFMT(facts.st_mode), facts.st_size, facts.st_mtime_ns)
