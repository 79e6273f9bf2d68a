"""Recordings become runs: by folder, by parts of event files, by id, each with its reason."""

from __future__ import annotations

from runfolio.index.linkable import Linkable, LinkedRun
from runfolio.index.links import gather

_number = iter(range(1, 1_000_000))


def recording(
    path: str,
    format: str = "tensorboard",
    *,
    identity: str = "",
    series: tuple[str, ...] = ("loss",),
    overlay: bool = False,
    params: str = "",
    source: int = 1,
    last: float = 0.5,
    name: str | None = None,
    status: str = "unknown",
) -> Linkable:
    return Linkable(
        id=next(_number),
        source=source,
        path=path,
        format=format,
        identity=identity or f"content:{source}/{path}/{format}",
        has_id=bool(identity),
        overlay=overlay,
        precision="float32" if format == "tensorboard" else "text",
        name=name,
        parent_id=None,
        tracker_id=identity.partition(":")[2] or path,
        experiment=None,
        status=status,
        status_raw=None,
        started_us=None,
        ended_us=None,
        params_digest=params,
        series=tuple((s, 3, 0, 1.0, 2, last) for s in series),
    )


def runs(*items: Linkable) -> dict[str, LinkedRun]:
    return {run.path: run for run in gather(items)[0]}


def members(run: LinkedRun, *items: Linkable) -> list[tuple[str, str]]:
    by_id = {item.id: item for item in items}
    return [(by_id[m.recording].path, m.prefix) for m in run.members]


def test_a_csv_and_event_files_in_one_folder_are_one_run_shown_by_the_exact_text() -> None:
    csv, events = recording("version_0", "lightning"), recording("version_0")
    (run,) = runs(csv, events).values()
    assert [m.recording for m in run.members] == [csv.id, events.id]
    assert {m.reason for m in run.members} == {"in the same folder"}
    assert [m.primary for m in run.members] == [True, False]


def test_train_and_validation_are_parts_of_the_folder_above() -> None:
    items = recording("fit/train"), recording("fit/validation")
    (run,) = runs(*items).values()
    assert run.path == "fit"
    assert members(run, *items) == [("fit/train", "train/"), ("fit/validation", "validation/")]


def test_keras_logs_take_in_the_event_files_of_their_callback() -> None:
    items = recording("lr0.1", "keras"), recording("lr0.1/tb/train"), recording("lr0.1/tb/validation")
    (run,) = runs(*items).values()
    assert run.format == "keras"
    assert [prefix for _, prefix in members(run, *items)] == ["", "train/", "validation/"]


def test_one_hparams_folder_joins_its_writer_and_two_are_trials_of_their_own() -> None:
    writer, one, two = (recording(p) for p in ("w", "w/1795408488.5275545", "w/1795408490.1"))
    assert [*runs(writer, one)] == ["w"]
    found = runs(writer, one, two)
    assert [*found] == ["w", "w/1795408488.5275545", "w/1795408490.1"]


def test_curves_of_add_scalars_join_their_run_in_both_layouts() -> None:
    torch = recording("a", series=("loss",)), recording("a/cmp_train", series=("cmp",))
    (run,) = runs(*torch).values()
    assert members(run, *torch)[1] == ("a/cmp_train", "cmp_train/")
    tbx = recording("b", series=("loss",)), recording("b/grp/x", series=("grp",))
    (run,) = runs(*tbx).values()
    assert members(run, *tbx)[1] == ("b/grp/x", "x/")


def test_event_files_of_sweep_members_stay_runs_of_their_own() -> None:
    assert [*runs(recording("study/trial_0"), recording("study/trial_1"))] == ["study/trial_0", "study/trial_1"]


def test_whatever_one_run_lies_in_a_hydra_job_belongs_to_the_job() -> None:
    job = recording("out/0", "hydra", overlay=True, series=(), name="train")
    csv, events = recording("out/0", "generic"), recording("out/0/tb")
    (run,) = runs(job, csv, events).values()
    assert run.format == "hydra"
    assert run.name == "train 0"
    assert {m.reason for m in run.members} == {"in the same folder", "inside the Hydra job's folder"}


def test_a_tracker_inside_a_hydra_job_names_the_run_and_its_status() -> None:
    job = recording("out/0", "hydra", overlay=True, series=(), name="train")
    mlflow = recording("out/0/mlruns/0/abc", "mlflow_file", identity="mlflow:abc", name="heron", status="failed")
    (run,) = runs(job, mlflow).values()
    assert (run.key, run.name, run.status) == ("mlflow:abc", "heron", "failed")


def test_several_runs_inside_a_hydra_job_are_its_children() -> None:
    job = recording("out/0", "hydra", overlay=True, series=())
    inner = [recording(f"out/0/lightning_logs/version_{i}", "lightning") for i in range(2)]
    found = runs(job, *inner)
    assert len(found) == 3
    assert {found[i.path].parent_key for i in inner} == {found["out/0"].key}


def test_event_files_never_say_how_a_run_ended_for_another_tracker() -> None:
    (run,) = runs(recording("v", "lightning"), recording("v", status="finished")).values()
    assert run.status == "unknown"


def test_the_same_run_at_two_places_is_one_run_with_a_copy() -> None:
    items = [recording(f"{root}/abc", "mlflow_file", identity="mlflow:abc") for root in ("old", "usb")]
    (run,) = runs(*items).values()
    assert [m.reason for m in run.members] == [
        "the only recording in its folder",
        "a copy: the same run with the same points",
    ]


def test_the_same_run_in_two_sources_is_one_run() -> None:
    items = [recording("abc", "mlflow_file", identity="mlflow:abc", source=s) for s in (1, 2)]
    assert len(gather(items)[0]) == 1


def test_one_id_with_two_contents_is_two_runs_and_a_problem() -> None:
    items = [
        recording(f"{root}/abc", "mlflow_file", identity="mlflow:abc", last=last) for root, last in (("a", 1), ("b", 2))
    ]
    found, problems = gather(items)
    assert len(found) == 2
    assert len({run.key for run in found}) == 2
    assert [p.code for p in problems] == ["same-id-other-content"]


def test_every_recording_is_in_exactly_one_run_with_exactly_one_primary() -> None:
    items = [
        *(recording(f"a/{n}", "generic") for n in range(5)),
        *(recording(f"a/{n}/tb/train") for n in range(5)),
        recording("a", "generic"),
        recording("a/3/deep/er"),
        recording("", "hydra", overlay=True, series=()),
    ]
    found, _ = gather(items)
    assert sorted(m.recording for run in found for m in run.members) == sorted(i.id for i in items)
    assert all(sum(m.primary for m in run.members) == 1 for run in found)
    assert all([m.rank for m in run.members] == [*range(len(run.members))] for run in found)
