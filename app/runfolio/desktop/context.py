"""What every view is given: the one way to the threads, the shared state and the look of its window."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from runfolio.desktop.commands import Commands
from runfolio.desktop.jobs import Jobs
from runfolio.desktop.notices import Notices
from runfolio.desktop.state import WindowState
from runfolio.desktop.theme import Theme
from runfolio.settings import Settings


class Writing(QObject):
    """`asked` tells of a file to be written, with progress and a way to stop it: its name, a call that takes the
    workspace, a token and a report, and what hears of the path that the call gives."""

    asked = Signal(str, object, object)


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a window that its views share."""

    jobs: Jobs
    state: WindowState
    theme: Theme
    say: Notices
    commands: Commands
    settings: Settings
    writing: Writing = field(default_factory=Writing)
