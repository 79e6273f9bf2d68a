"""Finds a param in YAML by the marks of the parser's events, so that flow style and lists are no hindrance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from runfolio.model.display import storable
from runfolio.model.origin import Wanted
from runfolio.readers.contract import Budget
from runfolio.readers.place_text import Found, may_be
from runfolio.readers.yaml_events import LOADER

_WRAPPER = "value"


@dataclass(slots=True)
class _Level:
    """A mapping that is open. `key` is the one whose value comes next; None where a key does."""

    path: tuple[str, ...]
    key: str | None = None
    line: int = 0


@dataclass(slots=True)
class _Walk:
    """Where in a document the events are. `inside` counts lists, and mappings that are keys, around what comes."""

    levels: list[_Level] = field(default_factory=list)
    inside: int = 0


def find_yaml(text: str, wanted: Wanted, budget: Budget, *, wrapped: bool = False) -> Found | None:
    """The line where the value of a param begins; None when no document has it, or none that can be read.

    wrapped   whether the values of the first level stand below a key `value`, as W&B and SwanLab write them.
    Of a key that is given twice the last one counts, as it does for the reader.
    """
    paths = {wanted.path}
    if wrapped and wanted.path:
        paths.add((wanted.path[0], _WRAPPER, *wanted.path[1:]))
    lines = text.split("\n")
    found: Found | None = None
    try:
        for event_path, line, value in _values(text, budget):
            if not event_path and found is not None:
                break  # the next document
            if event_path in paths and (value is None or _is_text(value, wanted.text)):
                found = Found(line, ".".join(event_path), lines[line - 1] if line <= len(lines) else "")
    except (yaml.YAMLError, ValueError, OverflowError):
        pass  # what comes before the mistake was read, and is all that was shown
    return found


def _is_text(value: str, text: str) -> bool:
    return storable(value) == text or may_be(value, text)


def _values(text: str, budget: Budget) -> Iterator[tuple[tuple[str, ...], int, str | None]]:
    """Path, line and text of each value in mappings of mappings; the text is None for lists and mappings.

    An empty path stands for the beginning of a document.
    """
    walk = _Walk()
    for number, event in enumerate(yaml.parse(text, Loader=LOADER)):
        if number % 4096 == 0:
            budget.check()
        if isinstance(event, yaml.DocumentStartEvent):
            yield (), 0, None
            walk = _Walk()
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            _leave(walk)
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionStartEvent):
            place = _enter(walk, event)
            if place is not None:
                yield (*place, str(event.value) if isinstance(event, yaml.ScalarEvent) else None)


def _enter(walk: _Walk, event: yaml.NodeEvent) -> tuple[tuple[str, ...], int] | None:
    """Take a node; its path and line where it is the value of a key."""
    opens = isinstance(event, yaml.CollectionStartEvent)
    if walk.inside:
        walk.inside += opens
        return None
    line = 1 + (0 if event.start_mark is None else event.start_mark.line)
    level = walk.levels[-1] if walk.levels else None
    if level is None or level.key is None:
        if level is None and isinstance(event, yaml.MappingStartEvent):
            walk.levels.append(_Level(()))
        elif opens:
            walk.inside = 1
        elif level is not None and isinstance(event, yaml.ScalarEvent):
            level.key, level.line = storable(event.value), line
        if level is not None and level.key is None:
            level.key, level.line = "", line  # a key that is no scalar
        return None
    path = (*level.path, level.key)
    # A list or mapping is told by its key; a scalar by its own line.
    place = (path, level.line if opens else line)
    if isinstance(event, yaml.MappingStartEvent):
        walk.levels.append(_Level(path))
    else:
        walk.inside = int(opens)
        level.key = None
    return place


def _leave(walk: _Walk) -> None:
    if walk.inside:
        walk.inside -= 1
        return
    if walk.levels:
        walk.levels.pop()
    if walk.levels:
        walk.levels[-1].key = None
