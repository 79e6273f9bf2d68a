"""How long sorting and filtering 100,000 runs takes, at the first use of a column and after.

    pytest tests/bench/bench_runs.py [--benchmark-json OUT]

RUNFOLIO_BENCH_FOLDER   where the made-up index is kept (see `many_runs`).
RUNFOLIO_BENCH_RUNS     how many runs it has (100000).

`first` asks a fresh `Queries` that knows the runs but has no column in memory; `after` asks again, each time with
another number or text, so that nothing but the columns is there already. `again` repeats the very same question.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

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


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    opened = Database.open(index(FOLDER, COUNT))
    Queries(opened).run_keys(RunQuery("val/acc > 2"))  # what every process does once: imports, the page cache
    yield opened
    opened.close()


def fresh(database: Database) -> Queries:
    queries = Queries(database)
    queries.run_order(RunQuery())
    queries.known()
    return queries


def measure(benchmark: BenchmarkFixture, database: Database, ask: Callable[[Queries, int], object], way: str) -> None:
    counter = iter(range(10, 10_000))
    if way == "first":
        benchmark.pedantic(ask, setup=lambda: ((fresh(database), 10), {}), rounds=5)
        return
    queries = fresh(database)
    ask(queries, 9)
    if way == "after":
        benchmark.pedantic(lambda: ask(queries, next(counter) % 90 + 10), rounds=20, warmup_rounds=1)
    else:
        benchmark.pedantic(lambda: ask(queries, 9), rounds=20, warmup_rounds=1)


@pytest.mark.parametrize("way", ["first", "after", "again"])
@pytest.mark.parametrize("name", [*FILTERS, *OF_POINTS])
def test_filter(benchmark: BenchmarkFixture, database: Database, name: str, way: str) -> None:
    text = (FILTERS | OF_POINTS)[name]
    measure(benchmark, database, lambda queries, n: queries.run_order(RunQuery(text.format(n))), way)


@pytest.mark.parametrize("way", ["first", "after"])
@pytest.mark.parametrize("name", [*SORTS])
def test_sort(benchmark: BenchmarkFixture, database: Database, name: str, way: str) -> None:
    def ask(queries: Queries, n: int) -> object:
        # Down and up by turns: an order that was there a moment ago is still there.
        return queries.run_order(RunQuery("", (SortKey(SORTS[name], n % 2 == 1),)))

    measure(benchmark, database, ask, way)
