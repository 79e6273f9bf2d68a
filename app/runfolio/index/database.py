"""The only door to DuckDB: opening, a cursor for each thread, data in and out as arrays, interrupting.

Polars frames go in through the Arrow C stream, which keeps NaN apart from null (a dict of NumPy arrays would not)
and needs no pyarrow. Rows come out as Python values or NumPy arrays: DuckDB 2.0 leaks what it exports as a stream, and
says so on the terminal when the program ends. The connection cannot reach other files, and its configuration is locked.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from runfolio.errors import Cancelled, Expected, IndexStale, UsageError
from runfolio.index.database_errors import ELSEWHERE, cannot_open, first_line, told
from runfolio.index.database_file import beside, free_suffix, is_index, set_aside
from runfolio.index.engine import Stream, duckdb, take_frames
from runfolio.index.schema import SCHEMA, SCHEMA_VERSION
from runfolio.model.display import storable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_log = logging.getLogger("runfolio.index")
_CONFIG: dict[str, str | int | float | list[str]] = {
    "enable_external_access": False,
    "lock_configuration": True,
    "preserve_insertion_order": True,
    "memory_limit": "192MB",
    "default_block_size": 1 << 16,
}
"""No file but the index is within reach of a statement, and no statement can change that. DuckDB keeps what it has read
and written in memory up to the limit, by itself four fifths of all there is; sorts beyond it go through the disk.
Blocks are a quarter of the usual size, because each column of a small table takes one of its own."""

_FETCHED = 2_048
"""Rows that are made Python values in one go where they are asked for one by one."""

Bound: TypeAlias = str | int | float | bool | Sequence[str] | Sequence[int] | Sequence[float] | None
Row: TypeAlias = tuple[object, ...]
Columns: TypeAlias = "Mapping[str, Sequence[object]] | pl.DataFrame"


class _OtherVersion(IndexStale):
    """Written by another version: nobody needs it any more."""


class _Foreign(IndexStale):
    """A database of something else: not ours to drop."""


class Database:
    """An open index file. Cursors are made for each thread; only one thread writes at a time.

    Every method raises Cancelled when the call was interrupted or the index is closed, IndexStale when the file turns
    out to be damaged (the next `open_or_rebuild` makes it anew), and Expected when the disk refuses.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection
        self._local = threading.local()
        self._cursors: dict[int, duckdb.DuckDBPyConnection] = {}
        # Threads that are beginning or ending a transaction.
        self._ending: set[int] = set()
        self._guard = threading.Lock()
        self._closed = False
        self.write_lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open an index, or make a new one.

        Raises  IndexLocked when another process has it open, IndexStale when it has to be rebuilt, UsageError when
                no file can be made there.
        """
        if path.is_dir():
            raise UsageError("The index is a file, and there is a folder of that name", where=str(path))
        if storable(str(path)) != str(path):
            raise UsageError("The index cannot lie where a name is no UTF-8", hint=ELSEWHERE, where=storable(str(path)))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"The index's folder cannot be made: {error.strerror}"
            raise UsageError(message, hint=ELSEWHERE, where=str(path)) from error
        if beside(path, ".damaged").exists():
            raise IndexStale("The index was found damaged", where=str(path))
        try:
            connection = duckdb.connect(str(path), config=dict(_CONFIG))
        except duckdb.Error as error:
            raise cannot_open(path, error) from error
        database = cls(path, connection)
        try:
            database._prepare()
        except (duckdb.Error, Expected) as error:
            database.close()
            if isinstance(error, Expected):
                raise
            raise IndexStale(f"The index is damaged: {first_line(error)}", where=str(path)) from error
        return database

    @classmethod
    def open_or_rebuild(cls, path: Path, *, ours: bool = True) -> Database:
        """Open an index; one that is damaged, foreign or of another version is set aside and made anew.

        ours   the place is Runfolio's own. Elsewhere only an index is ever replaced; UsageError for other files.

        The index is a cache, so nobody is asked. One of another version goes; a damaged one stays as `<name>.old`, one
        at most; a file that never was an index is kept whatever lies there. Raises IndexLocked and UsageError.
        """
        try:
            return cls.open(path)
        except _OtherVersion as stale:
            _log.warning("%s; a new one is made", stale)
            path.unlink()
            return cls.open(path)
        except IndexStale as stale:
            if not ours and (isinstance(stale, _Foreign) or not beside(path, ".damaged").exists()):
                raise UsageError(
                    "There is a file of that name which is no index of Runfolio, or a damaged one: it is left alone",
                    hint="Name another file for the index, or move this one away.",
                    where=str(path),
                ) from stale
            _log.warning("%s", stale)
            suffix = ".old" if is_index(path) and not isinstance(stale, _Foreign) else free_suffix(path)
        wal = beside(path, ".wal")
        if wal.exists():
            # A write-ahead log that does not fit would keep the index shut; what it held is read from the folders.
            set_aside(wal, ".old")
            try:
                return cls.open(path)
            except IndexStale as stale:
                _log.warning("%s", stale)
        set_aside(path, suffix)
        beside(path, ".damaged").unlink(missing_ok=True)
        _log.warning("%s: a new index is made", path)
        return cls.open(path)

    def _prepare(self) -> None:
        try:
            found = self.rows("select value from meta where name = 'schema'")
        except duckdb.CatalogException:
            # Listing what there is takes longer than asking for what nearly always is there.
            found = None
        if found is not None:
            if found != [(str(SCHEMA_VERSION),)]:
                raise _OtherVersion("The index was written by another version of Runfolio", where=str(self.path))
            return
        if self.rows("select 1 from duckdb_tables() limit 1"):
            raise _Foreign("The file is a database, but not an index of Runfolio", where=str(self.path))
        with self.transaction():
            for statement in SCHEMA:
                self.run(statement)
            self.run("insert into meta values ('schema', ?)", [str(SCHEMA_VERSION)])

    def close(self) -> None:
        """Stop what is running, wait until it has stopped, and close the file."""
        with self._guard:
            self._closed = True
            for cursor in self._cursors.values():
                while not _closes(cursor):
                    cursor.interrupt()
                    # Trying to close again at once takes the interrupt back before the other thread has seen it.
                    time.sleep(0.002)
            self._cursors.clear()
        self._connection.close()

    @property
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor."""
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            with self._guard:
                if self._closed:
                    raise Cancelled("The index was closed")
                cursor = self._local.cursor = self._connection.cursor()
                alive = {thread.ident for thread in threading.enumerate()}
                for ended in [number for number in self._cursors if number not in alive]:
                    self._cursors.pop(ended).close()
                self._cursors[threading.get_ident()] = cursor
        return cursor

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread (`threading.get_ident()`) is running, or all of them; its call raises Cancelled.

        A thread that runs nothing is not affected, and one that begins or ends a transaction does so first.
        """
        with self._guard:
            for number, cursor in self._cursors.items():
                if thread in (None, number) and number not in self._ending:
                    cursor.interrupt()

    # --- asking ------------------------------------------------------------------------------------------------

    def run(self, sql: str, params: Sequence[Bound] = ()) -> None:
        """Execute a statement whose result nobody wants."""
        with told(self.path):
            self.cursor.execute(sql, list(params))

    def rows(self, sql: str, params: Sequence[Bound] = ()) -> list[Row]:
        """All rows of a query as Python values; NULL is None, NaN stays NaN."""
        with told(self.path):
            return self.cursor.execute(sql, list(params)).fetchall()

    def each(self, sql: str, params: Sequence[Bound] = ()) -> Iterator[Row]:
        """The same row by row, for many of them; until the last one this thread may ask nothing else."""
        with told(self.path):
            cursor = self.cursor.execute(sql, list(params))
            while rows := cursor.fetchmany(_FETCHED):
                yield from rows

    def arrays(self, sql: str, params: Sequence[Bound] = ()) -> dict[str, NDArray[np.generic]]:
        """All rows of a query as an array for each column; a column with nulls is a masked array."""
        with told(self.path):
            columns: dict[str, NDArray[np.generic]] = self.cursor.execute(sql, list(params)).fetchnumpy()
            return columns

    def numbers(self, sql: str, params: Sequence[Bound] = ()) -> dict[str, NDArray[np.generic]]:
        """The same, read-only, of a query whose columns are numbers without nulls: for millions of rows, which come
        as the engine holds them and so take a third of the time. The first call imports Polars.
        """
        import polars as pl

        take_frames()
        with told(self.path):
            try:
                frame = pl.DataFrame(Stream(self.cursor.sql(sql, params=list(params))))
            except pl.exceptions.ComputeError as error:
                # What the engine says while rows come passes through Polars, which keeps nothing of it but the words.
                said = str(error)
                raise (duckdb.InterruptException if "INTERRUPT" in said else duckdb.IOException)(said) from error
        return {column.name: column.to_numpy() for column in frame.iter_columns()}

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it, all queries of this thread see the index as it was at the first of them."""
        with told(self.path), self._begun():
            yield

    # --- changing ----------------------------------------------------------------------------------------------

    def insert(self, table: str, columns: Columns) -> None:
        """Append rows to a table of the schema; `columns` are of equal length, with the table's names."""
        frame = _frame(columns)
        if frame.height:
            self._with_incoming(frame, f"insert into {table} by name select * from incoming")

    def make_temporary(self, table: str, columns: Columns) -> None:
        """A table that only this thread's cursor sees; drop it when done."""
        self._with_incoming(_frame(columns), f"create or replace temp table {table} as select * from incoming")

    def _with_incoming(self, frame: pl.DataFrame, sql: str) -> None:
        take_frames()
        with told(self.path):
            cursor = self.cursor
            cursor.register("incoming", Stream(frame))
            try:
                cursor.execute(sql)
            except duckdb.Error:
                # A transaction that failed takes no further statement; rolling it back takes the view away.
                with suppress(duckdb.TransactionException):
                    cursor.unregister("incoming")
                raise
            cursor.unregister("incoming")

    @contextmanager
    def transaction(self, part: str = "version") -> Iterator[None]:
        """All or nothing; one writer at a time. May not be nested.

        part   what whoever keeps columns in memory sees change: "version", or "marks" for the ledger's marks alone.
        """
        with self.write_lock, told(self.path), self._begun():
            yield
            self.cursor.execute("delete from meta where name = ?", [part])
            self.cursor.execute("insert into meta select ?, nextval('ids')", [part])

    @contextmanager
    def _begun(self) -> Iterator[None]:
        cursor = self.cursor
        with self._unstoppable():
            cursor.begin()
        try:
            yield
        except BaseException:
            with self._unstoppable():
                cursor.rollback()
            raise
        with self._unstoppable():
            cursor.commit()

    @contextmanager
    def _unstoppable(self) -> Iterator[None]:
        """Within it `interrupt` passes this thread by: where an end of a transaction is itself interrupted, the engine
        leaves the transaction open, and every later statement of the thread fails.
        """
        thread = threading.get_ident()
        with self._guard:
            self._ending.add(thread)
        try:
            yield
        finally:
            with self._guard:
                self._ending.discard(thread)

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


def _closes(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Close a cursor; False when it is busy in another thread."""
    try:
        cursor.close()
    except duckdb.ResourceInUseException:
        return False
    return True


def _frame(columns: Columns) -> pl.DataFrame:
    import polars as pl

    return columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns)
