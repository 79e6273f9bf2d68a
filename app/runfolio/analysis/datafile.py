"""A CSV, TSV or Parquet file as a typed table of the worker's DuckDB connection."""

from __future__ import annotations

import codecs
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from runfolio.analysis.csvtable import load_csv
from runfolio.errors import FolderUnreadable, LimitReached, UsageError
from runfolio.model.display import plain
from runfolio.model.problem import Problem

_MAX_COLUMNS = 5_000
_CHUNK = 1 << 22
_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_PARQUET_SUFFIXES = (".parquet", ".pq")

_SHOWN = {
    "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64", "HUGEINT": "int128",
    "UTINYINT": "uint8", "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64", "UHUGEINT": "uint128",
    "FLOAT": "float32", "DOUBLE": "float64", "BOOLEAN": "bool", "VARCHAR": "string", "BLOB": "bytes", "DATE": "date",
    "TIME": "time", "TIMESTAMP": "timestamp", "TIMESTAMP_NS": "timestamp", "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_S": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp (UTC)", "NULL": "empty",
}  # fmt: skip
_NUMBERS = frozenset(
    [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "FLOAT",
        "DOUBLE",
    ]
)
_TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "TIMESTAMP WITH TIME ZONE"})


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a loaded table: its name in the file, its identifier in SQL, and DuckDB's type ("NULL": no value)."""

    name: str
    ident: str
    type: str

    @property
    def shown_type(self) -> str:
        """The type in the words of Arrow and NumPy."""
        return _SHOWN.get(self.type, self.type.lower())

    @property
    def is_number(self) -> bool:
        """Integers, floats and decimals."""
        return self.type in _NUMBERS or self.type.startswith("DECIMAL")

    @property
    def is_float(self) -> bool:
        """Whether values may be NaN."""
        return self.type in ("FLOAT", "DOUBLE")

    @property
    def is_time(self) -> bool:
        """Dates and instants."""
        return self.type in _TIMES

    @property
    def is_plain(self) -> bool:
        """Whether it is no list, struct, map or raw bytes."""
        return not any(mark in self.type for mark in ("[", "STRUCT", "MAP", "UNION", "BLOB"))


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file that now is the table `table`; rows keep the file's order in `rowid`."""

    table: str
    path: str
    columns: tuple[TableColumn, ...]
    rows: int
    size_bytes: int
    sha256: str
    problems: tuple[Problem, ...]


def is_parquet(path: Path) -> bool:
    """Whether the file's name says Parquet. Raises UsageError for anything that is neither that nor text columns."""
    suffix = path.suffix.lower()
    if suffix in _PARQUET_SUFFIXES:
        return True
    if suffix in _TEXT_SUFFIXES:
        return False
    hint = "Unpack it first." if suffix in (".gz", ".zst", ".xz", ".bz2", ".zip") else ""
    raise UsageError(f"{plain(path.name)} is neither CSV, TSV nor Parquet by its name", hint=hint)


def check_file(path: Path) -> None:
    """Raises FolderUnreadable unless `path` is a regular file that has a byte in it, UsageError for a wrong type."""
    where = str(path)
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise FolderUnreadable("The data file does not exist", where=where) from error
    except OSError as error:
        raise FolderUnreadable(f"The data file cannot be opened: {error.strerror}", where=where) from error
    if stat.S_ISDIR(facts.st_mode):
        raise FolderUnreadable("This is a folder, not a data file", where=where)
    if not stat.S_ISREG(facts.st_mode):
        raise FolderUnreadable("This is no regular file", where=where)
    is_parquet(path)
    if facts.st_size == 0:
        raise FolderUnreadable("The data file is empty: it has not even a header", where=where)


def load(con: duckdb.DuckDBPyConnection, path: Path, readable: str, table: str) -> LoadedFile:
    """Read `path` into the table `table`.

    readable   the name DuckDB opens it by: one without characters that it would take for a pattern.
    Raises     FolderUnreadable for text that is not UTF-8 and files that cannot be understood.
    """
    parquet = is_parquet(path)
    try:
        with path.open("rb") as stream:
            size_bytes, sha256 = _digest(stream, path, text=not parquet)
    except OSError as error:
        raise FolderUnreadable(f"The data file cannot be read: {error.strerror}", where=str(path)) from error
    try:
        if parquet:
            names, types = _load_parquet(con, readable, table)
            problems: tuple[Problem, ...] = ()
        else:
            names, types, problems = load_csv(con, path, readable, table, _MAX_COLUMNS)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        reason = plain(str(error).partition("\n")[0], 300)
        raise FolderUnreadable(f"The data file cannot be understood: {reason}", where=str(path)) from error
    rows = _one(con, f"select count(*) from {table}")
    columns = tuple(TableColumn(n, f"c{i}", t) for i, (n, t) in enumerate(zip(names, types, strict=True)))
    return LoadedFile(table, str(path), columns, rows, size_bytes, sha256, problems)


def _digest(stream: BinaryIO, path: Path, *, text: bool) -> tuple[int, str]:
    """Size and SHA-256 of the bytes; on the way, text is checked to be UTF-8."""
    digest, size = hashlib.sha256(), 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        if text:
            if size == 0 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise _not_utf8("is UTF-16", path)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                at = size - pending + error.start
                raise _not_utf8(
                    f"is not UTF-8: byte 0x{error.object[error.start]:02x} at offset {at:,}", path
                ) from error
        size += len(chunk)
    if text and (pending := len(decoder.getstate()[0])):
        raise _not_utf8(f"is not UTF-8: it ends in the middle of a character, at offset {size - pending:,}", path)
    return size, digest.hexdigest()


def _not_utf8(what: str, path: Path) -> FolderUnreadable:
    return FolderUnreadable(f"The file {what}", hint="Convert it to UTF-8, for example with iconv.", where=str(path))


def _load_parquet(con: duckdb.DuckDBPyConnection, readable: str, table: str) -> tuple[list[str], list[str]]:
    described = con.execute("describe select * from read_parquet(?)", [readable]).fetchall()
    names = [str(row[0]) for row in described]
    _check_width(len(names))
    idents = ", ".join(f"c{i}" for i in range(len(names)))
    con.execute(f"create temp table {table} as select * from read_parquet(?) as file({idents})", [readable])
    types = [str(row[1]) for row in described]
    return names, [_null_if_empty(con, table, i, t) for i, t in enumerate(types)]


def _null_if_empty(con: duckdb.DuckDBPyConnection, table: str, index: int, type_: str) -> str:
    # A writer gives a column without any value whatever type it likes: that is no change of type.
    return (
        type_
        if type_ not in ("INTEGER", '"NULL"', "NULL") or _one(con, f"select count(c{index}) from {table}")
        else "NULL"
    )


def _check_width(columns: int) -> None:
    if columns > _MAX_COLUMNS:
        raise LimitReached(f"The file has {columns:,} columns; at most {_MAX_COLUMNS:,} are compared")


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0
