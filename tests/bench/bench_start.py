"""From the command to the first rows in the window, beside a bare Qt window, on an index of 10,000 runs.

    pytest tests/bench/bench_start.py -s

RUNFOLIO_BENCH_ROUNDS   rounds of each (5); lower quartile and median are printed.
RUNFOLIO_BENCH_FOLDER   where the runs and their index are kept; the first time they are made, for a minute.

Each round is a process of its own, the two taking turns, on a warm page cache, with compiled modules and the session
that a start before left, without a screen unless QT_QPA_PLATFORM says otherwise. See `start_round`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("RUNFOLIO_BENCH_ROUNDS", "5"))
FOLDER = Path(os.environ.get("RUNFOLIO_BENCH_FOLDER", str(Path(tempfile.gettempdir()) / "runfolio-bench")))
RUNS = 10_000


def environment(home: Path) -> dict[str, str]:
    """That of a round."""
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        "QT_QPA_PLATFORM": "offscreen",
        **outside,
        "RUNFOLIO_HOME": str(home),
        "PYTHONPATH": str(HERE.parents[1] / "app"),
        "PYTHONPYCACHEPREFIX": str(FOLDER / "compiled"),
    }


def start(kind: str, home: Path) -> dict[str, Any]:
    """What one start took."""
    took: dict[str, Any] = json.loads(run_round(kind, home))
    return took


def run_round(kind: str, home: Path) -> bytes:
    """What a round says."""
    call = [sys.executable, str(HERE / "start_round.py"), kind]
    told = subprocess.run(
        call, env=environment(home), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60
    )
    return told.stdout


def low_and_median(figures: list[float]) -> str:
    """The lower quartile and the median."""
    return f"{statistics.quantiles(figures, n=4)[0]:.2f} to {statistics.median(figures):.2f}"


def test_first_rows(benchmark: BenchmarkFixture) -> None:
    from bench.goals import note
    from bench.trees import tree

    root, _ = tree(FOLDER, "plain", RUNS)
    home = FOLDER / "start-home"
    if not home.exists():
        subprocess.run([sys.executable, "-m", "runfolio", "index", str(root)], env=environment(home), check=True)
    run_round("leave", home)
    rounds: list[tuple[dict[str, Any], dict[str, Any]]] = []
    benchmark.pedantic(lambda: rounds.append((start("bare", home), start("runs", home))), rounds=ROUNDS)
    for name in ("seconds", "cpu_s"):
        bare, own = [b[name] for b, _ in rounds], [r[name] for _, r in rounds]
        ratio = statistics.median(own) / statistics.median(bare)
        benchmark.extra_info[f"{name}_ratio"] = ratio
        by = "clock" if name == "seconds" else "processor"
        note("start", f"first rows of {RUNS:,} runs beside a bare window, by the {by}", ratio, 3.0, "x")
        sys.stdout.write(f"\n{name}: bare {low_and_median(bare)}, first rows {low_and_median(own)}, {ratio:.1f}x\n")
    window = [r["window_s"] for _, r in rounds]
    sys.stdout.write(f"window shown: {low_and_median(window)}; imported by then: {rounds[-1][1]['modules']}\n")
    # What is heavy waits until the rows are there.
    assert not any(r["modules"] for _, r in rounds)
