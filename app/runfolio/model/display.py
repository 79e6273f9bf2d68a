"""Foreign text made safe to show, and numbers written the same way everywhere.

Everything a run folder says is data. What reaches a screen, a terminal or a figure goes through `plain`, the one
place that cuts long strings and makes control and direction-changing characters visible.
"""

from __future__ import annotations

import math
import unicodedata

SHOWN_CHARACTERS = 1_000
"""Longest string that any view shows; the whole text stays in the index and in exports."""

# Explicit direction overrides and isolates: they can make 'gpj.exe' of 'exe.jpg'.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
THIN_SPACE = "\u2009"


def plain(text: str, limit: int = SHOWN_CHARACTERS, *, lines: bool = False) -> str:
    """`text` without anything that could act on its surroundings, cut after `limit` characters with "…".

    Control characters (ESC among them), direction marks and lone surrogates become visible escapes such as
    `\\x1b`; more than eight combining marks in a row are dropped. Line breaks become `⏎` unless `lines`.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        # As nearly all are: nothing to change.
        return text
    cut = text[: limit + 1]
    if lines and cut.isascii() and cut.replace("\n", "").replace("\t", "").isprintable():
        return f"{cut[:limit]}…" if len(cut) > limit else cut
    shown: list[str] = []
    marks = 0
    for character in cut[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > 8:
            continue
        if character == "\n":
            shown.append("\n" if lines else "⏎")
        elif character == "\t":
            shown.append("\t" if lines else " ")
        elif category in ("Cc", "Cs") or character in _BIDI or character in "\u2028\u2029":
            code = ord(character)
            shown.append(f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
        else:
            shown.append(character)
    if len(cut) > limit:
        shown.append("…")
    return "".join(shown)


def storable(text: str) -> str:
    """`text` as valid UTF-8: lone surrogates (bytes of a file name that are not UTF-8) become `\\xNN`/`\\uNNNN`."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return "".join(
            f"\\x{ord(c) - 0xDC00:02x}"
            if 0xDC80 <= ord(c) <= 0xDCFF
            else f"\\u{ord(c):04x}"
            if 0xD800 <= ord(c) <= 0xDFFF
            else c
            for c in text
        )


def number(value: float | None, digits: int = 5) -> str:
    """A figure with `digits` significant digits; `–` for none, `NaN`, `∞`, `−∞` in words.

    >>> number(0.000123456), number(41.0), number(1234567.0), number(float("nan"))
    ('0.00012346', '41', '1\\u2009234\\u2009567', 'NaN')
    """
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = abs(value)
    if float(value).is_integer() and size < 1e15:
        return count(int(value))
    if 1e-4 <= size < 1e6:
        text = f"{value:.{max(0, digits - 1 - math.floor(math.log10(size)))}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def count(value: int) -> str:
    """A whole number with thin spaces between thousands.

    >>> count(6300)
    '6\\u2009300'
    """
    return f"{value:,}".replace(",", THIN_SPACE)


def counted(value: int, one: str, many: str = "") -> str:
    """How many of something there are, by its name in the singular; `many` where that takes more than an s.

    >>> counted(1, "run"), counted(6300, "run"), counted(2, "entry", "entries")
    ('1 run', '6\\u2009300 runs', '2 entries')
    """
    return f"{count(value)} {one if value == 1 else many or f'{one}s'}"


def short_count(value: int) -> str:
    """A whole number in two or three digits where it has many.

    >>> short_count(9999), short_count(41_260), short_count(4_200_000)
    ('9\\u2009999', '41.3 k', '4.2 M')
    """
    if value < 10_000:
        return count(value)
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if value < 999.5 * size or unit == "G":
            text = f"{value / size:.1f}" if value < 100 * size else f"{value / size:.0f}"
            return f"{text.removesuffix('.0')} {unit}"
    return count(value)


def duration(seconds: float | None) -> str:
    """A span of time in its two largest units: `41 ms`, `3.2 s`, `12 min 4 s`, `3 h 7 min`, `2 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0:
        return f"−{duration(-seconds)}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def size(size_bytes: int) -> str:
    """Bytes in the largest decimal unit that leaves at least 1: `44.7 MB`."""
    amount = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
