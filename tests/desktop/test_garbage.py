"""All garbage is looked through while nobody uses the window, and not while somebody does."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from runfolio.desktop import garbage
from runfolio.desktop.garbage import Garbage


class Knot:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collecting() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collecting", "qtbot")
def test_what_is_old_is_collected_while_the_window_rests(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = QObject()
    collector = Garbage(parent)
    knot = weakref.ref(Knot())
    for _ in range(garbage._ENOUGH):
        # Whoever survives this is old; kept by a strong reference until it is.
        gc.collect(1)
    assert knot() is None, "what is young goes by itself"
    old = Knot()
    for _ in range(garbage._ENOUGH):
        gc.collect(1)
    knot = weakref.ref(old)
    del old
    until = time.thread_time() + 2 * garbage._RESTING_S
    while time.thread_time() < until:
        pass
    collector.look()
    assert knot() is not None, "the hand is at work"
    monkeypatch.setattr(garbage, "_RESTING_S", 10.0)
    collector.look()
    assert knot() is None
