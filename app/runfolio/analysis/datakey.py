"""Which columns tell the rows of two tables apart: a key that was asked for, or one that is found."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import duckdb

from runfolio.analysis.datafile import LoadedFile
from runfolio.analysis.datapairs import SharedColumn, shared_columns
from runfolio.errors import UsageError
from runfolio.model.display import count, plain

# A pair or triple of columns is tried from this many columns at most: the tries grow with its square and cube.
_TRIED_FOR_PAIRS = 8
_TRIED_FOR_TRIPLES = 6
_FIRST_ROWS = 20_000
_OTHER = 3
"""The rank of a name that does not sound like a key."""


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How unique a column is on both sides, as the column statistics found."""

    column: SharedColumn
    distinct: int
    unique: bool
    filled: bool


def given_key(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, names: Sequence[str]
) -> tuple[SharedColumn, ...]:
    """The columns of a key that was asked for.

    Raises  UsageError when one of them is not in both files, or the key is not unique in either.
    """
    shared = {c.name: c for c in shared_columns(before, after)}
    for name in names:
        for file in (before, after):
            if name not in {c.name for c in file.columns}:
                known = ", ".join(plain(c.name, 60) for c in file.columns[:20])
                raise UsageError(
                    f"The key column {plain(name)!r} is not there", hint=f"The file has {known}.", where=file.path
                )
    key = tuple(shared[name] for name in dict.fromkeys(names))
    for file, pick in ((before, _of_before), (after, _of_after)):
        repeated, example = _repeated(con, file.table, [pick(c) for c in key])
        if repeated:
            raise UsageError(
                f"The key {' + '.join(plain(n) for n in names)} does not tell rows apart:"
                f" {count(repeated)} of its values stand in more than one row, {plain(example, 100)} for one",
                hint="Name more columns, or none to have a key looked for.",
                where=file.path,
            )
    return key


def guess_key(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, counts: Sequence[KeyCount]
) -> tuple[SharedColumn, ...]:
    """The smallest set of at most three columns that is unique in both files; () when there is none.

    Names such as id, image_id, key and index are tried first, then columns from the left. Floats, nested values and
    columns with nulls are no keys. Other names must also say the same rows: at least half of the smaller file's
    keys have to occur in the other, or else any column of measurements would do.
    """
    usable = [c for c in counts if c.filled and not c.column.before.is_float and not c.column.after.is_float]
    usable = [c for c in usable if c.column.before.is_plain and c.column.after.is_plain]
    usable.sort(key=lambda c: name_rank(c.column.name))
    for candidate in usable:
        key: tuple[SharedColumn, ...] = (candidate.column,)
        if candidate.unique and (name_rank(candidate.column.name) < _OTHER or _overlaps(con, before, after, key)):
            return key
    rows = max(before.rows, after.rows)
    for size, tried in ((2, _TRIED_FOR_PAIRS), (3, _TRIED_FOR_TRIPLES)):
        likely = sorted(usable, key=lambda c: (name_rank(c.column.name), -c.distinct))[:tried]
        for group in itertools.combinations(likely, size):
            key = tuple(c.column for c in counts if c in group)
            if _could_be_unique([c.distinct for c in group], rows) and _fits(con, before, after, key):
                return key
    return ()


def name_rank(name: str) -> int:
    """How much a name sounds like a key: 0 for id itself, 1 for its synonyms, 2 for `*_id`, 3 for all others.

    >>> [name_rank(n) for n in ("ID", "key", "image_id", "imageId", "paid", "label")]
    [0, 1, 2, 2, 3, 3]
    """
    lower = name.lower()
    if lower in ("id", "_id", "rowid", "row_id"):
        return 0
    if lower in ("key", "index", "idx", "uuid", "guid", "uid", "filename", "file_name", "path", "__index_level_0__"):
        return 1
    if lower.endswith(("_id", ".id", "-id", " id", "_key", "_uuid", "_index")) or lower.startswith(("id_", "id.")):
        return 2
    return 2 if name.endswith(("Id", "ID")) and name[:-2] else _OTHER


def _could_be_unique(distinct: Sequence[int], rows: int) -> bool:
    product = 1
    for number in distinct:
        product *= number
    return product >= rows


def _fits(con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, key: tuple[SharedColumn, ...]) -> bool:
    for limit in (f" limit {_FIRST_ROWS}", ""):
        for file, pick in ((before, _of_before), (after, _of_after)):
            if _repeated(con, f"(from {file.table}{limit})", [pick(c) for c in key])[0]:
                return False
    return _overlaps(con, before, after, key)


def _overlaps(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, key: tuple[SharedColumn, ...]
) -> bool:
    smaller = min(before.rows, after.rows)
    if smaller == 0:
        return True
    joined = " and ".join(c.same("b", "a") for c in key)
    row = con.execute(
        f"select count(*) from {before.table} b where exists (select 1 from {after.table} a where {joined})"
    ).fetchone()
    return row is not None and 2 * cast(int, row[0]) >= smaller


def _repeated(con: duckdb.DuckDBPyConnection, source: str, idents: Sequence[str]) -> tuple[int, str]:
    """How many values of a key occur more than once, and one of them as text."""
    listed = ", ".join(idents)
    shown = " || ', ' || ".join(f"coalesce({i}::varchar, 'null')" for i in idents)
    row = con.execute(
        f"""select count(*), any_value({shown})
            from (select {listed} from {source} group by {listed} having count(*) > 1)"""
    ).fetchone()
    return (cast(int, row[0]), str(row[1])) if row else (0, "")


def _of_before(column: SharedColumn) -> str:
    return column.before.ident


def _of_after(column: SharedColumn) -> str:
    return column.after.ident
