"""One stack of what can be taken back, in the order it happened: view changes and ledger entries alike."""

from __future__ import annotations

import time
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


class Stretch:
    """Small changes that follow each other without a rest and are one step of undo."""

    def __init__(self, rest_s: float) -> None:
        """`rest_s`: after so many seconds the next change is a step of its own."""
        self._rest_s = rest_s
        self._step: Step | None = None
        self._at = 0.0

    def goes_on(self, last: Step | None) -> bool:
        """Whether the next change belongs to the step that was made last."""
        return last is not None and last is self._step and time.monotonic() - self._at < self._rest_s

    def keep(self, step: Step | None) -> None:
        """This step holds all changes so far; None ends it."""
        self._step, self._at = step, time.monotonic()


class UndoStack:
    """Steps done and steps taken back."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def push(
        self,
        label: str,
        back: Callable[[], None],
        forth: Callable[[], None] | None = None,
        *,
        keeps_redo: bool = False,
    ) -> None:
        """Remember a step that has been done. What had been taken back can no longer be redone, unless `keeps_redo`."""
        self._done.append(Step(label, back, forth))
        del self._done[:-DEPTH]
        if not keeps_redo:
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
