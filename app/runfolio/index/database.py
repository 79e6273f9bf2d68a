"""The only door to DuckDB: opening, a cursor for each thread, data in and out as arrays, interrupting.

Polars frames go in through the Arrow C stream, which keeps NaN apart from null (a dict of NumPy arrays would not)
and needs no pyarrow. The connection cannot reach other files, and its configuration is locked.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import duckdb

from runfolio.errors import IndexLocked, IndexStale
from runfolio.index.schema import SCHEMA, SCHEMA_VERSION

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_log = logging.getLogger("runfolio.index")
_PID = re.compile(r"PID (\d+)")

Bound: TypeAlias = str | int | float | bool | Sequence[str] | Sequence[int] | None
Row: TypeAlias = tuple[object, ...]
Columns: TypeAlias = "Mapping[str, Sequence[object]] | pl.DataFrame"


class _Stream:
    """Shows DuckDB nothing of a frame but its Arrow stream; given the frame itself it would ask for pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


class Database:
    """An open index file. Cursors are made for each thread; only one thread writes at a time."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._local = threading.local()
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._guard = threading.Lock()
        self.write_lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open an index, or make a new one. Raises IndexLocked, and IndexStale when it has to be rebuilt."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(
                str(path),
                config={"enable_external_access": False, "lock_configuration": True, "preserve_insertion_order": True},
            )
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                found = _PID.search(str(error))
                pid = int(found[1]) if found else None
                raise IndexLocked(
                    f"The index is in use by another process{f' (PID {pid})' if pid else ''}",
                    pid=pid,
                    hint="Use the window that is open, close it, wait with --wait, or work on another index "
                    "with --index FILE.",
                    where=str(path),
                ) from error
            raise IndexStale(f"The index cannot be opened: {_first_line(error)}", where=str(path)) from error
        except duckdb.Error as error:
            raise IndexStale(f"The index cannot be opened: {_first_line(error)}", where=str(path)) from error
        database = cls(path, connection)
        try:
            database._prepare()
        except (duckdb.Error, IndexStale) as error:
            database.close()
            if isinstance(error, IndexStale):
                raise
            raise IndexStale(f"The index is damaged: {_first_line(error)}", where=str(path)) from error
        return database

    @classmethod
    def open_or_rebuild(cls, path: Path) -> Database:
        """Open an index; one that is damaged, foreign or of another version is set aside and made anew.

        The index is a cache, so nobody is asked. The file set aside stays beside it as `<name>.old`, one at most.
        Raises IndexLocked.
        """
        try:
            return cls.open(path)
        except IndexStale as stale:
            _log.warning("%s; a new one is made", stale)
        # A write-ahead log of the old file would be replayed into the new one.
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        path.replace(path.with_name(path.name + ".old"))
        return cls.open(path)

    def _prepare(self) -> None:
        names = {str(row[0]) for row in self.rows("select table_name from duckdb_tables()")}
        if "meta" in names:
            found = self.rows("select value from meta where name = 'schema'")
            if found != [(str(SCHEMA_VERSION),)]:
                raise IndexStale("The index was written by another version of Runfolio", where=str(self.path))
            return
        if names:
            raise IndexStale("The file is a database, but not an index of Runfolio", where=str(self.path))
        with self.transaction():
            for statement in SCHEMA:
                self.run(statement)
            self.run("insert into meta values ('schema', ?)", [str(SCHEMA_VERSION)])

    def close(self) -> None:
        """Close all cursors and the file."""
        with self._guard:
            for cursor in self._cursors:
                cursor.close()
            self._cursors.clear()
        self._connection.close()

    @property
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._connection.cursor()
            self._local.cursor = cursor
            with self._guard:
                self._cursors.append(cursor)
        return cursor

    def interrupt(self) -> None:
        """Stop whatever any thread is running; its call raises duckdb.InterruptException."""
        with self._guard:
            for cursor in self._cursors:
                cursor.interrupt()

    def run(self, sql: str, params: Sequence[Bound] = ()) -> None:
        """Execute a statement whose result nobody wants."""
        self.cursor.execute(sql, list(params))

    def rows(self, sql: str, params: Sequence[Bound] = ()) -> list[Row]:
        """All rows of a query as Python values; NULL is None, NaN stays NaN."""
        return self.cursor.execute(sql, list(params)).fetchall()

    def frame(self, sql: str, params: Sequence[Bound] = ()) -> pl.DataFrame:
        """All rows of a query as a frame, over the Arrow C stream; null and NaN stay apart."""
        import polars as pl

        return pl.DataFrame(self.cursor.sql(sql, params=list(params)))

    def arrays(self, sql: str, params: Sequence[Bound] = ()) -> dict[str, NDArray[np.generic]]:
        """All rows of a query as an array for each column; a column with nulls is a masked array."""
        columns: dict[str, NDArray[np.generic]] = self.cursor.execute(sql, list(params)).fetchnumpy()
        return columns

    def insert(self, table: str, columns: Columns) -> None:
        """Append rows to a table of the schema; `columns` are of equal length and in the table's order."""
        frame = _frame(columns)
        if frame.height:
            self._with_incoming(frame, f"insert into {table} select * from incoming")

    def make_temporary(self, table: str, columns: Columns) -> None:
        """A table that only this thread's cursor sees; drop it when done."""
        self._with_incoming(_frame(columns), f"create or replace temp table {table} as select * from incoming")

    def _with_incoming(self, frame: pl.DataFrame, sql: str) -> None:
        cursor = self.cursor
        cursor.register("incoming", _Stream(frame))
        try:
            cursor.execute(sql)
        finally:
            cursor.unregister("incoming")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one writer at a time."""
        with self.write_lock:
            cursor = self.cursor
            cursor.begin()
            try:
                yield
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()

    @property
    def size_bytes(self) -> int:
        """Bytes on disk, write-ahead log included."""
        total = 0
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            try:
                total += path.stat().st_size
            except FileNotFoundError:
                continue
        return total


def _frame(columns: Columns) -> pl.DataFrame:
    import polars as pl

    return columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
