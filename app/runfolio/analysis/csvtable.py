"""A CSV or TSV file as a typed DuckDB table, with nothing guessed from its first rows alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import duckdb

from runfolio.errors import FolderUnreadable, LimitReached
from runfolio.model.display import plain
from runfolio.model.problem import Problem, Severity

_HEADER_BYTES = 1 << 20
_SAMPLE_ROWS = 2_000
_AT_ONCE = 12
_SEPARATORS = ",;\t|"

# What every value of a column must be for it to have a type; the first that fits wins. An integer must print as it
# was written, so that "007" and a 30-digit id stay text. So does a time with an offset, which DuckDB would drop.
CSV_TYPES = {
    "BIGINT": "try_cast({0} as bigint)::varchar = ltrim({0}, '+')",
    "DOUBLE": "try_cast({0} as double) is not null and not regexp_matches({0}, '^[+-]?0[0-9]|^[+-]?[0-9]{{16}}|_')",
    "BOOLEAN": "lower({0}) in ('true', 'false')",
    "DATE": "try_cast({0} as date)::varchar = {0}",
    "TIMESTAMP": (
        "try_cast({0} as timestamp) is not null"
        " and regexp_full_match({0}, '\\d{{4}}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{{1,6}})?)?')"
    ),
}


def load_csv(
    con: duckdb.DuckDBPyConnection, path: Path, readable: str, table: str, most_columns: int
) -> tuple[list[str], list[str], tuple[Problem, ...]]:
    """Make the table `table` with columns c0, c1... from a CSV or TSV file with a header, UTF-8.

    Gives the names of the columns, DuckDB's types ("NULL" for a column without any value), and what did not fit. An
    empty cell is null. A column has a type when every one of its values fits it, in the whole file and not just in
    its first rows.
    """
    names, separator, renamed = _header(path)
    if len(names) > most_columns:
        raise LimitReached(f"The file has {len(names):,} columns; at most {most_columns:,} are compared")
    texts = f"{table}_texts"
    con.execute(f"create temp table {texts} as from {_source(len(names))}", [readable, separator])
    problems = _rejects(con, path)
    types: list[str] = []
    # Some columns at a time: each test holds a pattern matcher of several megabytes while its query runs.
    for start in range(0, len(names), _AT_ONCE):
        idents = [f"c{i}" for i in range(start, min(start + _AT_ONCE, len(names)))]
        sampled = _fitting(con, f"(from {texts} limit {_SAMPLE_ROWS})", idents, [[*CSV_TYPES] for _ in idents])
        # No value in the sample rules nothing out.
        candidates = [[*CSV_TYPES] if found is None else found for found in sampled]
        fitting = _fitting(con, texts, idents, candidates)
        types += ["NULL" if f is None else f[0] if f else "VARCHAR" for f in fitting]
    casts = ", ".join(_cast(f"c{i}", t) for i, t in enumerate(types))
    con.execute(f"create temp table {table} as select {casts} from {texts}")
    con.execute(f"drop table {texts}")
    return names, types, (*renamed, *problems)


def _source(columns: int) -> str:
    """SQL that reads the file as text; with every option named, DuckDB guesses nothing from a sample."""
    typed = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(columns))
    return f"""read_csv(?, delim=?, header=true, quote='"', escape='"', columns={{{typed}}},
                        auto_detect=false, ignore_errors=true, store_rejects=true)"""


def _cast(ident: str, type_: str) -> str:
    return f"{ident}" if type_ in ("VARCHAR", "NULL") else f"{ident}::{type_} as {ident}"


def _fitting(
    con: duckdb.DuckDBPyConnection, source: str, idents: Sequence[str], candidates: Sequence[Sequence[str]]
) -> list[list[str] | None]:
    """For each column, those of its candidate types that all its values fit; None for one without any value."""
    counts = []
    for ident, types in zip(idents, candidates, strict=True):
        counts.append(f"count({ident})")
        counts += [f"count(*) filter ({CSV_TYPES[t].format(ident)})" for t in types]
    (row,) = con.execute(f"select {', '.join(counts)} from {source}").fetchall()
    found = iter(cast("tuple[int, ...]", row))
    fitting: list[list[str] | None] = []
    for types in candidates:
        values = next(found)
        matching = [t for t in types if next(found) == values]
        fitting.append(matching if values else None)
    return fitting


def _header(path: Path) -> tuple[list[str], str, tuple[Problem, ...]]:
    """Names of the columns, the separator, and a problem for each name that had to be made up."""
    with path.open("rb") as stream:
        head = stream.read(_HEADER_BYTES)
    text = head.decode("utf-8-sig", errors="ignore")
    first = text.splitlines()[0] if text.strip() else ""
    separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else _separator(first)
    try:
        # Newlines as they are, so that a quoted one in a name stays in it.
        fields = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error as error:
        raise FolderUnreadable(f"The header cannot be read: {error}", where=str(path)) from error
    if not any(fields):
        raise FolderUnreadable("The first line of the file has no column names", where=str(path))
    names: list[str] = []
    problems = []
    for i, field in enumerate(fields, 1):
        name = field.strip() or f"column {i}"
        repeat = 2
        while name in names:
            name, repeat = f"{field.strip()} ({repeat})", repeat + 1
        names.append(name)
        if name != field.strip():
            message = f"Column {i} has {'no name' if not field.strip() else 'the name of an earlier one'}"
            problems.append(Problem(Severity.INFO, "column-renamed", path.name, message, f"It is shown as “{name}”."))
    return names, separator, tuple(problems)


def _separator(line: str) -> str:
    """The separator that the header has most of outside of quotes; a comma when it has none."""
    bare = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=bare.count)


def _rejects(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[Problem, ...]:
    # DuckDB makes the table with the first reject.
    if not con.execute("select 1 from duckdb_tables() where table_name = 'reject_errors'").fetchall():
        return ()
    found = con.execute(
        """select line, error_type, error_message, byte_position, (select count(distinct line) from reject_errors)
           from reject_errors order by line limit 1"""
    ).fetchone()
    if found is None:
        return ()
    line, kind, message, offset, rows = found
    con.execute("delete from reject_errors")
    # The header is the first line that DuckDB counts; what people count are rows of data.
    first = f"the first is row {line - 1:,} ({kind.lower()}: {plain(message.partition(chr(10))[0], 200)})"
    return (
        Problem(
            Severity.ERROR,
            "bad-rows",
            path.name,
            f"{rows:,} rows do not fit the header and are left out; {first}",
            "Mend the file, or look whether its separator or quotes are unusual.",
            offset,
        ),
    )
