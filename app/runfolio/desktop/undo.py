"""One stack of what can be taken back, in the order it happened: view changes and ledger entries alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

DEPTH = 200
"""Older steps are forgotten; the ledger itself keeps everything."""


@dataclass(frozen=True, slots=True)
class Step:
    """`label` says what was done ("Filter", "Tag 3 runs"); `back` takes it back, `forth` does it again."""

    label: str
    back: Callable[[], None]
    forth: Callable[[], None] | None = None


class UndoStack:
    """Steps done and steps taken back."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def push(self, label: str, back: Callable[[], None], forth: Callable[[], None] | None = None) -> None:
        """Remember a step that has been done. What had been taken back can no longer be redone."""
        self._done.append(Step(label, back, forth))
        del self._done[:-DEPTH]
        self._undone.clear()

    @property
    def last(self) -> Step | None:
        """What `undo` would take back."""
        return self._done[-1] if self._done else None

    def drop_last(self) -> None:
        """Forget the last step, because the next one holds it as well."""
        self._done.pop()

    def undo(self) -> str | None:
        """Take back the last step; its label, or None when there is none."""
        if not self._done:
            return None
        step = self._done.pop()
        step.back()
        if step.forth is not None:
            self._undone.append(step)
        else:
            self._undone.clear()
        return step.label

    def redo(self) -> str | None:
        """Do again what was last taken back; its label, or None when there is none."""
        if not self._undone:
            return None
        step = self._undone.pop()
        if step.forth is not None:
            step.forth()
        self._done.append(step)
        return step.label
