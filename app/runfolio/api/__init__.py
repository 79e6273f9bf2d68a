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
