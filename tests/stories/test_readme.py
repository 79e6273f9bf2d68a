"""What the README shows can be run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import runfolio

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_python_example_prints_the_best_runs_of_the_sample() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    environment = os.environ | {"PYTHONPATH": str(Path(runfolio.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=ROOT, check=True
    )
    lines = done.stdout.splitlines()
    assert {line.split()[0] for line in lines[:2]} == {"quiet-elk", "olive-newt"}
    assert lines[0].endswith("[0.832]")


def test_the_commands_it_names_for_a_checkout_are_there_and_can_be_started() -> None:
    scripts = re.findall(r"^sh (packaging/\S+)", README, re.MULTILINE)
    assert scripts == ["packaging/run.sh", "packaging/test.sh"]
    for script in scripts:
        assert subprocess.run(["sh", "-n", ROOT / script], check=False).returncode == 0
