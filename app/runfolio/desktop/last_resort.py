"""What happens when the program has a bug: it is logged, and shown with a report that can be copied."""

from __future__ import annotations

import logging
import sys
from types import TracebackType

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from runfolio import __version__, locate
from runfolio.desktop import fonts
from runfolio.desktop.commands import Commands
from runfolio.desktop.theme import Theme
from runfolio.desktop.widgets import PlainLabel, TextButton

_log = logging.getLogger("runfolio.desktop")


def report_of(error: BaseException, commands: Commands) -> str:
    """Version, platform, last commands and traceback; no params and no values of runs."""
    import platform
    import traceback

    trace = "".join(traceback.format_exception(error))
    given = ", ".join(commands.given) or "none"
    python = platform.python_version()
    return (
        f"Runfolio {__version__}, Python {python}, Qt {qVersion()}, {platform.platform()}\n"
        f"Last commands: {given}\n\n{trace}"
    )


class BugDialog(QDialog):
    """Says that this is our fault, and offers the report."""

    def __init__(self, error: BaseException, commands: Commands, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bug")
        self.setWindowTitle("Something went wrong")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 420)
        report = report_of(error, commands)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(PlainLabel("Something went wrong in Runfolio", font=fonts.ui(17, QFont.Weight.DemiBold)))
        text = (
            "This is a mistake of the program, not of yours. Your run folders and decisions are not affected; "
            f"you can go on working. The log is in {locate.log_folder()}."
        )
        column.addWidget(PlainLabel(text, role="muted", wrap=True))
        shown = QPlainTextEdit(report)
        shown.setReadOnly(True)
        shown.setFont(fonts.mono(11))
        shown.setAccessibleName("Report")
        column.addWidget(shown, 1)
        buttons = QHBoxLayout()
        buttons.addStretch()
        copy = TextButton("Copy the report", theme, icon="copy")
        copy.clicked.connect(lambda: QApplication.clipboard().setText(report))
        close = TextButton("Go on", theme, kind="primary")
        close.clicked.connect(self.accept)
        buttons.addWidget(copy)
        buttons.addWidget(close)
        column.addLayout(buttons)


def install(window: QWidget, commands: Commands, theme: Theme) -> None:
    """From now on a bug on the GUI thread is logged and shown, one dialog at a time."""
    shown: list[BugDialog] = []

    def on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            QApplication.quit()
            return
        _log.critical("A bug", exc_info=(kind, error, trace))
        if shown:
            return
        dialog = BugDialog(error, commands, theme, window)
        shown.append(dialog)
        dialog.finished.connect(lambda _result: shown.clear())
        dialog.open()

    sys.excepthook = on_bug
