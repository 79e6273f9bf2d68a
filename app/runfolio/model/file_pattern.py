"""Patterns for files in a run folder: `log.tsv`, `logs/*.csv`, `**/*.pt`. They lead nowhere but into the folder."""

from __future__ import annotations

from collections.abc import Sequence

from runfolio.errors import UsageError

MOST_PARTS = 8
MOST_CHARACTERS = 200
_MOST_STARS = 8
ANY_FOLDERS = "**"


def parse_file_pattern(text: str, *, any_depth: bool) -> tuple[str, ...]:
    """The parts of a pattern. `any_depth`: whether `**` may stand for any number of folders. Raises UsageError."""
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"A pattern has {len(text):,} characters; at most {MOST_CHARACTERS} are allowed")
    parts = tuple(text.split("/"))
    if len(parts) > MOST_PARTS:
        raise UsageError(f"{text!r} has {len(parts)} parts; at most {MOST_PARTS} are allowed")
    drive = len(parts[0]) == 2 and parts[0][1] == ":"
    if drive or any(part in ("", ".", "..") or "\\" in part or not part.isprintable() for part in parts):
        hint = "Write the name of a file in the run's folder, as in log.tsv or logs/*.csv; * stands for any text."
        raise UsageError(f"{text!r} is no file in a run's folder", hint=hint)
    if any(p != ANY_FOLDERS and (ANY_FOLDERS in p or p.count("*") > _MOST_STARS) for p in parts):
        raise UsageError(f"{text!r} has stars where they make no sense", hint="Use one * for any text inside a name.")
    if ANY_FOLDERS in parts and not any_depth:
        hint = "Name the folders, as in logs/*.csv. Only artifacts and ignore may hold **."
        raise UsageError(f"{text!r} would look at any depth", hint=hint)
    return parts


def part_fits(part: str, name: str) -> bool:
    """Whether a name fits one part, in which `*` stands for any text."""
    if "*" not in part:
        return part == name
    first, *between, last = part.split("*")
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for text in between:
        found = name.find(text, at, end)
        if found < 0:
            return False
        at = found + len(text)
    return True


def fits(parts: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a path (the names of folders and the file) fits a pattern."""
    # Which numbers of names the parts so far can have taken: one pass for each part, whatever the stars.
    reached = {0}
    for part in parts:
        if part == ANY_FOLDERS:
            reached = {*range(min(reached), len(path) + 1)}
        else:
            reached = {n + 1 for n in reached if n < len(path) and part_fits(part, path[n])}
        if not reached:
            return False
    return len(path) in reached
