"""Ray Tune, Sacred, Stable-Baselines3 and MMEngine: what their files say, whole and damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runfolio.index.inspect import inspect
from runfolio.model.run import Recording, RunStatus
from runfolio.readers.contract import Budget
from runfolio.readers.documents import Document
from runfolio.readers.files import read_document
from runfolio.readers.folder import Folder
from runfolio.readers.parse import parse
from runfolio.readers.pool import Limits
from support.inspected import CORPUS, claims_on, inspected_runs, recordings_of


def only(root: Path, reader: str) -> Recording:
    (recording,) = recordings_of(root, reader)[0].values()
    return recording


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def codes(run: Recording) -> list[str]:
    return [p.code for p in run.problems]


@pytest.mark.parametrize(("name", "count"), [("ray_tune", 6), ("sacred", 10), ("sb3", 4), ("mmengine", 5)])
def test_event_files_and_tables_that_repeat_a_run_are_not_runs_of_their_own(name: str, count: int) -> None:
    assert len(inspected_runs(CORPUS / name / "runs")) == count


# --- Ray Tune -----------------------------------------------------------------------------------------------------


def trial(root: Path, result: str, params: str = '{"lr": 0.1}') -> Recording:
    root.mkdir(exist_ok=True)
    (root / "params.json").write_text(params)
    (root / "result.json").write_text(result)
    return only(root, "ray_tune")


def test_a_cut_result_of_ray_gives_the_rows_before_the_cut(tmp_path: Path) -> None:
    rows = "".join(
        json.dumps({"loss": float("nan"), "val": {"a b": n}, "training_iteration": n, "trial_id": "x_00001"}) + "\n"
        for n in (1, 2, 2)
    )
    run = trial(tmp_path, rows + '{"loss": 0.5, "train')
    assert points(run, "loss") == [(1, "nan"), (2, "nan"), (2, "nan")]
    assert points(run, "val/a b") == [(1, "1.0"), (2, "2.0"), (2, "2.0")]
    assert (run.id, codes(run), run.status) == ("x_00001", ["cut-line"], RunStatus.UNKNOWN)


def test_a_trial_of_ray_with_an_error_file_failed(tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text("Traceback")
    run = trial(tmp_path, '{"loss": 1, "training_iteration": 1}\nnot json\n[1]\n{"loss": 2, "training_iteration": 2}\n')
    assert (run.status, codes(run)) == (RunStatus.FAILED, ["bad-line"])
    assert points(run, "loss") == [(1, "1.0"), (2, "2.0")]


def test_params_of_ray_that_are_lost_come_from_the_results(tmp_path: Path) -> None:
    run = trial(tmp_path, '{"loss": 1, "training_iteration": 1, "config": {"opt": {"lr": 0.5}}}\n', params="")
    assert {p.key: p.value for p in run.params} == {"opt.lr": 0.5}


@pytest.mark.parametrize("took", ["Infinity", "-Infinity", "NaN", "1e300", "-5", '"x"'])
def test_a_trial_that_took_no_time_that_can_be_has_no_start_or_that_of_its_first_result(
    tmp_path: Path, took: str
) -> None:
    row = f'{{"loss": 1, "training_iteration": 1, "timestamp": 1795400000, "time_total_s": {took}}}\n'
    run = trial(tmp_path, row)
    assert run.started_us == (1_795_400_000_000_000 if took == '"x"' else None)
    assert points(run, "loss") == [(1, "1.0")]


TABLE = (
    "loss,training_iteration,trial_id,config/lr,timestamp\n"
    "1,1,9a73a_00001,1,1795400000\nnan,2,9a73a_00001,1,1795400001\n"
)


@pytest.mark.parametrize("params", [True, False])
@pytest.mark.parametrize("result", [None, ""])
def test_a_trial_whose_results_are_lost_comes_from_its_table(tmp_path: Path, result: str | None, params: bool) -> None:
    folder = tmp_path / "fn_9a73a_00001_1_lr=1"
    folder.mkdir()
    (folder / "progress.csv").write_text(TABLE)
    if params:
        (folder / "params.json").write_text('{"lr": 1}')
    if result is not None:
        (folder / "result.json").write_text(result)
    run = only(tmp_path, "ray_tune")
    assert (run.id, points(run, "loss")) == ("9a73a_00001", [(1, "1.0"), (2, "nan")])
    assert [p.key for p in run.params] == (["lr"] if params else [])
    assert codes(run) == []


def test_event_files_of_a_trial_are_read_where_nothing_else_tells_its_results(tmp_path: Path) -> None:
    (trial_folder,) = [p.parent for p in (CORPUS / "ray_tune" / "runs").rglob("events*")][:1]
    folder = tmp_path / trial_folder.name
    folder.mkdir()
    for file in trial_folder.iterdir():
        if "tfevents" in file.name or file.name in ("params.json", "params.pkl"):
            shutil.copy(file, folder)
    (folder / "params.pkl").touch()
    assert {c.reader for c in claims_on(tmp_path)} == {"ray_tune", "tensorboard"}
    (run,) = inspected_runs(tmp_path).values()
    assert any(metric["count"] for metric in run["metrics"].values())


def experiment(root: Path, stamp: str, **statuses: str) -> None:
    told = [[json.dumps({"trial_id": name, "status": status}), "{}"] for name, status in statuses.items()]
    (root / f"experiment_state-{stamp}.json").write_text(json.dumps({"trial_data": told}))


def test_a_state_that_changed_between_two_readings_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    row = '{"loss": 1, "training_iteration": 1, "trial_id": "a_00000"}\n'
    experiment(tmp_path, "2026-01-01_00-00-00", a_00000="ERROR", b_00001="TERMINATED")
    folder.mkdir()
    (folder / "params.json").write_text("{}")
    (folder / "result.json").write_text(row)
    assert only(tmp_path, "ray_tune").status is RunStatus.FAILED
    experiment(tmp_path, "2026-01-01_00-00-00", a_00000="TERMINATED")
    assert only(tmp_path, "ray_tune").status is RunStatus.FINISHED
    experiment(tmp_path, "2026-01-01_00-00-01", b_00001="TERMINATED")
    assert only(tmp_path, "ray_tune").status is RunStatus.UNKNOWN


def test_the_state_of_an_experiment_is_parsed_once_for_all_its_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(folder: Folder, name: str, budget: Budget) -> Document:
        asked.append(name)
        return read_document(folder, name, budget)

    monkeypatch.setattr("runfolio.readers.ray_tune.read_document", counted)
    experiment(tmp_path, "2026-01-01_00-00-00", **{f"a_{n:05d}": "TERMINATED" for n in range(5)})
    for n in range(5):
        folder = tmp_path / f"fn_{n}"
        folder.mkdir()
        (folder / "params.json").write_text("{}")
        (folder / "result.json").write_text(f'{{"loss": 1, "training_iteration": 1, "trial_id": "a_{n:05d}"}}\n')
    found = recordings_of(tmp_path, "ray_tune")[0].values()
    assert [run.status for run in found] == [RunStatus.FINISHED] * 5
    assert len(asked) == 1


# --- Sacred -------------------------------------------------------------------------------------------------------


def sacred(root: Path, run: str, metrics: str = "{}") -> Recording:
    for name, text in (("run.json", run), ("config.json", '{"lr": 0.1}'), ("metrics.json", metrics), ("cout.txt", "")):
        (root / name).write_text(text)
    return only(root, "sacred")


def test_figures_in_the_info_with_their_steps_beside_them_are_metrics(tmp_path: Path) -> None:
    info = {
        "return": [{"dtype": "float64", "value": 0.5}, 1, float("nan")],
        "return_T": [424, 10541, 10541],
        "grad": [{"py/reduce": []}, 1.0],
        "grad_T": [1, 2],
        "loss": [9.0],
        "loss_T": [9],
        "short": [1.0, 2.0],
        "short_T": [1],
        "accuracy": 0.9,
    }
    (tmp_path / "info.json").write_text(json.dumps(info))
    run = sacred(tmp_path, '{"status": "COMPLETED", "start_time": null}', '{"loss": {"steps": [0], "values": [1.0]}}')
    assert {m.name for m in run.metrics} == {"return", "loss"}
    assert points(run, "return") == [(424, "0.5"), (10541, "1.0"), (10541, "nan")]
    assert points(run, "loss") == [(0, "1.0")], "a metric that was logged as such is what it is"
    kept = run.extra["info"]
    assert isinstance(kept, dict)
    assert sorted(kept) == ["accuracy", "grad", "grad_T", "loss", "loss_T", "short", "short_T"]


def test_values_of_numpy_are_numbers_and_other_objects_are_told(tmp_path: Path) -> None:
    metrics = {
        "loss": {
            "steps": [0, 1, 2],
            "values": [{"dtype": "float64", "value": 0.5}, "x", float("nan")],
            "timestamps": [],
        },
        "odd": 3,
    }
    run = sacred(
        tmp_path, '{"status": "COMPLETED", "heartbeat": "x", "experiment": {"name": "e"}}', json.dumps(metrics)
    )
    assert points(run, "loss") == [(0, "0.5"), (2, "nan")]
    assert codes(run) == ["odd-value", "odd-metric"]


def test_an_array_of_numpy_in_the_config_is_a_list(tmp_path: Path) -> None:
    # As FileStorageObserver of Sacred 0.8.2 and 0.8.4 wrote numpy.arange(3) and numpy.float32(0.5).
    run = sacred(tmp_path, '{"heartbeat": "x", "experiment": {"name": "e"}}', "{}")
    array = {"dtype": "int64", "py/object": "numpy.ndarray", "values": [0, 1, 2]}
    (tmp_path / "config.json").write_text(json.dumps({"arr": array, "deep": {"arr": array}, "np": 0.5, "seed": 1}))
    again = only(tmp_path, "sacred")
    assert run.id == again.id
    values = {p.path: p.value for p in again.params}
    assert values == {("arr",): [0, 1, 2], ("deep", "arr"): [0, 1, 2], ("np",): 0.5, ("seed",): 1}


def test_truth_values_arrays_of_one_and_fractional_steps_as_sacred_writes_them(tmp_path: Path) -> None:
    # As FileStorageObserver of Sacred 0.8.7 wrote log_scalar of True, of numpy.array(3.5) and at step 0.5.
    array = {"dtype": "float64", "py/object": "numpy.ndarray", "values": 3.5}
    logged = {"bool": ([0, 1], [True, False]), "zero-d": ([2], [array]), "between": ([0.5, 2.0], [1.0, 2.0])}
    metrics = {name: {"steps": steps, "timestamps": [], "values": values} for name, (steps, values) in logged.items()}
    run = sacred(tmp_path, '{"heartbeat": "x", "experiment": {"name": "e"}}', json.dumps(metrics))
    assert points(run, "bool") == [(0, "1.0"), (1, "0.0")]
    assert points(run, "zero-d") == [(2, "3.5")]
    assert points(run, "between") == [(0, "1.0"), (2, "2.0")]
    assert codes(run) == ["fractional-step"]


def test_a_queued_run_of_sacred_is_a_run(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"lr": 0.1}')
    text = '{"command": "run", "experiment": {"name": "e"}, "host": {}, "meta": {}, "status": "QUEUED"}'
    (tmp_path / "run.json").write_text(text)
    run = only(tmp_path, "sacred")
    assert (run.status, run.status_raw, [p.key for p in run.params]) == (RunStatus.UNKNOWN, "QUEUED", ["lr"])


@pytest.mark.parametrize("text", ["", '{"status": "RUNNING", "heartbe', "[" * 100_000])
def test_a_damaged_run_file_of_sacred_costs_status_and_times_only(tmp_path: Path, text: str) -> None:
    run = sacred(tmp_path, text, '{"loss": {"steps": [0], "values": [1.0], "timestamps": ["2026-01-01T00:00:00"]}}')
    assert points(run, "loss") == [(0, "1.0")]
    assert codes(run)


# --- Stable-Baselines3 --------------------------------------------------------------------------------------------


def test_monitors_of_several_environments_are_one_run_in_the_order_of_time(tmp_path: Path) -> None:
    for rank, times in ((0, (1.0, 3.0)), (1, (2.0, 4.0))):
        rows = "".join(f"{rank}.5,10,{t}\n" for t in times)
        (tmp_path / f"{rank}.monitor.csv").write_text('#{"t_start": 1795408919.5, "env_id": "Pole"}\nr,l,t\n' + rows)
    run = only(tmp_path, "sb3")
    assert points(run, "monitor/r") == [(10, "0.5"), (20, "1.5"), (30, "0.5"), (40, "1.5")]
    assert (run.name, run.started_us) == ("Pole", 1_795_408_919_500_000)


def test_an_environment_without_a_name_gives_the_run_none(tmp_path: Path) -> None:
    # As the Monitor of Stable-Baselines3 2.9.2 writes it for an environment that is not registered.
    (tmp_path / "monitor.csv").write_text('#{"t_start": 1, "env_id": "None"}\nr,l,t\n1.0,5,0.1\n')
    assert only(tmp_path, "sb3").name is None


def test_the_config_that_a_zoo_keeps_in_a_folder_below_is_that_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "0.monitor.csv").write_text('#{"t_start": 1, "env_id": "Pole-v1"}\nr,l,t\n1.0,5,0.1\n')
    (tmp_path / "Pole-v1").mkdir()
    call = "!!python/object/apply:collections.OrderedDict\n"
    (tmp_path / "Pole-v1" / "config.yml").write_text(f"{call}- - - n_envs\n    - 16\n  - - n_timesteps\n    - 5e5\n")
    (tmp_path / "Pole-v1" / "args.yml").write_text(f"{call}- - - algo\n    - a2c\n  - - n_timesteps\n    - -1\n")
    run = only(tmp_path, "sb3")
    assert {p.key: p.value for p in run.params} == {
        "n_envs": 16,
        "n_timesteps": 5e5,
        "algo": "a2c",
        "args.n_timesteps": -1,
    }
    assert codes(run) == []
    assert len(inspected_runs(tmp_path)) == 1


def test_a_cut_monitor_keeps_its_whole_episodes(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text('#{"t_start": 1, "env_id": "P"}\nr,l,t\n1.0,5,0.1\n2.0,')
    run = only(tmp_path, "sb3")
    assert (points(run, "monitor/l"), codes(run)) == ([(5, "5.0")], ["bad-line"])


def test_episodes_keep_what_the_user_had_logged_with_them(tmp_path: Path) -> None:
    rows = "1,5,0.1,True,a\nnan,5,0.2,False,b\nx,5,0.3,True,c\n3,5,0.4,0.5,\n"
    (tmp_path / "monitor.csv").write_text('#{"t_start": 1, "env_id": "P"}\nr,l,t,is_success,note\n' + rows)
    run = only(tmp_path, "sb3")
    assert points(run, "monitor/r") == [(5, "1.0"), (10, "nan"), (15, "3.0")]
    assert points(run, "monitor/is_success") == [(5, "1.0"), (10, "0.0"), (15, "0.5")]
    assert codes(run) == ["bad-line"]


def test_cells_that_are_empty_are_no_points(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("time/total_timesteps,a,b\n128,1,\n256,,nan\n")
    run = only(tmp_path, "sb3")
    assert (points(run, "a"), points(run, "b")) == ([(128, "1.0")], [(256, "nan")])


def test_a_name_that_is_no_text_costs_neither_the_run_nor_the_others(tmp_path: Path) -> None:
    (tmp_path / "monitor.csv").write_text('#{"t_start": 1, "env_id": "P\\ud800"}\nr,l,t\n1.0,5,0.1\n')
    (run,) = inspected_runs(tmp_path).values()
    assert json.dumps(run, ensure_ascii=False).encode()
    assert run["name"] == "P\\ud800"


def test_bytes_of_nothing_in_a_table_leave_it_recognised(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_bytes(b"time/total_timesteps,a\n128,1\n\0\0\n256,2\n")
    run = only(tmp_path, "sb3")
    assert points(run, "a")[0] == (128, "1.0")
    assert "nul-bytes" in codes(run)


# --- MMEngine -----------------------------------------------------------------------------------------------------


def mm(root: Path, scalars: str, config: str = "lr = 0.1\n") -> Recording:
    inner = root / "work" / "20260101_000000" / "vis_data"
    inner.mkdir(parents=True)
    (inner / "scalars.json").write_text(scalars)
    (inner / "config.py").write_text(config)
    return only(root, "mmengine")


def test_a_config_is_read_and_never_run(tmp_path: Path) -> None:
    config = (
        "import os\nos.system('touch /tmp/never')\nlr = 1e-3\nbase = dict(type='SGD', lr=lr, b=(0.9, -1), n=None)\n"
        "optim = dict(optimizer=base, clip=dict(max_norm=float('inf')))\nname = __import__('os').getcwd()\n"
        "x = [1] * 9\n"
        "train_dataloader = dict(dataset=dict(type='Coco', data_root='data/coco/', ann_file='train.json'))\n"
    )
    run = mm(tmp_path, '{"loss": 0.5, "step": 1}\n', config)
    params = {p.key: p.value for p in run.params}
    assert params["optim.optimizer.lr"] == 1e-3
    assert params["optim.optimizer.b"] == [0.9, -1]
    assert "name" not in params
    assert codes(run) == ["config-not-literal"]
    assert [(d.name, d.context) for d in run.datasets] == [("data/coco/train.json", "train")]


def test_a_cut_config_and_cut_scalars_cost_themselves(tmp_path: Path) -> None:
    run = mm(tmp_path, '{"loss": NaN, "step": 1}\n{"loss": 0.', "model = dict(type='Net', layers=[1, 2")
    assert points(run, "loss") == [(1, "nan")]
    assert codes(run) == ["cut-line", "config-syntax"]


def test_folders_that_only_look_alike_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"name": "x"}')
    (tmp_path / "params.json").write_text('{"lr": 0.1}')
    (tmp_path / "result.json").write_text('{"loss": 0.1}')
    (tmp_path / "progress.csv").write_text("step,loss\n0,1\n1,2\n")
    assert {c.reader for c in claims_on(tmp_path)} == {"generic"}


def test_a_row_without_any_step_is_not_given_step_0(tmp_path: Path) -> None:
    run = mm(tmp_path, '{"acc": 0.5}\n{"acc": 0.25}\n')
    (acc,) = run.metrics
    assert (acc.has_step, acc.value.tolist()) == (False, [0.5, 0.25])


def test_the_copy_of_the_scalars_stands_in_when_they_are_lost(tmp_path: Path) -> None:
    inner = tmp_path / "work" / "20260101_000000" / "vis_data"
    inner.mkdir(parents=True)
    (inner / "20260101_000000.json").write_text('{"loss": 0.5, "iter": 7}\n')
    assert points(only(tmp_path, "mmengine"), "loss") == [(7, "0.5")]


def test_launches_that_were_given_one_folder_are_runs_of_their_own(tmp_path: Path) -> None:
    inner = tmp_path / "work" / "vis_data"
    inner.mkdir(parents=True)
    rows = ['{"loss": 0.5, "step": 1}\n', '{"loss": 0.75, "step": 1}\n{"loss": 0.25, "step": 2}\n']
    (inner / "20260101_000000.json").write_text(rows[0])
    (inner / "20260102_000000.json").write_text(rows[1])
    (inner / "scalars.json").write_text("".join(rows))
    (inner / "config.py").write_text("lr = 0.1\n")
    (claim,) = (one for one in claims_on(tmp_path) if one.reader == "mmengine")
    first, last = parse(tmp_path, claim, Budget()).recordings
    assert (points(first, "loss"), points(last, "loss")) == ([(1, "0.5")], [(1, "0.75"), (2, "0.25")])
    assert (first.name, last.name) == ("work 20260101_000000", "work 20260102_000000")
    assert ([p.key for p in first.params], [p.key for p in last.params]) == ([], ["lr"])
    assert (codes(first), codes(last)) == (["config-of-another"], [])
    shown = inspect([tmp_path], limits=Limits(workers=1))["runs"]
    assert isinstance(shown, list)
    assert len(shown) == 2
