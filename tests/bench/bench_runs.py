"""How long sorting, filtering and facets of 100,000 runs take, at the first use of a column and after.

    pytest tests/bench/bench_runs.py [--benchmark-json OUT]
    python tests/bench/bench_runs.py                     CPU time as a table, best of three: for a machine that is busy

RUNFOLIO_BENCH_FOLDER   where the made-up index is kept (see `many_runs`).
RUNFOLIO_BENCH_RUNS     how many runs it has (100000).

`first` asks a fresh `Queries` that knows the runs but has no column in memory; `after` asks again, each time with
another number or text, so that nothing but the columns is there already.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.goals import note
from bench.many_runs import RUNS, index
from runfolio.index.database import Database
from runfolio.index.queries import Queries
from runfolio.model.query import Aggregate, FieldKind, FieldRef, RunQuery, SortKey

FOLDER = Path(os.environ.get("RUNFOLIO_BENCH_FOLDER", str(Path(tempfile.gettempdir()) / "runfolio-bench")))
COUNT = int(os.environ.get("RUNFOLIO_BENCH_RUNS", str(RUNS)))

FILTERS = {
    "metric": "val/acc > 0.9{}",
    "param": "lr < 0.00{}1",
    "or": "val/acc > 0.9{0} or lr < 0.0{0}1",
    "not": "not (val/loss < 0.{})",
    "in": "batch_size in (16, 32, {})",
    "text in": "optimizer in (adam, sgd, 'x{}')",
    "contains": "name ~ r-{}",
    "like": "name like '%heron-{}%'",
    "regex": "name matches 'heron-[0-9]*{}$'",
    "null": "note is null and val/acc > 0.{}",
    "range": "lr in 1e-4..0.0{}",
    "arithmetic": "val/loss - train/loss * 1.{} > 0",
    "best": 'best("val/acc") > 0.9{}',
    "started": "started >= 2026-01-20 and duration > {}min",
    "free word": "heron-{}",
}
OF_POINTS = {
    "at": 'at("train/loss", step=1000) < 0.{}',
    "slope": 'slope("train/loss") < -0.000{}',
    "mean": 'mean("train/loss", last=10) < 0.{}',
    "reach": 'reach("train/loss", 0.5) < 1{}000',
}
SORTS = {
    "metric": FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST),
    "param": FieldRef(FieldKind.PARAM, "lr"),
    "mixed param": FieldRef(FieldKind.PARAM, "weight_decay"),
    "text param": FieldRef(FieldKind.PARAM, "optimizer"),
    "name": FieldRef(FieldKind.BUILTIN, "name"),
    "duration": FieldRef(FieldKind.BUILTIN, "duration"),
    "derived": FieldRef(FieldKind.DERIVED, "val/loss / train/loss"),
}


FACETS = {
    "few texts": FieldRef(FieldKind.PARAM, "optimizer"),
    "many texts": FieldRef(FieldKind.PARAM, "commit"),
    "numbers": FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST),
    "few numbers": FieldRef(FieldKind.PARAM, "batch_size"),
    "status": FieldRef(FieldKind.BUILTIN, "status"),
}


Ask = Callable[[Queries, int], object]


def cases() -> dict[str, Ask]:
    """What is asked, by name, with a number that makes each question another."""

    def filtered(text: str) -> Ask:
        return lambda queries, n: queries.run_order(RunQuery(text.format(n)))

    def ordered(field: FieldRef) -> Ask:
        # Down and up by turns: an order that was there a moment ago is still there.
        return lambda queries, n: queries.run_order(RunQuery("", (SortKey(field, n % 2 == 1),)))

    def counted(field: FieldRef) -> Ask:
        return lambda queries, n: queries.facet(field, RunQuery(f"lr < 0.00{n}"), 50)

    return (
        {f"filter {name}": filtered(text) for name, text in (FILTERS | OF_POINTS).items()}
        | {f"sort {name}": ordered(field) for name, field in SORTS.items()}
        | {f"facet {name}": counted(field) for name, field in FACETS.items()}
    )


def opened() -> Database:
    """The index, after what every process does once: imports, the page cache."""
    database = Database.open(index(FOLDER, COUNT))
    Queries(database).run_keys(RunQuery("val/acc > 2"))
    return database


def fresh(database: Database) -> Queries:
    """What knows the runs and the names of fields, and has no column."""
    queries = Queries(database)
    queries.run_order(RunQuery())
    queries.known()
    return queries


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    made = opened()
    yield made
    made.close()


@pytest.mark.parametrize("name", [*cases()])
def test_first(benchmark: BenchmarkFixture, database: Database, name: str) -> None:
    benchmark.pedantic(cases()[name], setup=lambda: ((fresh(database), 10), {}), rounds=5)


@pytest.mark.parametrize("name", [*cases()])
def test_after(benchmark: BenchmarkFixture, database: Database, name: str) -> None:
    ask, queries = cases()[name], fresh(database)
    numbers = iter(range(10, 100))
    ask(queries, 9)
    benchmark.pedantic(lambda: ask(queries, next(numbers)), rounds=20, warmup_rounds=1)


def cpu_ms(ask: Ask, queries: Queries, number: int) -> float:
    """CPU time of this process that a question takes."""
    before = time.process_time()
    ask(queries, number)
    return (time.process_time() - before) * 1000


def print_table() -> None:
    """Best of three of every case, first use and after."""
    database = opened()
    for name, ask in cases().items():
        first, after = [], []
        for _ in range(3):
            queries = fresh(database)
            first.append(cpu_ms(ask, queries, 9))
            after += [cpu_ms(ask, queries, number) for number in (10, 11, 12)]
        print(f"{name:24} {min(first):8.1f} {min(after):8.1f}")  # noqa: T201
        note("runs", f"{name}, first use (processor)", min(first), 100.0, "ms")
        note("runs", f"{name}, after (processor)", min(after), 16.0, "ms")
    database.close()


if __name__ == "__main__":
    print_table()
