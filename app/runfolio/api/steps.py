"""How far the writing of a figure is, told step by step, with a way to stop it between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runfolio.errors import Cancelled
from runfolio.model.answers import Progress

if TYPE_CHECKING:
    from runfolio.api.cancelling import CancelToken


class Steps:
    """Counts metrics that were read and panels that were drawn; each of its calls raises Cancelled when asked to."""

    def __init__(
        self,
        name: str,
        panels: int,
        on_progress: Callable[[Progress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._name, self._panels = name, panels
        self._on_progress, self._cancel = on_progress, cancel
        self._metrics = self._done = 0

    def check(self) -> None:
        """Raises Cancelled when asked to stop."""
        if self._cancel is not None and self._cancel.cancelled:
            raise Cancelled

    def metric_read(self, metrics: int) -> None:
        """One of so many metrics is read."""
        self._metrics = metrics
        self._tell()

    def panel_drawn(self) -> None:
        """One more panel is drawn."""
        self._tell()

    def points_written(self, done: int, total: int) -> None:
        """So many points are written, of so many."""
        self.check()
        if self._on_progress is not None:
            self._on_progress(Progress("write", done, total, self._name))

    def _tell(self) -> None:
        self.check()
        self._done += 1
        if self._on_progress is not None:
            self._on_progress(Progress("write", self._done, max(self._done, self._metrics + self._panels), self._name))
