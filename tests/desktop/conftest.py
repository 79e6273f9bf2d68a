"""Fixtures of the window's tests: a driver, a small sweep of runs, and an index of it made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from runfolio.api import Workspace
from support.driver import Driver
from support.guard import gui_thread_guard
from support.sweep import write_sweep


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six runs, read by many tests and written by none."""
    return write_sweep(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def sweep_index(sweep: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sweep, to be copied."""
    home = tmp_path_factory.mktemp("indexed")
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([sweep])
    return home / "index.duckdb"


@pytest.fixture
def indexed(sweep_index: Path, user_folders_of_its_own: Path) -> Path:
    """The user's library holds the sweep already."""
    cache = user_folders_of_its_own / "cache"
    cache.mkdir(parents=True)
    shutil.copy(sweep_index, cache / "index.duckdb")
    return user_folders_of_its_own


@pytest.fixture
def driver(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window and its user; closed at the end, the GUI thread guarded meanwhile."""
    driver = Driver(qtbot)
    with gui_thread_guard(monkeypatch):
        try:
            yield driver
        finally:
            driver.close()
