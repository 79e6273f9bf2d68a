"""What a YAML scalar means: the types that trackers' own readers give, and what becomes of tags.

Trackers write YAML with PyYAML or OmegaConf (which is PyYAML with a repaired float rule and no dates), so their
rules decide: YAML 1.1 booleans (`yes`, `on`), octal (`012` is 10) and base 60 (`1:30` is 90) as both have them,
`1e-3` a number as in YAML 1.2 and OmegaConf, and dates as text as in OmegaConf. The text as written is always
kept beside the value, so nothing is decided for good here.
"""

from __future__ import annotations

import math
import re

from runfolio.model.params import Json

MAX_DIGITS = 4_300
"""Longest integer that becomes a number: Python's own limit for decimal text. A longer one stays text."""

_STANDARD = "tag:yaml.org,2002:"

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_INTEGER = re.compile(
    r"""[-+]? (?: (?P<binary>0b[01_]+) | (?P<hexadecimal>0x[0-9a-fA-F_]+) | (?P<octal>0[0-7_]+)
      | (?P<decimal>0|[1-9][0-9_]*) | (?P<sixty>[1-9][0-9_]*(?::[0-5]?[0-9])+) )""",
    re.VERBOSE,
)
_FLOAT = re.compile(
    r"""[-+]? (?: [0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)? | [0-9][0-9_]*[eE][-+]?[0-9]+
      | \.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)? | (?P<sixty>[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)
      | (?P<infinity>\.(?:inf|Inf|INF)) )
      | (?P<nan>\.(?:nan|NaN|NAN))""",
    re.VERBOSE,
)
_BASES = {"binary": 2, "hexadecimal": 16, "octal": 8, "decimal": 10}
_NUMERIC_START = frozenset("-+.0123456789")


def plain_value(text: str) -> Json:
    """The value of an unquoted scalar without a tag; an integer past MAX_DIGITS stays text.

    >>> [plain_value(t) for t in ("1e-3", "012", "on", "1:30", "2024-01-31", "0o17", "~")]
    [0.001, 10, True, 90, '2024-01-31', '0o17', None]
    """
    if text in _NULL:
        return None
    if text[0] in _NUMERIC_START:
        number = _number(text)
        return text if number is None else number
    if text in _TRUE:
        return True
    return False if text in _FALSE else text


def text_value(text: str) -> Json:
    """The value of a text from somewhere else than YAML (an INI file, the name of a folder).

    What only YAML takes for a number (`1:30`, octal `012`) or for null (`~` and nothing at all) stays text.
    """
    digits = text.lstrip("+-")
    if text in ("", "~") or ":" in text or (digits[:1] == "0" and digits[1:2].isdigit()):
        return text
    return plain_value(text)


def is_long_integer(text: str) -> bool:
    """Whether an unquoted scalar spells an integer that is too long to become a number."""
    return len(text) > MAX_DIGITS and _INTEGER.fullmatch(text) is not None


def _number(text: str) -> int | float | None:
    if len(text) > MAX_DIGITS:
        return None
    sign = -1 if text[0] == "-" else 1
    if (integer := _INTEGER.fullmatch(text)) is not None:
        kind = integer.lastgroup or "decimal"
        digits = integer[kind].replace("_", "")
        if kind == "sixty":
            return sign * _base_sixty(digits)
        body = digits if kind in ("decimal", "octal") else digits[2:]
        return sign * int(body, _BASES[kind]) if body else None
    if (real := _FLOAT.fullmatch(text)) is not None:
        if real["nan"]:
            return math.nan
        if real["infinity"]:
            return sign * math.inf
        if real["sixty"]:
            whole, _, fraction = real["sixty"].replace("_", "").rpartition(":")
            return sign * (_base_sixty(whole) * 60.0 + float(fraction))
        return float(text.replace("_", ""))
    return None


def _base_sixty(digits: str) -> int:
    total = 0
    for part in digits.split(":"):
        total = total * 60 + int(part)
    return total


def short_tag(tag: str) -> str:
    """A tag as people write it: `!!python/tuple` for `tag:yaml.org,2002:python/tuple`."""
    return f"!!{tag[len(_STANDARD) :]}" if tag.startswith(_STANDARD) else tag


_TEXT_TAGS = frozenset({"!!str", "!!binary", "!!timestamp", "!!python/str", "!!python/unicode", "!!python/bytes"})
_TYPED_TAGS = frozenset(
    {
        *("!!int", "!!float", "!!bool", "!!null", "!!value", "!!merge"),
        *("!!python/int", "!!python/long", "!!python/float", "!!python/bool", "!!python/none", "!!python/complex"),
    }
)
_SHAPE_TAGS = frozenset(
    {
        *("!!seq", "!!map", "!!set", "!!omap", "!!pairs"),
        *("!!python/tuple", "!!python/list", "!!python/dict", "!!python/set", "!!python/frozenset"),
    }
)
_CALLS = ("!!python/object/apply:", "!!python/object/new:")


def is_known(tag: str) -> bool:
    """Whether a short tag only says what YAML or Python type the data has, so that nothing is lost by reading on."""
    return tag in _TEXT_TAGS or tag in _TYPED_TAGS or tag in _SHAPE_TAGS or tag == "!"


def is_call(tag: str) -> bool:
    """Whether a short tag asks a YAML loader to call something."""
    return tag.startswith(_CALLS)


def tagged_value(tag: str, text: str) -> Json:
    """The value of a scalar with a short tag; unknown tags stay in front of the text, as written."""
    if tag == "!" or tag in _TEXT_TAGS:
        return text
    if tag in _TYPED_TAGS:
        return plain_value(text)
    return f"{tag} {text}".rstrip()
