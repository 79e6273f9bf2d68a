"""INI files of params (`config.ini`, `run.cfg`) as documents, read as Python's `configparser` reads them.

Two things differ, since a run's params are shown and not used: nothing is filled in (no `%(name)s`, and `[DEFAULT]` is
a section like any other), and lines before the first section are params without a section. One pass over the lines:
no text can make it slow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runfolio.model.display import storable
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, warning
from runfolio.readers.documents import Document, KeyPath, decode
from runfolio.readers.yaml_nodes import some
from runfolio.readers.yaml_scalars import text_value

_COMMENTS = ("#", ";")


@dataclass(slots=True)
class _Ini:
    """What was read so far: lines of values by section and key, and where the last key stood."""

    where: str
    sections: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {"": {}})
    section: str = ""
    key: str | None = None
    indent: int = 0
    repeated: dict[str, None] = field(default_factory=dict)
    odd_lines: list[int] = field(default_factory=list)


def parse_ini(data: bytes, where: str, budget: Budget) -> Document:
    """An INI file; values that spell numbers or truth are typed as in YAML. Never raises for what it holds."""
    if len(data) > budget.text_bytes:
        message = f"The file has {len(data):,} bytes; at most {budget.text_bytes:,} are read"
        return Document(None, problems=(warning("too-large", where, message),))
    text, odd = decode(data, where)
    # Not splitlines: a form feed or U+2028 inside a value ends no line for configparser.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > budget.nodes:
        message = f"More than {budget.nodes:,} lines"
        return Document(None, problems=(*odd, warning("too-large", where, message)))
    ini = _Ini(where)
    for number, line in enumerate(lines, 1):
        _take(ini, number, line)
    return _document(ini, odd)


def _take(ini: _Ini, number: int, line: str) -> None:
    content = line.strip()
    values = ini.sections[ini.section]
    if not content:
        if ini.key is not None:
            values[ini.key].append("")
        return
    if content.startswith(_COMMENTS):
        return
    indent = len(line) - len(line.lstrip())
    if ini.key is not None and indent > ini.indent:
        values[ini.key].append(content)
        return
    ini.indent = indent
    if content.startswith("[") and "]" in content[2:]:
        ini.section, ini.key = content[1 : content.rindex("]")], None
        ini.sections.setdefault(ini.section, {})
        return
    end = min((at for at in (content.find("="), content.find(":")) if at > 0), default=0)
    if not end:
        ini.odd_lines.append(number)
        ini.key = None
        return
    ini.key = content[:end].rstrip()
    if ini.key in values:
        ini.repeated[f"{ini.section}.{ini.key}" if ini.section else ini.key] = None
    values[ini.key] = [content[end + 1 :].strip()]


def _document(ini: _Ini, odd: tuple[Problem, ...]) -> Document:
    tree: dict[str, Json] = {}
    texts: dict[KeyPath, str] = {}
    plain = ini.sections.pop("")
    for name, values in (("", plain), *ini.sections.items()):
        # A section may be called as a param above it; both are shown.
        section = storable(f"[{name}]" if name in plain else name)
        here: dict[str, Json] = tree if not name else {}
        for key, lines in values.items():
            text = storable("\n".join(lines).rstrip())
            shown = storable(key)
            here[shown] = text_value(text)
            texts[(section, shown) if name else (shown,)] = text
        if name and here:
            tree[section] = here
    problems = [*odd]
    if ini.repeated:
        message = f"Given more than once, the last one is shown: {some([*ini.repeated])}"
        problems.append(warning("duplicate-key", ini.where, storable(message)))
    if ini.odd_lines:
        first = ", ".join(f"{n:,}" for n in ini.odd_lines[:5])
        message = f"{len(ini.odd_lines):,} lines are neither a section nor `key = value`, the first of them: {first}"
        problems.append(warning("ini-syntax", ini.where, message, "Check whether the file was copied completely."))
    return Document(tree or None, texts, tuple(problems))
