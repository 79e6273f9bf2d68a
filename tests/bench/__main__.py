"""All benches, one after the other, and a table of their figures beside the goals.

    python tests/bench [OUT.md] [--only start runs table turns plot import] [--quick] [--folder FOLDER]

Makes what is measured in FOLDER the first time: an index of 100,000 runs, series of 10^7 and 10^8 points, trees of runs
(about 6 GB, of which 3 are of the 10,000 MLflow runs). Takes some 40 minutes on two cores, with --quick 15: smaller
trees, and series of up to 10^7 points. OUT gets what the benches print as well, and the conditions: machine, versions
and how busy the machine was before each. A figure that was taken on a busy machine tells little.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "app"))

from bench.goals import HEAD, NOTES, noted  # noqa: E402

_PYTEST = ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider")
_LIBRARIES = ("PySide6-Essentials", "pyqtgraph", "duckdb", "polars", "numpy")
_BUSY = 1.0


def commands(folder: Path, *, quick: bool) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Of each bench what is run, and what is set around it."""
    runs = "20000" if quick else "100000"
    trees = "mlflow-1000,tensorboard-100,plain-1000,sqlite-1000"
    if not quick:
        trees = "mlflow-1000,mlflow-10000,tensorboard-1000,plain-10000,sqlite-10000"
    table = (str(HERE / "bench_table.py"), str(folder), "--runs", runs)
    plot: tuple[str, ...] = (str(HERE / "bench_plot.py"), "--index", "1e7", *(() if quick else ("1e8",)))
    plot += ("--kind", "noise", "--width", "1", "2", "--antialias", "1")
    return {
        "start": ((*_PYTEST, str(HERE / "bench_start.py")), {}),
        "runs": ((str(HERE / "bench_runs.py"),), {"RUNFOLIO_BENCH_RUNS": runs}),
        "table": (table, {}),
        "turns": ((str(HERE / "bench_turns.py"), str(folder)), {}),
        "plot": (plot, {}),
        "import": ((*_PYTEST, str(HERE / "bench_import.py")), {"RUNFOLIO_BENCH_TREES": trees}),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; 1 where one failed, whatever goals are met."""
    parser = argparse.ArgumentParser(prog="python tests/bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", nargs="?", type=Path, help="a Markdown file for the figures")
    parser.add_argument("--only", nargs="+", choices=[*commands(Path(), quick=True)], help="benches to run (all)")
    parser.add_argument("--quick", action="store_true", help="with fewer runs and shorter series")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "runfolio-bench")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    notes = asked.folder / f"notes-{os.getpid()}.jsonl"
    notes.unlink(missing_ok=True)
    told: list[str] = []
    failed: list[str] = []
    for name, (command, around) in commands(asked.folder, quick=asked.quick).items():
        if asked.only and name not in asked.only:
            continue
        load = os.getloadavg()[0]
        environment = os.environ | around | {NOTES: str(notes), "RUNFOLIO_BENCH_FOLDER": str(asked.folder)}
        environment["PYTHONPATH"] = os.pathsep.join((str(HERE.parents[1] / "app"), str(HERE.parent)))
        say(f"## {name}: {' '.join(part.removeprefix(f'{HERE}/') for part in command)}")
        start = time.perf_counter()
        ran = subprocess.run(
            [sys.executable, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        busy = ", BUSY" if load > _BUSY else ""
        told += [f"## {name}", "", f"Load {load:.1f} before it{busy}, {time.perf_counter() - start:.0f} s.", ""]
        told += ["```", ran.stdout.strip(), "```", ""]
        say(ran.stdout.strip())
        if ran.returncode:
            failed.append(name)
            say(f"{name} failed with {ran.returncode}")
    figures = [*noted(notes)]
    notes.unlink(missing_ok=True)
    table = [*HEAD, *(figure.row for figure in figures)]
    met = sum(figure.met for figure in figures)
    summary = [f"{met} of {len(figures)} goals met.", *([f"Failed: {', '.join(failed)}."] if failed else [])]
    say("\n".join(["", *table, "", *summary]))
    if asked.out is not None:
        head = ["# Benches", "", *conditions(), "", "## Goals", "", *table, "", *summary, ""]
        asked.out.write_text("\n".join([*head, *told]) + "\n", encoding="utf-8")
    return 1 if failed else 0


def conditions() -> list[str]:
    """Machine and versions, as lines."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)
    screen = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    return [
        f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {versions}, Qt platform {screen}."
    ]


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
