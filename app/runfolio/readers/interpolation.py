"""What `${...}` in a config comes to, as far as the config alone says it (the syntax of OmegaConf 2).

References to other keys (`${model.lr}`, `${.lr}`, `${list[0]}`, `${a.${b}}`) are followed. Resolvers (`${oc.env:HOME}`,
`${hydra:runtime.cwd}`, `${now:%Y}`) are not: the machine that reads a run is not the one that ran it, and the run's
environment is nobody's to guess. A value that depends on one stays as it was written.

Source: https://omegaconf.readthedocs.io/en/2.3_branch/grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runfolio.model.params import Json, flatten, text_of

_RESOLVER = re.compile(r"\s*[A-Za-z_][\w.]*\s*:")
_MISSING = "???"
_DEEPEST = 32
_LONGEST = 10_000
_MOST_TEXT = 10_000_000


def resolved(config: Mapping[str, Json]) -> dict[str, Json]:
    """Values of the leaves that refer to others, by dotted key; those that cannot be resolved are not among them."""
    resolver = _Resolver(config)
    found: dict[str, Json] = {}
    for param in flatten(config):
        if "${" not in param.text:
            continue
        try:
            found[param.key] = resolver.value(param.value, param.path, 0)
        except _Unresolved:
            continue
    return found


class _Unresolved(Exception):
    """A reference that the config alone does not settle."""


class _Resolver:
    """Follows references, each target once: texts of two references can double at each level."""

    def __init__(self, config: Mapping[str, Json]) -> None:
        self.config: Json = dict(config)
        self.known: dict[tuple[str, ...], Json] = {}
        self.room = _MOST_TEXT

    def value(self, value: Json, path: tuple[str, ...], depth: int) -> Json:
        """The value at `path` with its references followed. Raises _Unresolved."""
        if depth > _DEEPEST:  # a circle, too
            raise _Unresolved
        if isinstance(value, list):
            self.take(len(value))
            return [self.value(item, (*path, str(i)), depth + 1) for i, item in enumerate(value)]
        if isinstance(value, dict):
            raise _Unresolved  # a whole branch is shown where it stands
        if not isinstance(value, str) or "${" not in value:
            return value
        parts = [*_parts(value)]
        if len(parts) == 1 and parts[0][1]:
            return self.target(parts[0][0], path, depth)
        text = ""
        for part, is_reference in parts:
            text += _text(self.target(part, path, depth)) if is_reference else part
            if len(text) > _LONGEST:
                raise _Unresolved
        self.take(len(text))
        return text

    def take(self, size: int) -> None:
        """Counts what the values of all references come to. Raises _Unresolved when it is too much."""
        self.room -= size
        if self.room < 0:
            raise _Unresolved

    def target(self, reference: str, path: tuple[str, ...], depth: int) -> Json:
        """What a reference in the value at `path` leads to. Raises _Unresolved."""
        if _RESOLVER.match(reference):
            raise _Unresolved
        if "${" in reference:
            reference = _text(self.value(reference, path, depth + 1))
        reference = reference.strip()
        keys = reference.lstrip(".")
        up = len(reference) - len(keys)
        if up > len(path):
            raise _Unresolved
        # One dot is the mapping that holds the value, each further one the mapping around that.
        base = path[: len(path) - up] if up else ()
        wanted = (*base, *keys.replace("[", ".").replace("]", "").split("."))
        if wanted not in self.known:
            here = self.config
            for key in wanted:
                here = _below(here, key)
            if here == _MISSING:
                raise _Unresolved
            self.known[wanted] = self.value(here, wanted, depth + 1)
        found = self.known[wanted]
        self.take(len(found) if isinstance(found, str | list) else 1)
        return found


def _below(value: Json, key: str) -> Json:
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 9 and int(key) < len(value):
        return value[int(key)]
    raise _Unresolved


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Pieces of a text, each with whether it is what stands between `${` and `}`. Raises _Unresolved."""
    here = literal = 0
    while (start := text.find("${", here)) >= 0:
        if start and text[start - 1] == "\\":
            here = start + 2  # escaped
            continue
        end = _closing(text, start + 2)
        if start > literal:
            yield text[literal:start].replace("\\${", "${"), False
        yield text[start + 2 : end], True
        here = literal = end + 1
    if literal < len(text):
        yield text[literal:].replace("\\${", "${"), False


def _closing(text: str, start: int) -> int:
    level = 1
    for position in range(start, len(text)):
        if text[position] == "{":
            level += 1
        elif text[position] == "}":
            level -= 1
            if not level:
                return position
    raise _Unresolved


def _text(value: Json) -> str:
    """A value inside a longer text, as OmegaConf writes it: with Python's `str`."""
    if isinstance(value, bool | None):
        return str(value)
    if isinstance(value, list):
        raise _Unresolved
    return text_of(value)
