"""Jobs: what runs where, what is dropped, and what is carried out even when the window closes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from runfolio import scratch
from runfolio.api import CancelToken, Workspace
from runfolio.desktop import relay
from runfolio.desktop.jobs import Jobs
from runfolio.errors import Cancelled, IndexLocked, NotFound, RunfolioError
from runfolio.model.answers import Change, Progress
from runfolio.readers.parse import Parsed


class Desk:
    """Jobs on a workspace of its own, and what they have said."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.changes: list[Change] = []
        self.jobs = Jobs(Workspace.open, lambda error: self.errors.append(error.message))

    def open(self, qtbot: QtBot) -> None:
        opened: list[bool] = []
        self.jobs.open(lambda: opened.append(True), lambda error: pytest.fail(str(error)), self.changes.append)
        qtbot.waitUntil(lambda: opened == [True])

    def settle(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: self.jobs.idle)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.jobs.shutdown()


def test_a_query_runs_on_another_thread_and_its_answer_arrives_on_this_one(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    asked: list[threading.Thread] = []
    answered: list[threading.Thread] = []

    def ask(workspace: Workspace) -> str:
        asked.append(threading.current_thread())
        return workspace.facts().__class__.__name__

    answers: list[str] = []

    def arrive(answer: str) -> None:
        answered.append(threading.current_thread())
        answers.append(answer)

    desk.jobs.query("facts", ask, arrive)
    desk.settle(qtbot)
    assert answers == ["IndexFacts"]
    assert asked[0] is not threading.main_thread()
    assert answered == [threading.main_thread()]


def test_of_several_queries_in_one_slot_only_the_latest_answers(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    gate = threading.Event()
    answers: list[int] = []

    def ask(number: int, _workspace: Workspace) -> int:
        gate.wait()
        return number

    for number in range(20):
        desk.jobs.query("typing", partial(ask, number), answers.append)
    desk.jobs.query("elsewhere", lambda _ws: 100, answers.append)
    gate.set()
    desk.settle(qtbot)
    assert sorted(answers) == [19, 100]


def test_an_answer_that_is_no_longer_wanted_never_arrives(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    gate = threading.Event()
    answers: list[bool] = []
    desk.jobs.query("page", lambda _ws: gate.wait(), answers.append)
    desk.jobs.forget("page")
    gate.set()
    desk.settle(qtbot)
    assert answers == []


def test_queries_asked_before_the_workspace_is_open_wait_for_it(desk: Desk, qtbot: QtBot) -> None:
    answers: list[str] = []
    desk.jobs.open(lambda: None, lambda error: pytest.fail(str(error)), desk.changes.append)
    desk.jobs.query("early", lambda workspace: type(workspace).__name__, answers.append)
    desk.settle(qtbot)
    assert answers == ["Workspace"]


def test_actions_run_one_after_the_other_in_the_order_asked(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    done: list[int] = []

    def do(number: int, _workspace: Workspace) -> None:
        done.append(number)

    for number in range(200):
        desk.jobs.action(partial(do, number))
    desk.settle(qtbot)
    assert done == list(range(200))


def test_actions_and_writes_asked_for_are_carried_out_when_the_window_closes(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    gate = threading.Event()
    done: list[str] = []
    heard: list[str] = []

    def do(name: str, _workspace: Workspace) -> str:
        done.append(name)
        return name

    desk.jobs.action(lambda _ws: gate.wait())
    for name in ("tag", "note"):
        desk.jobs.action(partial(do, name), heard.append)
    desk.jobs.background(lambda: done.append("session"))
    gate.set()
    desk.jobs.shutdown()
    assert done == ["tag", "note", "session"]
    assert heard == ["tag", "note"]


def test_what_is_asked_of_a_closed_window_is_never_started(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    desk.jobs.shutdown()
    started: list[str] = []

    def work(_workspace: object, _token: object, _tell: object) -> None:
        started.append("")

    assert desk.jobs.long("late", work).cancelled
    assert desk.jobs.standing("late", work, started.append).cancelled
    assert started == []


def test_queries_in_flight_do_not_answer_a_closed_window(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    gate = threading.Event()
    answers: list[bool] = []
    desk.jobs.query("late", lambda _ws: gate.wait(), answers.append)
    gate.set()
    desk.jobs.shutdown()
    assert answers == []


def test_no_thread_outlives_the_jobs(desk: Desk, qtbot: QtBot) -> None:
    before = {thread.name for thread in threading.enumerate()}
    desk.open(qtbot)
    desk.jobs.query("one", lambda _ws: None, lambda _answer: None)
    desk.jobs.long("two", lambda _ws, _token, _progress: None)
    desk.jobs.shutdown()
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if name.startswith(("query", "action", "long"))}


def test_an_expected_error_goes_to_fail_or_else_to_whoever_speaks_for_the_window(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    own: list[str] = []

    def ask(_workspace: Workspace) -> None:
        raise NotFound("No run of that name")

    desk.jobs.query("a", ask, lambda _answer: None, lambda error: own.append(error.message))
    desk.jobs.query("b", ask, lambda _answer: None)
    desk.jobs.action(ask)
    desk.settle(qtbot)
    assert own == ["No run of that name"]
    assert desk.errors == ["No run of that name", "No run of that name"]


def test_a_bug_in_a_job_reaches_the_last_resort_with_its_traceback(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)

    def ask(_workspace: Workspace) -> float:
        return 1 / 0

    with capture_exceptions() as caught:
        desk.jobs.query("bug", ask, lambda _answer: None)
        desk.settle(qtbot)
    assert [kind for kind, _error, _trace in caught] == [ZeroDivisionError]
    assert desk.errors == []


def test_a_bug_in_one_delivery_does_not_keep_the_next_from_arriving(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    answers: list[str] = []

    def arrive(answer: str) -> None:
        raise LookupError(answer)

    with capture_exceptions() as caught:
        desk.jobs.action(lambda _ws: "first", arrive)
        desk.jobs.action(lambda _ws: "second", answers.append)
        desk.settle(qtbot)
    assert [kind for kind, _error, _trace in caught] == [LookupError]
    assert answers == ["second"]


def test_a_long_job_is_cancelled_in_silence_and_its_end_is_heard(desk: Desk, qtbot: QtBot) -> None:
    desk.open(qtbot)
    heard: list[str] = []
    started = threading.Event()

    def work(_workspace: Workspace, token: CancelToken, _progress: object) -> None:
        started.set()
        while not token.cancelled:
            threading.Event().wait(0.001)
        raise Cancelled

    job = desk.jobs.long(
        "Indexing", work, fail=lambda error: heard.append(error.message), ended=lambda: heard.append("end")
    )
    qtbot.waitUntil(started.is_set)
    job.cancel()
    desk.settle(qtbot)
    assert heard == ["end"]
    assert job.cancelled


def test_progress_that_comes_faster_than_it_is_painted_is_thinned_and_ends_with_the_newest(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.open(qtbot)
    seen: list[int] = []

    def work(_workspace: Workspace, _token: CancelToken, progress: object) -> None:
        assert callable(progress)
        for done in range(5_000):
            progress(Progress("read", done, 5_000, "folder"))

    desk.jobs.long("Indexing", work, on_progress=lambda step: seen.append(step.done))
    desk.settle(qtbot)
    assert seen == sorted(set(seen))
    assert seen[-1] == 4_999


def test_a_workspace_that_cannot_be_opened_is_said_once_and_can_be_tried_again(qtbot: QtBot) -> None:
    attempts: list[int] = []

    def open_workspace() -> Workspace:
        attempts.append(1)
        if len(attempts) == 1:
            raise IndexLocked("Another Runfolio holds the index", pid=1)
        return Workspace.open()

    said: list[str] = []
    jobs = Jobs(open_workspace, lambda error: said.append(error.message))
    failures: list[RunfolioError] = []
    opened: list[bool] = []
    jobs.open(lambda: opened.append(True), failures.append, lambda _change: None)
    jobs.query("any", lambda _ws: 1, lambda _answer: None)
    qtbot.waitUntil(lambda: jobs.idle)
    assert [type(error) for error in failures] == [IndexLocked]
    assert said == []
    jobs.open(lambda: opened.append(True), failures.append, lambda _change: None)
    qtbot.waitUntil(lambda: opened == [True])
    jobs.shutdown()


def test_five_thousand_signals_with_true_and_none_leave_the_process_alive(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on Python 3.11 loses a reference to True and None with each emit, and aborts."""

    class Sender(QObject):
        said = Signal(object, bool)

    sender = Sender()
    heard: list[tuple[object, bool]] = []
    sender.said.connect(lambda value, flag: heard.append((value, flag)))
    for _ in range(5_000):
        sender.said.emit(None, True)
    assert heard == [(None, True)] * 5_000


def read_for_ever(notes: Path, parts: list[Parsed]) -> None:
    """Notes which worker is at work, and never comes to an end."""
    (notes / "new").write_text(str(os.getpid()))
    (notes / "new").rename(notes / "worker")
    time.sleep(600)


@pytest.mark.skipif(sys.platform == "win32", reason="asks for processes as POSIX does")
@pytest.mark.parametrize("watching", [False, True])
def test_a_window_that_is_closed_while_a_long_folder_is_read_ends_at_once(
    qtbot: QtBot, sweep: Path, tmp_path: Path, watching: bool
) -> None:
    desk = Desk()
    desk.open(qtbot)
    with patch("runfolio.index.pipeline.pack", partial(read_for_ever, tmp_path)):
        if watching:
            desk.jobs.action(lambda ws: ws.add_source(sweep))
            desk.jobs.standing("Watching", lambda ws, token, tell: ws.watch(token), lambda _: None)
        else:
            desk.jobs.long("Indexing", lambda ws, token, report: ws.index([sweep], on_progress=report, cancel=token))
        qtbot.waitUntil((tmp_path / "worker").exists, timeout=60_000)
        started = time.monotonic()
        desk.jobs.shutdown()
        assert time.monotonic() - started < 2
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "worker").read_text()), 0)
    assert [*scratch.folder().glob("parts-*")] == []
    assert desk.errors == []
    with Workspace.open() as workspace:
        assert [Path(source.path) for source in workspace.sources()] == [sweep]
        assert workspace.index().read == 6
        assert len(workspace.run_keys()) == 6


def test_answers_that_come_at_once_are_taken_in_over_several_turns(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(qtbot)
    monkeypatch.setattr(relay, "TURN_S", 1e-9)
    told: list[int] = []
    there = threading.Event()

    def wait(number: int) -> int:
        assert there.wait(5)
        return number

    for number in range(3):
        desk.jobs.background(partial(wait, number), told.append)
    there.set()
    # All have been posted once a job behind them in the same thread has run.
    last = threading.Event()
    desk.jobs.background(last.set)
    assert last.wait(5)
    QApplication.sendPostedEvents()
    assert told == [0], "the window has its turn after the first"
    desk.settle(qtbot)
    assert told == [0, 1, 2]
