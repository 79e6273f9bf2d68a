"""Takes the pictures of the window that README and help show, on the sample runs, light and dark.

Chart kinds and files are taken in light alone.

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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from runfolio.desktop.window import MainWindow

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
        _predict(Path(home) / "sensor-lab" / "runs" / "mlruns" / "122155044042639980")
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
    from runfolio.model.query import Aggregate, FieldKind, FieldRef, SortKey
    from runfolio.model.stage import Stage
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
    if theme_name == "light":
        _take_kinds(window, settle, out)
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


_KINDS: tuple[tuple[str, str, dict[str, object]], ...] = (
    (
        "scatter",
        "scatter",
        {"x": "param:optim.lr", "log_x": True, "color": "param:seed", "front": True, "x_better": "lower"},
    ),
    ("parallel", "parallel", {}),
    ("importance", "importance", {}),
    ("violin", "groups", {"group": "param:optim.lr", "look": "violin"}),
    ("bar", "groups", {"group": "param:optim.lr", "look": "bar"}),
    ("heat", "grid", {"x": "param:optim.lr", "y": "param:seed"}),
    ("contour", "grid", {"x": "param:optim.lr", "y": "param:seed", "look": "contour", "log_x": True}),
    ("coverage", "grid", {"x": "param:optim.lr", "y": "param:seed", "z": "param:epochs", "look": "coverage"}),
    ("histogram", "histogram", {}),
    ("over-time", "histogram", {"value": "metric:val/loss:last", "look": "time"}),
    ("confusion", "classifier", {"look": "confusion"}),
    ("roc", "classifier", {"look": "roc"}),
    ("calibration", "classifier", {"look": "calibration"}),
)
"""Name of the picture, kind, and what is set."""


def _take_kinds(window: MainWindow, settle: Callable[[], None], out: Path) -> None:
    """A picture of each chart kind, of a page of them, and of the files of a run."""
    from dataclasses import replace

    from runfolio.desktop.kinds.settings import SETTINGS
    from runfolio.desktop.views.charts import ChartsView
    from runfolio.desktop.views.explore import ExploreView
    from runfolio.desktop.views.files import FilesView

    def keep(widget: QWidget, name: str) -> None:
        settle()
        widget.grab().save(str(out / f"{name}.png"))
        print(out / f"{name}.png")

    state, size = window.context.state, window.size()
    best = state.scope_keys
    # A run that diverged would squeeze all others into a corner.
    state.set_where("optim.lr < 1")
    window.resize(1240, 800)
    window.show_view("explore")
    explore = window.views.widget_of("explore")
    assert isinstance(explore, ExploreView)
    for name, kind, parts in _KINDS:
        explore.show_kind(kind)
        explore.panel.put_settings(replace(SETTINGS[kind](), **parts))
        settle()
        keep(explore, f"kind-{name}")
    window.resize(size)
    window.show_view("charts")
    charts = window.views.widget_of("charts")
    assert isinstance(charts, ChartsView)
    before = charts.settings
    window.context.commands.run("charts.new-page")
    for _, kind, parts in (_KINDS[0], _KINDS[3], _KINDS[5], _KINDS[1]):
        charts.hand.add_chart(kind, replace(SETTINGS[kind](), **parts))
    charts.grid.verticalScrollBar().setValue(0)
    keep(window, "charts-kinds-light")
    charts.take("Page", before)
    state.set_where("")
    settle()
    window.show_view("files")
    files = window.views.widget_of("files")
    assert isinstance(files, FilesView)
    state.set_current(best[0])
    settle()
    files.open_file("artifacts/model/model.json")
    keep(window, "files-light")


def _predict(runs: Path) -> None:
    """Made up predictions of three classes in the folders of some runs, the same each time."""
    import numpy as np

    names = np.array(["healthy", "drifting", "stuck"])
    for place, folder in enumerate(sorted(runs.glob("*/artifacts"))[:4]):
        random = np.random.default_rng(place)
        truth = random.choice(3, 400, p=(0.6, 0.25, 0.15))
        scores = random.dirichlet((1, 1, 1), 400)
        scores[np.arange(400), truth] += 0.12 * (place + 1)
        scores /= scores.sum(axis=1, keepdims=True)
        rows = [",".join([names[t], *(f"{s:.4f}" for s in own)]) for t, own in zip(truth, scores, strict=True)]
        (folder / "predictions.csv").write_text("\n".join(["y_true,healthy,drifting,stuck", *rows]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
