"""Runs the command line in a process of its own, as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import runfolio

_LONGEST_S = 240
"""A command that waits for ever must not keep the suite waiting."""


def call(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What `runfolio ARGUMENTS` did; it must end with this code."""
    environment = os.environ | {"PYTHONPATH": str(Path(runfolio.__file__).parent.parent)}
    command = [sys.executable, "-m", "runfolio", *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=_LONGEST_S,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def answer(*arguments: str | Path, code: int = 0) -> Any:
    """What it printed as JSON."""
    return json.loads(call(*arguments, "--json", code=code).stdout)
