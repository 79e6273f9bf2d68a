"""One start of the window in a process of its own: prints what it took until something is painted, as JSON.

    python tests/bench/start_round.py bare|runs|leave

bare    a Qt window with a table of ten rows.
runs    Runfolio on the index of RUNFOLIO_HOME, until the cells of the first rows are painted.
leave   the same, and then the window is closed in good order: its session is what the next start brings back.

Times are wall seconds since the process was made (from /proc, so the interpreter's own start counts) and CPU seconds of
this process by then. `modules` names the heaviest that were imported by then.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from pathlib import Path

HEAVY = ("numpy", "polars", "duckdb", "pyqtgraph", "matplotlib", "scipy", "sklearn", "jinja2", "yaml", "tomlkit")


def since_made() -> float:
    """Wall seconds since this process was made."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def tell(marks: dict[str, float]) -> None:
    """Print the figures and end at once."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(
        json.dumps(
            marks
            | {
                "seconds": since_made(),
                "cpu_s": usage.ru_utime + usage.ru_stime,
                "peak_mb": usage.ru_maxrss / 1024,
                "modules": [name for name in HEAVY if name in sys.modules],
            }
        )
        + "\n"
    )
    sys.stdout.flush()
    os._exit(0)


def bare() -> None:
    """A window with a table, and nothing of ours."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow, QTableWidget, QTableWidgetItem

    app = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.resize(1440, 900)
    table = QTableWidget(10, 5)
    for row in range(10):
        for column in range(5):
            table.setItem(row, column, QTableWidgetItem(f"{row} {column}"))
    window.setCentralWidget(table)
    window.show()

    def painted() -> None:
        window.repaint()
        tell({})

    QTimer.singleShot(0, painted)
    app.exec()


def runs(*, leave: bool = False) -> None:
    """Runfolio's own way in, up to the first painted rows; then the end, at once or in good order."""
    # As `runfolio.__main__` does, which cannot be asked to stop at the first rows.
    gc.disable()
    from runfolio.desktop import opening
    from runfolio.settings import Settings

    settings = Settings.load()
    early = opening.begin_early(settings)
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from runfolio.desktop import app
    from runfolio.desktop.window import MainWindow

    marks: dict[str, float] = {}
    begun = app.begin

    def begin(window: MainWindow, paths: list[str]) -> None:
        marks["window_s"] = since_made()
        begun(window, paths)
        timer = QTimer(window)
        timer.timeout.connect(lambda: look(window))
        timer.start(1)

    def look(window: MainWindow) -> None:
        if not window.ready or not window.context.state.scope_keys:
            return
        table = window.runs_view().table
        model = table.model()
        shown = [model.data(model.index(0, column)) for column in range(model.columnCount())]
        if shown and shown[0] not in (None, "", "…"):
            window.repaint()
            if leave:
                QApplication.quit()
            else:
                tell(marks)

    app.begin = begin  # type: ignore[assignment]
    sys.exit(app.run([], settings, early))


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare()
    else:
        runs(leave=sys.argv[1] == "leave")
