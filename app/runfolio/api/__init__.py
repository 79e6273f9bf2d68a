"""Workspace: the one façade that the window, the command line and a notebook share.

    from runfolio.api import Workspace

    with Workspace.open() as ws:
        ws.index(["~/cluster-copy"])
        for run in ws.find_runs("val/acc > 0.9", sort="-val/acc", limit=5):
            print(run.name, run.status)

All methods may be called from any thread but the window's own: they open files and run SQL. Results are immutable.
Errors are members of `runfolio.errors`. What is heavy is imported when it is first needed, so that a window or a
short command starts at once.

A workspace is made of parts with one purpose each, a module for each. `Stores` is what they share: the index and the
ledger, kept in step.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runfolio.api.cancelling import CancelToken
    from runfolio.api.files import data_diff, inspect, look
    from runfolio.api.teaching import (
        layouts,
        preview_layout,
        read_layout,
        remove_layout,
        save_layout,
        saved_layout,
        suggest_layout,
        toml_of,
    )
    from runfolio.api.workspace import Workspace

__all__ = [
    "CancelToken",
    "Workspace",
    "data_diff",
    "inspect",
    "layouts",
    "look",
    "preview_layout",
    "read_layout",
    "remove_layout",
    "save_layout",
    "saved_layout",
    "suggest_layout",
    "toml_of",
]

_PLACES = {
    "CancelToken": "runfolio.api.cancelling",
    "data_diff": "runfolio.api.files",
    "inspect": "runfolio.api.files",
    "look": "runfolio.api.files",
    "layouts": "runfolio.api.teaching",
    "preview_layout": "runfolio.api.teaching",
    "read_layout": "runfolio.api.teaching",
    "remove_layout": "runfolio.api.teaching",
    "save_layout": "runfolio.api.teaching",
    "saved_layout": "runfolio.api.teaching",
    "suggest_layout": "runfolio.api.teaching",
    "toml_of": "runfolio.api.teaching",
    "Workspace": "runfolio.api.workspace",
}
"""Where each name lives. Imported when it is asked for: a workspace brings a database, reading a folder needs none."""


def __getattr__(name: str) -> object:
    """A name of `__all__`, imported now. Raises AttributeError for others."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
