"""What the worker process does with two data files: load them, pair their rows, measure their columns."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from runfolio.analysis.datachange import (
    Cell,
    ColumnChange,
    ColumnStats,
    DataDiff,
    FileFacts,
    RowChange,
    RowKind,
    SchemaChange,
)
from runfolio.analysis.datafile import LoadedFile, TableColumn, load
from runfolio.analysis.datakey import KeyCount, given_key, guess_key
from runfolio.analysis.datapairs import PairCounts, SharedColumn, count_rows_whole, pair_rows, shared_columns
from runfolio.analysis.datastats import column_stats, shape
from runfolio.analysis.moved import Moved, what_moved
from runfolio.errors import LimitReached

_ROWS_OF_A_KIND = 1_000
_CELLS_OF_A_KIND = 50_000
_CELL_CHARACTERS = 200
_PATTERN = frozenset("*?[]{}")


@dataclass(frozen=True, slots=True)
class Request:
    """Two files to compare.

    key           empty when one is to be looked for.
    memory_bytes  for the whole process.
    scratch       an empty folder for what does not fit into memory; whoever asks takes it away, also when the
                  process was ended.
    """

    before: str
    after: str
    key: tuple[str, ...]
    memory_bytes: int
    scratch: str


def limit_memory(memory_bytes: int) -> None:
    """Bound the writable memory of this process, where the system can (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))


def compare(request: Request) -> DataDiff:
    """Compare two files in this process.

    DuckDB may open the two files, and the scratch folder, and nothing else.
    Raises  members of `errors.Expected`.
    """
    started = time.monotonic()
    private = Path(request.scratch)
    names = [readable(Path(p), private, n) for p, n in ((request.before, "b"), (request.after, "a"))]
    con = connect(private, names, request.memory_bytes)
    try:
        before = load(con, Path(request.before), names[0], "before_rows")
        after = load(con, Path(request.after), names[1], "after_rows")
        return _diff(con, before, after, request.key, started)
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise LimitReached(
            f"Comparing these files needs more than the {request.memory_bytes >> 20:,} MiB it may take",
            hint="Raise the memory limit, or compare parts of the files.",
        ) from error
    finally:
        con.close()


def readable(path: Path, private: Path, name: str) -> str:
    """A name that DuckDB does not take for a pattern: the file's own, or that of a link where it looks like one."""
    if not _PATTERN.intersection(str(path)):
        return str(path)
    link = private / f"{name}{path.suffix}"
    link.symlink_to(path)
    return str(link)


def connect(private: Path, files: list[str], memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """A connection that may open `files` and what lies in the folder `private`, and nothing else."""
    con = duckdb.connect(
        ":memory:",
        config={
            "threads": max(1, min(4, os.cpu_count() or 1)),
            # The rest is for Python, and for what DuckDB does not count.
            "memory_limit": f"{memory_bytes * 2 // 3 >> 20}MiB",
            "temp_directory": str(private / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    allowed = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"set allowed_paths = [{allowed}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _diff(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, asked: tuple[str, ...], started: float
) -> DataDiff:
    shared = shared_columns(before, after)
    stats = column_stats(con, before), column_stats(con, after)
    if asked:
        key = given_key(con, before, after, asked)
    else:
        key = guess_key(con, before, after, [_key_count(c, *stats) for c in shared])
    rest = tuple(c for c in shared if c not in key)
    counts = pair_rows(con, before, after, key, rest) if key else count_rows_whole(con, before, after, shared)
    columns = _columns(con, before, after, shared, stats, counts if key else None)
    listed = _listed_columns(before, after, key)
    return DataDiff(
        before=_facts(before),
        after=_facts(after),
        key=tuple(c.name for c in key),
        key_guessed=bool(key) and not asked,
        columns=columns,
        rows_added=counts.added,
        rows_removed=counts.removed,
        rows_changed=counts.changed if key else None,
        rows_same=before.rows - counts.removed - counts.changed,
        row_columns=tuple(name for name, _, _ in listed),
        rows=tuple(_rows(con, before, after, listed, keyed=bool(key))),
        problems=(*before.problems, *after.problems),
        seconds=time.monotonic() - started,
    )


def _key_count(column: SharedColumn, before: Mapping[str, ColumnStats], after: Mapping[str, ColumnStats]) -> KeyCount:
    left, right = before[column.name], after[column.name]
    # A file without rows says nothing against a key.
    unique = all(s.unique or s.rows == 0 for s in (left, right))
    return KeyCount(column, max(left.distinct, right.distinct), unique, left.nulls == right.nulls == 0)


def _facts(file: LoadedFile) -> FileFacts:
    return FileFacts(file.path, file.size_bytes, file.sha256, file.rows, len(file.columns))


def _columns(
    con: duckdb.DuckDBPyConnection,
    before: LoadedFile,
    after: LoadedFile,
    shared: tuple[SharedColumn, ...],
    stats: tuple[Mapping[str, ColumnStats], Mapping[str, ColumnStats]],
    counts: PairCounts | None,
) -> tuple[ColumnChange, ...]:
    both = {c.name: c for c in shared}
    left, right = ({c.name: c for c in f.columns} for f in (before, after))
    found = []
    for name in dict.fromkeys([*right, *left]):
        old, new = left.get(name), right.get(name)
        old_stats, new_stats = stats[0].get(name), stats[1].get(name)
        distinct = max(s.distinct for s in (old_stats, new_stats) if s is not None)
        shaped = shape(con, (before, old) if old else None, (after, new) if new else None, distinct)
        floats = any(c.is_float for c in (old, new) if c is not None)
        changed = counts.cells.get(name, 0) if counts and name in both else None
        found.append(
            ColumnChange(
                name=name,
                schema=_schema(old, both.get(name)),
                type_before=old.shown_type if old else None,
                type_after=new.shown_type if new else None,
                before=old_stats,
                after=new_stats,
                histogram=shaped.histogram,
                psi=shaped.psi,
                changed_cells=changed,
                moved=what_moved(Moved(name, old_stats, new_stats, shaped.histogram, changed, shaped.spread, floats)),
            )
        )
    return tuple(found)


def _schema(old: TableColumn | None, both: SharedColumn | None) -> SchemaChange:
    if both is not None:
        return SchemaChange.RETYPED if both.retyped else SchemaChange.SAME
    return SchemaChange.NEW if old is None else SchemaChange.REMOVED


_Listed = tuple[str, TableColumn | None, TableColumn | None]


def _listed_columns(before: LoadedFile, after: LoadedFile, key: tuple[SharedColumn, ...]) -> list[_Listed]:
    left, right = ({c.name: c for c in f.columns} for f in (before, after))
    first = [c.name for c in key]
    return [(n, left.get(n), right.get(n)) for n in dict.fromkeys([*first, *right, *left])]


_WHERE = {
    RowKind.CHANGED: "rb is not null and ra is not null",
    RowKind.ADDED: "rb is null",
    RowKind.REMOVED: "ra is null",
}


def _rows(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, listed: list[_Listed], *, keyed: bool
) -> Iterator[RowChange]:
    limit = max(1, min(_ROWS_OF_A_KIND, _CELLS_OF_A_KIND // len(listed)))
    asked = ", ".join(f"{_cell('b', old)}, {_cell('a', new)}, {_differs(old, new)}" for _, old, new in listed)
    for kind, where in _WHERE.items():
        found = con.execute(
            f"""select {"1" if keyed else "times"}, {asked}
                from (select * from pairs where {where} order by coalesce(ra, rb) limit {limit}) p
                left join {before.table} b on b.rowid = p.rb
                left join {after.table} a on a.rowid = p.ra
                order by coalesce(p.ra, p.rb)"""
        ).fetchall()
        for times, *values in found:
            triples = zip(values[::3], values[1::3], values[2::3], strict=True)
            cells = tuple(Cell(b, a, bool(c) and kind is RowKind.CHANGED) for b, a, c in triples)
            yield RowChange(kind, cells, cast(int, times))


def _cell(alias: str, column: TableColumn | None) -> str:
    return f"left({alias}.{column.ident}::varchar, {_CELL_CHARACTERS})" if column else "null::varchar"


def _differs(old: TableColumn | None, new: TableColumn | None) -> str:
    return f"not ({SharedColumn(old, new).same('b', 'a')})" if old and new else "false"
