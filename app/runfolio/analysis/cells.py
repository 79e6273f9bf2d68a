"""Foreign text as a cell of a table in another program's format, where it can do nothing but be read."""

from __future__ import annotations

import re

from runfolio.model.display import plain

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
# What makes Excel, LibreOffice or Google Sheets take a cell for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~$&!])")


def spreadsheet(text: str) -> str:
    """`text` for a CSV cell: a leading apostrophe stops what a spreadsheet would run as a formula.

    Numbers stay as they are, with their sign. Lone surrogates and control characters become visible escapes; the
    CSV writer does the quoting, so line breaks and separators are kept.

    >>> spreadsheet("=1+1"), spreadsheet("-0.5"), spreadsheet("lr")
    ("'=1+1", '-0.5', 'lr')
    """
    shown = plain(text, len(text), lines=True)
    if shown.startswith(_FORMULA) and not _NUMBER.fullmatch(shown):
        return "'" + shown
    return shown


def tsv(text: str) -> str:
    """The same for a TSV cell, which has no quoting: tabs become spaces and line breaks ⏎."""
    return spreadsheet(plain(text, len(text)))


def markdown(text: str) -> str:
    """`text` for a cell of a Markdown table: one line, and every character that Markdown or HTML acts on escaped."""
    return _MARKDOWN.sub(r"\\\1", plain(text))
