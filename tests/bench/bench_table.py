"""The runs table at full size, in the real window: how long first rows take, and how long the window is held at most.

    python tests/bench/bench_table.py [FOLDER] [--runs 100000]

Makes the index of `many_runs.py` in FOLDER where it is not there yet, opens the window on it without a screen, and does
what a user does. For each step two figures: until the step shows, and the longest time that the event loop was held
meanwhile, by the clock and in processor time of the window's thread. The clock counts what other programs took.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from bench.many_runs import index
from bench.turns import Bench, head, tell
from runfolio.desktop import app as desktop
from runfolio.desktop.column_format import Colouring
from runfolio.desktop.columns import TableColumn
from runfolio.desktop.theme import Theme, ThemeMode
from runfolio.model.grouping import GroupBy
from runfolio.model.key_order import KeyOrder
from runfolio.model.query import FieldKind, SortKey
from runfolio.settings import Settings

PAGES = 150


def main() -> int:
    """Run all steps; the exit code."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, default=Path(tempfile.gettempdir()) / "runfolio-bench")
    asked.add_argument("--runs", type=int, default=100_000)
    chosen = asked.parse_args()
    made = index(chosen.folder, chosen.runs)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RUNFOLIO_HOME"] = home
        cache = Path(home) / "cache"
        cache.mkdir()
        shutil.copy(made, cache / "index.duckdb")
        _run(chosen.runs)
    return 0


def _run(runs: int) -> None:
    # As at every start; the window begins to collect when it is there.
    gc.disable()
    application = desktop.make_application()
    settings = Settings.load()
    settings.set("library.look_at_start", value=False)
    settings.set("library.watch", value=False)
    theme = Theme(ThemeMode.LIGHT)
    theme.apply()
    window = desktop.make_window(theme, settings)
    window.show()
    bench = Bench(application, window)
    state, table, columns = window.context.state, window.runs_view().table, window.runs_view().columns

    def first_name() -> str:
        # The row at the top: the current row stays in view when the order changes.
        row = max(0, table.rowAt(0))
        return str(table.runs.index(row, 0).data()) if table.runs.rowCount() and table.runs.columns else "…"

    def moved(before: KeyOrder) -> bool:
        return state.scope_keys is not before and first_name() != "…"

    head()
    bench.step("start to first rows", lambda: desktop.begin(window, []), lambda: first_name() != "…")
    # As five seconds after every start.
    desktop.import_the_rest(window)
    bench.rest()
    _scroll(bench)
    metric = next(c.field for c in table.runs.columns if c.field.kind is FieldKind.METRIC)
    param = next(c.field for c in table.runs.columns if c.field.kind is FieldKind.PARAM)
    for words, field in (("a metric", metric), ("a param", param)):
        for again in ("", " again, the other way"):
            key = SortKey(field, descending=not again)
            before = state.scope_keys
            bench.step(
                f"sort by {words}{again}",
                partial(state.set_sort, (key,)),
                partial(moved, before),
            )
    before = state.scope_keys
    bench.step(
        "filter by two conditions",
        lambda: state.set_where(f'metric."{metric.name}" > 0 and status = finished'),
        lambda: state.scope_keys is not before and first_name() != "…",
    )
    bench.step("no filter", lambda: state.set_where(""), lambda: len(state.scope_keys) == runs)
    params = [c.field for c in table.runs.columns if c.field.kind is FieldKind.PARAM]

    def grouped(levels: int) -> bool:
        groups = table.runs.groups
        return groups is not None and groups.by.levels == levels and first_name() != "…"

    bench.step("group by one param", lambda: columns.group(GroupBy((params[0],))), lambda: grouped(1))
    bench.step("group by two params", lambda: columns.group(GroupBy((params[0], params[1]))), lambda: grouped(2))
    bench.step("open the first group", lambda: table.fold(0, opened=True))
    bench.step("open all groups", lambda: columns.groups.fold_all(opened=True))
    _scroll(bench, "scroll the open groups")
    bench.step("close all groups", lambda: columns.groups.fold_all(opened=False))
    bench.step("replicates", lambda: columns.group(GroupBy(replicates=True)), lambda: grouped(1))
    tell(f"| ({len(table.runs.groups.grouped.tree.start) if table.runs.groups else 0} groups) | | | |")
    order = SortKey(metric)
    bench.step(
        "sort the groups by a metric",
        lambda: state.set_sort((order,)),
        lambda: table.runs.groups is not None and table.runs.groups.sort == (order,),
    )
    _scroll(bench, "scroll the groups")
    bench.step("no grouping", lambda: columns.group(GroupBy()), lambda: table.runs.groups is None)
    bench.step("colour a column", lambda: columns.colour(TableColumn(metric), Colouring.HEAT))
    bench.step("highlight all rows", table.selectAll)
    bench.step("only params that vary", columns.only_varying)
    bench.step("open the column chooser", window.bar.open_columns)
    window.close()
    desktop.end(window)


def _scroll(bench: Bench, what: str = "scroll by pages, with the bar and with the wheel") -> None:
    table = bench.window.runs_view().table
    bar = table.verticalScrollBar()

    def pages() -> None:
        for _ in range(PAGES):
            bench.turn(lambda: bar.setValue(bar.value() + bar.pageStep()))
        for place in range(0, 101, 4):
            bench.turn(partial(bar.setValue, bar.maximum() * place // 100))
        for _ in range(PAGES):
            bench.turn(lambda: bar.setValue(bar.value() - 3))
        QTest.keyClick(table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)

    bench.begin()
    start = time.perf_counter()
    pages()
    turns = 2 * PAGES + 26
    mean = (time.perf_counter() - start) / turns
    bench.tell(what, f"{mean * 1e3:.1f} ms a step")


if __name__ == "__main__":
    sys.exit(main())
