"""Foreign values made fit for a column of the index: valid UTF-8, JSON that reads back, numbers that fit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import polars as pl

from runfolio.model.display import storable
from runfolio.model.params import Json, int_text
from runfolio.model.problem import Problem

ProblemRow: TypeAlias = tuple[int, str | None, str | None, int | None, Problem]
"""(source, claimed folder, reader, recording, problem)."""

_LARGEST = 2**63 - 1
_quoted = json.encoder.encode_basestring_ascii


def text_or_none(value: str | None) -> str | None:
    """The text as valid UTF-8; None stays None."""
    return None if value is None else storable(value)


def big_int_or_none(value: int | None) -> int | None:
    """The number when 64 bits hold it, else None: a file may claim any size."""
    return value if value is not None and -_LARGEST <= value <= _LARGEST else None


def as_json(value: Json) -> str:
    """JSON text of a value, with lone surrogates spelled out and whole numbers past Python's limit as text."""
    if type(value) is str:
        text = _quoted(value)
        return _quoted(storable(value)) if "\\ud" in text else text
    try:
        text = json.dumps(value)
    except ValueError:
        return json.dumps(_spelled(value))
    return json.dumps(_spelled(value)) if "\\ud" in text else text


def json_texts(texts: Sequence[str]) -> list[str]:
    """The same for many texts."""
    quoted = [*map(_quoted, texts)]
    return [*map(as_json, texts)] if "\\ud" in "".join(quoted) else quoted


def storable_texts(texts: Sequence[str]) -> Sequence[str]:
    """Texts as valid UTF-8."""
    return texts if "".join(texts).isascii() else [*map(storable, texts)]


@lru_cache(maxsize=65_536)
def path_json(path: tuple[str, ...]) -> str:
    """A param's path as JSON. Cached because the runs of an experiment have the same params."""
    return as_json([*path])


def _spelled(value: Json) -> Json:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_spelled(v) for v in value]
    if isinstance(value, dict):
        return {storable(k): _spelled(v) for k, v in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 10_000:
        return int_text(value)
    return value


def problem_frame(rows: Iterable[ProblemRow]) -> pl.DataFrame:
    """Rows of the table `problems`."""
    rows = [*rows]
    problems = [row[4] for row in rows]
    return pl.DataFrame(
        {
            "source": [r[0] for r in rows],
            "unit": [r[1] for r in rows],
            "reader": [r[2] for r in rows],
            "recording": [r[3] for r in rows],
            "severity": [p.severity.value for p in problems],
            "code": [p.code for p in problems],
            "path": [storable(p.path) for p in problems],
            "message": [storable(p.message) for p in problems],
            "hint": [storable(p.hint) for p in problems],
            "at_byte": [big_int_or_none(p.offset) for p in problems],
        },
        schema_overrides={"unit": pl.String, "reader": pl.String, "recording": pl.Int32, "at_byte": pl.Int64},
    )
