"""From folders to a promoted run on the command line, with nothing in the folders changed."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from runfolio import cli
from runfolio.cli.main import build_parser, main
from runfolio.locate import resources
from support.command import answer, answer_apart, call, call_apart
from support.sweep import write_sweep

SAMPLES = resources() / "samples"


def state_of(folder: Path) -> str:
    """A digest over content, names and modification times of everything below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path.relative_to(folder)}\0{path.lstat().st_mtime_ns}\0".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "cluster-copy"
    shutil.copytree(SAMPLES / "runs", folder)
    return folder


def test_from_a_folder_to_a_promoted_run(runs: Path, tmp_path: Path) -> None:
    before = state_of(runs)

    report = answer_apart("index", runs)
    assert report["runs"] == 29
    assert answer("index")["read"] == 0, "nothing has changed, so nothing is read again"

    best = answer_apart(
        "runs", "--where", "val/acc.best > 0.82 and finished", "--sort", "-val/acc.best", "--columns", "name,seed"
    )
    assert {r["name"] for r in best} == {"quiet-elk", "olive-newt", "rapid-swift", "plucky-tern"}
    (diverged,) = answer("runs", "--where", "val/loss = nan", "--columns", "name,status,optim.lr")
    assert (diverged["name"], diverged["status"], diverged["optim.lr"]) == ("mellow-crane", "failed", 30.0)

    told = call("runs", "--where", "optim.lr = fast").stderr
    assert "No run fits." in told
    assert "No run has optim.lr = 'fast': optim.lr is a number in " in told

    diff = answer_apart("diff", "ivory-stoat", "olive-newt", "--exit-code", code=1)
    (data,) = (s for s in diff["sections"] if s["id"] == "datasets")
    assert [r["differs"] for r in data["rows"]] == [True]

    gates = tmp_path / "gates.yaml"
    gates.write_text("gates:\n  - {metric: val/acc, at_least: 0.99}\n  - {status: finished}\n")
    promote = ("promote", "olive-newt", "--to", "staging", "--reason", "mended labels", "--gates", gates)
    refused = answer(*promote, code=1)
    assert [g["outcome"] for g in refused["gates"]] == ["fail", "pass"]
    assert refused["promoted"] is None
    gates.write_text("gates:\n  - {metric: val/acc, at_least: 0.82}\n  - {status: finished}\n")
    assert answer_apart(*promote)["promoted"] == {"model": "sensor-faults", "version": 1, "stage": "staging"}

    call_apart("tag", "olive-newt", "--add", "candidate")
    assert [r["name"] for r in answer("runs", "--where", "tag = candidate and stage = staging")] == ["olive-newt"]

    # The index is a cache: without it everything that was decided is still there.
    home = Path(os.environ["RUNFOLIO_HOME"])
    (home / "cache" / "index.duckdb").unlink()
    answer("index", runs)
    assert [r["name"] for r in answer("runs", "--where", "tag = candidate and stage = staging")] == ["olive-newt"]

    # The folder moves; its runs keep their tags, and there are no more of them than before.
    moved = tmp_path / "elsewhere" / "renamed"
    moved.parent.mkdir()
    runs.rename(moved)
    answer("index", moved)
    assert [r["name"] for r in answer("runs", "--where", "tag = candidate")] == ["olive-newt"]
    assert len(answer("runs")) == 29

    log = answer_apart("log")
    assert [e["action"] for e in log] == ["tag", "promote"]
    assert log[1]["reason"] == "mended labels"
    call_apart("undo", code=0)
    assert answer("runs", "--where", "tag = candidate") == []
    assert "3 entries, the chain is whole" in call("log", "--verify").stdout
    assert state_of(moved) == before


def test_every_verb_is_known_before_the_parser_is_made() -> None:
    (verbs,) = (a for a in build_parser()._actions if isinstance(a.choices, dict))
    assert set(cli.COMMANDS) == set(verbs.choices or ()), "else the window would open instead"


def test_a_gate_can_ask_for_a_second_person(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer("index", runs)
    gates = tmp_path / "gates.yaml"
    gates.write_text("gates:\n  - {sign_off: 1}\n")
    promote = ("promote", "olive-newt", "--to", "staging", "--reason", "mended labels", "--gates", gates)

    def sign_off() -> None:
        call_apart("sign-off", "olive-newt", "--to", "staging", "--reason", "looked at the data")

    monkeypatch.setenv("LOGNAME", "mira")
    sign_off()
    (gate,) = answer(*promote, code=1)["gates"]
    assert gate["outcome"] == "needs sign-off", "who promotes cannot be the second person"
    monkeypatch.setenv("LOGNAME", "jo")
    sign_off()
    monkeypatch.setenv("LOGNAME", "mira")
    done = answer(*promote)
    assert (done["gates"][0]["evidence"], done["promoted"]["stage"]) == ("approved by jo", "staging")


def test_charts_and_reports_can_be_opened_by_others(runs: Path, tmp_path: Path) -> None:
    answer("index", runs)
    svg = tmp_path / "c.svg"
    call_apart("export", "chart", svg, "--where", "sensor-faults", "--metric", "val/acc", "--limit", "3")
    first = svg.read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")
    call("export", "chart", svg, "--where", "sensor-faults", "--metric", "val/acc", "--limit", "3")
    assert svg.read_bytes() == first, "the same figure is the same file"
    points = tmp_path / "c.csv"
    call("export", "chart", points, "--run", "olive-newt", "--metric", "val/acc")
    rows = list(csv.DictReader(io.StringIO(points.read_text("utf-8"))))
    assert [int(r["step"]) for r in rows] == [*range(60)]
    (metric,) = (SAMPLES / "runs" / "mlruns").glob(f"*/{rows[0]['key'].partition(':')[2]}/metrics/val/acc")
    assert [float(r["value"]) for r in rows] == [float(line.split()[1]) for line in metric.read_text().splitlines()]
    report = tmp_path / "r.html"
    call("export", "report", report, "--where", "sensor-faults", "--limit", "3")
    assert report.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_two_versions_of_the_data_are_told_apart_by_row() -> None:
    old, new = SAMPLES / "data" / "train_v1.csv", SAMPLES / "data" / "train_v2.csv"
    diff = answer_apart("data", "diff", old, new, "--exit-code", code=1)

    def rows(path: Path) -> dict[str, dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["sensor_id"]: row for row in csv.DictReader(file)}

    before, after = rows(old), rows(new)
    common = before.keys() & after.keys()
    assert diff["key"] == {"columns": ["sensor_id"], "guessed": True}
    assert diff["rows"]["added"] == len(after.keys() - before.keys()) == 64
    assert diff["rows"]["removed"] == len(before.keys() - after.keys()) == 15
    assert diff["rows"]["changed"] == sum(before[k]["label"] != after[k]["label"] for k in common)


def test_a_first_look_without_a_screen(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call_apart("summary", "--out", out, runs)
    assert "29 runs" in done.stdout
    assert "olive-newt" in done.stdout
    assert {"comparison.png", "comparison.svg", "report.html"} <= {p.name for p in out.iterdir()}
    told = answer("summary", "--out", out, runs)
    assert (told["runs"], len(told["table"])) == (29, 29)
    assert Path(told["files"]["report"]) == out / "report.html"


def test_mistakes_are_answered_with_what_where_and_what_to_do(runs: Path, tmp_path: Path) -> None:
    answer("index", runs)
    wrong = call_apart("runs", "--where", "val/ac > 0.9", code=2)
    assert "No run has a field 'val/ac'" in wrong.stderr
    assert "Did you mean" in wrong.stderr
    assert "^^^^^^" in wrong.stderr
    assert "There is no run 'nobody'" in call("diff", "nobody", "olive-newt", code=2).stderr
    assert "does not exist" in call("index", tmp_path / "gone", code=2).stderr
    assert "--add TAG" in call("tag", "olive-newt", code=2).stderr
    assert ".svg" in call("export", "chart", tmp_path / "x.gif", "--run", "olive-newt", code=2).stderr


def test_runs_are_marked_and_written_as_a_table(runs: Path, tmp_path: Path) -> None:
    before = state_of(runs)
    answer("index", runs)
    marked = answer("mark", "--where", "val/acc.best > 0.82 and finished", "--star", "--color", "3", "--add", "good")
    assert marked["summary"] == "4 runs: tagged good; starred; colour 3"
    answer("mark", "mellow-crane", "--archive")
    table = tmp_path / "runs.parquet"
    report = answer("export", "table", table, "--where", "starred", "--columns", "name,best(val/acc)", "--sort", "name")
    assert (report["runs"], report["columns"]) == (4, 2)
    assert pq.read_table(table)["name"].to_pylist() == ["olive-newt", "plucky-tern", "quiet-elk", "rapid-swift"]
    assert answer("export", "table", tmp_path / "all.csv", "--everything")["runs"] == 28
    assert answer("export", "table", tmp_path / "all.xlsx", "--with-hidden")["runs"] == 29
    answer("undo")
    assert answer("export", "table", table)["runs"] == 29
    call("mark", "mellow-crane", code=2)
    call("export", "table", tmp_path / "runs.doc", code=2)
    assert state_of(runs) == before


def test_closed_streams_are_written_to_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["layout", "list"]) == 0
    assert main(["inspect", "/no/such/folder"]) == 2
    assert sys.stdout is None


def test_folders_join_the_library_all_or_none(tmp_path: Path) -> None:
    root = write_sweep(tmp_path / "lab", ("amber-heron", "brisk-otter"))
    inner = root / "sweep" / "amber-heron"
    store = ("--index", tmp_path / "i.duckdb", "--ledger", tmp_path / "l")
    told = call("index", root, tmp_path / "gone", *store, code=2).stderr
    assert "does not exist" in told
    assert answer("library", *store) == []
    # A folder inside another that is given with it is a part of that one, whatever the order.
    assert answer("index", inner, root, f"{root}/", *store)["runs"] == 2
    assert [source["path"] for source in answer("library", *store)] == [str(root)]
    other = write_sweep(tmp_path / "other", ("calm-ibis",))
    assert "as a part of" in call("index", other, inner, *store, code=2).stderr
    assert len(answer("library", *store)) == 1
