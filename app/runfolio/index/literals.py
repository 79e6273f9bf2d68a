"""What the right side of a comparison means to a field: as text, as an instant, as a length of time."""

from __future__ import annotations

import datetime as dt
import re

from runfolio.model import times
from runfolio.model.display import storable
from runfolio.model.expression import Number, Scalar

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(Z|[+-]\d\d:\d\d)?")
_SECOND = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?")
_LENGTH = re.compile(r"(\d+\.?\d*|\.\d+)(ms|s|min|m|h|d)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def as_text(value: Scalar) -> str:
    """The text that a value stands for; a number's as it was typed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    return repr(value).removesuffix(".0") if isinstance(value, float) else storable(str(value))


def as_number(value: Scalar) -> float | None:
    """The number that a value is; None when it is none. Truth values are no numbers."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_moments(value: Scalar) -> tuple[int, int] | None:
    """The microseconds UTC [start, end) that a date or time of day covers; None when the text is neither.

    `2026-01-31` is a whole day, `2026-01-31 14:00` a minute, with seconds a second, with a fraction one microsecond.
    A text without a zone is UTC, as everywhere.
    """
    if not isinstance(value, str):
        return None
    text = value.strip()
    start = times.from_iso(text)
    if start is None:
        return None
    for pattern, length in (
        (_DATE, dt.timedelta(days=1)),
        (_MINUTE, dt.timedelta(minutes=1)),
        (_SECOND, dt.timedelta(seconds=1)),
    ):
        if pattern.fullmatch(text):
            return start, start + length // dt.timedelta(microseconds=1)
    return start, start + 1


def as_seconds(value: Scalar) -> float | None:
    """The seconds that a number, or a text such as `90s`, `5min`, `1.5h`, `2d`, stands for; None when it is neither."""
    if isinstance(value, str):
        found = _LENGTH.fullmatch(value.strip())
        return float(found[1]) * _SECONDS[found[2].lower()] if found else None
    return as_number(value)
