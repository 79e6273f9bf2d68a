"""Reads a folder of runs as the program does, and compares whole runs with what the trackers' own readers say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runfolio.index.inspect import inspect
from runfolio.model.params import flatten
from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget, Claim
from runfolio.readers.parse import parse
from runfolio.readers.pool import Limits
from runfolio.readers.scanner import scan
from support.expected import param_differences, same

CORPUS = Path(__file__).parent.parent / "corpus"


def expected_runs(name: str) -> dict[str, dict[str, Any]]:
    """What the tracker's own reader says of the runs of a format, by path."""
    document = json.loads((CORPUS / name / "expected.json").read_text("utf-8"))
    return {run["path"]: run for run in document["runs"]}


def inspected_runs(root: Path) -> dict[str, dict[str, Any]]:
    """The runs that `runfolio inspect` prints for a folder, by path."""
    document: dict[str, Any] = inspect([root], limits=Limits(workers=1))
    return {run["path"]: run for run in document["runs"]}


def claims_on(root: Path) -> list[Claim]:
    """Every claim on a folder and those below it, in the order of the walk."""
    return [unit.claim for unit in scan(root) if not isinstance(unit, Problem)]


def recordings_of(root: Path, reader: str) -> tuple[dict[str, Recording], list[Problem]]:
    """Recordings of one reader by path, and the problems it told, within recordings and beside them."""
    recordings: dict[str, Recording] = {}
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == reader:
            parsed = parse(root, claim, Budget())
            problems += parsed.problems
            for recording in parsed.recordings:
                recordings[recording.path] = recording
                problems += recording.problems
    return recordings, problems


def run_differences(expected: Mapping[str, Any], run: Mapping[str, Any], ignore: Iterable[str] = ()) -> list[str]:
    """What an inspected run says otherwise than expected, a line each; empty when it is right.

    A run without a name of its own is shown under that of its folder, which is not compared.
    """
    keys = {"name", "status", "started_at", "ended_at", "params", "tags", "metrics", "artifacts", "datasets"}
    keys -= {*ignore}
    if expected["name"] is None:
        keys.discard("name")
    found: list[str] = []
    for key in sorted(keys - {"params", "metrics", "datasets"}):
        if expected[key] != run[key]:
            found.append(f"{key}: expected {expected[key]!r}, got {run[key]!r}")
    if "params" in keys:
        found += param_differences(expected["params"], flatten(run["params"]))
    if "metrics" in keys:
        wanted, got = expected["metrics"], run["metrics"]
        found += [f"metric {name}: missing" for name in sorted(wanted.keys() - got.keys())]
        found += [f"metric {name}: unexpected" for name in sorted(got.keys() - wanted.keys())]
        for name in sorted(wanted.keys() & got.keys()):
            if not same({**wanted[name], "final": None}, {**got[name], "final": None}):
                found.append(f"metric {name}: expected {wanted[name]}, got {got[name]}")
    if "datasets" in keys:
        by_name = [sorted(d, key=lambda s: str(s["name"])) for d in (expected["datasets"], run["datasets"])]
        if by_name[0] != by_name[1]:
            found.append(f"datasets: expected {by_name[0]}, got {by_name[1]}")
    return found
