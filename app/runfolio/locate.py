"""Where things lie: shipped resources and the user's own folders.

The user's folders follow the platform's rules (platformdirs). `RUNFOLIO_HOME` puts all of them under one
folder, which is how a portable copy, a test and two separate libraries on one machine are made.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import platformdirs

_APP = "runfolio"


@cache
def resources() -> Path:
    """The folder of shipped resources: inside an installed package, else beside `app/` in a checkout."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "resources", package.parent.parent / "resources"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"Runfolio's resources are missing: neither inside {package} nor beside it")


def _home() -> Path | None:
    home = os.environ.get("RUNFOLIO_HOME")
    return Path(home).expanduser().absolute() if home else None


def cache_folder() -> Path:
    """Rebuildable things: the index."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def data_folder() -> Path:
    """What only the user knows: the ledger. Never rebuilt, worth a backup."""
    home = _home()
    return home / "data" if home else Path(platformdirs.user_data_dir(_APP, appauthor=False))


def mirror_folder() -> Path:
    """The second copy of the ledger, in another folder than the first."""
    home = _home()
    return home / "mirror" if home else Path(platformdirs.user_state_dir(_APP, appauthor=False)) / "mirror"


def config_folder() -> Path:
    """Settings, window layout, saved views."""
    home = _home()
    return home / "config" if home else Path(platformdirs.user_config_dir(_APP, appauthor=False))


def layouts_folder() -> Path:
    """The layouts of run folders that the user taught, one small file each."""
    return config_folder() / "layouts"


def log_folder() -> Path:
    """Rotating logs."""
    home = _home()
    return home / "log" if home else Path(platformdirs.user_log_dir(_APP, appauthor=False))


def default_index() -> Path:
    """The index that is used when none is named."""
    return cache_folder() / "index.duckdb"
