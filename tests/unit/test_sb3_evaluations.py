"""The evaluations that Stable-Baselines3 keeps in an npz, against NumPy's own reader and its means."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from runfolio.model.run import Recording
from support.inspected import claims_on, recordings_of

STEPS = np.array([500, 1000, 1500])
REWARDS = np.array([[1.0, 2.5], [-3.25, 0.0], [np.nan, 4.0]])
LENGTHS = np.asfortranarray([[10, 20], [30, 41], [5, 5]], dtype=np.int32)


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "sb3")[0].values()
    return recording


def points(run: Recording) -> dict[str, tuple[list[int], list[float]]]:
    return {m.name: (m.step.tolist(), m.value.tolist()) for m in run.metrics}


def test_each_evaluation_is_a_point_of_its_means(tmp_path: Path) -> None:
    np.savez(tmp_path / "evaluations.npz", timesteps=STEPS, results=REWARDS, ep_lengths=LENGTHS, successes=REWARDS > 0)
    run = only(tmp_path)
    kept = np.load(tmp_path / "evaluations.npz")
    for metric, name in zip(run.metrics, ("results", "ep_lengths", "successes"), strict=True):
        np.testing.assert_array_equal(metric.step, kept["timesteps"])
        np.testing.assert_array_equal(metric.value, np.mean(kept[name], axis=1))
    assert [m.name for m in run.metrics] == ["eval/mean_reward", "eval/mean_ep_length", "eval/success_rate"]
    assert run.problems == ()


def test_what_the_table_of_the_logger_has_is_not_shown_twice(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "evaluations.npz", timesteps=STEPS, results=REWARDS, ep_lengths=LENGTHS)
    (tmp_path / "progress.csv").write_text("time/total_timesteps,eval/mean_reward\n500,1.75\n")
    assert points(only(tmp_path)) == {
        "eval/mean_reward": ([500], [1.75]),
        "eval/mean_ep_length": ([500, 1000, 1500], [15.0, 35.5, 5.0]),
    }


def npy(head: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + data


@pytest.mark.parametrize(
    ("rewards", "says"),
    [
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", b"\x80\x04."), "no array of plain numbers"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4000000000000000000), }\n"), "other bytes"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\n", b"\0" * 47), "other bytes"),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }\n", b"\0" * 16), "2 of 3 evaluations"),
        (npy("(" * 5000), "no array of plain numbers"),
        (b"", "no array of plain numbers"),
    ],
)
def test_arrays_that_are_none_are_told_and_nothing_is_unpickled(tmp_path: Path, rewards: bytes, says: str) -> None:
    steps = io.BytesIO()
    np.save(steps, STEPS)
    with zipfile.ZipFile(tmp_path / "evaluations.npz", "w") as archive:
        archive.writestr("timesteps.npy", steps.getvalue())
        archive.writestr("results.npy", rewards)
    run = only(tmp_path)
    assert run.metrics == ()
    assert [says in problem.message for problem in run.problems] == [True]
    assert [problem.path for problem in run.problems] == ["evaluations.npz"]


def test_a_cut_file_and_another_npz_of_that_name_are_no_evaluations(tmp_path: Path) -> None:
    np.savez(tmp_path / "evaluations.npz", weights=STEPS)
    assert claims_on(tmp_path) == []
    np.savez(tmp_path / "evaluations.npz", timesteps=STEPS, results=REWARDS)
    data = (tmp_path / "evaluations.npz").read_bytes()
    (tmp_path / "evaluations.npz").write_bytes(data[: len(data) // 2])
    assert claims_on(tmp_path) == []
