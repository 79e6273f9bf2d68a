"""What no tree of folders can hold: locked databases, files that change while they are read, devices, exports."""

from __future__ import annotations

import csv
import io
import os
import random
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from hostile.places import mlflow_db
from hostile.scene import Scene
from hostile.texts import TEXTS
from runfolio.api import Workspace, inspect
from runfolio.export.table import as_csv, as_markdown, as_tsv
from runfolio.readers.pool import Limits

FORMULAS = ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://127.0.0.1/")')


def test_a_database_that_another_process_has_locked_is_read_from_a_copy(tmp_path: Path) -> None:
    mlflow_db(tmp_path / "mlflow.db").close()
    with sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None) as holder:
        holder.execute("begin exclusive")
        document: Any = inspect([tmp_path])
        holder.execute("rollback")
    holder.close()
    (run,) = document["runs"]
    assert run["params"] == {"lr": "0.1"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mlflow.db"]


def change(root: Path, seed: int, done: threading.Event) -> None:
    """Append to, cut, replace and remake files, as jobs and copies do."""
    rng = random.Random(seed)
    files = sorted(p for p in root.rglob("*") if p.is_file())
    while not done.is_set():
        file = rng.choice(files)
        act = rng.randrange(4)
        try:
            if act == 0:
                with file.open("ab") as growing:
                    growing.write(bytes(rng.randrange(256) for _ in range(rng.randrange(200))))
            elif act == 1:
                os.truncate(file, rng.randrange(max(1, file.stat().st_size)))
            elif act == 2:
                made = file.with_name(f"{file.name}.new")
                made.write_bytes(b'{"lr": 0.1}')
                made.replace(file)
            else:
                file.unlink()
                file.touch()
        except FileNotFoundError:
            continue


@pytest.mark.parametrize("seed", range(3))
def test_files_that_change_while_they_are_read_end_in_runs_and_problems_only(tmp_path: Path, seed: int) -> None:
    scene = Scene(tmp_path, "moving")
    for number in range(15):
        scene.mlflow(run=f"{number:032x}")
        scene.plain(f"plain/{number}")
        scene.tb(f"tb/{number}")
        scene.lightning(f"lightning/version_{number}")
    mlflow_db(scene.path("db/mlflow.db")).close()
    done = threading.Event()
    changer = threading.Thread(target=change, args=(scene.dir, seed, done))
    changer.start()
    try:
        with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger", limits=Limits(workers=2)) as ws:
            for _ in range(3):
                ws.index([scene.dir])
            done.set()
            changer.join()
            report = ws.index()
            # Once nothing changes any more, a look finds it as it is, and the next one finds nothing new.
            assert report.runs == len(ws.run_keys())
            assert ws.index().read == 0
    finally:
        done.set()
        changer.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_not_opened(tmp_path: Path) -> None:
    scene = Scene(tmp_path, "devices")
    scene.plain("one")
    scene.path("one/metrics.csv").unlink()
    scene.plain("two")
    scene.path("two/params.json").unlink()
    try:
        os.mknod(scene.path("one/metrics.csv"), stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
        os.mknod(scene.path("two/params.json"), stat.S_IFBLK | 0o666, os.makedev(7, 99))  # a loop device
    except PermissionError:
        pytest.skip("no devices can be made here")
    document: Any = inspect([scene.dir])
    paths = {str(p["path"]) for p in document["problems"]}
    assert {"one/metrics.csv", "two/params.json"} <= paths
    assert len(document["runs"]) == 2


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_an_export_begins_like_a_formula(text: str) -> None:
    for written, mark in ((as_csv([text], [[text]]), ","), (as_tsv([text], [[text]]), "\t")):
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=mark):
            assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r")), written
    # Numbers stay numbers.
    assert "-0.5" in as_csv(["x"], [["-0.5"]]).splitlines()[1]
    assert "'" not in as_csv(["x"], [["-0.5"]])


@pytest.mark.parametrize("name", [*TEXTS])
def test_no_text_breaks_out_of_a_table(name: str) -> None:
    text = TEXTS[name][:2000]
    rows = as_markdown(["a", "b"], [[text, "x"], ["y", text]]).splitlines()
    assert len(rows) == 4
    assert all(row.count("|") - row.count("\\|") == 3 for row in rows)
    assert "<" not in "".join(rows).replace("&lt;", "").replace("\\<", "")
    read = [*csv.reader(io.StringIO(as_csv(["a", "b"], [[text, "x"]]), newline=""))]
    assert [len(row) for row in read] == [2, 2]
