"""A foreign SQLite file, read from a private copy: the file itself is neither locked nor recovered nor trusted.

The copy takes the write-ahead log or rollback journal along, so that what was committed last is there. In the copy only
real tables are read, column by column; views, triggers, virtual tables and functions of the schema never run. Damage
ends a table where it begins: the sound rows before it are given.

Source: "Defense Against The Dark Arts" and "Write-Ahead Logging" in SQLite's documentation.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from runfolio import scratch
from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.problem import Problem
from runfolio.readers.contract import Budget, warning
from runfolio.readers.folder import Folder

HEADER = b"SQLite format 3\0"
ROW_ID = "rowid"
COMPANIONS = ("-wal", "-shm", "-journal")
_PEEK = 1 << 20
_CHUNK = 1 << 22
_TRIES = 3
_LONGEST_VALUE = 64 << 20
_STEPS_A_LOOK = 20_000
_HINT = "The copy may be incomplete, or the database was being written. Copy it again when nothing uses it."

Cell: TypeAlias = str | bytes | int | float | None
Row: TypeAlias = tuple[Cell, ...]

_ENCODINGS = {2: "utf-16-le", 3: "utf-16-be"}
_QUOTES = ("", '"', "`", "'")
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_TRANSACTION})


def mentions(folder: Folder, name: str, tables: Sequence[str], column: str = "") -> bool:
    """Whether a file is a SQLite database whose first megabyte, or that of its log, names all these tables.

    A column is looked for by its name alone, wherever it stands.

    A view will do: what is lost by that is told when the file is read. Nothing is opened as a database for it; a table
    of that name may be elsewhere in a large file.
    """
    if not folder.head(name, len(HEADER)).startswith(HEADER):
        return False
    seen = folder.head(name, _PEEK)
    if f"{name}-wal" in folder.files:
        seen += folder.head(f"{name}-wal", _PEEK)
    # The statements that made them lie there as text, in the encoding of all texts of the database.
    code = _ENCODINGS.get(int.from_bytes(seen[56:60], "big"), "utf-8")
    if column.encode(code) not in seen:
        return False
    return all(any(f"{w} {q}{t}{q}".encode(code) in seen for w in ("TABLE", "VIEW") for q in _QUOTES) for t in tables)


class Store:
    """An open private copy. `problems` fills while rows are read."""

    def __init__(self, connection: sqlite3.Connection, where: str, budget: Budget, problems: list[Problem]) -> None:
        self._connection = connection
        self._where = where
        self._budget = budget
        self.problems = problems
        self.tables = self._tables()
        self._views = {str(name) for (name,) in self._read("select name from sqlite_master where type = 'view'")}

    def _tables(self) -> dict[str, tuple[str, ...]]:
        """Columns of the real tables by name."""
        names = [
            str(name)
            for (name, sql) in self._read("select name, sql from sqlite_master where type = 'table'")
            if isinstance(sql, str) and not sql.lstrip().upper().startswith("CREATE VIRTUAL")
        ]
        found: dict[str, tuple[str, ...]] = {}
        for name in names:
            found[name] = tuple(str(row[1]) for row in self._read(f"pragma table_info({_quoted(name)})"))
        return found

    def finds_by(self, table: str, column: str) -> bool:
        """Whether the rows with a given value in that column are found without looking at all of the table."""
        for row in self._read(f"pragma index_list({_quoted(table)})"):
            parts = [*self._read(f"pragma index_info({_quoted(str(row[1]))})")]
            # An index over some rows only (the fifth column) does not find the others.
            if parts and parts[0][2] == column and not row[4]:
                return True
        return False

    def rows(
        self,
        table: str,
        columns: Sequence[str],
        order: Sequence[str] = (),
        *,
        only: tuple[str, Sequence[Cell]] | None = None,
        raw: Sequence[str] = (),
    ) -> Iterator[Row]:
        """The rows of a table, those columns in that order; None where the table has no such column.

        Nothing when there is no such table, and a problem when it is a view. A column ROW_ID gives the number by which
        SQLite keeps the row, None in a table that has none.
        order   names of columns; the order of writing otherwise.
        only    a column and the values that it may have, at most 900 of them.
        raw     columns whose texts come as bytes, which takes a fifth of the time of a decoded text.
        """
        has = self.tables.get(table)
        if has is None and table in self._views:
            self._tell_view(table)
        if has is None or (only is not None and only[0] not in has):
            return
        asked = [self._asked(c, c in raw) if c in has else "null" for c in columns]
        by = [_quoted(c) for c in order if c in has]
        values = tuple(only[1]) if only is not None else ()
        rest = f"from {_quoted(table)}"
        if only is not None:
            rest += f" where {_quoted(only[0])} in ({', '.join('?' * len(values))})"
        plain = f"select {', '.join(asked)} {rest}" + (f" order by {', '.join(by)}" if by else "")
        asked = [ROW_ID if c == ROW_ID and c not in has else a for c, a in zip(columns, asked, strict=True)]
        yield from self._read(
            f"select {', '.join(asked)} {rest} order by {', '.join([*by, 'rowid'])}", values, or_else=plain
        )

    def _asked(self, column: str, raw: bool) -> str:
        return f"cast({_quoted(column)} as blob)" if raw and self._is_utf8 else _quoted(column)

    @cached_property
    def _is_utf8(self) -> bool:
        """What texts are as bytes; some databases keep them in UTF-16."""
        return [*self._read("pragma encoding")] == [("UTF-8",)]

    def _read(self, sql: str, values: Sequence[Cell] = (), or_else: str = "") -> Iterator[Row]:
        try:
            cursor = self._connection.execute(sql, values)
        except sqlite3.OperationalError as failure:
            if or_else and "rowid" in str(failure):
                yield from self._read(or_else, values)
                return
            self._tell(failure)
            return
        except sqlite3.Error as failure:
            self._tell(failure)
            return
        while True:
            try:
                rows = cursor.fetchmany(4096)
            except (sqlite3.Error, OverflowError, MemoryError) as failure:
                self._tell(failure)
                return
            if not rows:
                return
            yield from rows

    def _tell_view(self, name: str) -> None:
        message = f"{name} is a view in this database, and no view of a foreign database is run: its rows are not shown"
        self._add(warning("view-not-read", self._where, message, f"Put a table {name} in its place, in a copy."))

    def _add(self, problem: Problem) -> None:
        if all(p.message != problem.message for p in self.problems):
            self.problems.append(problem)

    def _tell(self, failure: Exception) -> None:
        self._budget.check(self._where)
        message = f"The database cannot be read on: {failure}; the rows before that are shown"
        self._add(warning("damaged-database", self._where, message, _HINT))


@contextmanager
def opened(folder: Folder, name: str, budget: Budget) -> Iterator[Store]:
    """A private copy of the database file `name`, open for reading; deleted afterwards.

    Raises FolderUnreadable when it cannot be copied or is no database, LimitReached when it is too large or takes too
    long.
    """
    where = folder.where(name)
    problems: list[Problem] = []
    with scratch.fresh("store-") as place:
        copy = Path(place) / "store.db"
        if not _copied(folder, name, copy, budget):
            message = "The database was being written while it was copied: what is shown may lack the last rows"
            problems.append(warning("changing-database", where, message, "Look again when the run has ended."))
        for odd in folder.listing.odd:
            if odd.name in (f"{name}-wal", f"{name}-journal"):
                message = f"A {odd.kind} in place of the database's log: it was not opened, and may have had later rows"
                problems.append(warning("not-a-file", folder.where(odd.name), message, "Copy the log itself."))
        lacking = _lacking(copy)
        if lacking:
            message = f"The last {lacking:,} bytes of the database are missing: what lay there is not shown"
            problems.append(warning("cut-database", where, message, _HINT))
        try:
            connection = _connected(copy, budget)
        except sqlite3.Error as failure:
            raise FolderUnreadable(f"The database cannot be opened: {failure}", hint=_HINT, where=where) from failure
        try:
            yield Store(connection, where, budget, problems)
        finally:
            connection.close()


def _lacking(copy: Path) -> int:
    """Bytes that the file lacks by its own word; 0 when that is not known, or a log makes up for them."""
    with copy.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or copy.with_name(copy.name + "-wal").exists():
        return 0
    page = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big") if head[24:28] == head[92:96] else 0
    return max(0, (65536 if page == 1 else page) * pages - copy.stat().st_size)


def _connected(copy: Path, budget: Budget) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{copy}", uri=True, isolation_level=None)
    try:
        connection.text_factory = _text
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for setting in ("trusted_schema = off", "cell_size_check = on", "mmap_size = 0"):
            connection.execute(f"pragma {setting}")
        # Reading brings the log into the copy, which is ours; from then on nothing may change.
        try:
            connection.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.DatabaseError as failure:
            if "not a database" in str(failure):
                raise  # anything else costs the part that is damaged, and is told where that is read
        connection.execute("pragma query_only = on")
        connection.set_authorizer(_authorized)
        until = time.monotonic() + budget.seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS_A_LOOK)
    except BaseException:
        connection.close()
        raise
    return connection


def _authorized(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _copied(folder: Folder, name: str, copy: Path, budget: Budget) -> bool:
    """Copy the file and its log; whether nobody wrote to them meanwhile."""
    for attempt in range(_TRIES):
        before = _looks(folder, name)
        for suffix in ("", "-wal", "-journal"):
            target = copy.with_name(copy.name + suffix)
            target.unlink(missing_ok=True)
            if before.get(suffix) is not None:
                try:
                    _copy(folder, name + suffix, target, budget)
                except OSError as failure:
                    raise FolderUnreadable(
                        f"The database is read from a copy, and that cannot be made: {failure.strerror or failure}",
                        hint="Make room on the disk for temporary files, or name a folder for them by TMPDIR.",
                        where=folder.where(name + suffix),
                    ) from failure
        if _looks(folder, name) == before:
            return True
        if attempt + 1 < _TRIES:
            time.sleep(0.05)
    return False


def _looks(folder: Folder, name: str) -> dict[str, tuple[int, int] | None]:
    found: dict[str, tuple[int, int] | None] = {}
    for suffix in ("", "-wal", "-journal"):
        try:
            with folder.open(name + suffix) as handle:
                facts = os.fstat(handle)
                found[suffix] = (facts.st_size, facts.st_mtime_ns)
        except FolderUnreadable:
            if not suffix:
                raise
            found[suffix] = None
    return found


def _copy(folder: Folder, name: str, target: Path, budget: Budget) -> None:
    with folder.open(name) as handle, target.open("xb") as out:
        size = os.fstat(handle).st_size
        if size > budget.metric_bytes:
            raise LimitReached(
                f"The file has {size:,} bytes; at most {budget.metric_bytes:,} are read",
                hint="Raise the limit in the settings.",
                where=folder.where(name),
            )
        while chunk := os.read(handle, _CHUNK):
            budget.check(folder.where(name))
            out.write(chunk)
