"""Hostile and broken run folders, each alone and all as one tree: nothing runs, leaks, or affects others."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import hostile.content
import hostile.packed
import hostile.places
import hostile.records
import hostile.stores
import hostile.texts
import hostile.trees
import runfolio
from hostile.scene import CANARY, CASES, OK, PARTIAL, SKIP, Check, Masked, build, digest
from runfolio.api import Workspace
from runfolio.index.inspect import inspect_with
from runfolio.readers.parse import Parsed
from runfolio.readers.pool import Limits, ParsePool

THEMES = (
    hostile.content,
    hostile.packed,
    hostile.places,
    hostile.records,
    hostile.stores,
    hostile.trees,
    hostile.texts,
)


@dataclass(frozen=True)
class Tree:
    """All cases on disk, with the checks of each and how its folder looked."""

    out: Path
    checks: dict[str, tuple[Check, ...]]
    before: dict[str, str]

    def folder(self, name: str) -> Path:
        return self.out / "tree" / name


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    out = tmp_path_factory.mktemp("hostile") / "all"
    checks = build(out)
    yield Tree(out, checks, {name: digest(out / "tree" / name) for name in checks})
    # By handles: one of the paths is longer than a path may be.
    for _, folders, _, handle in os.fwalk(out / "tree"):
        for folder in folders:
            with contextlib.suppress(OSError):
                os.chmod(folder, 0o700, dir_fd=handle)
    shutil.rmtree(out)


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    """Recordings of each case that was looked at alone."""
    return {}


@pytest.fixture(scope="module")
def pool() -> Iterator[ParsePool[list[Parsed]]]:
    with ParsePool(list[Parsed], Limits(workers=1)) as made:
        yield made


def look(pool: ParsePool[list[Parsed]], folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = inspect_with(pool, [folder], points=True)
    return document


def look_without_privileges(folder: Path) -> dict[str, Any]:
    """What the command line says when root may not read what its own files forbid."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("needs setpriv to give up root's right to read everything")
    lost = "-dac_override,-dac_read_search"
    program = [sys.executable, "-m", "runfolio", "inspect", "--json", "--points", str(folder)]
    environment = {"PYTHONPATH": str(Path(runfolio.__file__).parent.parent), "PATH": os.environ["PATH"]}
    command = [setpriv, f"--inh-caps={lost}", f"--bounding-set={lost}", *program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if "setpriv:" in done.stderr:
        pytest.skip(f"no privileges can be given up here: {done.stderr.strip()}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def status_of(document: dict[str, Any]) -> str:
    if not document["runs"]:
        return SKIP
    return PARTIAL if any(p["severity"] != "info" for p in document["problems"]) else OK


@pytest.mark.parametrize("name", [*CASES])
def test_a_hostile_folder_costs_no_more_than_what_is_broken_in_it(
    name: str, tree: Tree, pool: ParsePool[list[Parsed]], counts: dict[str, int]
) -> None:
    if "not-root" in CASES[name].needs and os.geteuid() == 0:
        document = look_without_privileges(tree.folder(name))
    else:
        document = look(pool, tree.folder(name))
    counts[name] = len(document["recordings"])
    status, asked = status_of(document), CASES[name]
    told = [(p["severity"], p["path"], p["message"]) for p in document["problems"]]
    assert status in asked.accept, told
    assert asked.runs[0] <= len(document["runs"]) <= asked.runs[1], [r["path"] for r in document["runs"]]
    if status != OK:
        assert any(path for _, path, _ in told), "no message names a file"
    said = json.dumps(document, ensure_ascii=False)
    assert CANARY not in said
    data = [
        {
            "params": {key: as_text(value) for key, value in run["params"].items()},
            "metrics": {key: metric["points"] for key, metric in run["metrics"].items()},
        }
        for run in document["runs"]
    ]
    assert [wrong for check in tree.checks[name] if (wrong := check(data, said))] == []
    assert digest(tree.folder(name)) == tree.before[name], "the folder was changed"
    assert [*(tree.out / "sentinel").iterdir()] == [], "a payload ran"


def as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def test_imported_as_one_tree_they_give_what_each_gives_alone(
    tree: Tree, pool: ParsePool[list[Parsed]], counts: dict[str, int], tmp_path: Path
) -> None:
    alone = {n: counts[n] if n in counts else len(look(pool, tree.folder(n))["recordings"]) for n in tree.checks}
    together: Counter[str] = Counter()
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger", limits=Limits(workers=2)) as ws:
        ws.index([tree.out / "tree"])
        runs = ws.runs(ws.run_keys())
        for run in runs:
            together.update(r.path.partition("/")[0] for r in run.recordings)
        ws.export_report(ws.run_keys()[:20], tmp_path / "report.html")
        tables = [str(row[0]) for row in ws._db.rows("select table_name from information_schema.tables")]
        dump = "\n".join(repr(row) for table in tables for row in ws._db.rows(f"select * from {table}"))
    assert dict(together) == {name: found for name, found in alone.items() if found}
    secrets = [c.secret for checks in tree.checks.values() for c in checks if isinstance(c, Masked)]
    assert secrets
    kept = "".join(p.read_bytes().decode("utf-8", "replace") for p in tmp_path.rglob("*") if p.is_file())
    for hidden in (CANARY, *secrets):
        assert hidden not in dump
        assert hidden not in kept
    assert {name: digest(tree.folder(name)) for name in tree.checks} == tree.before
    assert [*(tree.out / "sentinel").iterdir()] == []


def test_nothing_in_the_program_can_reach_a_network() -> None:
    for file in Path(runfolio.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        for module in ("socket", "urllib.request", "http.client", "requests", "ftplib", "ssl"):
            assert f"import {module}" not in text, f"{file.name} imports {module}"
            assert f"from {module} " not in text, f"{file.name} imports from {module}"


def test_a_store_that_may_not_be_read_is_told_though_nobody_knows_whose_it_is(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute("create table experiments (name text)")
    store.chmod(0)
    told = {(p["path"], p["message"]) for p in look_without_privileges(tmp_path)["problems"]}
    assert any(path.endswith("mlflow.db") and "Permission denied" in message for path, message in told), told
