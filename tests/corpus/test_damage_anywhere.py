"""Every file of a run damaged in turn, for each format: nothing fails, others stay whole, what is lost is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from support.inspected import CORPUS, claims_on

# Format, the corpus, and a run of it beside which another one lies.
PLACES = [
    ("keras_tuner", "keras_tuner/runs/odd"),
    ("spinning_up", "spinning_up/runs/vpg corridor/vpg corridor_s0"),
    ("gbm", "gbm/runs/xgb/depth3"),
    ("gbm", "gbm/runs/lgb/leaves15"),
    ("catboost", "gbm/runs/cat/multi eval"),
    ("sacred", "sacred/runs/1"),
    ("keras", "keras/runs/logs/lr0.01"),
    ("mmengine", "mmengine/runs/work_dirs/killed"),
    ("mmcv", "mmcv/runs/work_dirs/no_meta"),
    ("dvclive", "dvclive/runs/baseline"),
    ("dvc", "dvc/runs/pipeline"),
    ("neptune_export", "neptune_export/runs/exports/data/acme_three-65e97d3552cdbddd"),
]
READ = (".json", ".yaml", ".txt", ".csv", ".tsv", ".log", ".py", ".parquet", ".lock", ".dvc")
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "utf-16": lambda data: data.decode("utf-8", "replace").encode("utf-16"),
    "brackets": lambda data: b"[" * 20_000,
}


def read(root: Path, reader: str, budget: Budget | None = None) -> tuple[dict[str, Recording], list[Problem]]:
    runs: dict[str, Recording] = {}
    problems: list[Problem] = []
    for claim in claims_on(root):
        parsed = parse(root, claim, budget or Budget())
        found = [*parsed.problems, *(p for r in parsed.recordings for p in r.problems)]
        assert not [p for p in found if p.code in ("reader-failed", "out-of-memory")]
        if claim.reader == reader:
            problems += found
            runs |= {f"{r.path}|{r.id}": r for r in parsed.recordings}
    return runs, problems


def files(root: Path) -> Iterator[Path]:
    yield from sorted(p for p in root.rglob("*") if p.is_file() and p.name.endswith(READ))


def holds(run: Recording) -> tuple[int, int]:
    """How many params and points a recording has."""
    return len(run.params), sum(len(m) for m in run.metrics)


@pytest.fixture
def copy(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the run, and another one beside it."""
    source = CORPUS / request.param
    for name in ("one", "two"):
        shutil.copytree(source, tmp_path / name / source.name)
    return tmp_path


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(("reader", "copy"), PLACES, indirect=["copy"], ids=[p[1].replace("/runs", "") for p in PLACES])
def test_damage_to_any_file_is_told_and_stays_there(reader: str, copy: Path, damage: str) -> None:
    root = copy if damage == "cut" else copy / "one"
    whole, before = read(root, reader)
    assert whole
    silent: list[str] = []
    for file in files(copy / "one"):
        data = file.read_bytes()
        file.write_bytes(DAMAGE[damage](data))
        runs, problems = read(root, reader)
        for key, run in whole.items():
            if key.startswith("two/"):
                assert holds(runs[key]) == holds(run), f"{file.name} of the other run cost this one something"
            elif key in runs and damage not in ("cut", "utf-16"):
                # What is cut between two rows, or read in its other encoding, need not show.
                lost = any(now < then for now, then in zip(holds(runs[key]), holds(run), strict=True))
                if lost and not {*problems} - {*before}:
                    silent.append(str(file.relative_to(copy)))
        file.write_bytes(data)
    assert silent == []


@pytest.mark.parametrize(("reader", "copy"), PLACES, indirect=["copy"], ids=[p[1].replace("/runs", "") for p in PLACES])
def test_files_past_every_limit_are_left_out_and_told(reader: str, copy: Path) -> None:
    whole, before = read(copy / "one", reader)
    runs, problems = read(copy / "one", reader, Budget(text_bytes=16, metric_bytes=16))
    assert sum(sum(holds(r)) for r in runs.values()) < sum(sum(holds(r)) for r in whole.values())
    assert {*problems} - {*before}
