"""Cells that no spreadsheet takes for a formula and no Markdown table takes for a column."""

from __future__ import annotations

from runfolio.model.display import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: str) -> str:
    """A cell for CSV and TSV: an apostrophe before what a spreadsheet would run; numbers stay numbers."""
    if cell.startswith(_FORMULA):
        try:
            float(cell)
        except ValueError:
            return f"'{cell}"
    return cell


def markdown_cell(cell: str) -> str:
    """A cell for a Markdown table: on one line, with everything that Markdown or HTML would act on escaped."""
    shown = plain(cell)
    for mark in "\\`*_[]<>|!":
        shown = shown.replace(mark, f"\\{mark}")
    return shown
