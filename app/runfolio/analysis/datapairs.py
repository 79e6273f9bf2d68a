"""Which rows of two tables belong together, and which of them differ, in SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import duckdb

from runfolio.analysis.csvtable import CSV_TYPES
from runfolio.analysis.datafile import LoadedFile, TableColumn


@dataclass(frozen=True, slots=True)
class SharedColumn:
    """A column of both tables. Values of types that do not compare are compared as text."""

    before: TableColumn
    after: TableColumn

    @property
    def name(self) -> str:
        """Its name, the same in both."""
        return self.before.name

    @property
    def retyped(self) -> bool:
        """Whether its type changed; a column without any value has none that could."""
        return self.before.type != self.after.type and "NULL" not in (self.before.type, self.after.type)

    def sides(self, b: str, a: str) -> tuple[str, str]:
        """SQL of the two values to compare, for the row aliases `b` and `a`."""
        left, right = f"{b}.{self.before.ident}", f"{a}.{self.after.ident}"
        old, new = self.before, self.after
        if old.type == new.type or (old.is_number and new.is_number) or (old.is_time and new.is_time):
            return left, right
        return comparable_text(old, new, left), comparable_text(new, old, right)

    def same(self, b: str, a: str) -> str:
        """SQL that is true where the values are equal: null is null, NaN is NaN, -0.0 is 0.0, floats exactly."""
        left, right = self.sides(b, a)
        return f"{left} is not distinct from {right}"


def comparable_text(own: TableColumn, other: TableColumn, value: str) -> str:
    """SQL that writes a value as text that can be compared with a column of another type.

    A text that would be a value of the other type is written as that type writes it, so that "1" is 1.0 and "True" is
    true; "007" is not 7, which is a change worth seeing.
    """
    kind = "DOUBLE" if other.is_float or other.type.startswith("DECIMAL") else other.type
    if own.type != "VARCHAR" or kind not in ("DOUBLE", "BOOLEAN", "TIMESTAMP"):
        return f"{value}::varchar"
    return f"case when {CSV_TYPES[kind].format(value)} then try_cast({value} as {other.type})::varchar else {value} end"


def shared_columns(before: LoadedFile, after: LoadedFile) -> tuple[SharedColumn, ...]:
    """Columns whose name is in both files, in the order of the later one."""
    known = {c.name: c for c in before.columns}
    return tuple(SharedColumn(known[c.name], c) for c in after.columns if c.name in known)


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Rows added, removed and changed, and for each compared column the rows in which it changed."""

    added: int
    removed: int
    changed: int
    cells: dict[str, int]


def pair_rows(
    con: duckdb.DuckDBPyConnection,
    before: LoadedFile,
    after: LoadedFile,
    key: tuple[SharedColumn, ...],
    rest: tuple[SharedColumn, ...],
) -> PairCounts:
    """Make the temporary table `pairs` (rb, ra: row numbers, null where absent) of all rows that are not the same."""
    joined = " and ".join(c.same("b", "a") for c in key)
    same = " and ".join(c.same("b", "a") for c in rest) or "true"
    con.execute(
        f"""create temp table pairs as
            select b.rowid as rb, a.rowid as ra
            from {before.table} b full join {after.table} a on {joined}
            where b.rowid is null or a.rowid is null or not ({same})"""
    )
    row = con.execute(
        """select count(*) filter (rb is null), count(*) filter (ra is null),
                  count(*) filter (rb is not null and ra is not null)
           from pairs"""
    ).fetchone()
    added, removed, changed = cast("tuple[int, int, int]", row)
    return PairCounts(added, removed, changed, _changed_cells(con, before, after, rest) if changed else {})


def _changed_cells(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, rest: tuple[SharedColumn, ...]
) -> dict[str, int]:
    if not rest:
        return {}
    counts = ", ".join(f"count(*) filter (not {c.same('b', 'a')})" for c in rest)
    row = con.execute(
        f"""select {counts}
            from pairs p join {before.table} b on b.rowid = p.rb join {after.table} a on a.rowid = p.ra"""
    ).fetchone()
    return dict(zip((c.name for c in rest), cast("tuple[int, ...]", row), strict=True))


def count_rows_whole(
    con: duckdb.DuckDBPyConnection, before: LoadedFile, after: LoadedFile, columns: tuple[SharedColumn, ...]
) -> PairCounts:
    """Without a key: make `pairs` (rb, ra, times) of the rows that stand more often in one file than in the other.

    Equal rows are counted, so that a row that stands three times before and once after is removed twice.
    """
    sides = [c.sides("b", "a") for c in columns]

    def side(table: str, alias: str, pick: Callable[[tuple[str, str]], str], sign: int) -> str:
        values = ", ".join(f"{pick(s)} as v{i}" for i, s in enumerate(sides))
        return f"select {alias}.rowid as r, {sign} as s{', ' if values else ''}{values} from {table} {alias}"

    values = ", ".join(f"v{i}" for i in range(len(sides)))
    con.execute(
        f"""create temp table pairs as
            select case when sum(s) < 0 then min(r) filter (s < 0) end as rb,
                   case when sum(s) > 0 then min(r) filter (s > 0) end as ra,
                   abs(sum(s))::bigint as times
            from ({side(before.table, "b", lambda s: s[0], -1)}
                  union all {side(after.table, "a", lambda s: s[1], 1)})
            {f"group by {values}" if values else ""}
            having sum(s) <> 0"""
    )
    row = con.execute(
        """select coalesce(sum(times) filter (rb is null), 0)::bigint,
                  coalesce(sum(times) filter (ra is null), 0)::bigint
           from pairs"""
    ).fetchone()
    added, removed = cast("tuple[int, int]", row)
    return PairCounts(added, removed, 0, {})
