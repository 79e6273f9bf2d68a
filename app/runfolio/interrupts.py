"""Ctrl+C and SIGTERM end the program in good order: workers are stopped, files are closed, a short word is said."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TypeAlias

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_S = 0.02
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
        self._hook = sys.unraisablehook
        self._is_lost = self._is_left = False
        self._again: threading.Timer | None = None

    @property
    def code(self) -> int:
        """128 and the number of the signal; 0 when there was none."""
        return 128 + self._signal if self._signal else 0

    def __enter__(self) -> Interruptible:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._caught)
            self._hook, sys.unraisablehook = sys.unraisablehook, self._unraised
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._is_left = True
        if self._before:
            sys.unraisablehook = self._hook
        if self._again is not None:
            self._again.cancel()
            self._again.join()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if not self._signal or failure is None:
            return False
        # Whatever was raised: an interrupt in the middle of an import comes out as something else.
        sys.stderr.write("Terminated.\n" if self._signal == signal.SIGTERM else "Interrupted.\n")
        return True

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self._is_lost:
            self._is_lost = False
            if not self._is_left:
                raise Interrupted
            return
        if self._signal:
            if time.monotonic() - self._at > _PATIENCE_S:
                os._exit(128 + number)
            return
        self._signal = number
        self._at = time.monotonic()
        if self._on_signal is None:
            raise Interrupted
        self._on_signal()

    def _unraised(self, what: sys.UnraisableHookArgs) -> None:
        """What was raised where Python goes on all the same, as in a finalizer: an interrupt is raised once more.

        It cannot be here, which is such a place as well: a thread asks for it a moment later.
        """
        if not isinstance(what.exc_value, Interrupted):
            self._hook(what)
            return
        self._again = threading.Timer(_AGAIN_S, self._raise_again)
        self._again.daemon = True
        self._again.start()

    def _raise_again(self) -> None:
        self._is_lost = True
        if sys.platform == "win32":
            _thread.interrupt_main(self._signal)
        else:
            # As from outside, so that it also wakes a thread that waits.
            signal.pthread_kill(threading.main_thread().ident or 0, self._signal)
