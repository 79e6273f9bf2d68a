"""How a long call is asked to stop."""

from __future__ import annotations

import threading


class CancelToken:
    """Asked between batches of a long call; `cancel` may be called from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the call to stop soon."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody asks, at most so long; whether somebody did."""
        return self._event.wait(seconds)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()
