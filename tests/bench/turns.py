"""Turns the window's event loop by hand, so that the longest of its turns can be told."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from PySide6.QtWidgets import QApplication

from bench.goals import note
from runfolio.desktop.window import MainWindow

PATIENCE_S = 60.0


class Bench:
    """A window, and how long its thread was held at most since `begin`: by the clock, and in processor time."""

    def __init__(self, application: QApplication, window: MainWindow) -> None:
        self._application = application
        self.window = window
        self.held = self.busy = 0.0

    def begin(self) -> None:
        """Forget the turns up to now."""
        self.held = self.busy = 0.0

    def turn(self, call: Callable[[], object] = lambda: None) -> None:
        """One turn of the event loop, after `call`."""
        wall, cpu = time.perf_counter(), time.thread_time()
        call()
        self._application.processEvents()
        self.held = max(self.held, time.perf_counter() - wall)
        self.busy = max(self.busy, time.thread_time() - cpu)

    def step(self, what: str, call: Callable[[], object], shown: Callable[[], bool] | None = None) -> None:
        """Do something and wait until it shows, then until nothing is on its way; print the figures."""
        self.begin()
        start = time.perf_counter()
        self.turn(call)
        while shown is not None and not shown():
            if time.perf_counter() - start > PATIENCE_S:
                raise TimeoutError(what)
            self.turn()
        until = time.perf_counter() - start
        self.rest()
        self.tell(what, f"{until * 1e3:.0f} ms")

    def rest(self) -> None:
        """Until nothing is on its way for a quarter of a second."""
        quiet = time.perf_counter()
        while time.perf_counter() - quiet < 0.25:
            self.turn()
            if not self.window.context.jobs.idle:
                quiet = time.perf_counter()
            time.sleep(0.001)

    def tell(self, what: str, shows: str) -> None:
        """A row: what was done, when it showed, and the longest turn."""
        note("turns", f"{what}: longest turn (processor)", self.busy * 1e3, 50.0, "ms")
        tell(f"| {what} | {shows} | {self.held * 1e3:.0f} ms | {self.busy * 1e3:.0f} ms |")


def tell(row: str) -> None:
    """One line of the table, at once."""
    sys.stdout.write(f"{row}\n")
    sys.stdout.flush()


def head() -> None:
    """The head of the table."""
    tell("| step | shows after | held at most | of that, processor |")
    tell("| --- | --- | --- | --- |")
