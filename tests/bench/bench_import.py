"""How long an import takes, beside reading the same bytes and beside the tracker's own reader.

    pytest tests/bench/bench_import.py [--benchmark-json OUT] [-s]

RUNFOLIO_BENCH_RUNS (1000) is the number of runs of each tree, RUNFOLIO_BENCH_FOLDER where the trees are kept. All of
one kind is taken in one process, one after the other, on a warm page cache: `raw` walks the tree, opens every file and
reads every byte; `import` indexes it into a new index with the worker processes, their start included; `again` indexes
it once more with nothing changed, beside `stat`, a walk with a stat of every file.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from runfolio.api import Workspace

RUNS = int(os.environ.get("RUNFOLIO_BENCH_RUNS", "1000"))
FOLDER = Path(os.environ.get("RUNFOLIO_BENCH_FOLDER", str(Path(tempfile.gettempdir()) / "runfolio-bench")))
KINDS = tuple(os.environ.get("RUNFOLIO_BENCH_KINDS", "mlflow,tensorboard,plain").split(","))


def raw(root: Path) -> int:
    """Bytes in the tree, each of them read."""
    total = 0
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    handle = os.open(entry.path, os.O_RDONLY)
                    while block := os.read(handle, 1 << 20):
                        total += len(block)
                    os.close(handle)
    return total


def walk(root: Path) -> int:
    """Bytes in the tree by the word of stat."""
    total = 0
    stack = [str(root)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def seconds(call: object, *args: object) -> float:
    """Wall seconds of one call."""
    assert callable(call)
    started = time.perf_counter()
    call(*args)
    return time.perf_counter() - started


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.parametrize("kind", KINDS)
def test_import(kind: str, home: Path, benchmark: BenchmarkFixture) -> None:
    from bench.trees import tree

    root, points = tree(FOLDER, kind, RUNS)
    raw(root)
    raw_s = min(seconds(raw, root) for _ in range(3))
    stat_s = min(seconds(walk, root) for _ in range(3))
    index = home / "index.duckdb"
    figures: dict[str, float] = {}

    def whole() -> None:
        used = cpu_s()
        with Workspace.open(index, home / "ledger") as workspace:
            workspace.index([root])
        figures["cpu_s"] = cpu_s() - used

    benchmark.pedantic(whole, rounds=1)
    assert benchmark.stats is not None
    import_s = benchmark.stats.stats.min
    size = index.stat().st_size
    with Workspace.open(index, home / "ledger") as workspace:
        again_s = min(seconds(workspace.index, [root]) for _ in range(2))
        assert len(workspace.run_keys()) == RUNS
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    figures |= {
        "runs": RUNS,
        "points": points,
        "raw_s": raw_s,
        "import_s": import_s,
        "import/raw": import_s / raw_s,
        "runs/s": RUNS / import_s,
        "points/cpu_s": points / figures["cpu_s"],
        "index_bytes/point": size / points,
        "stat_s": stat_s,
        "again_s": again_s,
        "again/stat": again_s / stat_s,
        "peak_MB": peak / 1024,
    }
    benchmark.extra_info.update(figures)
    print(json.dumps({"kind": kind} | {name: round(value, 3) for name, value in figures.items()}))  # noqa: T201
