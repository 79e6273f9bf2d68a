"""How long linking takes, for made-up recordings of one tracker and of four.

    pytest tests/bench/bench_link.py

Of one tracker nothing is compared; of four, series of equal names and lengths are, which is the worst that happens.
"""

from __future__ import annotations

import random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from runfolio.index.linkable import Linkable, SeriesMark
from runfolio.index.links import gather

RECORDINGS = 10_000
FORMATS = ("mlflow_file", "wandb_offline", "lightning", "tensorboard")


def recordings(formats: int) -> list[Linkable]:
    """Recordings of 15 series with figures of chance, started one second after the other."""
    rng = random.Random(1)
    return [one(number, FORMATS[number % formats], rng) for number in range(RECORDINGS)]


def one(number: int, format: str, rng: random.Random) -> Linkable:
    name = f"{number:032x}"
    return Linkable(
        id=number,
        source=1,
        path=f"{format}/run{number}",
        format=format,
        identity=f"{format}:{name}",
        has_id=format in FORMATS[:2],
        overlay=False,
        precision="text",
        name=None,
        parent_id=None,
        tracker_id=name,
        experiment=None,
        status="finished",
        status_raw=None,
        started_us=number * 1_000_000,
        ended_us=None,
        params_digest=name,
        series=tuple(
            SeriesMark(f"m{k}", 100, 0, rng.random(), 99, rng.random(), rng.random() / 1e4, 1 + rng.random())
            for k in range(15)
        ),
    )


@pytest.mark.parametrize("formats", [1, 4])
def test_linking(benchmark: BenchmarkFixture, formats: int) -> None:
    items = recordings(formats)
    runs, problems = benchmark.pedantic(gather, args=(items,), rounds=5)
    assert len(runs) == RECORDINGS
    assert problems == ()
