"""Ctrl+C and SIGTERM end the program soon and in good order, at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.export.files import write_whole
from runfolio.interrupts import Interruptible
from support.sweep import write_sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are a thing of POSIX")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sweep(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def start(temporary: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """`runfolio ARGUMENTS` as a group of processes of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "runfolio", *map(str, arguments)],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def group_is_gone(number: int, seconds: float = 10.0) -> bool:
    """Whether no process of a group is left, soon."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def wait_for(condition: object, seconds: float = 60.0) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("later_s", [0.0, 0.15, 0.4])
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "Interrupted."), (signal.SIGTERM, "Terminated.")])
def test_an_interrupt_while_workers_start_is_a_word_and_a_code(
    sweep: Path, temporary: Path, number: signal.Signals, word: str, later_s: float
) -> None:
    process = start(temporary, "watch", sweep, "--for", "60")
    # Its folder there: the workers are about to be started.
    wait_for(lambda: [*temporary.glob("runfolio-*/in-use.lock")])
    time.sleep(later_s)
    # A terminal sends Ctrl+C to all of the group, a service manager SIGTERM to the first alone.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert said.replace("Watching; Ctrl+C ends it.\n", "") == f"{word}\n"
    assert group_is_gone(process.pid)
    assert [*temporary.iterdir()] == []


def test_an_interrupt_where_python_swallows_it_is_raised_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Odd:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    began, went_on = time.monotonic(), False
    with Interruptible() as interrupt:
        Odd()
        time.sleep(20)
        went_on = True
    assert not went_on
    assert time.monotonic() - began < 10
    assert interrupt.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_an_interrupt_in_the_middle_of_a_file_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "figure.svg"
    target.write_text("before")
    whole = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        whole(path, data[: len(data) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        write_whole(target, b"after" * 1_000)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("figure.svg", "before")]


def test_a_window_that_is_terminated_ends_as_if_it_was_closed(sweep: Path, temporary: Path) -> None:
    process = start(temporary, sweep)
    wait_for(lambda: [*temporary.glob("runfolio-*/parts-*")])
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143
    assert [line for line in said.splitlines() if not line.startswith(("This plugin", "QBackingStore"))] == []
    assert group_is_gone(process.pid)
    assert [*temporary.iterdir()] == []
