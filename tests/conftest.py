"""Every test runs without a screen and with user folders of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import runfolio

# Before anything imports Qt.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# What is compiled once need not be compiled again by each of the processes that tests start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# The server that workers are forked from is a fresh Python, which knows of no path that pytest adds.
os.environ["PYTHONPATH"] = str(Path(runfolio.__file__).parent.parent)


def pytest_configure(config: pytest.Config) -> None:
    """Workers take files as they are listed, which ends with the short ones of `unit`.

    Otherwise pytest-xdist keeps those with the fewest tests for last, which are the longest tests of all.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.fixture(autouse=True)
def user_folders_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Index, ledger, settings and logs of each test lie in a fresh folder."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RUNFOLIO_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def one_worker_where_none_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with one core: each worker imports for 0.2 CPU seconds, more than most tests give it to do."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
