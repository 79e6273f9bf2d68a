"""The reader that the help shows is a whole one, and a package that registers it is enough."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import runfolio
from runfolio.locate import resources

HELP = (resources() / "help" / "readers.md").read_text("utf-8")


def install(site: Path, module: str, code: str, entries: str) -> None:
    """What pip would put there."""
    site.mkdir(exist_ok=True)
    (site / f"{module}.py").write_text(code)
    facts = site / f"{module}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(entries)


def inspected(folder: Path, site: Path) -> dict[str, Any]:
    paths = os.pathsep.join([str(Path(runfolio.__file__).parent.parent), str(site)])
    done = subprocess.run(
        [sys.executable, "-m", "runfolio", "inspect", str(folder), "--json"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_reader_of_the_help_reads_folders_once_it_is_installed(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", HELP, re.DOTALL)
    (entry,) = re.findall(r"```toml\n\[project\.entry-points\.\"runfolio\.readers\"\]\n(.*?)```", HELP, re.DOTALL)
    entries = "[runfolio.readers]\n" + entry.replace('"', "")
    install(tmp_path / "site", "mytracker_reader", code, entries)
    install(
        tmp_path / "site", "broken_reader", "raise OSError('no')\n", "[runfolio.readers]\nbroken = broken_reader:X\n"
    )
    failing = "class X:\n    name = title = 'failing'\n    claim = read = lambda *_: 1 / 0\n"
    install(tmp_path / "site", "failing_reader", failing, "[runfolio.readers]\nfailing = failing_reader:X\n")
    run = tmp_path / "runs" / "a"
    run.mkdir(parents=True)
    (run / "mine.json").write_text('{"id": "run-1", "lr": 1e-3}')
    (run / "points.csv").write_text("step,loss\n0,1.0\n5,nan\n")
    (recording,) = inspected(tmp_path / "runs", tmp_path / "site")["recordings"]
    assert (recording["format"], recording["id"], recording["params"]["lr"]) == ("mytracker", "run-1", 0.001)
    assert recording["metrics"]["loss"]["last"] == [5, "NaN"]
