"""Runfolio is started in any folder, and nothing in there is run, nor needed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

STARTER = "import sys\nfrom runfolio.__main__ import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
OFTEN = ("pickle", "struct", "socket", "json", "random", "selectors", "numpy", "polars", "pebble", "runfolio")
"""Modules that Python or Runfolio imports in workers, by names that scripts in folders of runs may have."""


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """What an installed `runfolio` is: a script whose folder, not the working directory, is looked through first."""
    file = tmp_path / "bin" / "start"
    file.parent.mkdir()
    file.write_text(STARTER)
    return file


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    run = tmp_path / "lab" / "run"
    run.mkdir(parents=True)
    (run / "params.json").write_text('{"lr": 0.1}')
    (run / "metrics.csv").write_text("step,loss\n0,0.5\n")
    return tmp_path / "lab"


def runs_of(command: list[str], folder: Path) -> list[object]:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    assert isinstance(document["runs"], list)
    return document["runs"]


def test_modules_in_the_working_directory_are_not_run(starter: Path, lab: Path, tmp_path: Path) -> None:
    for name in OFTEN:
        (lab / "run" / f"{name}.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')\nraise SystemExit(1)\n")
    assert len(runs_of([sys.executable, str(starter), "inspect", "--json", "."], lab / "run")) == 1
    assert not (tmp_path / "was-run").exists()
    assert not (lab / "run" / "__pycache__").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use cannot be deleted there")
def test_a_working_directory_that_was_deleted_is_not_needed(starter: Path, lab: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    inspect = shlex.join([sys.executable, str(starter), "inspect", "--json", str(lab)])
    assert len(runs_of(["/bin/sh", "-c", f"rmdir ../gone && exec {inspect}"], tmp_path / "gone")) == 1
