"""Figures of points are worked out for the runs that the rest of a filter leaves, where these are few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from runfolio.index import column_reader, evaluate
from runfolio.index.column_store import Places
from runfolio.index.database import Database
from runfolio.index.point_figures import point_figures
from runfolio.index.queries import Queries
from runfolio.model.metrics import Floats, series
from runfolio.model.query import FieldRef, RunQuery
from runfolio.model.run import Recording
from support.indexing import NOON, Shelf, params

RUNS = 60
RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(Path(tmp_path_factory.mktemp("index")))
    made.put(
        *(
            Recording(
                "generic",
                f"r{at:02}",
                f"r{at:02}",
                params=params({"lr": at / RUNS, "even": at % 2 == 0}),
                metrics=(series("loss", [*range(20)], RNG.normal(size=20).tolist(), [NOON] * 20),) if at % 5 else (),
            )
            for at in range(RUNS)
        )
    )
    yield made
    made.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Of how many runs figures were worked out, None for all, each time."""
    told: list[int | None] = []

    def counted(database: Database, ref: FieldRef, runs: Sequence[int] | None = None) -> tuple[Places, Floats]:
        told.append(None if runs is None else len(runs))
        return point_figures(database, ref, runs)

    monkeypatch.setattr(evaluate, "point_figures", counted)
    monkeypatch.setattr(column_reader, "point_figures", counted)
    return told


COSTLY = [
    "at(loss, step=7) > 0",
    "not (mean(loss, last=3) > 0)",
    "mean(loss, last=3) is null",
    "reach(loss, 0.5) < 9 or lr > 0.9",
    "slope(loss, last=5) / lr > 1",
]


@pytest.mark.parametrize("costly", COSTLY)
@pytest.mark.parametrize("rest", ["lr < 0.1", "lr < 0.6 and even = true", "lr > 5"])
def test_a_filter_selects_what_its_parts_select(shelf: Shelf, rest: str, costly: str) -> None:
    both = [[*Queries(shelf.database, 1).run_keys(RunQuery(where))] for where in (rest, costly)]
    found = Queries(shelf.database, 1).run_keys(
        RunQuery(f"{costly} and {rest}" if "or" not in costly else f"({costly}) and {rest}")
    )
    assert [*found] == [key for key in both[0] if key in both[1]]


def test_only_the_runs_that_are_left_are_looked_at(shelf: Shelf, asked: list[int | None]) -> None:
    queries = Queries(shelf.database, 1)
    few, more = "lr < 0.1 and ", "lr < 0.11 and "
    for where in ("at(loss, step=7) > 0", "at(loss, step=7) > 0.25"):
        queries.run_keys(RunQuery(few + where))
    assert asked == [6], "the same figures of the same runs are there already"
    queries.run_keys(RunQuery(more + "at(loss, step=7) > 0"))
    assert asked == [6, 7]
    queries.run_keys(RunQuery("lr < 0.9 and at(loss, step=7) > 0"))
    assert asked == [6, 7, None], "where many are left, all are worked out and kept"
    queries.run_keys(RunQuery(few + "at(loss, step=7) > 0"))
    assert len(asked) == 3
