"""Whatever names runs have and whatever is aligned: no two series of a run become one, and undo leaves no trace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from runfolio.errors import UsageError
from runfolio.index.alignments import align_again, preview, written
from runfolio.ledger import actions, align_actions
from runfolio.ledger.state import LedgerState, fold
from runfolio.ledger.store import Ledger
from runfolio.model.alignment import AlignedName, Alignment
from runfolio.model.run import Recording
from support.indexing import Shelf, metric

NAMES = ("a", "b", "c", "d/e", "ä")
values = st.floats(allow_nan=False, allow_infinity=False, width=32)
runs = st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=4), min_size=1, max_size=5)
aligned = st.builds(AlignedName, st.sampled_from(NAMES), st.sampled_from([1.0, 0.01, 100.0, 0.3]))
decisions = st.tuples(
    st.sampled_from([*NAMES, "new"]), st.lists(aligned, max_size=4, unique_by=lambda n: n.name).map(tuple)
)


@contextmanager
def shelf_of(metrics: list[dict[str, float]]) -> Iterator[Shelf]:
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder))
        shelf.put(
            *(
                Recording("generic", str(n), str(n), metrics=tuple(metric(name, v) for name, v in own.items()))
                for n, own in enumerate(metrics)
            )
        )
        yield shelf
        shelf.close()


def table(shelf: Shelf) -> dict[tuple[str, str], tuple[float, str]]:
    """Value and origin by run and name; a run that has a name twice would show as a difference in length."""
    rows = shelf.database.rows(
        """select r.key, x.name, s.shown * x.scale, coalesce(x.origin, '')
           from run_series x join runs r on r.id = x.run join series s on s.id = x.series"""
    )
    found = {(str(key), str(name)): (float(str(value)), str(origin)) for key, name, value, origin in rows}
    assert len(found) == len(rows), "a run shows one series under a name"
    fields = {name for _, name in found}
    assert {str(name) for (name,) in shelf.database.rows("select name from fields where kind = 'metric'")} == fields
    return found


def expected(
    metrics: list[dict[str, float]], alignments: Mapping[str, tuple[AlignedName, ...]]
) -> dict[tuple[str, str], tuple[float, str]]:
    """The same, worked out by hand: own metrics, and for each target that a run lacks the first name that it has."""
    found = {(str(n), name): (value, "") for n, own in enumerate(metrics) for name, value in own.items()}
    for n, own in enumerate(metrics):
        for target, names in alignments.items():
            first = next((name for name in names if name.name in own), None)
            if target not in own and first is not None:
                found[str(n), target] = (own[first.name] * first.scale, first.name)
    return found


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(runs, st.lists(decisions, max_size=6))
def test_each_decision_shows_one_series_a_run_and_undo_brings_back_the_table(
    metrics: list[dict[str, float]], wanted: list[tuple[str, tuple[AlignedName, ...]]]
) -> None:
    with shelf_of(metrics) as shelf, tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "a", Path(folder) / "b")

        def state() -> LedgerState:
            return fold(ledger.entries)

        def decide(target: str, names: tuple[AlignedName, ...]) -> None:
            ledger.append(lambda _: align_actions.align(state(), {target: names}, time_us=0, actor="x", reason=""))

        def bring_up() -> dict[tuple[str, str], tuple[float, str]]:
            standing = state().alignments
            align_again(shelf.database, tuple(standing.values()))
            assert written(shelf.database) == {target: a.names for target, a in standing.items()}
            shown = table(shelf)
            assert shown == expected(metrics, {target: a.names for target, a in standing.items()})
            return shown

        tables = [bring_up()]
        for target, names in wanted:
            told = preview(shelf.database, target, names)
            try:
                decide(target, names)
            except UsageError:
                continue
            tables.append(bring_up())
            assert told.runs == sum(name == target for _, name in tables[-1])
        while len(tables) > 1:
            tables.pop()
            ledger.append(lambda entries: actions.inverse(entries, state(), None, time_us=0, actor="x", reason=""))
            assert bring_up() == tables[-1]


@settings(derandomize=True, deadline=None, database=None, max_examples=20)
@given(runs, st.lists(aligned, min_size=1, max_size=4, unique_by=lambda n: n.name).map(tuple))
def test_linking_again_gives_the_same_table(metrics: list[dict[str, float]], names: tuple[AlignedName, ...]) -> None:
    from runfolio.index.run_writer import linkables, put_runs
    from support.indexing import alone

    with shelf_of(metrics) as shelf:
        alignment = Alignment("new", names)
        align_again(shelf.database, [alignment])
        before = table(shelf)
        put_runs(shelf.database, [alone(item) for item in linkables(shelf.database)], [], [alignment])
        assert table(shelf) == before
