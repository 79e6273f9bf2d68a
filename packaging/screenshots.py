"""Takes the pictures of the window that README and help show, on the sample runs, light and dark.

    python packaging/screenshots.py resources/help/pictures

Works without a screen (`QT_QPA_PLATFORM=offscreen`) and on a real or virtual one. Index, ledger and settings are
those of a temporary folder; the user's own are not touched.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "app"))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_PATIENCE_S = 60.0


def main() -> int:
    """Take all pictures; the exit code."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "resources" / "help" / "pictures").absolute()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RUNFOLIO_HOME"] = home
        os.environ["LOGNAME"] = "mira"
        shutil.copytree(ROOT / "resources" / "samples", Path(home) / "sensor-lab")
        gates = Path(home) / "data" / "gates.yaml"
        gates.parent.mkdir(parents=True)
        gates.write_text(
            "gates:\n"
            "  - {name: accurate enough, metric: val/acc, at_least: 0.82}\n"
            "  - {not_worse: val/loss, allow: 0.01}\n"
            "  - {status: finished}\n"
            "  - {dataset: recorded}\n"
            "  - {sign_off: 1, stages: [production]}\n"
        )
        for theme in ("light", "dark"):
            _take(theme, out, Path(home) / "sensor-lab")
    return 0


def _take(theme_name: str, out: Path, samples: Path) -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    from runfolio.desktop import app as desktop
    from runfolio.desktop.notice_bar import NoticeBar
    from runfolio.desktop.run_list import RunList
    from runfolio.desktop.theme import Theme, ThemeMode
    from runfolio.desktop.window import MainWindow
    from runfolio.model.promotion import Stage
    from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey
    from runfolio.settings import Settings

    application = desktop.make_application()
    theme = Theme(ThemeMode(theme_name))
    theme.apply()
    window: MainWindow = desktop.make_window(theme, Settings.load())
    window.show()
    desktop.begin(window, [str(samples / "runs")])

    def wait(done: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not done():
            if time.monotonic() > until:
                raise TimeoutError(f"waited in vain for {what}")
            application.processEvents()
            time.sleep(0.005)

    def settle() -> None:
        quiet = time.monotonic()
        while time.monotonic() - quiet < 0.6:
            application.processEvents()
            if not window.context.jobs.idle:
                quiet = time.monotonic()
            time.sleep(0.005)

    def shoot(name: str) -> None:
        settle()
        notice = window.findChild(NoticeBar, "notice")
        if notice is not None:
            notice.hide()
        path = out / f"{name}-{theme_name}.png"
        window.grab().save(str(path))
        print(path)

    state, jobs = window.context.state, window.context.jobs
    wait(lambda: len(state.scope_keys) >= 18 and not window.indexing.busy, "the sample runs")
    sources: list[int] = []
    jobs.query("pictures", lambda ws: [source.id for source in ws.sources()], sources.extend)
    wait(lambda: bool(sources), "the library")
    state.set_place(sources[0], "sensor-faults")
    state.set_sort((SortKey(FieldRef(FieldKind.METRIC, "val/acc", Aggregate.BEST), True),))
    settle()
    best = state.scope_keys
    state.select((best[0], best[1], best[5], best[9], best[13]))
    state.set_baseline(best[5])
    state.set_current(best[0])
    settle()
    table = window.findChild(RunList, "runs-table")
    if table is not None:
        table.scrollToTop()
    shoot("runs")
    window.show_view("charts")
    settle()
    window.views.widget_of("charts").slider.setValue(60)  # type: ignore[attr-defined] # the view's own control
    settle()
    state.set_cursor(24.0)
    shoot("charts")
    window.show_view("compare")
    shoot("compare")
    window.context.commands.run("compare.groups")
    shoot("groups")
    if theme_name == "light":
        jobs.action(lambda ws: ws.tag([best[0], best[1]], add=["candidate"]))
        jobs.action(lambda ws: ws.promote(best[1], Stage.PRODUCTION, reason="best of the sweep", model="sensor-faults"))
        jobs.action(lambda ws: ws.promote(best[0], Stage.STAGING, reason="mended labels", model="sensor-faults"))
    settle()
    window.show_view("models")
    shoot("models")
    window.show_view("audit")
    shoot("audit")
    window.show_view("data")
    data = window.views.widget_of("data")
    old, new = (str(samples / "data" / f"train_{version}.csv") for version in ("v1", "v2"))
    data.comparison.set_files(old, new)  # type: ignore[attr-defined]
    data.tabs.setCurrentIndex(1)  # type: ignore[attr-defined]
    data.comparison.compare()  # type: ignore[attr-defined]
    shoot("data")
    window.show_view("runs")
    if table is not None:
        table.scrollToTop()
    window.toggle_inspector()
    shoot("inspector")
    window.close()
    desktop.end(window)
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()


if __name__ == "__main__":
    sys.exit(main())
