"""What this process needs on disk for a while: one folder among the system's temporary files, gone when it ends.

The folder holds a lock for as long as its process lives, whatever ends that. So what was left by processes that were
killed is known by a lock that nobody holds; the next process that makes a folder removes it.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing import util
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "runfolio-"
_LOCK = "in-use.lock"
_AFTER_ALL_ELSE = -200
"""Python's own folder for sockets, which may lie in ours, goes at -100, and workers are ended before that."""
_LONGEST_SOCKET_FOLDER = 70
"""Bytes; the path of a socket has room for some hundred, and Python adds two names to this."""

_turn = threading.Lock()


@dataclass(slots=True)
class _Own:
    path: Path
    lock: FileLock


_own: _Own | None = None
_lent: Path | None = None


def folder() -> Path:
    """The folder of this process, made when it is first asked for. Raises OSError when there is no room for it.

    In a worker process that is what it was lent by `lend`.
    """
    global _own
    with _turn:
        if _lent is not None:
            _lent.mkdir(parents=True, exist_ok=True)
            return _lent
        # Systems tidy up their temporary files, also under a window that has been open for weeks.
        if _own is None or not _own.path.is_dir():
            if _own is None:
                util.Finalize(None, _end, exitpriority=_AFTER_ALL_ELSE)
            else:
                _own.lock.release(force=True)
            place = Path(tempfile.gettempdir())
            _sweep(place)
            _own = _made(place)
        return _own.path


def fresh(prefix: str) -> tempfile.TemporaryDirectory[str]:
    """A new empty folder in there, to be used with `with`. Raises OSError when there is no room for it."""
    return tempfile.TemporaryDirectory(prefix=prefix, dir=folder(), ignore_cleanup_errors=True)


def lend(place: Path) -> None:
    """From now on use `place`, which whoever started this process deletes; it is made when it is first needed."""
    global _lent
    _lent = place


def take_sockets_in() -> None:
    """Let Python keep the sockets by which it starts workers in our folder, so that they go with it.

    It makes a folder for them once, where temporary files go.
    """
    own = folder()
    if len(os.fsencode(own)) > _LONGEST_SOCKET_FOLDER:
        return
    with _turn:
        before, tempfile.tempdir = tempfile.tempdir, str(own)
        try:
            util.get_temp_dir()
        finally:
            tempfile.tempdir = before


def _made(place: Path) -> _Own:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        # Held by the process, not by the thread that happens to be the first to ask.
        lock = FileLock(path / _LOCK, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            continue  # another process tidied up in the moment before the lock was held: it is theirs to remove
        if (path / _LOCK).exists():
            return _Own(path, lock)
        lock.release(force=True)


def _end() -> None:
    global _own
    if _own is not None:
        _remove(_own)
        _own = None


def _sweep(place: Path) -> None:
    """Remove the folders of processes that are no more. Those without our lock file are somebody else's."""
    try:
        with os.scandir(place) as entries:
            found = [Path(e.path) for e in entries if e.name.startswith(_PREFIX) and e.is_dir(follow_symlinks=False)]
    except OSError:
        return  # where nothing can be listed, making the folder tells why
    for path in found:
        if _is_ours(path) and (left := _taken(path)) is not None:
            _remove(left)


def _is_ours(path: Path) -> bool:
    try:
        facts = [path.lstat(), (path / _LOCK).lstat()]
    except OSError:
        return False
    is_own = not hasattr(os, "geteuid") or all(f.st_uid == os.geteuid() for f in facts)
    return is_own and stat.S_ISDIR(facts[0].st_mode) and stat.S_ISREG(facts[1].st_mode)


def _taken(path: Path) -> _Own | None:
    """A folder whose lock nobody held."""
    lock = FileLock(path / _LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return None
    return _Own(path, lock)


def _remove(own: _Own) -> None:
    # While it is locked, so that nobody else takes it for theirs in between.
    shutil.rmtree(own.path, ignore_errors=True)
    own.lock.release(force=True)
    if os.name == "nt":  # where a file that is open cannot be deleted
        shutil.rmtree(own.path, ignore_errors=True)
