"""The long search for garbage comes while the user rests, and finds what was there to stay and did not."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from threading import Event

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from runfolio.api import Workspace
from runfolio.desktop.garbage import Garbage
from runfolio.desktop.jobs import Jobs

REST_S = 0.3


class Node:
    """One of a circle."""

    other: Node


@pytest.fixture(autouse=True)
def kept_settings() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(Workspace.open, lambda error: pytest.fail(str(error)))
    yield jobs
    jobs.shutdown()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def circle() -> tuple[Node, Node]:
    """Two that hold each other, among the objects that stayed."""
    one, two = Node(), Node()
    one.other, two.other = two, one
    gc.collect(0)
    gc.collect(1)
    return one, two


def make_many() -> list[list[int]]:
    """So many that young ones are looked through often, and those that stayed would be."""
    return [[number] for number in range(200_000)]


def begun(jobs: Jobs, window: QWidget, long_rest_s: float = 60.0) -> Garbage:
    garbage = Garbage(jobs, window, rest_s=REST_S, long_rest_s=long_rest_s)
    garbage.begin(window.windowHandle())
    return garbage


def test_nothing_old_is_searched_while_keys_come_and_all_of_it_in_the_rest(
    qtbot: QtBot, window: QWidget, jobs: Jobs
) -> None:
    begun(jobs, window)
    one, two = circle()
    gone = weakref.ref(one)
    del one, two
    made = make_many()
    pressed = begun_at = time.monotonic()
    while time.monotonic() < begun_at + 3 * REST_S:
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_A)
        qtbot.wait(30)
        # On a busy machine it may have been a rest.
        assert gone() is not None or time.monotonic() - pressed > REST_S / 2
        pressed = time.monotonic()
    qtbot.waitUntil(lambda: gone() is None, timeout=5_000)
    assert len(made) == 200_000


def test_a_job_that_runs_is_not_held_up(qtbot: QtBot, window: QWidget, jobs: Jobs) -> None:
    begun(jobs, window)
    one, two = circle()
    gone = weakref.ref(one)
    del one, two
    make_many()
    may_end, ended = Event(), Future[bool]()
    jobs.background(lambda: may_end.wait(10), ended.set_result)
    qtbot.wait(int(REST_S * 3_000))
    assert gone() is not None
    may_end.set()
    qtbot.waitUntil(lambda: gone() is None, timeout=5_000)
    assert ended.result(0)


def test_what_was_there_to_stay_is_searched_in_a_long_rest(qtbot: QtBot, window: QWidget, jobs: Jobs) -> None:
    one, two = circle()
    gone = weakref.ref(one)
    begun(jobs, window, long_rest_s=0.9)
    assert gc.get_freeze_count() > 0
    del one, two
    make_many()
    gc.collect()
    assert gone() is not None, "what stays is not looked at again"
    QTest.mouseMove(window, QPoint(5, 5))
    qtbot.waitUntil(lambda: gone() is None, timeout=5_000)
    assert gc.get_freeze_count() > 0
