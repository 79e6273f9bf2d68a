"""Reads columns of all runs from the index, once for each state of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from runfolio.index.column_store import Bools, ColumnStore, Kept, Numbers, Several, Texts
from runfolio.index.database import Bound, Database
from runfolio.index.field_source import field_source
from runfolio.index.fields import BY_NAME
from runfolio.index.index_state import IndexState
from runfolio.index.known import Known
from runfolio.index.point_figures import point_figures
from runfolio.model.answers import CellKind
from runfolio.model.direction import directions_put
from runfolio.model.query import FieldKind, FieldRef

_MARKS = frozenset({"tag", "note", "model", "stage", "starred", "color", "hidden", "archived"})
"""Builtin fields that the ledger has a part in."""
NUMERIC = frozenset({CellKind.NUMBER, CellKind.DURATION, CellKind.TIME})


class ColumnReader:
    """Columns of one snapshot, whose queries must be made inside of it.

    count   how many runs there are; all arrays are (count,), by id.
    """

    def __init__(self, database: Database, store: ColumnStore, known: Known, count: int, state: IndexState) -> None:
        self._db = database
        self._store = store
        self._known = known
        self.count = count
        # A column that no mark has a part in stays when the marks change.
        # What is best of a metric depends on which way is better.
        read = (state.version, directions_put())
        self._state, self._marked = read, (*read, state.marks)

    # --- columns -----------------------------------------------------------------------------------------------

    def numbers(self, ref: FieldRef) -> Numbers:
        """A field's numbers; a param that is a text has none."""
        return self._kept(ref, "numbers", lambda: self._read_numbers(ref))

    def texts(self, ref: FieldRef) -> Texts:
        """A field's texts as written; of a field of several, all of a run's joined by commas."""
        return self._kept(ref, "texts", lambda: self._read_texts(ref))

    def several(self, ref: FieldRef) -> Several:
        """The texts of a field that a run may have several of."""
        return self._kept(ref, "several", lambda: self._read_several(ref))

    def missing(self, ref: FieldRef) -> Bools:
        """Whether the run has no value."""
        return self._kept(ref, "missing", lambda: self._read_missing(ref))

    def kept(self, ref: FieldRef, part: Hashable, make: Callable[[], Kept]) -> Kept:
        """What is called `part` of a field, made where it is not in memory."""
        return self._kept(ref, part, make)

    def has_numbers(self, ref: FieldRef) -> bool:
        """Whether the numbers are in memory."""
        return self._store.has(self._state_for(ref), ("numbers", ref))

    def _state_for(self, ref: FieldRef) -> Hashable:
        if ref.kind is FieldKind.DERIVED or (ref.kind is FieldKind.BUILTIN and ref.name in _MARKS):
            return self._marked
        return self._state

    def _kept(self, ref: FieldRef, part: Hashable, make: Callable[[], Kept]) -> Kept:
        return self._store.get(self._state_for(ref), (part, ref), make)

    def _read_numbers(self, ref: FieldRef) -> Numbers:
        if ref.kind is FieldKind.METRIC and ref.aggregate.of_points:
            runs, found = point_figures(self._db, ref)
            return self._spread(runs, found)
        if ref.kind is FieldKind.BUILTIN:
            sql = f"select r.id as run, {BY_NAME[ref.name].sql} as num from runs r"
            rows = self._db.arrays(f"select run, num from ({sql}) where num is not null")
        else:
            inner, params = field_source(ref)
            rows = self._db.arrays(f"select run, num from ({inner}) where num is not null", params)
        return self._spread(rows["run"], rows["num"])

    def _spread(self, runs: NDArray[np.generic], found: NDArray[np.generic]) -> Numbers:
        whole = found.dtype.kind == "i"
        values = np.zeros(self.count, dtype=np.int64) if whole else np.full(self.count, np.nan)
        present = np.zeros(self.count, dtype=bool)
        places = runs.astype(np.int64) - 1
        values[places] = found
        present[places] = True
        values.flags.writeable = present.flags.writeable = False
        return Numbers(values, present)

    def _source(self, ref: FieldRef) -> tuple[str, list[str]]:
        """A query of (run, text)."""
        if ref.kind is not FieldKind.BUILTIN:
            return field_source(ref)
        builtin = BY_NAME[ref.name]
        if builtin.many:
            joined = f"(select string_agg(v, ', ' order by place) from ({builtin.sql}))"
            return f"select r.id as run, {joined} as text from runs r", []
        return f"select r.id as run, {builtin.sql} as text from runs r", []

    def _read_texts(self, ref: FieldRef) -> Texts:
        inner, params = self._source(ref)
        rows = self._db.arrays(f"select run, text from ({inner}) where text is not null order by text", params)
        ordered = np.asarray(rows["text"])
        begins = np.ones(len(ordered), dtype=bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        codes = np.full(self.count, -1, dtype=np.int32)
        codes[rows["run"].astype(np.int64) - 1] = np.cumsum(begins) - 1
        codes.flags.writeable = False
        return Texts(codes, tuple(ordered[begins].tolist()))

    def _read_several(self, ref: FieldRef) -> Several:
        rows = self._db.rows(
            f"""select distinct r.id, u.v from runs r, lateral ({BY_NAME[ref.name].sql}) u(v, place)
                where u.v is not null order by u.v"""
        )
        texts = tuple(dict.fromkeys(str(row[1]) for row in rows))
        code = {text: place for place, text in enumerate(texts)}
        return Several(
            np.array([cast(int, row[0]) - 1 for row in rows], dtype=np.int32),
            np.array([code[str(row[1])] for row in rows], dtype=np.int32),
            texts,
        )

    def _read_missing(self, ref: FieldRef) -> Bools:
        if ref.kind is FieldKind.PARAM:
            rows = self._db.arrays(
                "select run from run_params where key = ? and is_first and kind is distinct from 'null'", [ref.name]
            )
            return ~self._mask(rows["run"])
        if ref.kind in (FieldKind.METRIC, FieldKind.DERIVED):
            return ~self.numbers(ref).present
        if ref.kind is FieldKind.BUILTIN and BY_NAME[ref.name].kind in NUMERIC:
            return ~self.numbers(ref).present
        return self._texts_mask(ref, "{0} is not null", []) ^ True

    def _mask(self, runs: NDArray[np.generic]) -> Bools:
        found = np.zeros(self.count, dtype=bool)
        found[runs.astype(np.int64) - 1] = True
        return found

    # --- conditions in SQL -------------------------------------------------------------------------------------

    def _texts_mask(self, ref: FieldRef, sql: str, params: list[Bound]) -> Bools:
        """Of which runs some text satisfies the SQL in which it stands at {0}."""
        if ref.kind is FieldKind.BUILTIN and BY_NAME[ref.name].many:
            own = f"select r.id as run, u.v as text from runs r, lateral ({BY_NAME[ref.name].sql}) u(v, place)"
            bound: list[Bound] = []
        else:
            own, bound = self._source(ref)[0], [*self._source(ref)[1]]
        rows = self._db.arrays(f"select run from ({own}) where {sql.format('text')}", [*bound, *params])
        return self._mask(rows["run"])

    def _has_texts(self, ref: FieldRef) -> bool:
        """Whether some runs have a text instead of a number."""
        sql = "select 1 from run_params where key = ? and is_first and num is null and text is not null limit 1"
        return bool(self._db.rows(sql, [ref.name]))

    def where(self, sql: str, params: Sequence[Bound]) -> Bools:
        """Of which runs `r` a condition in SQL holds."""
        name = ("where", sql, *params)
        return self._store.get(
            self._state, name, lambda: self._mask(self._db.arrays(f"select r.id from runs r where {sql}", params)["id"])
        )
