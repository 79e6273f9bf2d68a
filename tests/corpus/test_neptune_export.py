"""Exports of neptune-exporter: its own reader's figures, runs in several parts, and damage."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from runfolio.model.problem import Problem
from runfolio.model.run import Recording
from runfolio.readers.contract import Budget
from runfolio.readers.parse import parse
from support.inspected import CORPUS, claims_on, inspected_runs

RUNS = CORPUS / "neptune_export" / "runs"
(THREE,) = RUNS.glob("exports/data/acme_three-*")
PART = "brave-otter-01986ec51b243921_part_"


def found(root: Path) -> tuple[dict[str, Recording], list[Problem]]:
    runs: dict[str, Recording] = {}
    problems: list[Problem] = []
    for claim in claims_on(root):
        if claim.reader == "neptune_export":
            parsed = parse(root, claim, Budget())
            runs |= {r.id: r for r in parsed.recordings}
            problems += [*parsed.problems, *(p for r in parsed.recordings for p in r.problems)]
    return runs, problems


def codes(root: Path) -> list[str]:
    return sorted({p.code for p in found(root)[1]})


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of one project whose run `brave-otter` has four parts."""
    return Path(shutil.copytree(THREE, tmp_path / "data" / "project"))


def write(root: Path, columns: Mapping[str, Any], name: str = "R-1_part_0.parquet") -> None:
    root.mkdir(exist_ok=True)
    base = {"project_id": ["a/b"], "run_id": ["R-1"], "attribute_path": ["loss"], "attribute_type": ["float_series"]}
    pl.DataFrame({**base, **columns}).write_parquet(root / name)


def test_series_that_several_parts_hold_are_joined_in_order() -> None:
    runs, problems = found(RUNS)
    assert points(runs["brave-otter"], "acc") == [(1, "0.5"), (2, "0.625"), (3, "0.75")]
    assert points(runs["brave-otter"], "half steps") == [(0, "1.0"), (1, "2.0"), (2, "3.0")]
    assert [p.code for p in problems] == ["fractional-steps"]
    assert runs["brave-otter"].extra["not_shown"] == {"histogram_series": 1}


def test_points_keep_their_order_and_their_odd_values() -> None:
    runs, _ = found(RUNS)
    assert points(runs["EXP-1"], "train/odd values") == [(0, "1.0"), (0, "nan"), (5, "inf"), (3, "-inf")]
    assert runs["EXP-1"].metrics[0].wall_time_us[0] == 1_767_323_045_000_000  # 2026-01-02 03:04:05 UTC


def test_a_fork_hangs_below_its_parent() -> None:
    shown = inspected_runs(RUNS)
    assert len(found(RUNS)[0]) == 4
    assert {r["experiment"] for r in shown.values()} == {"acme/three", "acme/Été 2"}
    assert found(RUNS)[0]["forked"].parent_id == "brave-otter"


def test_files_of_an_export_have_their_size() -> None:
    sizes = {a.path: a.size_bytes for a in found(RUNS)[0]["EXP-1"].artifacts}
    assert sizes == {"EXP-1/model/weights/file.bin": 7, "EXP-1/data/train/files_list.json": 19}


def test_an_export_that_was_not_finished_shows_what_there_is(copy: Path) -> None:
    (copy / f"{PART}0.parquet").rename(copy / f"{PART}0.parquet.tmp")
    runs, problems = found(copy.parent)
    assert points(runs["brave-otter"], "acc") == [(1, "0.5"), (2, "0.625"), (3, "0.75")]
    assert "export-unfinished" in [p.code for p in problems]
    (copy / f"{PART}0.parquet.tmp").unlink()
    runs, problems = found(copy.parent)
    assert (runs["brave-otter"].params, len(runs["brave-otter"].metrics)) == ((), 2)
    assert "export-unfinished" in [p.code for p in problems]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\xff\xfe text", b"\0" * 4096])
def test_a_damaged_part_costs_itself(copy: Path, content: bytes) -> None:
    (copy / f"{PART}1.parquet").write_bytes(content)
    runs, problems = found(copy.parent)
    assert points(runs["brave-otter"], "acc") == [(3, "0.75")]
    assert "bad-parquet" in [p.code for p in problems]
    assert "forked" in runs


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_part_costs_itself(copy: Path, share: float) -> None:
    whole = (copy / f"{PART}2.parquet").read_bytes()
    (copy / f"{PART}2.parquet").write_bytes(whole[: int(len(whole) * share)])
    runs, problems = found(copy.parent)
    assert points(runs["brave-otter"], "acc") == [(1, "0.5"), (2, "0.625")]
    assert "bad-parquet" in [p.code for p in problems]


def test_columns_of_other_types_are_told(tmp_path: Path) -> None:
    write(tmp_path / "p", {"step": ["one"], "float_value": [0.5]})
    assert codes(tmp_path) == ["unreadable-file"]
    write(tmp_path / "p", {"step": [1.0], "float_value": [[0.5]]})
    assert codes(tmp_path) == ["unreadable-file"]


def test_columns_that_are_not_there_are_no_values(tmp_path: Path) -> None:
    write(tmp_path / "p", {"float_value": [0.5]})
    (run,) = found(tmp_path)[0].values()
    assert (run.metrics[0].has_step, run.metrics[0].value.tolist()) == (False, [0.5])
    write(tmp_path / "p", {"step": [1.0]})
    (run,) = found(tmp_path)[0].values()
    assert run.metrics[0].value.tolist() == []


def test_names_are_kept_as_data(tmp_path: Path) -> None:
    name = "<b>a\n../x\u202e</b>"
    write(tmp_path / "p", {"attribute_path": [name], "float_value": [0.5], "step": [2.0**40]})
    (run,) = found(tmp_path)[0].values()
    assert points(run, name) == [(2**40, "0.5")]


def test_a_file_of_many_rows_is_not_taken_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runfolio.readers.neptune_export._MOST_ROWS", 0)
    write(tmp_path / "p", {"float_value": [0.5]})
    assert codes(tmp_path) == ["unreadable-file"]


def test_other_parquet_files_of_that_name_are_left_alone(tmp_path: Path) -> None:
    pl.DataFrame({"step": [1], "loss": [0.5]}).write_parquet(tmp_path / "data_part_0.parquet")
    assert [c.reader for c in claims_on(tmp_path)] == []
