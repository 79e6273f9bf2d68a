"""Fixtures of the window's tests: a driver, a small sweep of runs, and an index of it made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
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
def index_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Indexes a folder, once for all tests that ask for it; the file is to be copied."""
    made: dict[Path, Path] = {}

    def index(folder: Path) -> Path:
        if folder not in made:
            home = tmp_path_factory.mktemp("indexed")
            with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
                workspace.index([folder])
            made[folder] = home / "index.duckdb"
        return made[folder]

    return index


@pytest.fixture
def library(index_of: Callable[[Path], Path], user_folders_of_its_own: Path) -> Callable[[Path], None]:
    """Puts a folder, which outlives the test, into the user's library; importing it is no part of the test then."""

    def put(folder: Path) -> None:
        cache = user_folders_of_its_own / "cache"
        cache.mkdir(parents=True)
        shutil.copy(index_of(folder), cache / "index.duckdb")

    return put


@pytest.fixture
def indexed(sweep: Path, library: Callable[[Path], None], user_folders_of_its_own: Path) -> Path:
    """The user's library holds the sweep already."""
    library(sweep)
    return user_folders_of_its_own


@pytest.fixture
def driver(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window and its user; closed at the end, the GUI thread guarded meanwhile."""
    driver = Driver()
    with gui_thread_guard(monkeypatch):
        try:
            yield driver
        finally:
            driver.close()
