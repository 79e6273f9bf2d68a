"""Trainer folders: one run over its checkpoints, arguments read from a pickle that never runs, damage told.

Weights, optimizers and schedulers in the reference folders are cut to their first bytes: nobody opens them.
"""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runfolio.model.run import Recording
from runfolio.readers.pickle_data import Call, NotReadable, plain_data, read_pickle
from support.inspected import CORPUS, claims_on, inspected_runs, recordings_of

RUNS = CORPUS / "hf_trainer" / "runs"


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recording]:
    return recordings_of(RUNS, "hf_trainer")[0]


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def write_state(folder: Path, step: int, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = {"global_step": step, "max_steps": 30, "epoch": 1.0, "log_history": rows}
    (folder / "trainer_state.json").write_text(json.dumps(state))


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "hf_trainer")[0].values()
    return recording


def test_checkpoints_are_parts_of_their_run(recordings: dict[str, Recording]) -> None:
    assert set(recordings) == {"out/killed", "out/nan", "out/resumed", "out/sst2 lr5e-3", "out/tb"}
    assert recordings["out/resumed"].extra["checkpoints"] == ["checkpoint-18", "checkpoint-27"]


def test_event_files_of_the_trainer_belong_to_the_same_run() -> None:
    run = inspected_runs(RUNS / "out")["tb"]
    assert len(run["recordings"]) > 1
    assert all(entry["reason"] for entry in run["recordings"])


def test_of_a_killed_run_the_newest_checkpoint_tells_by_number_and_not_by_name(tmp_path: Path) -> None:
    rows = [{"step": s, "epoch": s / 9, "loss": 1 / s} for s in (3, 9, 18)]
    for step in (9, 18, 3):
        write_state(tmp_path / f"checkpoint-{step}", step, [r for r in rows if r["step"] <= step])
    run = only(tmp_path)
    assert [s for s, _ in points(run, "loss")] == [3, 9, 18]


def test_a_state_on_top_that_is_older_than_a_checkpoint_gives_way(tmp_path: Path) -> None:
    write_state(tmp_path, 9, [{"step": 9, "loss": 1.0}])
    write_state(tmp_path / "checkpoint-18", 18, [{"step": 9, "loss": 1.0}, {"step": 18, "loss": 0.5}])
    assert [s for s, _ in points(only(tmp_path), "loss")] == [9, 18]


def test_what_a_hyperparameter_search_tried_is_among_the_params(tmp_path: Path) -> None:
    # As TrainerState.save_to_json of transformers 5.24.0 writes it.
    state = {"global_step": 1, "is_hyper_param_search": True, "log_history": [row(1)], "trial_name": "t"}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state | {"trial_params": {"lr": 0.1, "wd": 0}}))
    assert {p.key: p.value for p in only(tmp_path).params} == {"trial_params.lr": 0.1, "trial_params.wd": 0}


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_shown(tmp_path: Path) -> None:
    write_state(tmp_path / "checkpoint-9", 9, [{"step": 9, "loss": 1.0}])
    (tmp_path / "checkpoint-18").mkdir()
    (tmp_path / "checkpoint-18" / "trainer_state.json").write_text("")
    run = only(tmp_path)
    assert points(run, "loss") == [(9, "1.0")]
    assert [p.path for p in run.problems] == ["checkpoint-18/trainer_state.json"]


def test_a_cut_state_gives_the_rows_before_the_cut(tmp_path: Path) -> None:
    write_state(tmp_path, 18, [{"step": s, "loss": 0.5} for s in range(1, 19)])
    state = tmp_path / "trainer_state.json"
    state.write_text(state.read_text()[:-40])
    run = only(tmp_path)
    assert len(points(run, "loss")) >= 16
    assert any("json" in p.code for p in run.problems)


def row(step: int, loss: float = 0.5) -> dict[str, Any]:
    return {"step": step, "loss": loss}


def losses(root: Path) -> list[tuple[int, str]]:
    return points(only(root), "loss")


def test_a_training_resumed_without_its_history_is_one_log_over_its_checkpoints(tmp_path: Path) -> None:
    write_state(tmp_path / "checkpoint-10", 10, [row(5), row(10)])
    write_state(tmp_path / "checkpoint-20", 20, [row(15), row(20)])
    assert [s for s, _ in losses(tmp_path)] == [5, 10, 15, 20]


def test_rows_that_the_newest_state_lost_come_from_the_one_before_it(tmp_path: Path) -> None:
    rows = [row(s) for s in range(1, 30)]
    write_state(tmp_path / "checkpoint-20", 20, rows[:20])
    write_state(tmp_path / "checkpoint-29", 29, rows)
    state = tmp_path / "checkpoint-29" / "trainer_state.json"
    state.write_text(state.read_text()[:300])
    assert [s for s, _ in losses(tmp_path)] == [*range(1, 21)]


def test_a_training_that_went_on_from_an_older_checkpoint_keeps_both_ways(tmp_path: Path) -> None:
    write_state(tmp_path / "checkpoint-15", 15, [row(5), row(10), row(15, 0.9)])
    write_state(tmp_path / "checkpoint-20", 20, [row(5), row(10), row(15, 0.4), row(20, 0.3)])
    assert losses(tmp_path) == [(5, "0.5"), (10, "0.5"), (15, "0.9"), (15, "0.4"), (20, "0.3")]


def test_rows_that_are_alike_stay_as_often_as_they_were_written(tmp_path: Path) -> None:
    twice = [row(5), row(5), row(9, float("nan"))]
    write_state(tmp_path / "checkpoint-9", 9, twice)
    write_state(tmp_path, 9, twice)
    assert losses(tmp_path) == [(5, "0.5"), (5, "0.5"), (9, "nan")]


def test_a_log_that_begins_a_newer_one_as_text_is_not_parsed_again(tmp_path: Path) -> None:
    def write(folder: Path, step: int, rows: list[dict[str, Any]]) -> None:
        folder.mkdir(exist_ok=True)
        state = {"global_step": step, "log_history": rows, "max_steps": 30}
        (folder / "trainer_state.json").write_text(json.dumps(state, indent=2, sort_keys=True) + "\n")

    rows = [row(s) for s in range(1, 21)]
    write(tmp_path, 20, rows)
    write(tmp_path / "checkpoint-10", 10, rows[:10])
    older = tmp_path / "checkpoint-10" / "trainer_state.json"
    older.write_text(older.read_text().replace('"max_steps": 30', '"max_steps": oops'))
    run = only(tmp_path)
    assert (len(points(run, "loss")), run.problems) == (20, ())


def test_arguments_that_were_written_as_text_come_before_packed_ones(tmp_path: Path) -> None:
    write_state(tmp_path, 9, [row(9)])
    (tmp_path / "training_args.bin").write_bytes(b"PK\x03\x04 cut")
    (tmp_path / "training_args.json").write_text('{"learning_rate": 5e-05, "hub_token": "hf_x", "_n_gpu": 1}')
    run = only(tmp_path)
    assert ({p.key: p.text for p in run.params}, run.problems) == ({"learning_rate": "5e-05"}, ())


@pytest.mark.parametrize("text", ['{"hello": 1}', "{}"])
def test_a_file_of_that_name_that_is_no_state_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "trainer_state.json").write_text(text)
    assert claims_on(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b'{"best_gl', b"\xff\xfe", b"[1, 2]"])
def test_a_damaged_state_is_a_run_with_a_problem(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "trainer_state.json").write_bytes(data)
    run = only(tmp_path)
    assert (run.metrics, bool(run.problems)) == ((), True)


def test_odd_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows: list[Any] = [{"step": 1, "loss": float("nan"), "note": "x", "flag": True}, 7, {"loss": 2.0}, {"step": "a"}]
    write_state(tmp_path, 1, rows)
    run = only(tmp_path)
    assert [m.name for m in run.metrics] == ["loss"]
    assert points(run, "loss") == [(1, "nan")]
    assert [p.code for p in run.problems] == ["odd-row"]


# --- pickles are read and never run --------------------------------------------------------------------------------


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/never",)


def test_a_pickle_that_would_run_something_is_data() -> None:
    found = read_pickle(pickle.dumps({"bomb": Bomb(), "lr": 0.1}, protocol=4))
    assert isinstance(found, dict)
    assert isinstance(found["bomb"], Call)
    assert found["bomb"].name.endswith("system")


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_come_back_as_they_went_in(protocol: int) -> None:
    value = {"a": [1, -2, 2**70, 0.5, None, True, "é"], "b": {"c": (1, "x")}, "empty": [[], {}], "n": -(2**31)}
    expected = {"a": [1, -2, 2**70, 0.5, None, True, "é"], "b": {"c": [1, "x"]}, "empty": [[], {}], "n": -(2**31)}
    assert plain_data(read_pickle(pickle.dumps(value, protocol=protocol))) == expected


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x80\x04", pickle.dumps([1, 2, 3])[:-2], b"(" * 100, b"t."])
def test_a_damaged_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(NotReadable):
        read_pickle(data)


def shared(levels: int, kind: type) -> Any:
    value = kind("x")
    for _ in range(levels):
        value = kind((value, value))
    return value


def test_few_bytes_that_stand_for_endless_values_are_refused() -> None:
    data = pickle.dumps({"bomb": shared(40, list)})
    assert len(data) < 1000
    with pytest.raises(NotReadable, match="too many"):
        plain_data(read_pickle(data))


def test_keys_that_are_no_text_cost_nothing_however_large_they_are() -> None:
    # Hashing such a key, as pickle.dumps of a dict would, takes for ever: the opcodes stand here instead.
    key = pickle.dumps(shared(40, tuple), protocol=2)[2:-1]
    data = b"\x80\x02}(" + key + b"K\x01U\x02lrK\x05u."
    assert plain_data(read_pickle(data)) == {"lr": 5}


def test_a_class_that_is_not_named_by_text_is_refused() -> None:
    name = pickle.dumps(shared(40, tuple), protocol=2)[2:-1]
    with pytest.raises(NotReadable):
        read_pickle(b"\x80\x04" + name + name + b"\x93.")


@pytest.mark.parametrize(("place", "byte"), [(4, 171), (6, 1)])
def test_a_zip_of_another_kind_costs_the_arguments_only(tmp_path: Path, place: int, byte: int) -> None:
    write_state(tmp_path, 9, [{"step": 9, "loss": 1.0}])
    with zipfile.ZipFile(tmp_path / "training_args.bin", "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"learning_rate": 5e-5}))
    packed = bytearray((tmp_path / "training_args.bin").read_bytes())
    directory = packed.index(b"PK\x01\x02")
    packed[directory + place + 2] = byte  # version needed; flags: encrypted
    (tmp_path / "training_args.bin").write_bytes(packed)
    run = only(tmp_path)
    assert (points(run, "loss"), [p.code for p in run.problems]) == ([(9, "1.0")], ["args-not-read"])


def test_arguments_that_cannot_be_read_cost_the_arguments_only(tmp_path: Path) -> None:
    write_state(tmp_path, 9, [{"step": 9, "loss": 1.0}])
    (tmp_path / "training_args.bin").write_bytes(b"PK\x03\x04 cut")
    run = only(tmp_path)
    assert (run.params, [p.code for p in run.problems]) == ((), ["args-not-read"])
    with zipfile.ZipFile(tmp_path / "training_args.bin", "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"learning_rate": 5e-5, "hub_token": "hf_x", "bomb": Bomb()}))
    assert {p.key: p.value for p in only(tmp_path).params} == {"learning_rate": 5e-5}


def test_results_whose_log_was_not_kept_are_a_run_without_steps(tmp_path: Path) -> None:
    many = {f"eval_T{number:03}_f1": 0.5 for number in range(500)}
    said = {"epoch": 10.0, **many, "eval_f1": 0.66, "eval_loss": float("nan"), "eval_runtime": 3.5}
    (tmp_path / "eval_results.json").write_text(json.dumps(said, indent=4))
    (tmp_path / "all_results.json").write_text(json.dumps({**said, "train_loss": 0.25}, indent=4))
    (recording,) = recordings_of(tmp_path, "hf_trainer")[0].values()
    assert {m.name: repr(m.value.tolist()) for m in recording.metrics} == {
        name: repr([value]) for name, value in {**said, "train_loss": 0.25}.items()
    }
    assert not any(metric.has_step for metric in recording.metrics)
    assert [*recordings_of(tmp_path, "gbm")[0]] == []
    for other in ({"eval_loss": {"a": [1]}}, {"accuracy": 0.9}):
        (tmp_path / "all_results.json").write_text(json.dumps(other))
        (tmp_path / "eval_results.json").write_text(json.dumps(other))
        assert [*recordings_of(tmp_path, "hf_trainer")[0]] == []
