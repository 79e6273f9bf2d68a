"""Kedro: what one session wrote, by its stamp."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from support.inspected import claims_on

STAMPS = ("2026-01-01T05.15.12.464Z", "2026-01-02T05.15.12.464Z")


def write(root: Path, layer: str, name: str, stamp: str, text: str) -> None:
    place = root / "data" / layer / name / stamp
    place.mkdir(parents=True)
    (place / name).write_text(text)


def read(root: Path) -> list[Recording]:
    return [r for claim in claims_on(root) if claim.reader == "kedro" for r in parse(root, claim, Budget()).recordings]


def test_versions_of_one_stamp_are_one_run(tmp_path: Path) -> None:
    (tmp_path / "conf" / "base").mkdir(parents=True)
    (tmp_path / "conf" / "base" / "parameters.yml").write_text("lr: 0.1\n")
    for stamp in STAMPS:
        write(tmp_path, "08_reporting", "history.csv", stamp, "epoch,loss,acc\n0,1.0,0.5\n1,0.5,\n")
        write(tmp_path, "09_tracking", "metrics.json", stamp, json.dumps({"loss": 0.5, "final": {"acc": float("nan")}}))
        write(tmp_path, "03_primary", "train.csv", stamp, "x,y\n1,2\n")
    first, second = read(tmp_path)
    assert (first.id, second.id) == STAMPS
    assert first.started_us == 1_767_244_512_464_000
    assert {m.name: (m.has_step, m.step.tolist()) for m in first.metrics} == {
        "acc": (True, [0, 1]),
        "final/acc": (False, [0]),
        "loss": (True, [0, 1]),
    }
    # pandas.read_csv of that text has NaN there, as pandas writes it.
    assert np.isnan(next(m for m in first.metrics if m.name == "acc").value).tolist() == [False, True]
    assert first.params == ()
    assert first.extra["project_params"] == {"lr": 0.1}
    assert len(first.artifacts) == 3


def test_a_damaged_version_costs_itself(tmp_path: Path) -> None:
    write(tmp_path, "09_tracking", "metrics.json", STAMPS[0], '{"loss": 0.5, "acc": 0.')
    write(tmp_path, "09_tracking", "more.json", STAMPS[0], "")
    (run,) = read(tmp_path)
    assert "loss" in [m.name for m in run.metrics]
    assert {p.code for p in run.problems} == {"json-cut"}


def test_layers_without_versions_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "data" / "01_raw").mkdir(parents=True)
    (tmp_path / "data" / "01_raw" / "x.csv").write_text("x\n1\n")
    assert [c.reader for c in claims_on(tmp_path)] == []
