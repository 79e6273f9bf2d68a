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


def resolved(config: Mapping[str, Json]) -> dict[str, Json]:
    """Values of the leaves that refer to others, by dotted key; those that cannot be resolved are not among them."""
    found: dict[str, Json] = {}
    for param in flatten(config):
        if "${" not in param.text:
            continue
        try:
            found[param.key] = _value(param.value, param.path, config, 0)
        except _Unresolved:
            continue
    return found


class _Unresolved(Exception):
    """A reference that the config alone does not settle."""


def _value(value: Json, path: tuple[str, ...], config: Mapping[str, Json], depth: int) -> Json:
    """The value at `path` with its references followed. Raises _Unresolved."""
    if depth > _DEEPEST:  # a circle, too
        raise _Unresolved
    if isinstance(value, list):
        return [_value(item, (*path, str(i)), config, depth + 1) for i, item in enumerate(value)]
    if isinstance(value, dict):
        raise _Unresolved  # a whole branch is shown where it stands
    if not isinstance(value, str) or "${" not in value:
        return value
    parts = [*_parts(value)]
    if len(parts) == 1 and parts[0][1]:
        return _target(parts[0][0], path, config, depth)
    text = ""
    for part, is_reference in parts:
        text += _text(_target(part, path, config, depth)) if is_reference else part
        if len(text) > _LONGEST:
            raise _Unresolved
    return text


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


def _target(reference: str, path: tuple[str, ...], config: Mapping[str, Json], depth: int) -> Json:
    if _RESOLVER.match(reference):
        raise _Unresolved
    if "${" in reference:
        reference = _text(_value(reference, path, config, depth + 1))
    reference = reference.strip()
    keys = reference.lstrip(".")
    up = len(reference) - len(keys)
    if up > len(path):
        raise _Unresolved
    # One dot is the mapping that holds the value, each further one the mapping around that.
    base = path[: len(path) - up] if up else ()
    wanted = (*base, *keys.replace("[", ".").replace("]", "").split("."))
    here: Json = dict(config)
    for key in wanted:
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and key.isascii() and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        else:
            raise _Unresolved
    if here == _MISSING:
        raise _Unresolved
    return _value(here, wanted, config, depth + 1)


def _text(value: Json) -> str:
    """A value inside a longer text, as OmegaConf writes it: with Python's `str`."""
    if isinstance(value, bool | None):
        return str(value)
    if isinstance(value, list):
        raise _Unresolved
    return text_of(value)
