"""Starts the window: Qt and light modules first, the workspace on a thread, all else when it is shown."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QSettings, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from runfolio import __version__, locate
from runfolio.desktop import fonts, opening, session
from runfolio.desktop.jobs import Jobs
from runfolio.desktop.notices import Notices
from runfolio.desktop.opening import Opening
from runfolio.desktop.single_instance import Reception, hand_over
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.window import MainWindow
from runfolio.desktop.window_commands import add_window_commands
from runfolio.interrupts import Interruptible
from runfolio.settings import Settings

SAVE_EVERY_MS = 30_000
SWITCH_S = 0.0005
"""How long a thread that computes in Python keeps the window waiting each time that the window wants to go on. Python's
own ten times as long add up: a turn lets others go on dozens of times."""
TURN_MS = 250
LATER_MS = 5_000
"""Then the rest is imported; by then what can wait until the first rows has been."""
_CLOCK = "session-clock"
_DRESSED = "runfolio-dressed"
"""Whether an application has its style and typefaces; a test makes many windows in one."""


def run(paths: Sequence[str], settings: Settings, early: Opening | None = None) -> int:
    """Open the window on `paths`, or hand them to the one that is open; the exit code.

    early   its workspace, where that is being opened already.
    """
    scale = settings.number("window.scale")
    if scale != 1.0:
        # Qt reads it once, when the application object is made.
        os.environ.setdefault("QT_SCALE_FACTOR", str(scale))
    app = make_application()
    whole = [str(Path(path).expanduser().absolute()) for path in paths]
    if hand_over(whole):
        if early is not None:
            opening.give_up(early)
        return 0
    early = early or opening.begin(settings)
    _log_to_file()
    theme = Theme(ThemeMode(settings.text("window.theme")))
    theme.apply()
    window = make_window(theme, settings, early)
    _catch_bugs(window)
    store = layout_store()
    window.restore_layout(store)
    window.show()
    receptions: list[Reception] = []

    def receive() -> None:
        if not receptions:
            receptions.append(reception := Reception())
            reception.asked.connect(lambda more: _come_forward(window, more))
            reception.listen()

    # After the first rows, since it imports what networks take; in any case some time, with rows or without.
    window.first_look.over.connect(receive)
    with Interruptible(app.quit) as interrupt:
        begin(window, whole)
        QTimer.singleShot(LATER_MS, receive)
        QTimer.singleShot(LATER_MS, lambda: _import_the_rest(window))
        # Python hears of signals only when it gets a turn; the timer gives it some. One that came before the loop ran
        # has quit nothing yet.
        turns = QTimer()
        turns.start(TURN_MS)
        turns.timeout.connect(lambda: app.quit() if interrupt.code else None)
        try:
            ended = app.exec()
        finally:
            for reception in receptions:
                reception.close()
            window.save_layout(store)
            end(window)
    return interrupt.code or ended


def make_application() -> QApplication:
    """The application with its name, typefaces and style."""
    QCoreApplication.setApplicationName("Runfolio")
    QCoreApplication.setApplicationVersion(__version__)
    QCoreApplication.setOrganizationName("Runfolio")
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    if app.property(_DRESSED):
        return app
    app.setProperty(_DRESSED, True)
    sys.setswitchinterval(SWITCH_S)
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(locate.resources() / "icons" / "runfolio.svg")))
    fonts.load()
    app.setFont(fonts.ui())
    return app


def make_window(theme: Theme, settings: Settings, early: Opening | None = None) -> MainWindow:
    """A window with threads of its own. Nothing is opened yet, but for `early`, which is its workspace then."""
    say = Notices()
    jobs = Jobs(lambda: opening.open_workspace(settings), say.error, early=early)
    window = MainWindow(jobs, theme, say, settings)
    add_window_commands(window)
    return window


def begin(window: MainWindow, paths: Sequence[str]) -> None:
    """Read the session on a thread, then let the window open its workspace; save the session now and then."""
    window.context.jobs.background(session.load, lambda kept: window.start(kept, paths))
    clock = QTimer(window)
    clock.setObjectName(_CLOCK)
    clock.timeout.connect(lambda: _save(window))
    clock.start(SAVE_EVERY_MS)


def end(window: MainWindow) -> None:
    """Save the session, carry out what is waiting, end the threads."""
    # The window may live on for a while; nothing may be asked of its threads any more.
    for clock in window.findChildren(QTimer, _CLOCK):
        clock.stop()
    _save(window)
    window.context.jobs.shutdown()


def layout_store() -> QSettings:
    """Where geometry and docks are kept, apart from what a user edits."""
    return QSettings(str(locate.config_folder() / "window.ini"), QSettings.Format.IniFormat)


def _save(window: MainWindow) -> None:
    if window.started:
        kept = window.session()
        window.context.jobs.background(lambda: session.save(kept))


def _come_forward(window: MainWindow, paths: list[str]) -> None:
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.raise_()
    window.activateWindow()
    window.folders.open_paths(paths)


def _catch_bugs(window: MainWindow) -> None:
    def first_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # With the first of them: mostly there is none.
        from runfolio.desktop import last_resort

        last_resort.install(window, window.context.commands, window.context.theme)
        sys.excepthook(kind, error, trace)

    sys.excepthook = first_bug


def _import_the_rest(window: MainWindow) -> None:
    from runfolio.desktop.first_look import import_views

    window.context.jobs.background(import_views, lambda _done: collect_garbage(window))


def collect_garbage(window: MainWindow) -> None:
    """From now on; starting is done."""
    from runfolio.desktop.garbage import Garbage

    Garbage(window)


class _LogFile(logging.Handler):
    """Opens the log with the first message: most starts have none, and rotating files brings sockets and pickles."""

    def __init__(self) -> None:
        super().__init__()
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        if self._file is None:
            self._file = self._opened()
        self._file.handle(record)

    def _opened(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        folder = locate.log_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file: logging.Handler = RotatingFileHandler(
                folder / "runfolio.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
            )
        except OSError:
            # No place for a log is no reason not to open.
            file = logging.NullHandler()
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        return file


def _log_to_file() -> None:
    package = logging.getLogger("runfolio")
    package.addHandler(_LogFile())
    package.setLevel(logging.INFO)
