"""Runs the command line: in this process, or in one of its own as a user does."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import runfolio
from runfolio.__main__ import main

_LONGEST_S = 240
"""A command that waits for ever must not keep the suite waiting."""


def call(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What `runfolio ARGUMENTS` did, without the cost of starting Python; it must end with this code."""
    words = [*map(str, arguments)]
    with _Written() as out, _Written() as talk:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(talk):
            ended = main(words)
        done = subprocess.CompletedProcess(words, ended, out.text(), talk.text())
    assert done.returncode == code, done.stdout + done.stderr
    return done


def call_apart(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
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


def answer_apart(*arguments: str | Path, code: int = 0) -> Any:
    """What it printed as JSON in a process of its own."""
    return json.loads(call_apart(*arguments, "--json", code=code).stdout)


class _Written(io.TextIOWrapper):
    """A stream as Python makes them, kept in memory."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        """All that was written."""
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode("utf-8")
