"""Makes an index of many made-up runs, without folders behind it: 30 params and 15 metrics each.

    python tests/bench/many_runs.py FOLDER [--runs 100000] [--points 5] [--long 100]

Prints the index's path; a finished one that is there already is used again. The runs are the same every time. They go
through the index's own writer, so that its tables are as an import leaves them. Open it with
`runfolio --index FOLDER/runs-100000/index.duckdb`, or `Workspace.open(path, folder_of_a_ledger)`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from runfolio.index.database import Database
from runfolio.index.run_writer import linkables, put_runs
from runfolio.index.writer import Writer
from runfolio.model.metrics import MetricSeries
from runfolio.model.params import Json, flatten
from runfolio.model.run import Recording, RunStatus
from runfolio.model.times import NO_TIME
from runfolio.readers.contract import Claim, Strength
from runfolio.readers.parse import Parsed
from support.indexing import alone

RUNS = 100_000
BATCH = 2_000
START = 1_767_268_800_000_000  # 2026-01-01 12:00 UTC
SECOND = 1_000_000

ADJECTIVES = [
    "amber",
    "brisk",
    "calm",
    "dusky",
    "eager",
    "fabled",
    "gentle",
    "hazel",
    "ivory",
    "jolly",
    "keen",
    "lucid",
    "mellow",
    "noble",
    "opal",
    "plucky",
]
ANIMALS = [
    "heron",
    "otter",
    "lynx",
    "marten",
    "finch",
    "ibis",
    "jackal",
    "koala",
    "lemur",
    "moose",
    "newt",
    "ocelot",
    "puffin",
    "quail",
    "raven",
    "stoat",
]
METRICS = (
    "train/loss", "val/loss", "val/acc", "val/f1", "val/auc", "train/acc", "lr", "grad_norm", "epoch_time", "gpu/mem",
    "test/acc", "test/loss", "val/precision", "val/recall", "throughput",
)  # fmt: skip
"""`train/loss` has more points than the others."""


def params(number: int, rng: np.random.Generator) -> dict[str, Json]:
    """30 params: some vary, some never, one is a text for some runs and a number for others."""
    decays: list[Json] = [0.0, 1e-4, 1e-2, "auto"]
    return {
        "lr": float(f"{10 ** rng.uniform(-5, -1):.6g}"),
        "batch_size": int(rng.choice([16, 32, 64, 128, 256])),
        "optimizer": str(rng.choice(["adam", "adamw", "sgd", "lion"])),
        "seed": number % 10,
        "weight_decay": decays[int(rng.integers(4))],
        "dropout": round(float(rng.uniform(0, 0.5)), 3),
        "model": {
            "name": str(rng.choice(["resnet18", "resnet50", "vit_s", "vit_b", "convnext"])),
            "depth": int(rng.integers(2, 48)),
            "width": int(rng.choice([256, 384, 512, 768, 1024])),
            "heads": int(rng.choice([4, 8, 12, 16])),
        },
        "warmup": int(rng.integers(0, 5000)),
        "epochs": int(rng.choice([10, 30, 90])),
        "label_smoothing": round(float(rng.uniform(0, 0.2)), 4),
        "mixup": round(float(rng.uniform(0, 1)), 4),
        "clip": [None, 1.0, 5.0][int(rng.integers(3))],
        "amp": bool(rng.integers(2)),
        "data": {"root": "/data/imagenet", "workers": 8, "split": str(rng.choice(["full", "10pct", "1pct"]))},
        **{f"fixed_{place}": place for place in range(8)},
        **({"note": f"try {number % 977}"} if number % 3 == 0 else {"host": f"node{number % 64:02}"}),
        "commit": f"{number * 2654435761 % 2**32:08x}",
        "schedule": str(rng.choice(["cosine", "linear", "step"])),
        "ema": float(rng.choice([0.99, 0.999, 0.9999])),
    }


def series(number: int, rng: np.random.Generator, points: int, long: int) -> tuple[MetricSeries, ...]:
    """15 metrics; one run in 200 has diverged, one in 50 has no accuracy."""
    made = []
    for name in METRICS:
        n = long if name == "train/loss" else points
        step = np.arange(n, dtype=np.int64) * 100
        fall = rng.uniform(0.2, 2.0) * np.exp(-np.arange(n) / n * 3)
        noise = rng.normal(scale=0.02, size=n)
        value = fall + noise if "loss" in name or name == "lr" else 1 - fall / 3 + noise
        if number % 200 == 7 and "loss" in name:
            value[-1] = np.nan
        if name == "val/acc" and number % 50 == 3:
            continue
        wall = np.full(n, NO_TIME, dtype=np.int64)
        made.append(MetricSeries(name, step, value, wall, source="metrics.csv"))
    return tuple(made)


def recordings(runs: int, points: int, long: int) -> Iterator[Recording]:
    """The runs as a reader gives them."""
    rng = np.random.default_rng(20260131)
    statuses = [RunStatus.FINISHED] * 8 + [RunStatus.FAILED, RunStatus.KILLED]
    for number in range(runs):
        name = f"{ADJECTIVES[number % 16]}-{ANIMALS[number // 16 % 16]}-{number}"
        started = START + number * 60 * SECOND
        yield Recording(
            "generic",
            f"run{number:06}",
            f"run{number:06}",
            name=name,
            status=statuses[int(rng.integers(10))],
            started_us=started,
            ended_us=started + int(rng.integers(60, 7200)) * SECOND,
            experiment=f"sweep-{number % 20:02}",
            params=tuple(flatten(params(number, rng))),
            metrics=series(number, rng, points, long),
        )


def build(path: Path, runs: int, points: int, long: int) -> None:
    """Write the index."""
    database = Database.open(path)
    try:
        writer = Writer(database)
        source = writer.add_source(Path("/data/made-up"))
        batch: list[Parsed] = []
        for number, recording in enumerate(recordings(runs, points, long), 1):
            claim = Claim("generic", recording.path, Strength.LAYOUT, "made up")
            batch.append(Parsed(claim, (recording,), (), False, "1"))
            if len(batch) == BATCH or number == runs:
                writer.put_units(source, batch)
                batch.clear()
        put_runs(database, [alone(item) for item in linkables(database)], [])
    finally:
        database.close()


def index(folder: Path, runs: int = RUNS, points: int = 5, long: int = 100) -> Path:
    """The path of the index of so many runs, made when it is not there."""
    place = folder / f"runs-{runs}-{points}-{long}"
    path = place / "index.duckdb"
    if not path.exists():
        begun = place.with_name(place.name + ".begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        build(begun / "index.duckdb", runs, points, long)
        begun.rename(place)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--points", type=int, default=5)
    parser.add_argument("--long", type=int, default=100)
    chosen = parser.parse_args()
    print(index(chosen.folder, chosen.runs, chosen.points, chosen.long))  # noqa: T201
