"""`runfolio` opens the window, `runfolio <command>` is the command line."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence

from runfolio.cli import COMMANDS
from runfolio.interrupts import Interruptible

NO_WINDOW = """Runfolio's window cannot open: {reason}

On Debian or Ubuntu this usually helps:
  sudo apt install libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 \\
                   libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
Without a screen the command line does the same work: runfolio --help"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 2 when the window cannot open, 130 or 143 when interrupted, else the command's own."""
    if getattr(sys, "frozen", False):
        # First, so that a frozen program's worker processes work instead of opening windows.
        import multiprocessing

        multiprocessing.freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or not (arguments[0] in COMMANDS or arguments[0].startswith("-")):
        return _window(arguments)
    with Interruptible() as interrupt:
        from runfolio.cli.main import main as command_line

        return command_line(arguments)
    return interrupt.code


def _window(paths: Sequence[str]) -> int:
    # Until it is there nothing can be lost by a Ctrl+C, and an exception while Qt is imported aborts the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    trouble = _trouble_with_display()
    if trouble:
        sys.stderr.write(NO_WINDOW.format(reason=trouble) + "\n")
        return 2
    # What is imported and made for a window stays as long as it does; looking it through for garbage took a tenth of
    # the start. The window begins to collect when it is there.
    gc.disable()
    try:
        from runfolio.desktop import opening
        from runfolio.settings import Settings

        settings = Settings.load()
        early = opening.begin_early(settings)
        # After that, since it imports the window.
        from runfolio.desktop.app import run
    except ImportError as error:
        if "PySide6" not in str(error) and ".so" not in str(error):
            raise
        sys.stderr.write(NO_WINDOW.format(reason=error) + "\n")
        return 2
    return run(paths, settings, early)


def _trouble_with_display() -> str:
    # Qt ends the process when it finds no screen, so it has to be known before.
    import os

    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)."


if __name__ == "__main__":
    sys.exit(main())
