"""CSV and TSV files as tables, whatever state they are in.

Separator, encoding and decimal comma are recognised. A quick path through Polars takes large and well-formed text
without quotes, another takes small text of nothing but numbers; everything else goes row by row with the standard
library, keeps good cells and counts bad ones.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from runfolio.model.display import storable
from runfolio.model.metrics import Floats
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, info, warning
from runfolio.readers.documents import decode
from runfolio.readers.table import LARGEST_EXACT, NO_VALUE, ColumnBuilder, Table, TableColumn, number_in
from runfolio.readers.yaml_nodes import some

if TYPE_CHECKING:
    import polars as pl

SMALL = 1 << 15
"""Up to so many characters go row by row: setting Polars to work costs a millisecond, as much as such a file."""

_WIDE, _LARGEST_WIDE = 200, 16 << 20
"""From so many columns on Polars is slower than Python for numbers, as it has work for each column."""

_LONGEST_CELL = 1 << 20
_LONGEST_HEADER = 1 << 20
_MOST_COLUMNS = 20_000
_BLANKS = "\n\r "  # before the header; a tab there is the name of an index column
_SAMPLE = 100_000
_SEPARATORS = (",", ";", "\t")
_DECIMAL_COMMA = r"^([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)$"
_QUOTED = re.compile(r'"[^"]*"')
_OF_NUMBERS = b"0123456789+-.eE\n"
_COMMENT = "#"
_NO_END = "The last line has no end, so its last number may be cut off"
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\n')  # what Excel writes into a first line


def separator_of(text: str) -> str:
    """The separator that the header holds most of, else the first lines: comma, semicolon or tab."""
    lines = _QUOTED.sub("", text[:_SAMPLE]).split("\n")[:5]
    counts = {s: sum(line.count(s) for line in lines) for s in _SEPARATORS}
    # Decimal commas would outnumber the semicolons between them; a header has none.
    best = max(_SEPARATORS, key=lambda s: (lines[0].count(s), counts[s]))
    return best if best in lines[0] else ","


def _uncommented(text: str) -> str:
    """The text from its header on: lines that begin with `#` before it are comments, unless the last is the header.

    `numpy.savetxt` writes its header so. Before a row with a number in it there has to be one of as many cells.
    """
    at, last = 0, ""
    while text.startswith(_COMMENT, at) and (end := text.find("\n", at) + 1):
        last, at = text[at:end], end
    rest = text[at:].lstrip(_BLANKS)
    if not at or not rest.strip():
        return text
    separator = separator_of(rest)
    cells = rest.partition("\n")[0].split(separator)
    if last.count(separator) == len(cells) - 1 and any(number_in(cell.strip()) is not None for cell in cells):
        return last.lstrip(f"{_COMMENT} ") + rest
    return rest


def head_rows(head: bytes) -> list[list[str]]:
    """Header and first rows in the first bytes of a file, stripped; [] when they look like no text table."""
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head[: head.rfind(b"\n") + 1] or head  # half a line may end in half a letter
    text, _ = decode(head, "")
    text = _uncommented(_NAMED_SEPARATOR.sub("", text.lstrip(_BLANKS), count=1))
    if not text or "\0" in text or any(ord(c) < 32 and c not in "\t\r\n" for c in text[:1000]):
        return []
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
    try:
        return [[cell.strip() for cell in row] for row, _ in zip(rows, range(4), strict=False)]
    except csv.Error:
        return []


def header_of(head: bytes) -> list[str]:
    """Column names in the first bytes of a file; [] when they look like no text table."""
    rows = head_rows(head)
    return rows[0] if rows else []


def certain_header(line: bytes) -> tuple[list[str], str] | None:
    """The column names and the separator that a first line tells by itself; None when it is not certain or odd.

    `read_csv` finds the same in a file that begins with it, and has no Problem to tell of it.
    """
    text, odd = decode(line, "")
    counts = sorted(text.count(separator) for separator in _SEPARATORS)
    if odd or not text.strip() or text[0] in _BLANKS or text[0] == _COMMENT or any(c in text for c in '"\0\r'):
        return None
    if (counts[-1] and counts[-1] == counts[-2]) or _NAMED_SEPARATOR.match(text) or not text.endswith("\n"):
        return None
    separator = separator_of(text)
    table = Table()
    cells, end = _header(text, separator, "", table)
    names = _names(cells, "", table)
    if table.problems or end != len(text) or not names or _is_numbers(cells, separator):
        return None
    return names, separator


def read_csv(data: bytes, where: str, budget: Budget) -> Table:
    """A table with a header line. Never raises for what the file holds.

    A header of nothing but numbers is taken for a row, and the columns are numbered. A last line without its end is
    kept, but for the cell it breaks off in when cells are missing after that.
    """
    table = Table()
    text, odd = decode(data, where)
    table.problems += odd
    text = _cleaned(text, where, table)
    named = _NAMED_SEPARATOR.match(text)
    text = _uncommented(text[named.end() :] if named else text)
    if not text:
        return table
    separator = named[1] if named else separator_of(text)
    header, end = _header(text, separator, where, table)
    if not header:
        return table
    body = text[end:]
    if _is_numbers(header, separator):
        message = "There is no header; the columns are numbered"
        table.problems.append(info("no-header", where, message, "Put a first line with names into the file."))
        body, header = text, [f"column {n}" for n in range(1, len(header) + 1)]
    names = _names(header, where, table)
    is_small = len(body) <= SMALL or (len(header) >= _WIDE and len(body) <= _LARGEST_WIDE)
    numbers = _numbers(body, separator, len(header)) if is_small else None
    if numbers is not None and len(names) < len(header):
        numbers = numbers[: len(names)]
        table.problems.append(_ragged(0, numbers.shape[1], where))
    frame = None
    if numbers is None and len(body) > SMALL and '"' not in body:
        frame = _quickly(body, separator, len(names))
    if numbers is not None:
        table.rows = numbers.shape[1]
        every_row = np.arange(table.rows, dtype=np.int64)
        columns: Iterator[TableColumn] = (TableColumn(every_row, figures, {}, 0) for figures in numbers)
    elif frame is None:
        columns = _slowly(body, separator, len(names), where, table, budget)
    else:
        table.rows = frame.height
        columns = _columns(frame, decimal_comma=separator == ";")
        if not body.endswith("\n"):
            table.problems.append(info("cut-line", where, _NO_END))
    table.columns = dict(zip(names, columns, strict=True))
    return table


def _cleaned(text: str, where: str, table: Table) -> str:
    """The text with line feeds at line ends, and without NUL bytes and quotes that would spoil the rest."""
    if "\0" in text:
        message = f"{text.count(chr(0)):,} NUL bytes in the file; they were left out"
        table.problems.append(warning("nul-bytes", where, message, "Copy the file again."))
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        text = text if "\n" in text else text.replace("\r", "\n")
    if text.count('"') % 2:
        message = "A quote is never closed: all quotes of the file were left out"
        table.problems.append(warning("open-quote", where, message, "Mend the quote in the file."))
        text = text.replace('"', "")
    return text.lstrip(_BLANKS)


def _header(text: str, separator: str, where: str, table: Table) -> tuple[list[str], int]:
    """Cells of the first record and where it ends; none when there is no line that could be a header."""
    csv.field_size_limit(_LONGEST_CELL)
    head = io.StringIO(text[:_LONGEST_HEADER], newline="")
    try:
        cells = next(csv.reader(head, delimiter=separator), [])
    except csv.Error as failure:
        table.problems.append(warning("bad-csv", where, f"The header cannot be read: {failure}"))
        return [], 0
    if head.tell() == _LONGEST_HEADER:
        message = f"The first line has more than {_LONGEST_HEADER:,} characters: no table was read"
        table.problems.append(warning("no-header", where, message, "Look whether the file is what its name says."))
        return [], 0
    return cells, head.tell()


def _names(cells: list[str], where: str, table: Table) -> list[str]:
    """A name for each column, no two alike. The first may have none (an index); others get their number."""
    if len(cells) > _MOST_COLUMNS:
        message = f"{len(cells):,} columns; the first {_MOST_COLUMNS:,} are read"
        table.problems.append(warning("too-many-columns", where, message))
    names: dict[str, None] = {}
    twice: list[str] = []
    for number, cell in enumerate(cells[:_MOST_COLUMNS], 1):
        name = cell.strip()
        if number == 1 and name.startswith("#"):
            name = name.lstrip("# ")  # NumPy's savetxt marks its header as a comment
        if not name and number > 1:
            name = f"#{number}"
        elif name in names:
            twice.append(name)
            name = f"{name}#{number}"
        while name in names:
            name += "#"
        names[name] = None
    if twice:
        message = f"Several columns of one name; from the second on, their number is added: {some(twice)}"
        table.problems.append(warning("duplicate-column", where, storable(message)))
    return [*names]


def _is_numbers(cells: list[str], separator: str) -> bool:
    return all(number_in(cell.strip(), decimal_comma=separator == ";") is not None for cell in cells)


# --- the quick paths -------------------------------------------------------------------------------------------------


def _numbers(body: str, separator: str, width: int) -> Floats | None:
    """The columns (width, rows) of text that holds a number in each cell, as most small logs do; None for all other.

    Numbers past float64's whole ones are left to the careful path, which keeps their text.
    """
    if not body.endswith("\n") or not body.isascii():
        return None
    if body.encode().translate(None, _OF_NUMBERS + separator.encode()):
        return None
    lines = body[:-1].split("\n")
    if any(line.count(separator) != width - 1 for line in lines):
        return None
    try:
        cells = [*map(float, separator.join(lines).split(separator))]
    except ValueError:
        return None
    numbers = np.ascontiguousarray(np.array(cells, dtype=np.float64).reshape(len(lines), width).T)
    return numbers if bool((np.abs(numbers) < LARGEST_EXACT).all()) else None


def _quickly(body: str, separator: str, width: int) -> pl.DataFrame | None:
    """Cells as text, for rows that all have as many as the header; None when one has not."""
    import polars as pl  # 0.1 s, which scanning folders for claims does without

    body = body.strip("\n")
    if "\n\n" in body:
        body = re.sub("\n\n+", "\n", body)
    schema = {str(n): pl.String for n in range(width)}
    if not body:
        return pl.DataFrame(schema=schema)
    rows = body.count("\n") + 1
    # Polars itself refuses rows that are too long, so with this sum none can be too short either.
    if body.count(separator) != rows * (width - 1):
        return None
    try:
        frame = pl.read_csv(
            body.encode("utf-8", "surrogatepass"),
            has_header=False,
            separator=separator,
            quote_char=None,
            schema=schema,
        )
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.shape == (rows, width) else None


def _columns(frame: pl.DataFrame, *, decimal_comma: bool) -> Iterator[TableColumn]:
    import polars as pl

    numbers = frame.select(pl.all().cast(pl.Float64, strict=False))
    every_row = np.arange(frame.height, dtype=np.int64)
    for cells, values in zip(frame.iter_columns(), numbers.iter_columns(), strict=True):
        if values.null_count():
            yield _column_with_gaps(cells.str.strip_chars(), decimal_comma=decimal_comma)
            continue
        figures = values.to_numpy()
        words = {int(i): cells[int(i)] for i in np.flatnonzero(np.abs(figures) >= LARGEST_EXACT)}
        yield TableColumn(every_row, figures, words, 0)


def _column_with_gaps(cells: pl.Series, *, decimal_comma: bool) -> TableColumn:
    import polars as pl

    spelled = cells.str.replace(_DECIMAL_COMMA, "${1}.${2}") if decimal_comma else cells
    values = spelled.cast(pl.Float64, strict=False)
    lower = cells.str.to_lowercase()
    values = values.set(lower == "true", 1.0).set(lower == "false", 0.0)
    present = values.is_not_null()
    rows = np.flatnonzero(present.to_numpy())
    figures = values.drop_nulls().to_numpy()
    empty = cells.is_null() | cells.is_in(pl.Series(sorted(NO_VALUE)).implode())
    others = (~present & ~empty).arg_true()
    words: dict[int, str] = dict(zip(others.to_list(), cells.gather(others).to_list(), strict=True))
    words |= {int(rows[i]): cells[int(rows[i])] for i in np.flatnonzero(np.abs(figures) >= LARGEST_EXACT)}
    return TableColumn(rows.astype(np.int64), figures, words, len(others))


# --- row by row ------------------------------------------------------------------------------------------------------


def _slowly(body: str, separator: str, width: int, where: str, table: Table, budget: Budget) -> Iterator[TableColumn]:
    builders = [ColumnBuilder() for _ in range(width)]
    comma = separator == ";"
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
    short = long = 0
    waiting: list[str] = []  # the last row is looked at more closely than the others
    torn = not body.endswith("\n")
    try:
        for number, cells in enumerate(reader):
            if number % 10_000 == 0:
                budget.check(where)
            if len(cells) < 2 and not "".join(cells).strip():
                continue
            if waiting:
                short += len(waiting) < width
                long += len(waiting) > width
                _add(waiting, builders, table, decimal_comma=comma)
            waiting = cells
    except csv.Error as failure:
        torn = False
        message = f"Line {reader.line_num + 1:,} cannot be read ({failure}); the rows before it are shown"
        table.problems.append(warning("bad-csv", where, message))
    if torn and len(waiting) < width and waiting:
        lost = waiting.pop()
        message = f"The last line is cut off; what it ends in, {lost[:40]!r}, was left out"
        table.problems.append(warning("torn-line", where, storable(message), "Normal for a run that was killed."))
    else:
        short += 0 < len(waiting) < width
        long += len(waiting) > width
        if torn and waiting:
            table.problems.append(info("cut-line", where, _NO_END))
    if waiting:
        _add(waiting, builders, table, decimal_comma=comma)
    if short or long:
        table.problems.append(_ragged(short, long, where))
    return (builder.build() for builder in builders)


def _ragged(short: int, long: int, where: str) -> Problem:
    message = f"{short:,} rows are shorter and {long:,} longer than the header; the cells that fit are shown"
    return warning("ragged-rows", where, message)


def _add(cells: list[str], builders: list[ColumnBuilder], table: Table, *, decimal_comma: bool) -> None:
    for builder, cell in zip(builders, cells, strict=False):
        builder.add_text(table.rows, cell, decimal_comma=decimal_comma)
    table.rows += 1
