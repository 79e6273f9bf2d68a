"""Which runs a query selects, and the columns of runs: by SQL where they are few, over columns in memory where many."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from runfolio.errors import FilterSyntax
from runfolio.index import columns
from runfolio.index.database import Bound, Database
from runfolio.index.engine import duckdb
from runfolio.index.index_state import IndexState
from runfolio.index.run_ids import MANY, RunIds
from runfolio.model.answers import CellKind, Column
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey

if TYPE_CHECKING:
    from runfolio.index.asked import Test
    from runfolio.index.column_store import ColumnStore
    from runfolio.index.evaluate import Evaluator
    from runfolio.index.known import Known
    from runfolio.model.expression import Expression
    from runfolio.model.facets import Facet

NAMED = (FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG, FieldKind.FACT)
"""In the order in which a bare name is looked up."""


class Selecting:
    """Filters, orders and columns of an index. May be used from several threads.

    many   from this many runs on columns are kept in memory.
    """

    def __init__(self, database: Database, many: int = MANY) -> None:
        self._db = database
        self._many = many
        self._ids = RunIds()
        self._known: tuple[object, Known | None] = (None, None)
        self._columns: ColumnStore | None = None
        self._leaves: tuple[object, bool] = (None, False)

    # --- names -------------------------------------------------------------------------------------------------

    def known(self) -> Known:
        """The names that a filter may use."""
        with self._db.snapshot():
            return self._known_now(IndexState.of(self._db))

    def _known_now(self, state: IndexState) -> Known:
        kept, known = self._known
        if known is not None and kept == state.version and kept is not None:
            return known
        # Here and below: filters and orders take modules that a start without any does not need.
        from runfolio.index.known import Known

        names: dict[FieldKind, set[str]] = {kind: set() for kind in NAMED}
        for kind, name in self._db.rows("select kind, name from fields"):
            names[FieldKind(str(kind))].add(str(name))
        known = Known({kind: frozenset(found) for kind, found in names.items()})
        # One assignment, so that another thread sees both or neither.
        self._known = state.version, known
        return known

    def check_filter(self, text: str) -> None:
        """Raises FilterSyntax when the text is no filter, or names an unknown field."""
        expression = _parsed(text)
        if expression is not None:
            with self._db.snapshot():
                self._meaning(expression, self._known_now(IndexState.of(self._db)))

    def filter_hints(self, text: str) -> tuple[str, ...]:
        """Why a filter may find nothing, see `filter_hints`. Raises FilterSyntax."""
        from runfolio.index.filter_hints import filter_hints

        expression = _parsed(text)
        if expression is None:
            return ()
        with self._db.snapshot():
            return filter_hints(self._db, expression, self._known_now(IndexState.of(self._db)))

    def derived(self, text: str) -> FieldRef:
        """The column that arithmetic stands for. Raises FilterSyntax."""
        from runfolio.index.meaning import quantity
        from runfolio.model.filter_print import term_text
        from runfolio.model.filter_text import parse_term

        term = parse_term(text)
        quantity(term, self.known())
        return FieldRef(FieldKind.DERIVED, term_text(term))

    def _meaning(self, expression: Expression, known: Known) -> Test:
        """The tests of a filter, whose regular expressions are found to be sound."""
        from runfolio.index.asked import text_tests
        from runfolio.index.meaning import meaning, senseless

        test = meaning(expression, known)
        for text in text_tests(test):
            if text.operator == "matches":
                try:
                    self._db.rows("select regexp_matches('', ?)", [text.value])
                except duckdb.InvalidInputException as error:
                    why = str(error).partition("\n")[0].removeprefix("Invalid Input Error: ")
                    raise senseless(
                        text.span,
                        f"The regular expression is not understood: {why}",
                        "Write [.] for a dot and [(] for a bracket; RE2 has no look-around and no back-references.",
                    ) from error
        return test

    # --- runs --------------------------------------------------------------------------------------------------

    def _current(self, state: IndexState) -> RunIds:
        """The ids of the surrounding snapshot's runs; kept until linking is done again."""
        # Another thread may do the same with another snapshot at this moment, so what is returned is not read back.
        ids = self._ids = self._ids.current(self._db, state.linking)
        return ids

    def columns_now(self) -> tuple[RunIds, Evaluator]:
        """The ids and the columns in memory of the surrounding snapshot."""
        state = IndexState.of(self._db)
        ids = self._current(state)
        return ids, self._evaluator(ids, self._known_now(state), state)

    def current(self) -> RunIds:
        """The ids of the surrounding snapshot's runs."""
        return self._current(IndexState.of(self._db))

    def run_order(self, query: RunQuery) -> KeyOrder:
        """The runs that a query selects, in its order. Raises FilterSyntax."""
        expression = _parsed(query.where)
        with self._db.snapshot():
            state = IndexState.of(self._db)
            ids = self._current(state)
            leaves_out = not query.with_hidden and self._leaves_out(state)
            plain = expression is None and not (query.sort or leaves_out)
            plain = plain and query.source is None and query.experiment is None
            if plain:
                return KeyOrder(ids.keys, ids.places)
            known = self._known_now(state)
            test = None if expression is None else self._meaning(expression, known)
            if leaves_out:
                from runfolio.index.left_out import without_left_out

                test = without_left_out(test)
            if len(ids.keys) < self._many and not _worked_out(test, query, known):
                return self._asked(ids, test, query, known)
            order, rows = self._worked_out(self._evaluator(ids, known, state), test, query)
        return KeyOrder(ids.keys, ids.places, order, rows)

    def _leaves_out(self, state: IndexState) -> bool:
        """Whether any run is hidden or archived."""
        kept, found = self._leaves
        if kept is None or kept != state.marks:
            found = bool(self._db.rows("select 1 from run_marks where hidden or archived limit 1"))
            # One assignment, so that another thread sees both or neither.
            self._leaves = state.marks, found
        return found

    def _asked(self, ids: RunIds, test: Test | None, query: RunQuery, known: Known) -> KeyOrder:
        from runfolio.index.compile import compile_query

        compiled = compile_query(test, query.sort, known)
        narrowed, more = _narrowed(query)
        sql = f"""select r.id - 1
                  from runs r {" ".join(compiled.joins)}
                  where {compiled.predicate}{narrowed}
                  order by {", ".join(compiled.order)}"""
        rows = self._db.rows(sql, [*compiled.params, *more, *compiled.order_params])
        return KeyOrder(ids.keys, ids.places, array("i", [cast(int, row[0]) for row in rows]))

    def _worked_out(self, evaluator: Evaluator, test: Test | None, query: RunQuery) -> tuple[array[int], array[int]]:
        narrowed, params = _narrowed(query)
        place = evaluator.where(narrowed.removeprefix(" and "), params) if narrowed else None
        return evaluator.chosen(test, query.sort, place)

    def _evaluator(self, ids: RunIds, known: Known, state: IndexState) -> Evaluator:
        # NumPy is no part of a window's start.
        from runfolio.index.column_store import ColumnStore
        from runfolio.index.evaluate import Evaluator

        if self._columns is None:
            self._columns = ColumnStore()
        return Evaluator(self._db, self._columns, known, len(ids.keys), state)

    def facet(self, field: FieldRef, query: RunQuery, limit: int) -> Facet:
        """The values of a field among the runs of a query, with counts. Raises FilterSyntax."""
        from runfolio.index.faceting import facet
        from runfolio.index.left_out import without_left_out

        expression = _parsed(query.where)
        with self._db.snapshot():
            state = IndexState.of(self._db)
            ids, known = self._current(state), self._known_now(state)
            test = None if expression is None else self._meaning(expression, known)
            evaluator = self._evaluator(ids, known, state)
            narrowed, params = _narrowed(query)
            place = evaluator.where(narrowed.removeprefix(" and "), params) if narrowed else None
            looked_at = without_left_out(test) if not query.with_hidden and self._leaves_out(state) else test
            if looked_at is not test and (out := without_left_out(None)) is not None:
                place = evaluator.mask(out) if place is None else place & evaluator.mask(out)
            return facet(evaluator, known, field, (query.where.strip(), expression), place, limit)

    # --- columns -----------------------------------------------------------------------------------------------

    def column(self, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A field's values for runs, in the order of `keys`."""
        with self._db.snapshot():
            state = IndexState.of(self._db)
            ids = self._current(state)
            if not _of_points(field) and field.kind is not FieldKind.DERIVED:
                return columns.column(self._db, ids, field, keys)
            return self._figures(ids, self._evaluator(ids, self._known_now(state), state), field, keys)

    def columns(self, fields: Sequence[FieldRef], keys: Sequence[RunKey]) -> tuple[Column, ...]:
        """The values of some fields for runs, in the order of `keys`, as one snapshot sees them."""
        with self._db.snapshot():
            state = IndexState.of(self._db)
            ids = self._current(state)
            kept = [f for f in fields if not _of_points(f) and f.kind is not FieldKind.DERIVED]
            found = dict(zip(kept, columns.columns(self._db, ids, kept, keys), strict=True))
            for field in fields:
                if field not in found:
                    found[field] = self._figures(ids, self._evaluator(ids, self._known_now(state), state), field, keys)
        return tuple(found[field] for field in fields)

    def param_kinds(self, param: str, keys: Sequence[RunKey]) -> tuple[str | None, ...]:
        """What a param is in each run; None where it has none."""
        with self._db.snapshot():
            return columns.kinds(self._db, self.current(), param, keys)

    def _figures(self, ids: RunIds, evaluator: Evaluator, field: FieldRef, keys: Sequence[RunKey]) -> Column:
        """A column that is worked out: of all runs, unless it is a page that some points are enough for."""
        places = [ids.places.get(key, -1) for key in keys]
        if _of_points(field) and len(keys) < self._many and not evaluator.has_numbers(field):
            from runfolio.index.point_figures import point_figures

            runs, figures = point_figures(self._db, field, [place + 1 for place in places])
            found = dict(zip(runs.tolist(), figures.tolist(), strict=True))
            values = tuple(found.get(place + 1) for place in places)
        else:
            numbers = evaluator.numbers(field)
            known = numbers.present.tolist() if len(keys) >= self._many else numbers.present
            figure = numbers.values.tolist() if len(keys) >= self._many else numbers.values
            values = tuple(float(figure[p]) if p >= 0 and known[p] else None for p in places)
        if field.kind is FieldKind.METRIC:
            origins = columns.origins(self._db, ids, field.name, keys)
            return Column(field, CellKind.NUMBER, values, origins=origins)
        return Column(field, CellKind.NUMBER, values)


def _parsed(text: str) -> Expression | None:
    """A filter as a tree, None for all runs. Raises FilterSyntax."""
    if not text.strip():
        return None
    from runfolio.model.filter_text import parse

    return parse(text)


def _of_points(field: FieldRef) -> bool:
    return field.kind is FieldKind.METRIC and field.aggregate.of_points


def _worked_out(test: Test | None, query: RunQuery, known: Known) -> bool:
    """Whether a query asks for figures that SQL has no word for."""
    from runfolio.index.asked import figures
    from runfolio.index.meaning import quantity
    from runfolio.model.filter_text import parse_term

    asked = [*figures(test)] if test is not None else []
    for key in query.sort:
        if key.field.kind is FieldKind.DERIVED:
            try:
                asked += figures(quantity(parse_term(key.field.name), known))
            except FilterSyntax:
                return True
        asked.append(key.field)
    return any(_of_points(field) for field in asked)


def _narrowed(query: RunQuery) -> tuple[str, list[Bound]]:
    narrowed = ""
    params: list[Bound] = []
    if query.source is not None:
        narrowed += " and r.source = ?"
        params.append(query.source)
    if query.experiment is not None:
        narrowed += " and r.experiment = ?"
        params.append(query.experiment)
    return narrowed, params
