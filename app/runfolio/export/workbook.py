"""The runs table as an Excel workbook: typed cells, a header that stays, and nothing that a spreadsheet would run.

Texts are always texts: no formula and no link is made of what stands in a run folder.
"""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runfolio.errors import UsageError
from runfolio.export.files import whole_file
from runfolio.export.sheet import Block, Cell
from runfolio.model.display import plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""What a worksheet holds."""
LONGEST = 32_767
"""Characters of a cell; a longer text ends with "…"."""
_EXACT = 2**53
"""Whole numbers beyond are texts: a spreadsheet has float64 only."""
_WIDE, _NARROW = 26, 13
_FIRST = dt.datetime(1900, 3, 1, tzinfo=dt.UTC)
"""Dates before are written as texts: Excel takes 1900 for a leap year."""


class _Workbook:
    def __init__(self, sheet: Worksheet, moment: Format) -> None:
        self._sheet = sheet
        self._moment = moment
        self._row = 1

    def write(self, block: Block) -> None:
        for row, cells in enumerate(zip(*block.cells, strict=True), self._row):
            for place, cell in enumerate(cells):
                self._put(row, place, cell)
        self._row += block.rows

    def _put(self, row: int, place: int, value: Cell) -> None:
        if value is None:
            return
        if isinstance(value, dt.datetime):
            if value >= _FIRST:
                self._sheet.write_datetime(row, place, value.replace(tzinfo=None), self._moment)
            else:
                self._sheet.write_string(row, place, value.isoformat())
        elif isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, int | float) and _holds(value):
            self._sheet.write_number(row, place, value)
        else:
            self._sheet.write_string(row, place, _shown(value))


def _holds(value: float) -> bool:
    return abs(value) <= _EXACT if isinstance(value, int) else math.isfinite(value)


def _shown(value: str | float | tuple[str, ...]) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return plain(text, LONGEST - 1, lines=True)


@contextmanager
def workbook_writer(path: Path, titles: Sequence[str], rows: int) -> Iterator[_Workbook]:
    """A workbook with one worksheet, "Runs". Rows go to a temporary file as they come.

    Raises UsageError for more rows or columns than a worksheet holds.
    """
    import xlsxwriter

    if rows + 1 > MOST_ROWS or len(titles) > MOST_COLUMNS:
        raise UsageError(
            f"A worksheet holds {MOST_ROWS - 1:,} runs and {MOST_COLUMNS:,} columns, and this table has more",
            hint="Write it as .parquet or .csv, or choose fewer columns.",
            where=str(path),
        )
    with whole_file(path) as fresh, tempfile.TemporaryDirectory(prefix="runfolio-workbook-") as folder:
        book = xlsxwriter.Workbook(
            str(fresh),
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "default_date_format": "yyyy-mm-dd hh:mm:ss",
            },
        )
        try:
            sheet = book.add_worksheet("Runs")
            head = book.add_format({"bold": True, "bottom": 1})
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, 0, _WIDE)
            if len(titles) > 1:
                sheet.set_column(1, len(titles) - 1, _NARROW)
            for place, title in enumerate(titles):
                sheet.write_string(0, place, _shown(title), head)
            if rows:
                sheet.autofilter(0, 0, rows, len(titles) - 1)
            yield _Workbook(sheet, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
        finally:
            # It removes its temporary files as well, also of a workbook that was left in the middle.
            try:
                book.close()
            except xlsxwriter.exceptions.FileCreateError as error:
                sheet.row_data_fh.close()
                raise OSError(*getattr(error.__context__, "args", (str(error),))) from error
