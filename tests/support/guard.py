"""The GUI thread opens no file and runs no SQL: under test, either raises where it happens."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

import runfolio
from runfolio import locate
from runfolio.api import Workspace

P = ParamSpec("P")
T = TypeVar("T")

_DESKTOP = str(Path(runfolio.__file__).parent / "desktop")
_FREE = tuple(
    str(path)
    for path in (Path(runfolio.__file__).parent, locate.resources(), sys.prefix, sys.base_prefix, "/usr", "/etc")
)
"""What is shipped and imported may be read at any time; run folders, index, ledger and session may not."""

_watching = threading.Event()


def _from_the_window() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_DESKTOP):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _on_audit(event: str, args: tuple[object, ...]) -> None:
    if event != "open" or not _watching.is_set() or not isinstance(args[0], str | bytes | os.PathLike):
        return
    path = str(Path(os.fsdecode(args[0])).absolute())
    shipped = path.startswith((*_FREE, "/dev", "/proc", "/sys")) or path.endswith(".py")
    if not shipped and _from_the_window():
        raise AssertionError(f"The GUI thread opened {path}")


# An audit hook cannot be taken out again; it costs nothing while nobody watches.
sys.addaudithook(_on_audit)


def _guarded(method: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        if _from_the_window():
            raise AssertionError(f"The GUI thread called Workspace.{method.__name__}")
        return method(*args, **kwargs)

    return checked


@contextmanager
def gui_thread_guard(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, files opened and façade methods called by the window on the GUI thread raise."""
    for name, method in vars(Workspace).items():
        if not name.startswith("_") and callable(method):
            patch.setattr(Workspace, name, _guarded(method))
    _watching.set()
    try:
        yield
    finally:
        _watching.clear()
