"""How Runfolio starts: light, once for each library, and plainly where it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from runfolio import cli
from runfolio.cli.main import build_parser
from runfolio.desktop import last_resort
from runfolio.desktop.commands import Command, Commands
from runfolio.desktop.single_instance import Reception, hand_over
from support.driver import Driver

HEAVY = (
    *("numpy", "polars", "duckdb", "pyqtgraph", "matplotlib", "scipy", "sklearn", "xlsxwriter", "tomlkit"),
    "runfolio.api",
)

LATE = (
    *HEAVY[:-1],
    *("jinja2", "yaml", "tomllib", "difflib", "multiprocessing", "pebble", "PySide6.QtNetwork"),
    *(
        f"runfolio.model.{name}"
        for name in ("alignment", "comparison", "datasets", "expression", "filter_text", "groups")
    ),
    *(f"runfolio.model.{name}" for name in ("links", "problem", "promotion", "run_detail", "registered", "reports")),
    *(f"runfolio.index.{name}" for name in ("asked", "column_store", "compile", "detail", "known", "pipeline")),
    *(f"runfolio.desktop.{name}" for name in ("chart_strip", "completion", "filter_suggestions", "palette", "plot")),
    *("runfolio.analysis.statistics", "runfolio.export", "runfolio.processes", "runfolio.readers"),
)
"""What the first rows need nothing of."""


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that finds the package."""
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_window_is_there_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys\n"
        "from runfolio.desktop import app\n"
        "from runfolio.desktop.theme import Theme, ThemeMode\n"
        "from runfolio.settings import Settings\n"
        "app.make_application()\n"
        "window = app.make_window(Theme(ThemeMode.LIGHT), Settings())\n"
        "window.show()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        "app.end(window)\n"
    )
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_first_rows_are_there_before_what_they_need_nothing_of_is_imported(indexed: Path) -> None:
    code = (
        "from bench import start_round\n"
        "from runfolio.desktop import app, first_look\n"
        # However slow the machine is, nothing else begins by itself.
        "app.LATER_MS = first_look.LONGEST_MS = first_look.PAINTED_MS = 10**6\n"
        f"start_round.HEAVY = {LATE!r}\n"
        "start_round.runs()\n"
    )
    done = run_python(code, RUNFOLIO_HOME=str(indexed))
    assert json.loads(done.stdout)["modules"] == [], done.stderr


def test_every_verb_that_is_known_at_the_start_is_one_of_the_command_line() -> None:
    for verb in cli.COMMANDS:
        with pytest.raises(SystemExit) as ended:
            build_parser().parse_args([verb, "--help"])
        assert ended.value.code == 0


def test_a_command_goes_to_the_command_line_without_loading_qt() -> None:
    code = (
        "import sys\n"
        "from runfolio.__main__ import main\n"
        "status = main(['runs', '--json'])\n"
        "print(status, 'PySide6' in sys.modules, file=sys.stderr)\n"
    )
    done = run_python(code)
    assert done.stderr.strip().endswith("0 False"), done.stderr


def test_without_a_screen_it_says_what_to_install_and_ends_with_two() -> None:
    code = "import sys\nfrom runfolio.__main__ import main\nsys.exit(main([]))\n"
    done = run_python(code, QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 2
    assert "there is no screen" in done.stderr
    assert "apt install libgl1 libegl1" in done.stderr
    assert "runfolio --help" in done.stderr


def test_a_second_start_hands_its_folders_to_the_first(qtbot: QtBot) -> None:
    reception = Reception()
    assert reception.listen()
    asked: list[list[str]] = []
    reception.asked.connect(asked.append)
    code = "from runfolio.desktop.single_instance import hand_over\nprint(hand_over(['/runs/a b', '/runs/ü']))\n"
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    ) as second:
        qtbot.waitUntil(lambda: bool(asked), timeout=30_000)
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=30_000)
        assert second.stdout is not None
        assert second.stdout.read() == "True\n"
    reception.close()
    assert asked == [["/runs/a b", "/runs/ü"]]


def test_two_libraries_are_two_windows(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reception = Reception()
    assert reception.listen()
    monkeypatch.setenv("RUNFOLIO_HOME", str(tmp_path / "other"))
    assert not hand_over(["/runs"])
    reception.close()


def test_the_bug_report_names_versions_and_commands_and_no_values(driver: Driver, indexed: Path) -> None:
    driver.start().do("filter.clear")
    commands: Commands = driver.window.context.commands
    # Without a traceback: formatting one reads source files, which the guard of the GUI thread would not let pass.
    report = last_resort.report_of(ZeroDivisionError("division by zero"), commands)
    assert "ZeroDivisionError: division by zero" in report
    assert "Last commands: filter.clear" in report
    assert "Qt 6." in report


def test_a_bug_shows_one_dialog_that_lets_the_user_go_on(
    driver: Driver, indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.start()
    window = driver.window
    window.context.commands.add(Command("test.break", "Break", lambda: None))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    last_resort.install(window, window.context.commands, window.context.theme)
    error = ZeroDivisionError("division by zero")
    sys.excepthook(ZeroDivisionError, error, None)
    sys.excepthook(ZeroDivisionError, error, None)
    dialogs = window.findChildren(last_resort.BugDialog)
    assert len(dialogs) == 1
    dialogs[0].accept()
    driver.settle().filter("lr < 0.01")
    assert len(driver.table.runs.keys) == 3


def test_a_window_that_was_closed_asks_nothing_of_its_threads(driver: Driver, indexed: Path) -> None:
    driver.start()
    (clock,) = driver.window.findChildren(QTimer, "session-clock")
    assert clock.isActive()
    driver.close()
    assert not isValid(clock) or not clock.isActive()
