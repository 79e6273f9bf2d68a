"""Works the tests of a filter, and orders, out over columns in memory; the same as `compile` has in SQL.

Used where an index holds many runs, and for figures that are worked out of points.
"""

from __future__ import annotations

import functools
import hashlib
from array import array
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from runfolio.errors import FilterSyntax
from runfolio.index.asked import (
    AllOf,
    AnyOf,
    Applied,
    Constant,
    Figure,
    Missing,
    NanTest,
    NoNumber,
    NumberTest,
    Opposite,
    Quantity,
    Test,
    TextTest,
    figures,
)
from runfolio.index.column_reader import NUMERIC, ColumnReader
from runfolio.index.column_store import Bools, Numbers, Places, Texts
from runfolio.index.compile import text_sql, word_sql
from runfolio.index.fields import BY_NAME
from runfolio.index.meaning import quantity
from runfolio.index.point_figures import point_figures
from runfolio.model.filter_text import parse_term
from runfolio.model.query import FieldKind, FieldRef, SortKey

Compared = Callable[[NDArray[np.generic], NDArray[np.generic]], Bools]
_RELATIONS: dict[str, Compared] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


_FEW = 8
"""Where one run in so many is left by the other tests, figures of points are worked out for these alone."""


class Evaluator(ColumnReader):
    """Tests, arithmetic and orders over the columns of one snapshot; of one thread."""

    _among: Places | None = None

    def _read_numbers(self, ref: FieldRef) -> Numbers:
        return self._derived(ref) if ref.kind is FieldKind.DERIVED else super()._read_numbers(ref)

    def _derived(self, ref: FieldRef) -> Numbers:
        try:
            worked_out = quantity(parse_term(ref.name), self._known)
        except FilterSyntax:
            # A column that was made when there were other fields: no run has what it needs.
            return Numbers(np.full(self.count, np.nan), np.zeros(self.count, dtype=bool))
        found = self.quantity(worked_out)
        values = np.array(np.broadcast_to(found.values, self.count), dtype=np.float64)
        return Numbers(values, np.array(np.broadcast_to(found.present, self.count)))

    # --- tests -------------------------------------------------------------------------------------------------

    def mask(self, test: Test) -> Bools:
        """Of which runs a test holds: bool (count,), not to be written to."""
        if isinstance(test, AllOf):
            return self._all_of(test.tests)
        if isinstance(test, AnyOf):
            return np.asarray(np.logical_or.reduce([self.mask(t) for t in test.tests]))
        if isinstance(test, Opposite):
            return ~self.mask(test.test)
        if isinstance(test, NumberTest):
            return self._numbers_mask(test)
        if isinstance(test, NanTest):
            found = self.quantity(test.of)
            return np.asarray(np.isnan(found.values) & found.present)
        if isinstance(test, NoNumber):
            return np.broadcast_to(~self.quantity(test.of).present, self.count)
        if isinstance(test, Missing):
            few = self._among is not None and _of_points(test.ref)
            return ~self.numbers(test.ref).present if few else self.missing(test.ref)
        if isinstance(test, TextTest):
            sql = text_sql(test.operator, "{0}")
            return self._kept(
                test.ref, (test.operator, test.value), lambda: self._texts_mask(test.ref, sql, [test.value])
            )
        return self._store.get(self._marked, ("word", test.text), lambda: self._word_mask(test.text))

    def _all_of(self, tests: Sequence[Test]) -> Bools:
        """Tests that need every point of a run come last, and look at those runs only that the others leave."""
        is_costly = [self._among is None and self._is_costly(test) for test in tests]
        costly = [test for test, late in zip(tests, is_costly, strict=True) if late]
        held = [self.mask(test) for test, late in zip(tests, is_costly, strict=True) if not late]
        if not costly or not held:
            return np.asarray(np.logical_and.reduce(held + [self.mask(test) for test in costly]))
        kept = np.asarray(np.logical_and.reduce(held))
        left = np.flatnonzero(kept).astype(np.int32)
        if len(left) * _FEW > self.count:
            return np.asarray(np.logical_and.reduce([kept, *(self.mask(test) for test in costly)]))
        self._among = left
        try:
            return np.asarray(np.logical_and.reduce([kept, *(self.mask(test) for test in costly)]))
        finally:
            self._among = None

    def _is_costly(self, test: Test) -> bool:
        """Whether it needs figures of points that are not in memory, and nothing that is kept for all runs."""
        asked = [*figures(test)]
        # A derived column is kept for all runs, whatever it is made of.
        derived = any(ref.kind is FieldKind.DERIVED for ref in asked)
        return not derived and any(_of_points(ref) and not self.has_numbers(ref) for ref in asked)

    def numbers(self, ref: FieldRef) -> Numbers:
        """A field's numbers; of points only of the runs that are looked at, where these are few."""
        among = self._among
        if among is None or not _of_points(ref) or self.has_numbers(ref):
            return super().numbers(ref)

        def read() -> Numbers:
            return self._spread(*point_figures(self._db, ref, (among + 1).tolist()))

        return self.kept(ref, ("among", hashlib.sha256(among.tobytes()).digest()), read)

    def _numbers_mask(self, test: NumberTest) -> Bools:
        left, right = self.quantity(test.left), self.quantity(test.right)
        with np.errstate(invalid="ignore"):
            # NaN satisfies none of these.
            held = _RELATIONS[test.operator](left.values, right.values)
        return np.broadcast_to(held & left.present & right.present, self.count)

    def _word_mask(self, text: str) -> Bools:
        return self._mask(self._db.arrays(f"select r.id as run from runs r where {word_sql(text)}", [text] * 6)["run"])

    # --- arithmetic --------------------------------------------------------------------------------------------

    def quantity(self, asked: Quantity) -> Numbers:
        """Numbers and which are present, (count,) or () for the same of all runs."""
        if isinstance(asked, Figure):
            return self.numbers(asked.ref)
        if isinstance(asked, Constant):
            return Numbers(np.asarray(asked.number), np.asarray(True))
        parts = [self.quantity(part) for part in asked.parts]
        present = functools.reduce(np.logical_and, [part.present for part in parts])
        with np.errstate(all="ignore"):
            values = apply(asked, [part.values for part in parts])
        return Numbers(values, np.asarray(present))

    # --- orders ------------------------------------------------------------------------------------------------

    def order(self, sort: Sequence[SortKey]) -> Places:
        """All runs' places int32 (count,) in order; runs without a value and with NaN last, then by id."""
        keys = tuple(sort)
        if not keys:
            return self._store.get(self._state, "no order", lambda: np.arange(self.count, dtype=np.int32))
        return self._store.get(self._marked, ("order", keys), lambda: self._sorted(keys))

    def _sorted(self, keys: Sequence[SortKey]) -> Places:
        if len(keys) == 1 and keys[0].descending and (turned := self._turned(keys[0])) is not None:
            return turned
        ranks = [self._ranks(key) for key in keys]
        if len(ranks) == 1:
            return np.argsort(ranks[0], kind="stable").astype(np.int32)
        return np.lexsort([*reversed(ranks)]).astype(np.int32)

    def _turned(self, key: SortKey) -> Places | None:
        """The descending order out of the ascending one, which sorts nothing; None where that is not the reverse."""
        if key.field.kind is FieldKind.PARAM and self._has_texts(key.field):
            return None
        upwards = SortKey(key.field)
        order, ranks = self.order([upwards]), self._ranks(upwards)[self.order([upwards])]
        last = np.isnan(ranks) if ranks.dtype.kind == "f" else ranks == np.iinfo(np.int64).max
        n = int(len(ranks) - last.sum())
        # Each run of equal ranks moves as a whole, so that ties stay in the order of ids.
        starts = np.flatnonzero(np.concatenate([[True], ranks[1:n] != ranks[: n - 1]])) if n else np.empty(0, np.int64)
        length = np.diff(starts, append=n)
        places = np.arange(n) + np.repeat(n - 2 * starts - length, length)
        turned = order.copy()
        turned[places] = order[:n]
        return turned

    def _ranks(self, key: SortKey) -> NDArray[np.generic]:
        """Numbers by which the runs sort ascending."""
        ref = key.field
        if ref.kind is FieldKind.BUILTIN and BY_NAME[ref.name].kind not in NUMERIC:
            return _text_ranks(self.texts(ref), key.descending)
        if ref.kind in (FieldKind.TAG, FieldKind.FACT):
            return _text_ranks(self.texts(ref), key.descending)
        found = self.numbers(ref)
        values: NDArray[np.generic] = found.values
        sign = -1 if key.descending else 1
        present = found.present & ~np.isnan(values)
        if ref.kind is not FieldKind.PARAM or not self._has_texts(ref):
            # NaN sorts behind everything.
            return (
                np.where(present, sign * values.astype(np.float64), np.nan)
                if values.dtype.kind == "f"
                else (np.where(present, sign * values, np.iinfo(np.int64).max))
            )
        # Numbers before texts, texts before what has neither, in either direction.
        different = np.unique(values[present])
        ranks = np.full(self.count, np.iinfo(np.int64).max)
        number = np.searchsorted(different, values[present])
        ranks[present] = len(different) - 1 - number if key.descending else number
        texts = self.texts(ref)
        own = ~found.present & (texts.codes >= 0) & ~self.missing(ref)
        codes = texts.codes[own].astype(np.int64)
        ranks[own] = len(different) + (len(texts.texts) - 1 - codes if key.descending else codes)
        return ranks

    def chosen(
        self, test: Test | None, sort: Sequence[SortKey], narrowed: Bools | None
    ) -> tuple[array[int], array[int]]:
        """Places of the runs that a test and a narrowing hold for, in order, and the row of each run (-1 for none)."""
        order = self.order(sort)
        held = self.mask(test) if test is not None else None
        if narrowed is not None:
            held = narrowed if held is None else held & narrowed
        if held is not None:
            order = order[held[order]]
        rows = np.full(self.count, -1, dtype=np.int32)
        rows[order] = np.arange(len(order), dtype=np.int32)
        return _ints(order), _ints(rows)


def _of_points(ref: FieldRef) -> bool:
    return ref.kind is FieldKind.METRIC and ref.aggregate.of_points


def _text_ranks(found: Texts, descending: bool) -> NDArray[np.int64]:
    codes = found.codes.astype(np.int64)
    ranks = len(found.texts) - 1 - codes if descending else codes
    return np.where(found.codes < 0, np.iinfo(np.int64).max, ranks)


def _ints(places: Places) -> array[int]:
    made = array("i")
    made.frombytes(places.astype(np.intc, copy=False).tobytes())
    return made


def apply(asked: Applied, parts: Sequence[NDArray[np.generic]]) -> NDArray[np.float64]:
    """What a sign of arithmetic or a function gives, as IEEE 754 has it."""
    values = [np.asarray(part, dtype=np.float64) for part in parts]
    if asked.function == "round":
        (value,) = values
        whole = np.trunc(value)
        # Halves go away from zero, as in SQL.
        return np.asarray(np.where(np.abs(value - whole) >= 0.5, whole + np.copysign(1.0, value), whole))
    if asked.function in ("least", "greatest"):
        extreme = np.minimum if asked.function == "least" else np.maximum
        found = values[0]
        for value in values[1:]:
            found = extreme(found, value)
        return np.asarray(found)
    return np.asarray(_FUNCTIONS[asked.function](*values))


_FUNCTIONS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "neg": np.negative,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "floor": np.floor,
    "ceil": np.ceil,
}
