"""Ctrl+C and SIGTERM end the program in good order: workers are stopped, files are closed, a short word is said."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TypeAlias

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 3.0
"""So long one who asks again has to wait: the first time is being attended to."""

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class Interrupted(KeyboardInterrupt):
    """Raised in the main thread, wherever it is, when the program is asked to end."""


class Interruptible:
    """Within it, a signal is raised as Interrupted; leaving it, what came of that is swallowed.

    `with Interruptible() as interrupt: ...` goes on behind it when it was interrupted, and `interrupt.code` is the
    exit code that is usual then. Nothing is done in other threads than the main one, which has the signals.

    on_signal   called instead of raising, with the program going on until it ends by itself.
    """

    def __init__(self, on_signal: Callable[[], None] | None = None) -> None:
        self._on_signal = on_signal
        self._signal = 0
        self._at = 0.0
        self._before: dict[int, _Handler] = {}

    @property
    def code(self) -> int:
        """128 and the number of the signal; 0 when there was none."""
        return 128 + self._signal if self._signal else 0

    def __enter__(self) -> Interruptible:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if not self._signal or failure is None:
            return False
        # Whatever was raised: an interrupt in the middle of an import comes out as something else.
        sys.stderr.write("Terminated.\n" if self._signal == signal.SIGTERM else "Interrupted.\n")
        return True

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self._signal:
            if time.monotonic() - self._at > _PATIENCE_S:
                os._exit(128 + number)
            return
        self._signal = number
        self._at = time.monotonic()
        if self._on_signal is None:
            raise Interrupted
        self._on_signal()
