"""Every test runs without a screen and with user folders of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.workers import start_workers_as_copies

# Before anything imports Qt.
os.environ["QT_QPA_PLATFORM"] = "offscreen"


@pytest.fixture(autouse=True)
def user_folders_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Index, ledger, settings and logs of each test lie in a fresh folder."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RUNFOLIO_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def workers_as_copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes need no second for their imports, but where a test is about how they start."""
    if request.node.get_closest_marker("workers_as_shipped") is None:
        start_workers_as_copies(monkeypatch)
