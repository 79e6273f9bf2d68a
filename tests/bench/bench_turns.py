"""Every other place where the window could be held: a huge run, hundreds of panels, many charts at once, previews.

    python tests/bench/bench_turns.py [FOLDER] [--only inspector panels charts previews kinds] [--rounds 1]

Makes folders of runs in FOLDER where they are not there yet (one run of 8,000 params and 2,000 metrics, twelve of 300
metrics, 2,000 small ones), opens the window on them without a screen, and does what a user does. For each step: until
it shows, and the longest turn of the event loop, by the clock and in processor time of the window's thread.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from bench.trees import tree
from bench.turns import Bench, head
from runfolio.api import Workspace
from runfolio.desktop import app as desktop
from runfolio.desktop.first_look import import_views
from runfolio.desktop.inspector_sections import PLACE
from runfolio.desktop.kinds.parallel import ParallelPanel
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.desktop.views.charts import ChartsView
from runfolio.desktop.views.files import FilesView
from runfolio.desktop.views.inspector import InspectorView
from runfolio.model.query import FieldKind, FieldRef, RunQuery
from runfolio.model.run import RunKey
from runfolio.settings import Settings

PARAMS, METRICS, PANELS, WIDE = 8_000, 2_000, 300, 12
SMALL = 2_000
STEPS = ("inspector", "panels", "charts", "previews", "kinds")


def main() -> int:
    """Run the steps asked for; the exit code."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", nargs="?", type=Path, default=Path(tempfile.gettempdir()) / "runfolio-bench")
    asked.add_argument("--only", nargs="+", choices=STEPS, default=STEPS)
    asked.add_argument("--rounds", type=int, default=1)
    chosen = asked.parse_args()
    # As every start does.
    gc.disable()
    folders = [_huge(chosen.folder / "huge"), _wide(chosen.folder / "wide"), tree(chosen.folder, "plain", SMALL)[0]]
    with tempfile.TemporaryDirectory() as home:
        os.environ["RUNFOLIO_HOME"] = home
        cache = Path(home) / "cache"
        cache.mkdir()
        with Workspace.open(cache / "index.duckdb", Path(home) / "ledger") as workspace:
            workspace.index(folders)
        for _ in range(chosen.rounds):
            _run(chosen.only)
    return 0


def _huge(root: Path) -> Path:
    place = root / "huge-run"
    if place.exists():
        return root
    place.mkdir(parents=True)
    rng = np.random.default_rng(8)
    groups = [{f"p{i}": round(float(rng.random()), 6) for i in range(20)} for _ in range(PARAMS // 40)]
    flat = {f"flag_{i:05}": int(rng.integers(100)) for i in range(PARAMS - 20 * len(groups))}
    (place / "config.json").write_text(json.dumps({**{f"layer{i}": g for i, g in enumerate(groups)}, **flat}))
    rows = rng.random((50, METRICS)).tolist()
    lines = [f"{step}," + ",".join(map(repr, row)) for step, row in enumerate(rows)]
    names = ",".join(f"part{i // 50}/m{i}" for i in range(METRICS))
    (place / "metrics.csv").write_text("\n".join([f"step,{names}", *lines, ""]))
    prose = "Some *words* with `code`, a [link](https://example.org) and **more** of it, again and again.\n"
    table = "| a | b | c |\n| - | - | - |\n" + "| one *two* | `three` | **four** |\n" * 12
    parts = [f"## Part {i}\n\n{prose * 3}\n- one\n- two\n  - three\n\n{table}\n" for i in range(60)]
    (place / "README.md").write_text("\n".join(parts))
    glyphs = "".join(chr(0x4E00 + i % 20_000) for i in range(120_000))
    (place / "cjk.txt").write_text(glyphs + "\n" + glyphs[:50_000])
    (place / "log.txt").write_text(
        "".join(f"[{i:06}] epoch {i // 100} loss {i % 977 / 977:.6f}\n" for i in range(20_000))
    )
    return root


def _wide(root: Path) -> Path:
    for number in range(WIDE):
        place = root / f"wide-{number}"
        if place.exists():
            continue
        place.mkdir(parents=True)
        rng = np.random.default_rng(number)
        names = ",".join(f"group{i // 12:02}/metric{i:03}" for i in range(PANELS))
        rows = [f"{step}," + ",".join(map(repr, row)) for step, row in enumerate(rng.random((2_000, PANELS)).tolist())]
        (place / "metrics.csv").write_text("\n".join([f"step,{names}", *rows, ""]))
        (place / "config.json").write_text(json.dumps({"seed": number, "lr": 10.0 ** -(number % 4)}))
    return root


def _run(only: tuple[str, ...]) -> None:
    application = desktop.make_application()
    settings = Settings.load()
    settings.set("library.look_at_start", value=False)
    settings.set("library.watch", value=False)
    theme = Theme(ThemeMode.LIGHT)
    theme.apply()
    window = desktop.make_window(theme, settings)
    window.show()
    bench = Bench(application, window)
    head()
    state = window.context.state
    bench.step("start", lambda: desktop.begin(window, []), lambda: len(state.scope_keys) > SMALL and window.ready)
    # As five seconds after every start.
    window.context.jobs.background(import_views, lambda _done: desktop.collect_garbage(window))
    names: dict[str, RunKey] = {}

    def known(found: dict[str, RunKey]) -> None:
        names.update(found)

    window.context.jobs.query(
        "bench-names",
        _paths,
        known,
    )
    bench.step("(names)", lambda: None, lambda: bool(names))
    steps = {
        "inspector": _inspector, "panels": _panels, "charts": _charts, "previews": _previews, "kinds": _kinds,
    }  # fmt: skip
    for name in only:
        steps[name](bench, names)
    window.close()
    desktop.end(window)


def _paths(workspace: Workspace) -> dict[str, RunKey]:
    keys = workspace.run_order(RunQuery())
    paths = workspace.column(FieldRef(FieldKind.BUILTIN, "path"), keys).values
    return {str(path): key for key, path in zip(keys, paths, strict=True)}


def _of(names: dict[str, RunKey], part: str) -> list[RunKey]:
    return [key for path, key in names.items() if part in path]


def _inspector(bench: Bench, names: dict[str, RunKey]) -> None:
    window = bench.window
    huge = next(iter(_of(names, "huge-run")))
    bench.step("open the inspector", window.toggle_inspector, window.inspector_dock.isVisible)
    view = window.findChild(InspectorView)
    assert view is not None
    tree = view.pages.params.body.tree
    view.tabs.setCurrentIndex(PLACE["params"])
    root = tree.rows.root
    bench.step(
        f"a run of {PARAMS} params and {METRICS} metrics",
        lambda: window.context.state.set_current(huge),
        lambda: tree.rows.root is not root and tree.viewport().isVisible(),
    )
    bar = tree.verticalScrollBar()
    bench.begin()
    for place in range(1, 11):
        bench.turn(partial(bar.setValue, bar.maximum() * place // 10))
    bench.tell("scroll its params", "")
    bench.step("open all of them", tree.expandAll)
    bench.step("close all of them", tree.collapseAll)
    bench.step("to the last", lambda: QTest.keyClick(tree, Qt.Key.Key_End))
    for text in ("p1", "7", ""):
        root = tree.rows.root
        bench.step(
            f"search params for “{text}”",
            partial(view.pages.params.body.search.setText, text),
            lambda root=root: tree.rows.root is not root,  # type: ignore[misc]
        )
    bench.step("its metrics", lambda: view.tabs.setCurrentIndex(PLACE["metrics"]))
    _scroll(bench, "scroll its metrics", view.pages.metrics, 60)
    for id in ("overview", "datasets", "code", "log", "notes", "problems", "files"):
        bench.step(f"its {id}", lambda id=id: view.tabs.setCurrentIndex(PLACE[id]))  # type: ignore[misc]
    view.tabs.setCurrentIndex(PLACE["overview"])
    window.toggle_inspector()
    bench.step("select it", lambda: window.context.state.select([huge]))
    bench.step("its charts", lambda: window.show_view("charts"))
    bench.step("back to the table", lambda: window.show_view("runs"))
    bench.step("no selection", lambda: window.context.state.select([]))


def _scroll(bench: Bench, what: str, inside: QWidget, pages: int = 10) -> None:
    """Page down in what is shown there."""
    area = next((area for area in inside.findChildren(QAbstractScrollArea) if area.isVisible()), None)
    if area is None:
        return
    bar = area.verticalScrollBar()
    bench.begin()
    for _ in range(pages):
        bench.turn(lambda: bar.setValue(bar.value() + bar.pageStep()))
    bench.rest()
    bench.tell(what, "")


def _view(bench: Bench) -> ChartsView:
    found = bench.window.views.widget_of("charts")
    assert isinstance(found, ChartsView)
    return found


def _panels(bench: Bench, names: dict[str, RunKey]) -> None:
    window, view = bench.window, _view(bench)
    bench.step("select 12 runs", lambda: window.context.state.select(_of(names, "wide")))
    bench.step("charts of them", lambda: window.show_view("charts"), lambda: bool(view.panels))
    bench.step(f"{PANELS} panels", view.show_all, lambda: len(view.keys) >= PANELS)
    bar = view.grid.verticalScrollBar()
    bench.begin()
    for place in (3, 7, 1, 9, 5):
        bench.turn(partial(bar.setValue, bar.maximum() * place // 10))
        bench.rest()
    bench.tell("jump along the scroll bar", "")
    bench.begin()
    for _ in range(40):
        bench.turn(lambda: bar.setValue(bar.value() - 60))
    bench.rest()
    bench.tell("scroll them", "")
    bench.step("smoothing in all", lambda: view.bar.slider.setValue(60))
    bench.step("log y in all", view.bar.log_button.click)
    bench.step("linear again", lambda: window.context.commands.run("edit.undo"))
    bench.step("one run less", lambda: window.context.state.select(_of(names, "wide")[1:]))
    bench.step("clear the runs", lambda: window.context.state.select([]))
    bench.step("select them again", lambda: window.context.state.select(_of(names, "wide")))
    bench.step("no panels more", lambda: view.take("Panels", replace(view.settings, metrics=())))
    window.show_view("runs")


def _charts(bench: Bench, names: dict[str, RunKey]) -> None:
    window, view = bench.window, _view(bench)
    window.show_view("charts")
    wide = _of(names, "wide")
    window.context.state.select(wide[:4])
    bench.rest()
    metrics = tuple(f"group{i // 12:02}/metric{i:03}" for i in range(12))
    view.take("Panels", replace(view.settings, metrics=metrics, columns=4, sections=False))
    bench.rest()
    for _ in range(3):
        window.context.state.select(wide[4:6])
        bench.rest()
        bench.step("12 charts at once", lambda: window.context.state.select(wide[:4]))
    window.show_view("runs")
    window.context.state.select([])
    bench.rest()


def _previews(bench: Bench, names: dict[str, RunKey]) -> None:
    window = bench.window
    huge = next(iter(_of(names, "huge-run")))
    window.context.state.set_current(huge)
    bench.step("files", lambda: window.show_view("files"))
    view = window.views.widget_of("files")
    assert isinstance(view, FilesView)
    for file in ("log.txt", "README.md", "cjk.txt", "config.json", "metrics.csv"):
        bench.step(f"preview {file}", lambda file=file: view.open_file(file))  # type: ignore[misc]
        _scroll(bench, f"scroll {file}", view.preview)
    window.show_view("runs")


def _kinds(bench: Bench, names: dict[str, RunKey]) -> None:
    window, view = bench.window, _view(bench)
    bench.step(f"select {SMALL} runs", lambda: window.context.state.select(_of(names, "run-")[:SMALL]))
    bench.step("charts of them", lambda: window.show_view("charts"))
    for kind in ("parallel", "grid", "scatter", "groups", "importance"):
        bench.step(f"add {kind}", lambda kind=kind: view.hand.add_chart(kind))  # type: ignore[misc]
        bench.step("enlarge it", lambda: view.grid.enlarge(view.keys[-1]))
        if kind == "parallel":
            _brush(bench, view)
        if kind == "grid":
            panel = view.grid.charts[-1]
            for look in ("contour", "coverage", "heat"):
                bench.step(f"as {look}", lambda panel=panel, look=look: panel.body.choose("Look", look=look))  # type: ignore[misc]
        bench.step("back", lambda: view.grid.enlarge(view.grid.all_keys[-1]))
    bench.step("clear the runs", lambda: window.context.state.select([]))
    window.show_view("runs")


def _brush(bench: Bench, view: ChartsView) -> None:
    """Ranges of one axis after the other."""
    panel = view.grid.charts[-1].body
    assert isinstance(panel, ParallelPanel)
    bench.rest()
    axes = [axis.field.id for axis in panel.answer.axes] if panel.answer is not None else []
    for axis in axes[:2]:
        for span in ((0.2, 0.9), (0.1, 1.0), None):
            bench.step(f"brush {axis} {span or 'no more'}", partial(panel.brush, axis, span))


if __name__ == "__main__":
    sys.exit(main())
