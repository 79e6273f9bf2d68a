"""Params, meta and summary documents (YAML, JSON, TOML) as plain values that keep the text they were written in.

Nothing in a document can run code, follow a reference out of it, or take more time and memory than the budget
allows. What a damaged document held before the damage is kept, with a Problem that says where it ends.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runfolio.model.display import storable
from runfolio.model.params import Json, Param, leaves, text_of
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, warning
from runfolio.readers.json_salvage import salvage
from runfolio.readers.json_text import is_shallow
from runfolio.readers.yaml_events import Builder
from runfolio.readers.yaml_nodes import Node, some
from runfolio.readers.yaml_scalars import MAX_DIGITS, plain_value

KeyPath = tuple[str, ...]

_INCOMPLETE = "Check whether the file was copied completely."


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document.

    value      plain values; None for an empty document or one of which nothing could be read.
    texts      the leaves' text as written, by key path, where it differs from what `text_of` makes of the value.
               A list is one leaf.
    problems   what was lost, doubtful or odd.
    where      the document's path, as params name it.
    """

    value: Json
    texts: Mapping[KeyPath, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    where: str = ""

    @property
    def mapping(self) -> dict[str, Json]:
        """The value when it is a mapping, else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def text(self, *path: str) -> str | None:
        """The text of the leaf at a key path as written; None when there is no such leaf, or it is null."""
        here: Json = self.value
        for part in path:
            if not isinstance(here, dict) or part not in here:
                return None
            here = here[part]
        return None if here is None else self.texts.get(path, text_of(here))


def params_of(document: Document) -> tuple[Param, ...]:
    """The leaves of a document as params; none when it is not a mapping."""
    texts, where = document.texts, document.where
    if not texts:
        return tuple([Param(path, text_of(value), value, where) for path, value in leaves(document.mapping)])
    return tuple(
        [
            Param(path, text_of(value) if (text := texts.get(path)) is None else text, value, where)
            for path, value in leaves(document.mapping)
        ]
    )


def decode(data: bytes, where: str) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file without its byte-order mark, and a Problem when it is not the UTF-8 it should be.

    Tried in order: what the byte-order mark says, UTF-8, Windows-1252.
    """
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        text = data.decode("utf-32", "replace")
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        try:
            return data.decode("utf-8-sig"), ()
        except UnicodeDecodeError as error:
            text = data.decode("cp1252", "replace")
            message = f"Not UTF-8 at byte {error.start:,}: read as Windows-1252, so some letters may be wrong"
            return text, (warning("not-utf8", where, message, "Save the file as UTF-8.", error.start),)
    if "\ufffd" in text:
        return text, (warning("not-utf8", where, "The file says it is UTF-16 or UTF-32, but parts of it are not"),)
    return text, ()


def parse_yaml(data: bytes, where: str, budget: Budget) -> Document:
    """The first document of a YAML file; see `yaml_events` for limits, `yaml_scalars` for types."""
    return _parse(data, where, budget, _yaml)


def parse_json(data: bytes, where: str, budget: Budget) -> Document:
    """A JSON file; NaN and infinities are accepted, a document that is cut off gives what there is of it."""
    return _parse(data, where, budget, _json)


def parse_toml(data: bytes, where: str, budget: Budget) -> Document:
    """A TOML file; dates and times stay text."""
    return _parse(data, where, budget, _toml)


def _parse(data: bytes, where: str, budget: Budget, parse: Callable[[str, str, Budget], Document]) -> Document:
    if len(data) > budget.text_bytes:
        message = f"The file has {len(data):,} bytes; at most {budget.text_bytes:,} are read"
        return Document(None, problems=(warning("too-large", where, message),))
    text, odd = decode(data, where)
    document = parse(text, where, budget)
    return Document(document.value, document.texts, (*odd, *document.problems), where)


# --- YAML ---------------------------------------------------------------------------------------------------------


_EMPTY: Mapping[str, Callable[[], Json]] = {"[]": list, "{}": dict}
_FLAT_BYTES = 1 << 16
_FLAT_LINE = re.compile(
    r"([A-Za-z_][A-Za-z0-9_.-]*):"
    r"(?: (?:'([ -&(-~]*)'|(\[\]|\{\})|([A-Za-z0-9/._](?:[ :]?[A-Za-z0-9/._+@=-])*)))?\n"
)


def _yaml(text: str, where: str, budget: Budget) -> Document:
    return _flat_yaml(text, budget) or _any_yaml(text, where, budget)


def _flat_yaml(text: str, budget: Budget) -> Document | None:
    """A document of nothing but plain lines `key: value`, as trackers' small meta files are; None for any other.

    The parser of all YAML takes half a millisecond for such a file, and stores hold one for each run.
    """
    if len(text) > _FLAT_BYTES or 2 * text.count("\n") >= budget.nodes or budget.depth < 2:
        return None
    value: dict[str, Json] = {}
    texts: dict[KeyPath, str] = {}
    place = 0
    while place < len(text):
        line = _FLAT_LINE.match(text, place)
        if line is None:
            return None
        place = line.end()
        key, quoted, empty, plain = line.groups()
        if key in value or (plain is not None and len(plain) > MAX_DIGITS):
            return None
        if quoted is not None:
            value[key] = quoted
            continue
        value[key] = _EMPTY[empty]() if empty else plain_value(plain or "")
        if value[key] != plain:
            texts[key,] = empty or plain or ""
    return Document(value, texts) if value else None


def _any_yaml(text: str, where: str, budget: Budget) -> Document:
    builder = Builder(text, where, budget)
    root = builder.build()
    if root is None:
        return Document(None, problems=tuple(builder.problems))
    return Document(root.value, dict(_node_texts(root)), tuple(builder.problems))


def _node_texts(root: Node) -> list[tuple[KeyPath, str]]:
    texts: list[tuple[KeyPath, str]] = []
    stack: list[tuple[KeyPath, Node]] = [((), root)]
    while stack:
        path, node = stack.pop()
        if node.fields:
            stack.extend(((*path, key), below) for key, below in node.fields.items())
        elif path and not (isinstance(node.value, str) and node.value == node.text):
            texts.append((path, node.inline() if node.height else node.text))
    return texts


# --- JSON ---------------------------------------------------------------------------------------------------------


class _Written(float):
    """A number that was written otherwise than Python would write it."""

    __slots__ = ("text",)
    text: str


class _Hooks:
    """What the parser calls back, and what was seen while it did."""

    def __init__(self) -> None:
        self.repeated: list[str] = []
        self.has_written = False

    def number(self, text: str) -> float:
        value = float(text)
        if repr(value) == text:
            return value
        kept = _Written(value)
        kept.text = text
        self.has_written = True
        return kept

    def fields(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        made = dict(pairs)
        if len(made) < len(pairs):
            self.repeated.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        return made


def _json(text: str, where: str, budget: Budget) -> Document:
    if not text.strip():
        return Document(None, problems=(warning("json-cut", where, "The file is empty", _INCOMPLETE),))
    if not is_shallow(text, budget.depth):
        return _salvaged(text, where, budget)
    hooks = _Hooks()
    try:
        value: Json = json.loads(
            text, object_pairs_hook=hooks.fields, parse_float=hooks.number, parse_constant=hooks.number
        )
    except (ValueError, RecursionError):
        return _salvaged(text, where, budget)
    texts: dict[KeyPath, str] = {}
    if hooks.has_written or "\\u" in text:  # only escapes can make half a character
        value = _cleaned(value, (), texts, in_list=False)
    return Document(value, texts, _repeated(hooks.repeated, where))


def _cleaned(value: Json, path: KeyPath, texts: dict[KeyPath, str], *, in_list: bool) -> Json:
    """`value` with plain floats and storable text; notes the text of leaves in `texts`. Depth is limited before."""
    if isinstance(value, _Written):
        if not in_list:
            texts[path] = value.text
        return float(value)
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {
            (name := storable(key)): _cleaned(below, path if in_list else (*path, name), texts, in_list=in_list)
            for key, below in value.items()
        }
    if isinstance(value, list):
        if not in_list and _has_written(value):
            texts[path] = _list_text(value)
        return [_cleaned(below, path, texts, in_list=True) for below in value]
    return value


def _has_written(value: Json) -> bool:
    if isinstance(value, list):
        return any(_has_written(below) for below in value)
    if isinstance(value, dict):
        return any(_has_written(below) for below in value.values())
    return isinstance(value, _Written)


def _list_text(value: Json) -> str:
    """One line of JSON with each number as it was written."""
    if isinstance(value, _Written):
        return value.text
    if isinstance(value, list):
        return "[" + ", ".join(_list_text(below) for below in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_list_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str):
        return storable(json.dumps(value, ensure_ascii=False))
    return text_of(value)


def _salvaged(text: str, where: str, budget: Budget) -> Document:
    found = salvage(text, where, budget)
    problems = _repeated(found.repeated, where)
    if found.long_integers:
        message = f"Integers of more than {MAX_DIGITS:,} digits are shown as text"
        problems += (warning("number-too-long", where, message),)
    if found.code:
        line = text.count("\n", 0, found.offset) + 1
        offset = len(text[: found.offset].encode("utf-8", "surrogatepass"))
        message = storable(f"Line {line}: {found.message}; what comes before is shown")
        problems += (warning(found.code, where, message, _INCOMPLETE, offset),)
    return Document(_cleaned(found.value, (), {}, in_list=False), {}, problems)


def _repeated(keys: list[str], where: str) -> tuple[Problem, ...]:
    if not keys:
        return ()
    message = storable(f"Given more than once, the last one is shown: {some(keys)}")
    return (warning("duplicate-key", where, message),)


# --- TOML ---------------------------------------------------------------------------------------------------------

_ERROR_LINE = re.compile(r"at line (\d+)")


def _toml(text: str, where: str, budget: Budget) -> Document:
    if text.count("[") + text.count("{") > budget.nodes:
        return Document(None, problems=(warning("too-large", where, f"More than {budget.nodes:,} values"),))
    hooks = _Hooks()
    try:
        return _toml_document(tomllib.loads(text, parse_float=hooks.number), (), budget.depth)
    except RecursionError:
        message = "Nested too deeply: the file was not read"
        return Document(None, problems=(warning("too-deep", where, message),))
    except ValueError as failure:
        message = storable(f"{failure}; what comes before is shown")
        problem = warning("toml-syntax", where, message, _INCOMPLETE)
        lines = text.splitlines(keepends=True)
        line = _ERROR_LINE.search(str(failure))
        above = "".join(lines[: int(line[1]) - 1] if line else lines[:-1])
    try:
        return _toml_document(tomllib.loads(above, parse_float=hooks.number), (problem,), budget.depth)
    except (ValueError, RecursionError):
        # The lines above may end inside a list or text that spans lines: nothing of it is certain then.
        return Document(None, problems=(problem,))


def _toml_document(tree: dict[str, Any], problems: tuple[Problem, ...], depth: int) -> Document:
    texts: dict[KeyPath, str] = {}
    return Document(_cleaned(_without_dates(tree, depth), (), texts, in_list=False), texts, problems)


def _without_dates(value: Any, depth: int) -> Json:
    if depth < 0:
        raise RecursionError
    if isinstance(value, dict):
        return {key: _without_dates(below, depth - 1) for key, below in value.items()}
    if isinstance(value, list):
        return [_without_dates(below, depth - 1) for below in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    plain: Json = value
    return plain
