"""Runs of two tools are one by equal series only where what is equal was measured, and equal at each point."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runfolio.api import Workspace, inspect
from runfolio.index.link_agreement import TOLERANCE
from runfolio.index.link_shapes import equal_values, is_regular, runs_between_round_ends
from runfolio.index.linkable import SeriesMark
from support.event_files import record, scalar, version

N = 40
LOSS = [2.31 * math.exp(-0.05 * i) + 0.03 * math.sin(7.0 * i * i) for i in range(N)]
# Other points between the same first, last, lowest and highest value.
OTHER_LOSS = [
    v if v in (LOSS[0], LOSS[-1], min(LOSS)) else max(min(LOSS), v + 0.01 * math.sin(i)) for i, v in enumerate(LOSS)
]

Curve = Callable[[int], float]
# What two trainings of one configuration have alike, whatever they learn.
SCHEDULES: dict[str, Curve] = {
    "progress": lambda i: i / (N - 1),
    "temperature": lambda i: 0.5 + 0.5 * math.cos(math.pi * i / (N - 1)),
    "tau": lambda i: 0.37 * 0.93**i,
    "tokens": lambda i: 1_237.0 + 4_096 * i,
    "beta": lambda i: 0.25 if i < 17 else 0.73,
    "weight": lambda i: 0.25,
    "learning_rate/group_0": lambda i: 1e-3 * (0.5 + 0.45 * math.cos(0.1 * i)),
    "epoch": lambda i: float(i // 7),
}


def write(root: Path, table: dict[str, list[float]], events: dict[str, list[float]]) -> None:
    """A table of Lightning and event files, in folders that differ in one name."""
    for folder in ("csv", "tb"):
        (root / folder / "version_0").mkdir(parents=True)
    rows = zip(*table.values(), strict=True)
    text = "".join(f"{step},{','.join(map(repr, row))}\n" for step, row in enumerate(rows))
    (root / "csv" / "version_0" / "hparams.yaml").write_text("lr: 0.1\n")
    (root / "csv" / "version_0" / "metrics.csv").write_text(f"step,{','.join(table)}\n{text}")
    points = (
        record(scalar(step, value, tag, wall=1.7e9 + step))
        for tag, values in events.items()
        for step, value in enumerate(values)
    )
    (root / "tb" / "version_0" / "events.out.tfevents.1700000000.node-1.77.0").write_bytes(
        record(version()) + b"".join(points)
    )


def reasons(root: Path, home: Path) -> list[str]:
    """How the runs' recordings are linked; what reads the folders alone has to say the same."""
    with Workspace.open(home / "index.duckdb", home / "ledger") as workspace:
        workspace.index([root])
        runs = workspace.find_runs()
    assert len(inspect([root])["runs"]) == len(runs)  # type: ignore[arg-type]
    return [run.recordings[-1].reason for run in runs if len(run.recordings) > 1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_a_schedule_that_two_runs_share_does_not_join_them(root: Path, tmp_path: Path, name: str) -> None:
    schedule = [SCHEDULES[name](i) for i in range(N)]
    # Each measured something else, so that nothing but the schedule is in both.
    write(root, {name: schedule, "loss": LOSS}, {name: schedule, "reward": OTHER_LOSS})
    assert reasons(root, tmp_path) == []


def test_all_schedules_together_do_not_join_two_runs(root: Path, tmp_path: Path) -> None:
    schedules = {name: [curve(i) for i in range(N)] for name, curve in SCHEDULES.items()}
    write(root, schedules | {"loss": LOSS}, schedules | {"reward": OTHER_LOSS})
    assert reasons(root, tmp_path) == []


def test_a_measured_curve_joins_them_with_the_schedules_beside_it(root: Path, tmp_path: Path) -> None:
    schedules = {name: [curve(i) for i in range(N)] for name, curve in SCHEDULES.items()}
    write(root, schedules | {"zz_loss": LOSS}, schedules | {"zz_loss": LOSS})
    (reason,) = reasons(root, tmp_path)
    assert reason.startswith("equal series: ")
    assert "zz_loss" in reason


def test_curves_that_agree_in_their_figures_only_do_not_join_two_runs(root: Path, tmp_path: Path) -> None:
    assert [f(LOSS) for f in (min, max)] == [f(OTHER_LOSS) for f in (min, max)]
    assert (LOSS[0], LOSS[-1]) == (OTHER_LOSS[0], OTHER_LOSS[-1])
    write(root, {"loss": LOSS}, {"loss": OTHER_LOSS})
    assert reasons(root, tmp_path) == []


def test_a_metric_that_reaches_one_in_two_runs_does_not_join_them(root: Path, tmp_path: Path) -> None:
    slow, fast = ([0.0, *(min(0.9, share * i) for i in range(1, N - 1)), 1.0] for share in (0.017, 0.11))
    write(root, {"acc": slow}, {"acc": fast})
    assert reasons(root, tmp_path) == []


def mark(*values: float) -> SeriesMark:
    return SeriesMark("x", len(values), 0, values[0], len(values) - 1, values[-1], min(values), max(values))


def test_ends_of_one_digit_are_those_of_a_schedule() -> None:
    assert runs_between_round_ends(mark(0.0, 0.31, 0.94, 1.0))
    assert runs_between_round_ends(mark(1e-3, 5.5e-4, 1e-5))
    assert runs_between_round_ends(mark(float(np.float32(0.1)), 0.7, float(np.float32(0.9))))
    assert not runs_between_round_ends(mark(0.9, 0.71, 0.533))
    assert not runs_between_round_ends(mark(0.0, 1.0, 0.5)), "it comes back"
    assert not runs_between_round_ends(SeriesMark("x", 3, 0, math.nan, 2, math.nan, None, None))


def test_even_steps_even_ratios_and_two_values_are_regular() -> None:
    for regular in ([5.0, 7.5, 10.0, 12.5], [0.8, 0.4, 0.2, 0.1], [-8.0, -4.0, -2.0], [1.7, 1.7, 0.17], [3.0]):
        assert is_regular(np.array(regular)), regular
    rounded = np.array([float(f"{0.37 * 0.93**i:.5g}") for i in range(30)])
    assert is_regular(rounded)
    for measured in (LOSS, [0.9, 0.71, 0.62, 0.533], [0.0, 0.5, 0.25, 1.0], [1.0, math.nan, 0.5], [1.0, math.inf]):
        assert not is_regular(np.array(measured)), measured


def test_values_are_equal_point_by_point_by_the_digits_of_float32_and_of_a_table() -> None:
    exact = np.array([*LOSS, math.nan, math.inf, -math.inf])
    assert equal_values(exact, exact.astype(np.float32).astype(np.float64), TOLERANCE)
    assert equal_values(exact, np.array([float(f"{v:.5g}") for v in exact]), TOLERANCE)
    assert equal_values(np.array([1e300]), np.array([math.inf]), TOLERANCE), "what float32 cannot hold"
    for place, value in ((3, LOSS[3] * 1.001), (N, 0.0), (N + 1, 1.0), (N + 1, -math.inf), (3, math.nan)):
        changed = exact.copy()
        changed[place] = value
        assert not equal_values(exact, changed, TOLERANCE), (place, value)
    assert not equal_values(exact, exact[:-1], TOLERANCE)
