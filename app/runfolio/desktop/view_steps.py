"""Switching workspaces, tabs and sections, and opening and closing docks, as steps of undo.

Who walks through workspaces, or opens a dock and closes it again, has made one step, or none where all is as it was.
A step of this kind leaves what was undone as it is: a look elsewhere must not take a redo away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDockWidget

from runfolio.desktop.undo import Step, UndoStack

T = TypeVar("T")


class ViewSteps(QObject):
    """Remembers what the user does with views.

    ready   whether it is the user; before, the window brings back what was.
    """

    def __init__(self, undo: UndoStack, ready: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._undo = undo
        self._ready = ready
        self._quiet = 0
        self._last: tuple[str, Step, object] | None = None
        self._shown: dict[str, bool] = {}

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """What happens meanwhile is not the user's doing."""
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    def changed(self, what: str, label: str, before: T, after: T, put: Callable[[T], None]) -> None:
        """The user has changed `what`; `put` shows it in one way or the other."""
        if before == after or self._quiet or not self._ready():
            return
        if self._last is not None and self._last[0] == what and self._last[1] is self._undo.last:
            began: T = self._last[2]  # type: ignore[assignment] # of the same `what`, so of the same type
            self._undo.drop_last()
            self._last = None
            if began == after:
                return
        else:
            began = before
        self._undo.push(label, lambda: self._put(put, began), lambda: self._put(put, after), keeps_redo=True)
        last = self._undo.last
        self._last = None if last is None else (what, last, began)

    def quietly_unless(self, own: bool) -> AbstractContextManager[None]:
        """What happens meanwhile is a step only where it is one of its `own`, and not part of another."""
        return nullcontext() if own else self.quietly()

    def _put(self, put: Callable[[T], None], value: T) -> None:
        with self.quietly():
            put(value)

    def watch(self, dock: QDockWidget, title: str, put: Callable[[bool], None]) -> None:
        """From now on opening and closing the dock are steps; `put` shows or hides it."""
        self._shown[title] = not dock.isHidden()

        def on_visible() -> None:
            # Hidden for its own sake: a window that is minimized hides everything in it.
            before, after = self._shown[title], not dock.isHidden()
            self._shown[title] = after
            self.changed(title, f"{'Show' if after else 'Hide'} the {title}", before, after, put)

        dock.visibilityChanged.connect(on_visible)
