"""Pages of tables: CSV, TSV, JSON lines and Parquet of any size, some hundred rows at a time, every value as text."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from runfolio.analysis.preview.nested import DEEPEST, depth_of, items_for, texts_of
from runfolio.analysis.preview.reading import read_at
from runfolio.analysis.preview.rowindex import RowIndex, row_index
from runfolio.analysis.preview.text import Coding, coding_of
from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import plain, storable
from runfolio.model.previews import TablePage
from runfolio.readers.folder import Folder
from runfolio.readers.json_text import is_shallow

if TYPE_CHECKING:
    import polars as pl

ROWS = 500
COLUMNS = 300
_CELL = 300
LONGEST_CELL = 200_000
"""Characters of a cell that is asked for as a whole."""
_PAGE_BYTES = 16 << 20
"""Of the rows of a page; what is longer is told."""
_FIRST_BYTES = 1 << 18
_HEAD = 64 << 10
_LARGEST_UTF16 = 64 << 20
_DEEPEST = 64
_LOOK_AHEAD = 20 << 20
"""Files up to this size are scanned to their end at once, so that the number of rows is known."""
_MOST_COLUMNS = 20_000
_MOST_GROUP = 1 << 30
"""Bytes that one group of rows of a Parquet file may take, as the file says."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows from `first` on, so many, each cell cut after `cell` characters."""

    first: int
    rows: int = ROWS
    cell: int = _CELL


def table_page(folder: Folder, name: str, first: int, *, whole: bool = False) -> tuple[TablePage, tuple[str, ...]]:
    """The page of rows from `first` on, and what is to be told of it. Raises FolderUnreadable, LimitReached.

    whole   one row alone, with up to LONGEST_CELL characters of each of its cells.
    """
    low = name.lower()
    wanted = _Wanted(max(0, first), 1, LONGEST_CELL) if whole else _Wanted(max(0, first))
    if low.endswith((".parquet", ".pq")) or folder.head(name, 4) == b"PAR1":
        return _parquet(folder, name, wanted)
    if low.endswith((".jsonl", ".ndjson")):
        return _json_lines(folder, name, wanted)
    return _separated(folder, name, wanted)


# --- CSV ----------------------------------------------------------------------------------------------------------


def _separated(folder: Folder, name: str, wanted: _Wanted) -> tuple[TablePage, tuple[str, ...]]:
    head = folder.head(name, _HEAD)
    coding = coding_of(head)
    if coding.unit > 1:
        return _wide_text(folder, name, wanted, coding)
    first = wanted.first
    separator = _separator(name, head[coding.mark :].decode(coding.name, "replace"))
    index = row_index(folder, name, quotes=True)
    with folder.open(name) as handle:
        # Row 0 is the header.
        index.reach(handle, (1 << 62) if index.size <= _LOOK_AHEAD else first + 1 + wanted.rows)
        header = _some_rows(handle, index, 0, 1, coding, separator)
        rows = _some_rows(handle, index, first + 1, wanted.rows, coding, separator)
    total = None if index.total is None else max(0, index.total - 1)
    names = header[0] if header else []
    wide = max((len(row) for row in rows), default=0)
    columns = [*names, *(f"column {place + 1}" for place in range(len(names), wide))]
    notes = [] if wide <= len(names) else ["Some rows have more values than there are columns"]
    if len(rows) < wanted.rows and total is not None and first + len(rows) < total:
        notes.append(f"These rows are so long that {len(rows):,} of them are shown at once")
    return _page(columns, [], wanted, [[*row] for row in rows], total, max(0, index.about - 1)), tuple(notes)


def _some_rows(handle: int, index: RowIndex, first: int, count: int, coding: Coding, separator: str) -> list[list[str]]:
    begin, place = index.place_of(first)
    size = _FIRST_BYTES
    while True:
        data = read_at(handle, size, place + (coding.mark if not place else 0))
        rows = []
        row = begin
        for fields in _fields(data.decode(coding.name, "replace"), separator, quotes=index.quotes):
            if row > first + count:
                break
            if row >= first:
                rows.append(fields)
            row += 1
        # The last row of what was read may be cut; it is whole where there is one behind it, or the file ends.
        if len(rows) > count or len(data) < size or size >= _PAGE_BYTES:
            return rows[:count]
        size *= 4


def _fields(text: str, separator: str, *, quotes: bool) -> Iterator[list[str]]:
    csv.field_size_limit(_PAGE_BYTES)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    )
    # A row that the module refuses is told as the text it is.
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [f"({error})"]


def _separator(name: str, head: str) -> str:
    line = head.partition("\n")[0]
    if name.lower().endswith(".tsv"):
        return "\t"
    return max((",", ";", "\t", "|"), key=lambda mark: (line.count(mark), mark == ","))


def _wide_text(folder: Folder, name: str, wanted: _Wanted, coding: Coding) -> tuple[TablePage, tuple[str, ...]]:
    """UTF-16 is read whole: line ends cannot be found byte by byte."""
    text = folder.read(name, _LARGEST_UTF16, offset=coding.mark).decode(coding.name, "replace")
    rows = [*_fields(text, _separator(name, text[:_HEAD]), quotes=True)]
    header = rows[0] if rows else []
    shown: list[list[str | None]] = [[*row] for row in rows[wanted.first + 1 : wanted.first + 1 + wanted.rows]]
    return _page(header, [], wanted, shown, max(0, len(rows) - 1), None), ()


# --- JSON lines ---------------------------------------------------------------------------------------------------


def _json_lines(folder: Folder, name: str, wanted: _Wanted) -> tuple[TablePage, tuple[str, ...]]:
    first = wanted.first
    index = row_index(folder, name, quotes=False)
    with folder.open(name) as handle:
        index.reach(handle, (1 << 62) if index.size <= _LOOK_AHEAD else first + wanted.rows)
        row, place = index.place_of(first)
        lines = (
            read_at(handle, _PAGE_BYTES, place).decode("utf-8-sig", "replace").split("\n")[first - row :][: wanted.rows]
        )
    if index.total is not None:
        lines = lines[: max(0, index.total - first)]
    columns: dict[str, int] = {}
    table: list[list[str | None]] = []
    bad = 0
    for line in lines:
        cells: list[str | None] = [None] * len(columns)
        try:
            value = json.loads(line) if is_shallow(line, _DEEPEST) else None
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            for key, below in value.items():
                at = columns.setdefault(storable(key), len(columns))
                cells += [None] * (at + 1 - len(cells))
                cells[at] = below if isinstance(below, str) else json.dumps(below, ensure_ascii=False)
        elif line.strip():
            bad += 1
            cells = [line, *cells[1:]]
            columns.setdefault("", len(columns)) if not columns else None
        table.append(cells)
    notes = (f"{bad:,} of these lines are no mappings: each stands in the first column",) if bad else ()
    return _page([*columns], [], wanted, table, index.total, index.about), notes


# --- Parquet ------------------------------------------------------------------------------------------------------


def _parquet(folder: Folder, name: str, wanted: _Wanted) -> tuple[TablePage, tuple[str, ...]]:
    import polars as pl  # starts threads, so only in workers that need it

    with folder.open(name) as handle, os.fdopen(os.dup(handle), "rb") as file:
        try:
            lazy = pl.scan_parquet(_source(handle, file))
            schema = lazy.collect_schema()
            total = int(lazy.select(pl.len()).collect().item())
            shown = [column for column in schema.names() if _is_showable(schema[column])][:COLUMNS]
            some = lazy.select(shown).slice(wanted.first, wanted.rows)
            # Of a long list no more than is seen leaves the engine.
            heads = [pl.col(c).list.head(items_for(wanted.cell)) for c in shown if isinstance(schema[c], pl.List)]
            frame = some.with_columns(heads).collect() if shown else pl.DataFrame()
            rows = _texts(frame, wanted.cell)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as failure:
            reason = plain(storable(str(failure).partition("\n")[0]), 200)
            raise FolderUnreadable(
                f"Not a Parquet file that can be read: {reason}", hint="Copy the file again.", where=folder.where(name)
            ) from failure
    left_out = [column for column in schema.names() if not _is_showable(schema[column])]
    what = f"binary types, or nested more than {DEEPEST} deep,"
    notes = [f"Columns of {len(left_out):,} {what} are not shown"] if left_out else []
    types = [plain(str(schema[column]), _CELL) for column in shown]
    page = _page([storable(column) for column in shown], types, wanted, rows, total, total)
    more = len(schema) - len(left_out) - len(shown)
    return (page if not more else _with_more(page, more)), tuple(notes)


def _source(handle: int, file: IO[bytes]) -> str | io.BytesIO:
    """What Polars may open: the file behind the descriptor, so that no link is followed on the way.

    Where the system has no name for that, the content, within limits.
    """
    behind = f"/proc/self/fd/{handle}"
    if os.path.exists(behind):  # noqa: PTH110 - a descriptor, not a path of a folder
        return behind
    size = os.fstat(handle).st_size
    if size > _MOST_GROUP:
        raise LimitReached(f"The file has {size:,} bytes; on this system up to {_MOST_GROUP:,} are read")
    return io.BytesIO(file.read())


def _is_showable(kind: pl.DataType) -> bool:
    import polars as pl

    return kind not in (pl.Binary, pl.Object) and depth_of(kind) <= DEEPEST


def _texts(frame: pl.DataFrame, longest: int) -> list[list[str | None]]:
    import polars as pl

    columns = []
    for column in frame.iter_columns():
        try:
            if column.dtype.is_nested():
                columns.append(texts_of(column, longest))
            elif isinstance(column.dtype, pl.Duration):
                columns.append(column.dt.to_string("polars").to_list())
            else:
                columns.append(column.cast(pl.String, strict=False).to_list())
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            columns.append(["(cannot be shown)"] * frame.height)
    return [[*row] for row in zip(*columns, strict=True)]


# --- all ----------------------------------------------------------------------------------------------------------


def _page(
    columns: list[str],
    types: list[str],
    wanted: _Wanted,
    rows: list[list[str | None]],
    total: int | None,
    about: int | None,
) -> TablePage:
    wide = len(columns)
    names = tuple(plain(storable(name), _CELL) for name in columns[:COLUMNS])
    cells = tuple(
        tuple(None if cell is None else _shown(cell, wanted) for cell in (row + [None] * wide)[: len(names)])
        for row in rows
    )
    kinds = tuple(types[: len(names)]) or ("",) * len(names)
    return TablePage(
        names, kinds, wanted.first, cells, total, about if total is None else None, max(0, wide - len(names))
    )


def _shown(cell: str, wanted: _Wanted) -> str:
    if len(cell) <= wanted.cell and cell.isascii() and cell.isprintable():
        return cell
    return plain(storable(cell), wanted.cell, lines=wanted.rows == 1)


def _with_more(page: TablePage, more: int) -> TablePage:
    return TablePage(page.columns, page.types, page.first, page.rows, page.total, page.about, more)
