"""MLflow's way of keeping names: a file for each value, and a folder for each `/` in its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from runfolio.errors import FolderUnreadable
from runfolio.model.datasets import ArtifactRef
from runfolio.model.display import storable
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, problem_from, warning
from runfolio.readers.documents import decode
from runfolio.readers.folder import Folder

_DEEPEST = 100
"""Levels of folders below params, metrics, tags or artifacts that are looked at."""


def named_files(folder: Folder, limit: int, budget: Budget, problems: list[Problem]) -> list[tuple[str, str, bytes]]:
    """Name, path and content of each value below a folder, in the order of their names.

    limit   largest file that is read, in bytes.
    """
    found: list[tuple[str, str, bytes]] = []
    parts = 0
    for prefix, below in _walk(folder, budget, problems, is_value=True):
        parts += 1
        before = below.join("")
        for name, content in below.read_many(islice(below.files, budget.names + 1 - len(found)), limit):
            if isinstance(content, bytes):
                found.append((storable(prefix + name), storable(before + name), content))
            else:
                problems.append(problem_from(content, "unreadable-file", below.where(name)))
        if len(found) > budget.names:
            problems.append(_too_many(folder, budget))
            del found[budget.names :]
            break
    # The files of one folder are in order already.
    return sorted(found) if parts > 1 else found


def values_in(
    run: Folder, part: str, limit: int, budget: Budget, problems: list[Problem], *, is_still: bool
) -> list[tuple[str, str, bytes]]:
    """What `named_files` gives for a folder of a run's; `is_still` when its changes show in the times of folders."""
    flat = run.read_flat(part, limit, budget.names) if is_still else None
    if flat is None:
        return named_files(run.sub(part), limit, budget, problems)
    budget.check(run.shown)
    names, contents = flat
    before = run.join(f"{part}/")
    if before.isascii() and "".join(names).isascii() and None not in contents:
        # Nearly all are so, and there are some fifty in a run: nothing is asked of each.
        plain = [content for content in contents if content is not None]
        return [*zip(names, [before + name for name in names], plain, strict=True)]
    found: list[tuple[str, str, bytes]] = []
    for name, content in zip(names, contents, strict=True):
        if content is None:
            below = run.sub(part)
            ((_, careful),) = below.read_many([name], limit)
            if not isinstance(careful, bytes):
                problems.append(problem_from(careful, "unreadable-file", below.where(name)))
                continue
            content = careful
        found.append((storable(name), storable(before + name), content))
    return found


def named_texts(folder: Folder, budget: Budget, problems: list[Problem]) -> dict[str, str]:
    """The values below a folder as text, as it stands in the files: neither stripped nor unquoted."""
    return texts_of(named_files(folder, budget.text_bytes, budget, problems), problems)


def texts_of(values: Iterable[tuple[str, str, bytes]], problems: list[Problem]) -> dict[str, str]:
    """The same of values that were read."""
    texts: dict[str, str] = {}
    for name, where, content in values:
        try:
            texts[name] = content.decode()
        except UnicodeDecodeError:
            texts[name], odd = decode(content, where)
            problems += odd
    return texts


def artifacts(
    folder: Folder, budget: Budget, problems: list[Problem], *, is_own: bool = False
) -> tuple[ArtifactRef, ...]:
    """What lies below an artifact folder, by path; nothing of it is opened. `is_own`: it is in the run's."""
    found: list[ArtifactRef] = []
    base = None if is_own else folder.path
    for prefix, below in _walk(folder, budget, problems, is_value=False):
        if len(found) + len(below.files) > budget.names:
            problems.append(_too_many(folder, budget))
            break
        found.extend(ArtifactRef(storable(prefix + entry.name), entry.size, base) for entry in below.files.values())
    return tuple(sorted(found, key=lambda a: a.path))


def _walk(folder: Folder, budget: Budget, problems: list[Problem], *, is_value: bool) -> Iterator[tuple[str, Folder]]:
    """The folder and those below it, with what their names begin with."""
    stack = [("", folder)]
    while stack:
        prefix, here = stack.pop()
        budget.check(here.shown)
        try:
            listing = here.listing
        except FolderUnreadable as failure:
            problems.append(problem_from(failure, "folder-unreadable", here.shown))
            continue
        problems += odd_entries(here)
        if prefix and is_value and not listing.files and not listing.folders and not listing.odd:
            message = f"{storable(prefix[:-1])!r} is an empty folder where a value belongs"
            problems.append(warning("no-value", here.shown, message))
        if prefix.count("/") >= _DEEPEST and listing.folders:
            message = f"Folders nested deeper than {_DEEPEST} levels are not looked into"
            problems.append(warning("too-deep", here.shown, message))
            continue
        yield prefix, here
        stack.extend((f"{prefix}{name}/", here.sub(name)) for name in reversed(listing.folders))


def odd_entries(folder: Folder, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Problem]:
    """A problem for each link, pipe or device in a folder whose name is `wanted`: none of them is opened."""
    for odd in folder.listing.odd:
        if not wanted(odd.name):
            continue
        if odd.kind == "link":
            message = "A symbolic link: it was not followed"
            yield warning("link-not-followed", folder.where(odd.name), message, "Copy the folder with `cp -rL`.")
        else:
            message = f"Not a regular file but {odd.kind}: it was not opened"
            yield warning("not-a-file", folder.where(odd.name), message)


def _too_many(folder: Folder, budget: Budget) -> Problem:
    return warning("too-many", folder.shown, f"More than {budget.names:,} entries: the rest was not read")
