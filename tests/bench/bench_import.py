"""How long an import takes, beside reading the same bytes and beside the tracker's own reader.

    pytest tests/bench/bench_import.py -s [--benchmark-json OUT]

RUNFOLIO_BENCH_TREES    trees to import, `mlflow-1000` and so on (kinds: see `trees`), with commas.
RUNFOLIO_BENCH_ROUNDS   rounds of each (2); lower and higher figures are printed.
RUNFOLIO_BENCH_FOLDER   where the trees are kept.
RUNFOLIO_BENCH_PYTHON   a Python that has mlflow and tensorboard, best in an environment of its own: mlflow wants other
                        versions of some libraries. Without it their readers are not measured.

Each round is a process of its own on a warm page cache, the start of its worker processes included; see `import_round`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

HERE = Path(__file__).parent
TREES = tuple(os.environ.get("RUNFOLIO_BENCH_TREES", "mlflow-1000,tensorboard-1000,plain-1000,sqlite-1000").split(","))
ROUNDS = int(os.environ.get("RUNFOLIO_BENCH_ROUNDS", "2"))
FOLDER = Path(os.environ.get("RUNFOLIO_BENCH_FOLDER", str(Path(tempfile.gettempdir()) / "runfolio-bench")))
PYTHON = os.environ.get("RUNFOLIO_BENCH_PYTHON", "")
REFERENCES = ("mlflow", "tensorboard")
"""Kinds of tree for which a tracker's own reader is timed; there is none for plain CSV."""

Figures = dict[str, float]
_MORE = frozenset({"points/cpu_s", "runs/s", "reference/import"})
"""Figures of which more is better."""


def measured(root: Path, place: Path, points: int) -> Figures:
    """What one round took, with the ratios that the design is held to."""
    place.mkdir()
    app = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1] / "app"), str(HERE)])}
    call = [sys.executable, str(HERE / "import_round.py"), str(root), str(place)]
    took: Figures = json.loads(subprocess.run(call, env=app, check=True, stdout=subprocess.PIPE).stdout)
    return took | {
        "import/raw": took["import_s"] / took["raw_s"],
        "runs/s": took["runs"] / took["import_s"],
        "points/cpu_s": points / took["cpu_s"],
        "index_bytes/point": took["index_bytes"] / points,
        "again/stat": took["again_s"] / took["stat_s"],
    }


def reference(kind: str, root: Path) -> Figures:
    """What the tracker's own reader took; {} where it is not to be had."""
    if not PYTHON or kind not in REFERENCES:
        return {}
    call = [PYTHON, str(HERE / "reference.py"), kind, str(root)]
    told = json.loads(subprocess.run(call, check=True, stdout=subprocess.PIPE).stdout)
    return {f"reference_{name}": told[name] for name in ("seconds", "cpu_s")}


def span(rounds: list[Figures], name: str) -> str:
    """Lowest and highest figure of the rounds."""
    figures = [r[name] for r in rounds if name in r]
    return f"{min(figures):,.4g} to {max(figures):,.4g}" if figures else "not measured"


def hold(name: str, rounds: list[Figures]) -> None:
    """Hold the better of the rounds against the goals that there are for such a tree."""
    from bench.goals import note

    kind = name.partition("-")[0]
    best = {f: (max if f in _MORE else min)(r[f] for r in rounds if f in r) for f in rounds[0]}
    raw = {"mlflow": 3.0, "plain": 4.0}.get(kind)
    if raw is not None:
        note("import", f"{name}: import beside reading every byte", best["import/raw"], raw, "x")
    if kind == "tensorboard":
        note("import", f"{name}: points a CPU second", best["points/cpu_s"], 1.5e6, "points/s", at_least=True)
    if kind != "sqlite":
        note("import", f"{name}: bytes a point", best["index_bytes/point"], 12.0, "bytes")
        note("import", f"{name}: a second look beside a walk with stat", best["again/stat"], 1.0, "x")
    if "reference/import" in best:
        times = 8.0 if kind == "mlflow" else 25.0
        note("import", f"{name}: the tracker's own reader takes", best["reference/import"], times, "x", at_least=True)


@pytest.mark.parametrize("name", TREES)
def test_import(name: str, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    from bench.trees import tree

    kind, runs = name.split("-")
    root, points = tree(FOLDER, kind, int(runs))
    rounds: list[Figures] = []

    def one() -> None:
        took = measured(root, tmp_path / str(len(rounds)), points)
        told = reference(kind, root)
        if told:
            told["reference/import"] = told["reference_seconds"] / took["import_s"]
        rounds.append(took | told)

    benchmark.pedantic(one, rounds=ROUNDS)
    assert all(r["runs"] == int(runs) for r in rounds)
    hold(name, rounds)
    benchmark.extra_info.update({"points": points, "rounds": rounds})
    shown = {figure: span(rounds, figure) for figure in rounds[0]}
    print(json.dumps({"tree": name, "points": points} | shown, indent=1))  # noqa: T201
