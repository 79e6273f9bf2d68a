"""One hash over all that lies below a root, so that a look at a tree that has not changed asks for nothing else.

Whatever was read of a tree, and whoever claimed what in it, follows from names, kinds, sizes and times in it, from
readers and from layouts. So where the hash over these is the same, so is all that is known. Nothing says what has
changed where it is not: then each folder is looked at by itself, see `looks`.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import xxhash

from runfolio.readers.layout_files import saved_layouts
from runfolio.readers.looks import latest_of
from runfolio.readers.registry import asked_mark
from runfolio.readers.scanner import MAX_DEPTH, SKIPPED

_File: TypeAlias = tuple[str, int, int, int, int]
"""Name, size, times of writing and of change in ns, and mode."""


def tree_mark(
    root: Path,
    is_settled: Callable[[str], bool] | None = None,
    go_on: Callable[[], None] = lambda: None,
    begun_ns: int | None = None,
) -> str:
    """Hex of the hash; "" where there is none: a part cannot be seen, or it may change without a trace.

    is_settled   asked by path: what lies in such a folder is left out, since the caller knows it to be as it was. None
                 where there is no such folder.
    go_on        called every 64 folders; may raise Cancelled to stop.
    begun_ns     when the tree was first looked at for what is known of it, for a hash that is to be kept. None to
                 compare with such a one.
    """
    digest = xxhash.xxh3_128(_asked())
    digest.update(os.fsencode(root))
    latest_ns = None if begun_ns is None else latest_of(begun_ns)
    skipped, top, scandir = SKIPPED, str(root), os.scandir
    stack = [""]
    looked_at = 0
    try:
        while stack:
            path = stack.pop()
            if looked_at % 64 == 0:
                go_on()
            looked_at += 1
            if is_settled is not None and is_settled(path):
                digest.update(b"settled")
                continue
            here = f"{top}/{path}" if path else top
            files: list[_File] = []
            folders: list[str] = []
            with scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    else:
                        facts = entry.stat(follow_symlinks=False)
                        files.append((entry.name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_mode))
            if latest_ns is not None and _newest_ns(here, files) > latest_ns:
                return ""
            files.sort()
            folders.sort(reverse=True)
            # Takes less than a stat of one of the files, for all of them. It is never read back.
            digest.update(marshal.dumps((folders, files), 2))
            if folders:
                if path.count("/") >= MAX_DEPTH:
                    return ""
                before = f"{path}/" if path else ""
                stack += [before + name for name in folders if name not in skipped]
    except OSError:
        return ""
    return digest.hexdigest()


def is_outside(touched: Iterable[str]) -> bool:
    """Whether some of the folders (as `Folder.opened` names them) are left out of the hash."""
    return any(not SKIPPED.isdisjoint(path.split("/")) for path in touched)


def _asked() -> bytes:
    """Changes when folders may be claimed otherwise than before, or other layouts cannot be used."""
    saved = saved_layouts()
    layouts = tuple(s.layout for s in saved if s.layout is not None)
    troubles = [str(s.trouble) for s in saved if s.trouble is not None]
    return asked_mark(layouts) + "\n".join(troubles).encode("utf-8", "surrogatepass")


def _newest_ns(folder: str, files: Iterable[_File]) -> int:
    # The folder's own time tells of files that went.
    facts = os.lstat(folder)
    newest = max(facts.st_mtime_ns, facts.st_ctime_ns)
    return max([newest, *(max(written, changed) for _, _, written, changed, _ in files)])
