"""Tables of logged values (CSV, TSV, JSON lines, JSON, Parquet) as columns, whatever state the file is in.

Good cells of a damaged file are kept and bad ones counted; a file is never believed to be rectangular, to be UTF-8
or to be whole. A quick path through Polars takes well-formed files; everything else goes row by row.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from runfolio.model.metrics import Floats
from runfolio.model.params import Json
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, warning
from runfolio.readers.documents import decode, parse_json

_LONGEST_CELL = 1 << 20
_MOST_COLUMNS = 20_000
_NO_VALUE = ("", "NA", "N/A", "null", "None", "-", "--")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column.

    texts     str (n,), stripped; null where the cell is empty, missing or says NA.
    numbers   float64 (n,), NaN also where there is no number: see `present`.
    present   bool (n,): the cell holds a number, NaN and infinities included.
    bad       cells that hold something else than a number.
    """

    texts: pl.Series
    numbers: Floats
    present: np.ndarray[tuple[int], np.dtype[np.bool_]]
    bad: int


@dataclass(slots=True)
class Table:
    """Columns by name in file order, with what was wrong. `rows` counts rows kept."""

    columns: dict[str, TableColumn] = field(default_factory=dict)
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)


def separator_of(lines: list[str]) -> str:
    """The separator that the first lines hold most of: comma, semicolon or tab."""
    counts = {s: sum(line.count(s) for line in lines[:5]) for s in (",", ";", "\t")}
    # A decimal comma in a file with semicolons would win by number; the header has none.
    header = {s: lines[0].count(s) if lines else 0 for s in counts}
    best = max(header, key=lambda s: (header[s], counts[s]))
    return best if header[best] else ","


def header_of(head: bytes) -> list[str]:
    """Column names from the first bytes of a file, for claims; [] when there is no line that could be a header."""
    text, _ = decode(head, "")
    line = text.partition("\n")[0].strip("\r\0")
    if not line or len(line) > 100_000 or (not line.isprintable() and "\t" not in line):
        return []
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=separator_of([line])), [])]
    except csv.Error:
        return []


def read_csv(data: bytes, where: str, budget: Budget) -> Table:
    """A CSV or TSV file with a header line; separator and decimal comma are recognised. Never raises."""
    table = Table()
    text, odd = decode(data, where)
    table.problems += odd
    if "\0" in text:
        table.problems.append(
            warning("nul-bytes", where, f"{text.count(chr(0)):,} NUL bytes in the file; they were left out")
        )
        text = text.replace("\0", "")
    lines = text.splitlines()
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        return table
    separator = separator_of(lines)
    names = _names(_cells(lines[0], separator), where, table)
    columns = _quick(lines, separator, len(names)) if '"' not in text else None
    if columns is None:
        columns = _row_by_row(text, separator, len(names), where, table, budget)
    for name, texts in zip(names, columns, strict=True):
        if name is not None:
            table.columns[name] = _column(texts, decimal_comma=separator == ";")
    table.rows = len(columns[0]) if columns else 0
    return table


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _names(cells: list[str], where: str, table: Table) -> list[str | None]:
    """Column names; None for one that has to be left out. The first of equal names keeps it."""
    if len(cells) > _MOST_COLUMNS:
        message = f"{len(cells):,} columns; the first {_MOST_COLUMNS:,} are read"
        table.problems.append(warning("too-many-columns", where, message))
    names: list[str | None] = []
    for number, cell in enumerate(cells[:_MOST_COLUMNS], 1):
        name = cell.strip()
        if name in names:
            what = f"the column {name!r}" if name else "a column without a name"
            message = f"{what} is there twice; column {number} is shown as {name}#{number}"
            table.problems.append(warning("duplicate-column", where, message))
            name = f"{name}#{number}"
        elif not name and number > 1:
            name = f"#{number}"
            table.problems.append(
                warning("unnamed-column", where, f"column {number} has no name; it is shown as {name}")
            )
        names.append(name)
    return names


def _quick(lines: list[str], separator: str, width: int) -> list[pl.Series] | None:
    """Columns of a file without quotes in which every line has the same number of cells; None for any other."""
    body = [line for line in lines[1:] if line]
    if any(line.count(separator) != width - 1 for line in body) or max(map(len, body), default=0) > _LONGEST_CELL:
        return None
    if not body:
        return [pl.Series([], dtype=pl.String) for _ in range(width)]
    try:
        frame = pl.read_csv(
            io.StringIO("\n".join(body)),
            has_header=False,
            separator=separator,
            quote_char=None,
            infer_schema=False,
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.get_columns() if frame.width == width else None


def _row_by_row(text: str, separator: str, width: int, where: str, table: Table, budget: Budget) -> list[pl.Series]:
    rows: list[list[str]] = []
    short = long = 0
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines = text.count("\n") + 1
    try:
        for number, row in enumerate(reader):
            if number % 10_000 == 0:
                budget.check(where)
            if number == 0 or not row:
                continue
            short += len(row) < width
            long += len(row) > width
            rows.append(row[:width] + [""] * (width - len(row)))
    except csv.Error as failure:
        message = f"Line {reader.line_num:,} cannot be read ({failure}); the rows before it are shown"
        table.problems.append(warning("bad-csv", where, message))
    if rows and reader.line_num - len(rows) > 1 + lines // 100 and any("\n" in cell for cell in rows[-1]):
        # A quote that is never closed makes one cell of the rest of the file.
        swallowed = max((cell for cell in rows[-1] if "\n" in cell), key=len)
        rows.pop()
        message = f"A quote is never closed: {swallowed.count(chr(10)):,} lines after it were read without quotes"
        table.problems.append(warning("open-quote", where, message, "Mend the quote in the file to be sure of them."))
        for line in swallowed.splitlines()[1:]:
            cells = line.replace('"', "").split(separator)
            if len(cells) == width:
                rows.append(cells)
    if short or long:
        table.problems.append(
            warning(
                "ragged-rows",
                where,
                f"{short:,} rows are too short and {long:,} too long for the header; their first cells are shown",
            )
        )
    return [pl.Series([row[i] for row in rows], dtype=pl.String) for i in range(width)]


def _column(texts: pl.Series, *, decimal_comma: bool = False) -> TableColumn:
    clean = texts.str.strip_chars()
    clean = clean.set(clean.is_in(_NO_VALUE), None)
    spelled = clean
    if decimal_comma:
        spelled = clean.map_elements(
            lambda t: t.replace(",", ".") if _DECIMAL_COMMA.fullmatch(t) else t, return_dtype=pl.String
        )
    numbers = spelled.cast(pl.Float64, strict=False)
    if clean.str.contains("True|False|true|false").any():
        lower = clean.str.to_lowercase()
        numbers = numbers.set(lower == "true", 1.0).set(lower == "false", 0.0)
    present = numbers.is_not_null().to_numpy()
    bad = int((clean.is_not_null() & numbers.is_null()).sum())
    return TableColumn(clean, numbers.fill_null(float("nan")).to_numpy(), present, bad)


def read_json_lines(data: bytes, where: str, budget: Budget) -> Table:
    """One JSON object a line. A last line that was cut off is left out, as are lines that are no objects."""
    table = Table()
    text, odd = decode(data, where)
    table.problems += odd
    rows: list[dict[str, Json]] = []
    bad: list[int] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if number % 5_000 == 0:
            budget.check(where)
        if not line.strip():
            continue
        try:
            row = json.loads(line) if len(line) <= _LONGEST_CELL else None
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        elif number == len(lines):
            table.problems.append(
                warning(
                    "torn-line", where, "The last line is cut off and was left out", "Normal for a run that was killed."
                )
            )
        else:
            bad.append(number)
    if bad:
        first = ", ".join(str(n) for n in bad[:5])
        table.problems.append(
            warning("bad-lines", where, f"{len(bad):,} lines are no JSON objects and were left out: {first}")
        )
    from_rows(rows, table)
    return table


def from_rows(rows: Iterable[dict[str, Json]], table: Table) -> None:
    """Fill a table from objects; keys of nested objects are joined with dots, what is no number is no value."""
    kept = [dict(_flat(row)) for row in rows]
    table.rows = len(kept)
    for name in dict.fromkeys(key for row in kept for key in row):
        values = [row.get(name) for row in kept]
        numbers = np.full(len(values), np.nan)
        present = np.zeros(len(values), dtype=bool)
        texts: list[str | None] = []
        bad = 0
        for i, value in enumerate(values):
            number = _number(value)
            texts.append(None if value is None else value if isinstance(value, str) else json.dumps(value))
            if number is not None:
                numbers[i], present[i] = number, True
            elif value is not None:
                bad += 1
        table.columns[name] = TableColumn(pl.Series(texts, dtype=pl.String), numbers, present, bad)


def _flat(row: dict[str, Json], prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Json]]:
    for key, value in row.items():
        if isinstance(value, dict) and value and depth < 16:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, value


def _number(value: Json) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str) and value.strip().lower() in ("nan", "inf", "-inf", "infinity", "-infinity"):
        return float(value)
    return None


def read_json(data: bytes, where: str, budget: Budget) -> tuple[Table, bool]:
    """A JSON file of metrics; True beside it when it holds single figures rather than a history.

    Understood are a list of objects (rows), an object of equally long lists (columns), and an object of numbers.
    """
    table = Table()
    document = parse_json(data, where, budget)
    table.problems += document.problems
    value = document.value
    if isinstance(value, list) and any(isinstance(row, dict) for row in value):
        from_rows([row for row in value if isinstance(row, dict)], table)
        return table, False
    if not isinstance(value, dict):
        table.problems.append(warning("odd-json", where, "The file holds no metrics: neither an object nor rows"))
        return table, False
    lists = {k: v for k, v in value.items() if isinstance(v, list)}
    longest = max(map(len, lists.values()), default=0)
    if longest:
        from_rows([{k: v[i] for k, v in lists.items() if i < len(v)} for i in range(longest)], table)
        return table, False
    from_rows([value], table)
    return table, True


def read_parquet(data: bytes, where: str) -> Table:
    """A Parquet file; nulls are no values, NaN stays NaN."""
    table = Table()
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as failure:
        message = f"Not a Parquet file that can be read: {str(failure).partition(chr(10))[0][:200]}"
        table.problems.append(warning("bad-parquet", where, message, "Copy the file again."))
        return table
    table.rows = frame.height
    for column in frame.get_columns():
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            numbers = column.cast(pl.Float64, strict=False)
            present = numbers.is_not_null().to_numpy()
            texts = column.cast(pl.String, strict=False)
            values = numbers.fill_null(float("nan")).to_numpy()
            table.columns[column.name] = TableColumn(texts, values, present, 0)
        elif column.dtype == pl.String:
            table.columns[column.name] = _column(column)
        elif column.dtype.is_temporal():
            table.columns[column.name] = _column(column.dt.to_string("iso"))
    return table
