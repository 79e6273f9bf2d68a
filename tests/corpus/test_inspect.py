"""`runfolio inspect --json`, the command importers are checked by, agrees with every tracker's own reader."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import runfolio
from support.command import answer
from support.expected import same

CORPUS = Path(__file__).parent
FORMATS = sorted(p.parent.name for p in CORPUS.glob("*/expected.json"))


def inspect_apart(folder: Path, *options: str) -> dict[str, Any]:
    environment = {"PYTHONPATH": str(Path(runfolio.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "runfolio", "inspect", str(folder), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@cache
def inspected(name: str) -> dict[str, Any]:
    """What the command says of the folders of one format; asked once for all tests."""
    document: dict[str, Any] = answer("inspect", CORPUS / name / "runs")
    return document


def flat(tree: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
    if isinstance(tree, dict) and (tree or not path):
        return {key: value for name, below in tree.items() for key, value in flat(below, (*path, name)).items()}
    return {".".join(path): tree}


def alike(expected: Any, got: Any) -> bool:
    """Equal, or a number that PyYAML reads as text: `1e-05` is one by YAML 1.2 and to Runfolio."""
    if isinstance(expected, str) and isinstance(got, float) and re.fullmatch(r"[-+]?\d+e[-+]?\d+", expected):
        return float(expected) == got
    return same(expected, got)


def simultaneous(expected: str, got: str | None) -> bool:
    """Equal but for the rounding of a millisecond."""
    if got is None:
        return False
    return abs(dt.datetime.fromisoformat(expected) - dt.datetime.fromisoformat(got)) < dt.timedelta(milliseconds=2)


def wrong(expected: dict[str, Any], got: dict[str, Any]) -> list[str]:
    found = []
    for name, figures in expected["metrics"].items():
        for figure in ("count", "first", "last", "min", "max", "has_nan"):
            shown = got["metrics"].get(name, {}).get(figure)
            if not same(figures[figure], shown):
                found.append(f"{name}.{figure}: {shown} instead of {figures[figure]}")
    params = flat(got["params"])
    found += [f"param {k}: {params.get(k)}" for k, v in flat(expected["params"]).items() if not alike(v, params.get(k))]
    if expected["status"] != got["status"]:
        found.append(f"status: {got['status']} instead of {expected['status']}")
    for time in ("started_at", "ended_at"):
        if expected[time] is not None and not simultaneous(expected[time], got[time]):
            found.append(f"{time}: {got[time]} instead of {expected[time]}")
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_every_expected_run_is_a_recording_or_a_run_with_the_same_figures(name: str) -> None:
    document = inspected(name)
    text = (CORPUS / name / "expected.json").read_text("utf-8")
    # MLflow's databases hold no infinities: it writes the largest numbers instead, and its client gives those.
    expected = json.loads(re.sub(r"(-?)1\.797693134862315\d*e\+308", r'"\1Infinity"', text))["runs"]
    assert expected
    assert document["schema"] == 1
    for run in expected:
        if "known_reader_bug" in (run.get("extra") or {}):
            continue  # test_mlflow.py says what is true instead
        fits = [
            g for g in document["recordings"] + document["runs"] if run["path"] == g["path"] or run["id"] == g["id"]
        ]
        assert fits, f"{run['path']} was not found"
        assert min((wrong(run, g) for g in fits), key=len) == []


def test_points_come_in_stored_order_with_the_metrics_that_have_them() -> None:
    document = inspect_apart(CORPUS / "tensorboard" / "runs" / "runs" / "weird", "--points")
    (recording,) = document["recordings"]
    for metric in recording["metrics"].values():
        assert len(metric["points"]) == metric["count"]
        assert metric["points"][0] == metric["first"]
        assert metric["points"][-1] == metric["last"]


def test_a_folder_without_runs_says_so_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("sand")
    environment = {"PYTHONPATH": str(Path(runfolio.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "runfolio", "inspect", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert [p["code"] for p in json.loads(done.stdout)["problems"]] == ["no-runs"]


def test_all_trackers_in_one_tree_are_the_runs_that_each_tree_gives_alone() -> None:
    alone = {name: len(inspected(name)["runs"]) for name in FORMATS}
    together = inspect_apart(CORPUS)
    counts = Counter(run["path"].partition("/")[0] for run in together["runs"])
    assert dict(counts) == alone
    assert not [p for p in together["problems"] if p["code"] in ("reader-failed", "reader-crashed")]
