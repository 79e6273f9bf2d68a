"""Recordings become runs: by folder, by parts of event files, by id, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runfolio.index.linkable import Linkable, LinkedRun, SeriesMark
from runfolio.index.links import gather
from runfolio.model.links import LinkChoices, LinkDecision, LinkKind, RecordingName

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
        series=tuple(SeriesMark(s, 3, 0, 1.0, 2, last, min(1.0, last), max(1.0, last)) for s in series),
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


def test_event_files_of_another_day_inside_are_another_run() -> None:
    # A log folder that was used again: old event files, and the monitor of a later training.
    for apart, count in ((3 * 24, 2), (10, 1)):
        monitor = replace(recording("logs", "sb3", series=("r",)), started_us=1_710_000_000_000_000)
        events = replace(recording("logs/PPO_0"), started_us=1_710_000_000_000_000 - apart * 3600 * 1_000_000)
        assert len(gather([monitor, events])[0]) == count


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


def test_the_figures_of_another_execution_below_a_hydra_job_are_a_run_of_their_own() -> None:
    # hydra.run.dir=. makes the project itself the job's folder, and one baseline lies in it.
    job = recording("", "hydra", overlay=True, series=())
    mine, same = recording("", "generic", series=("acc",)), recording("results", "generic", series=("acc",))
    baseline = recording("baseline", "generic", series=("acc",), last=0.25)
    found = runs(job, mine, baseline)
    assert [*found] == ["", "baseline"]
    assert found["baseline"].parent_key == found[""].key
    assert [*runs(job, mine, same)] == [""]


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


def test_two_runs_of_one_store_are_never_copies_of_each_other() -> None:
    def trials(path: str) -> list[Linkable]:
        # A search tried the same params three times, and the objective gave the same value.
        made = [recording(path, "optuna", series=("value",), params="same") for _ in range(3)]
        return [replace(item, identity="content:same", tracker_id=f"s/{n}") for n, item in enumerate(made)]

    items = [*trials("study.db"), *reversed(trials("backup/study.db"))]
    found, problems = gather(items)
    number_of = {item.id: item.tracker_id for item in items}
    assert len(found) == 3
    assert len({run.key for run in found}) == 3
    assert [[number_of[m.recording] for m in run.members] for run in found] == [[f"s/{n}"] * 2 for n in range(3)]
    assert problems == ()


def test_a_config_that_was_run_twice_is_two_runs_where_other_figures_lie_beside_it() -> None:
    # Only the config layer is the same; what each job logged is not, and is a copy where it is the same as well.
    def job(path: str, logged: str, last: float) -> list[Linkable]:
        config = replace(recording(path, "hydra", overlay=True, series=(), params="p"), identity="content:config")
        return [config, replace(recording(path, "generic", last=last), identity=f"content:{logged}")]

    items = [*job("sweep1/0", "first", 0.5), *job("sweep2/0", "again", 0.25), *job("usb/sweep1/0", "first", 0.5)]
    found, problems = gather(items)
    assert [[m.recording for m in run.members] for run in found] == [
        [items[0].id, items[4].id, items[1].id, items[5].id],
        [items[2].id, items[3].id],
    ]
    assert len({run.key for run in found}) == 2
    assert problems == ()


def test_one_id_with_two_contents_is_two_runs_and_a_problem() -> None:
    items = [
        recording(f"{root}/abc", "mlflow_file", identity="mlflow:abc", last=last) for root, last in (("a", 1), ("b", 2))
    ]
    found, problems = gather(items)
    assert len(found) == 2
    assert len({run.key for run in found}) == 2
    assert [p.problem.code for p in problems] == ["same-id-other-content"]


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


def curve(name: str, values: list[float], first_step: int = 0) -> SeriesMark:
    """The mark of a series whose steps go up by one."""
    return SeriesMark(
        name, len(values), first_step, values[0], first_step + len(values) - 1, values[-1], min(values), max(values)
    )


LOSS = [0.9, 0.71, 0.62, 0.533]
ACC = [0.1, 0.45, 0.52, 0.61]


def apart(
    path: str,
    format: str,
    *marks: SeriesMark,
    started_us: int | None = None,
    identity: str = "",
    status: str = "unknown",
) -> Linkable:
    """A recording with these series, without an id of its tracker unless said."""
    return replace(recording(path, format, identity=identity, status=status), series=marks, started_us=started_us)


def test_the_tables_and_event_files_of_one_run_in_sibling_folders_are_joined_by_their_equal_series() -> None:
    csv = apart("logs/csv/version_0", "lightning", curve("val_loss", LOSS), curve("val/acc", ACC))
    rounded = [round(v, 4) + 1e-7 for v in LOSS]
    events = apart("logs/tb/version_0", "tensorboard", curve("val_loss", rounded), curve("val/acc", ACC))
    other = apart("logs/tb/version_1", "tensorboard", curve("val_loss", [0.9, 0.7, 0.6, 0.5]), curve("val/acc", ACC))
    found = runs(csv, events, other)
    assert [*found] == ["logs/csv/version_0", "logs/tb/version_1"]
    assert found["logs/csv/version_0"].members[1].reason == "equal series: val_acc, val_loss"


def test_a_schedule_that_is_equal_links_nothing() -> None:
    rates = [0.1, 0.01, 0.001, 0.0001]
    items = apart("csv/a", "lightning", curve("lr", rates)), apart("tb/a", "tensorboard", curve("lr", rates))
    assert len(runs(*items)) == 2


def test_a_script_run_again_later_under_another_tracker_is_another_run() -> None:
    minute = 60_000_000
    one = apart("mlruns/0/a", "mlflow_file", curve("loss", LOSS), started_us=minute, identity="mlflow:a")
    again = apart("wandb/run-b", "wandb_offline", curve("loss", LOSS), started_us=6 * minute, identity="wandb:b")
    assert len(runs(one, again)) == 2
    assert len(runs(one, replace(again, started_us=minute + 5_000_000))) == 1


def test_two_that_fit_equally_well_are_not_guessed_between() -> None:
    csv = [apart(f"csv/version_{n}", "lightning", curve("loss", LOSS)) for n in range(2)]
    events = apart("tb/version_0", "tensorboard", curve("loss", LOSS))
    assert len(runs(*csv)) == 2
    # version_0 differs from tb/version_0 in one name, version_1 in two; with both side by side nothing is sure.
    assert len(runs(*csv, events)) == 2
    third = apart("out/version_0", "lightning", curve("loss", LOSS))
    assert len(runs(*csv, events, third)) == 4


def test_a_tracker_whose_params_name_the_folder_of_a_trainer_keeps_the_same_run() -> None:
    trainer = apart("copied/outputs/bert-7", "hf_trainer", curve("loss", LOSS))
    tracker = apart("wandb/run-x", "wandb_offline", curve("train/loss", LOSS), identity="wandb:x")
    tracker = replace(tracker, named_folders=("/home/kim/outputs/bert-7",))
    (run,) = runs(trainer, tracker).values()
    assert run.key == "wandb:x"
    assert {m.reason for m in run.members} == {
        "the only recording in its folder",
        "the params of wandb_offline name this folder: /home/kim/outputs/bert-7",
    }
    contradicting = replace(tracker, series=(curve("loss", [5.0, 4.0, 3.0, 2.0]),))
    assert len(runs(trainer, contradicting)) == 2


def test_what_contradicts_a_recording_that_was_joined_before_is_not_joined_to_it() -> None:
    trainer = apart("copied/outputs/bert-7", "hf_trainer", curve("acc", ACC))
    tracker = apart("wandb/run-x", "wandb_offline", curve("loss", LOSS), identity="wandb:x")
    tracker = replace(tracker, named_folders=("/home/kim/outputs/bert-7",))
    # It has the tracker's loss, and another accuracy than the trainer, whose folder the tracker names.
    table = apart("keras/run-x", "keras", curve("loss", LOSS), curve("acc", [0.2, 0.3, 0.4, 0.5]))
    assert len(runs(tracker, table)) == 1
    found = gather([trainer, tracker, table])[0]
    assert sorted(sorted(m.recording for m in run.members) for run in found) == sorted(
        [sorted([trainer.id, tracker.id]), [table.id]]
    )


def test_a_folder_named_results_is_nobodys_in_particular() -> None:
    trainer = apart("results", "hf_trainer", curve("loss", LOSS))
    tracker = replace(apart("wandb/run-x", "wandb_offline", identity="wandb:x"), named_folders=("./results",))
    assert len(runs(trainer, tracker)) == 2


def test_a_copy_taken_earlier_joins_the_run_and_gives_it_nothing() -> None:
    early = apart("a/abc", "mlflow_file", curve("loss", LOSS[:2]), identity="mlflow:abc", status="running")
    late = apart("b/abc", "mlflow_file", curve("loss", LOSS), identity="mlflow:abc", status="finished")
    found, problems = gather([early, late], extends=lambda short, long: (short, long) == (early.id, late.id))
    assert problems == ()
    (run,) = found
    assert (run.path, run.status) == ("b/abc", "finished")
    assert [(m.recording, m.primary) for m in run.members] == [(late.id, True), (early.id, False)]
    found, problems = gather([early, late], extends=lambda short, long: False)
    assert [p.problem.code for p in problems] == ["same-id-other-content"]


def test_a_copy_taken_before_the_end_was_written_is_the_same_run() -> None:
    for status in ("running", "unknown"):
        early = apart("a/r", "wandb_offline", curve("loss", LOSS), identity="wandb:r", status=status)
        late = apart("b/r", "wandb_offline", curve("loss", LOSS), identity="wandb:r", status="failed")
        (run,), problems = gather([early, late])
        assert (run.path, run.status, problems) == ("b/r", "failed", ())


def test_a_copy_taken_earlier_may_hold_several_recordings() -> None:
    def job(path: str, points: int) -> list[Linkable]:
        config = replace(recording(path, "hydra", overlay=True, series=(), params="p"), identity="content:config")
        table = apart(path, "generic", curve("loss", LOSS[:points]))
        return [config, replace(table, identity="content:table")]

    for first, second in ((4, 2), (2, 4)):
        items = [*job("job", first), *job("usb/job", second)]
        (run,), problems = gather(items, extends=lambda short, long: True)
        assert run.path == ("job" if first > second else "usb/job")
        assert len(run.members) == 4
        assert problems == ()


def test_the_folders_of_a_resumed_run_are_its_legs() -> None:
    one = apart("wandb/run-1-r", "wandb_offline", curve("loss", LOSS), started_us=1_000, identity="wandb:r:1")
    two = apart("wandb/run-2-r", "wandb_offline", curve("loss", ACC, 3), started_us=2_000, identity="wandb:r:2")
    one, two = replace(one, tracker_id="r", status="failed"), replace(two, tracker_id="r", status="finished")
    found, problems = gather([two, one])
    (run,) = found
    assert (run.key, run.status, run.started_us) == ("wandb:r:1", "finished", 1_000)
    assert sorted((m.leg, m.recording) for m in run.members) == [(0, one.id), (1, two.id)]
    assert [(p.problem.code, p.problem.message) for p in problems] == [
        ("legs-overlap", "Leg 2 begins at step 3 of loss, the leg before it ended at step 3")
    ]
    from_the_start = replace(two, series=(curve("loss", ACC),))
    assert len(runs(one, from_the_start)) == 2


def test_members_that_keep_other_figures_of_one_series_are_told_of() -> None:
    csv = apart("v", "lightning", curve("loss", LOSS), curve("acc", ACC))
    events = apart("v", "tensorboard", curve("loss", LOSS), curve("acc", [*ACC[:3], 0.7]))
    _, problems = gather([csv, events])
    (problem,) = problems
    assert problem.recording == events.id
    assert problem.problem.code == "sources-disagree"
    assert "acc: lightning ends at 0.61 after 4 points, tensorboard ends at 0.7 after 4 points" in (
        problem.problem.message
    )


def test_the_preferred_source_is_asked_first_and_names_nothing() -> None:
    csv, events = recording("v", "lightning"), recording("v")
    (run,) = gather([csv, events], LinkChoices(preferred=("tensorboard",)))[0]
    assert [m.recording for m in run.members] == [events.id, csv.id]
    assert run.format == "lightning"


def decided(kind: LinkKind, *items: Linkable) -> LinkChoices:
    names = tuple(RecordingName(item.identity, item.path) for item in items)
    return LinkChoices((LinkDecision(kind, names, "kim", 4),))


def test_what_is_split_off_by_hand_is_a_run_of_its_own() -> None:
    csv, events = recording("v", "lightning"), recording("v")
    found = gather([csv, events], decided(LinkKind.SPLIT, events))[0]
    assert [(run.format, [m.reason for m in run.members]) for run in found] == [
        ("lightning", ["in the same folder"]),
        ("tensorboard", ["split off by hand (kim, entry 4 of the audit trail)"]),
    ]
    assert len({run.key for run in found}) == 2


def test_a_copy_can_be_split_off_by_its_place() -> None:
    items = [recording(f"{root}/abc", "mlflow_file", identity="mlflow:abc") for root in ("old", "usb")]
    found = gather(items, decided(LinkKind.SPLIT, items[1]))[0]
    assert [run.path for run in found] == ["old/abc", "usb/abc"]
    assert found[0].key == "mlflow:abc"
    assert found[1].key.startswith("mlflow:abc~")


def test_copies_that_come_later_are_split_as_what_they_are_copies_of() -> None:
    def job(source: int, folder: str) -> list[Linkable]:
        both = ("lightning", "tensorboard")
        return [recording(f"{folder}v", f, identity=f"{f}:v", source=source) for f in both]

    csv, events = job(1, "")
    name = RecordingName(events.identity, events.path, ())
    choices = LinkChoices((LinkDecision(LinkKind.SPLIT, (name,), "kim", 4),))
    for copies in (job(2, ""), job(2, "deeper/"), [*job(2, "deeper/"), *job(3, "else/")]):
        items = [csv, events, *copies]
        found = {run.key: members(run, *items) for run in gather(items, choices)[0]}
        assert {key: {format_of(items, path, key) for path, _ in own} for key, own in found.items()} == {
            csv.identity: {"lightning"},
            events.identity: {"tensorboard"},
        }
        assert [len(own) for own in found.values()] == [len(items) // 2] * 2


def format_of(items: Sequence[Linkable], path: str, key: str) -> str:
    return next(i.format for i in items if i.path == path and i.identity == key)


def test_a_copy_that_was_split_off_leaves_the_others_where_they_are() -> None:
    roots = ("old", "usb", "cloud")
    items = [recording(f"{root}/abc", "mlflow_file", identity="mlflow:abc") for root in roots]
    name = RecordingName("mlflow:abc", "usb/abc", ("old/abc",))
    found = gather(items, LinkChoices((LinkDecision(LinkKind.SPLIT, (name,), "kim", 4),)))[0]
    assert [[path for path, _ in members(run, *items)] for run in found] == [["old/abc"], ["cloud/abc", "usb/abc"]]


def test_runs_joined_by_hand_keep_the_key_of_the_first() -> None:
    a, b, c = recording("a"), recording("b", "mlflow_file", identity="mlflow:b"), recording("c")
    found = {run.key: run for run in gather([a, b, c], decided(LinkKind.JOIN, a, b))[0]}
    assert [*found] == [a.identity, c.identity]
    assert [m.recording for m in found[a.identity].members if m.primary] == [a.id]


def test_runs_chained_by_hand_are_legs_by_their_first_step() -> None:
    late, early = apart("b", "generic", curve("loss", ACC, 4)), apart("a", "generic", curve("loss", LOSS))
    (run,) = gather([late, early], decided(LinkKind.CHAIN, late, early))[0]
    assert run.key == late.identity
    assert sorted((m.leg, m.recording) for m in run.members) == [(0, early.id), (1, late.id)]


def test_a_chain_that_is_chained_further_keeps_all_of_its_legs() -> None:
    legs = [apart(name, "generic", curve("loss", LOSS, 4 * n)) for n, name in enumerate("abcd")]
    a, b, c, d = legs
    pairs = decided(LinkKind.CHAIN, a, b).decisions + decided(LinkKind.CHAIN, d, c).decisions
    whole = LinkChoices(pairs + decided(LinkKind.CHAIN, d, a).decisions)
    (run,) = gather(legs, whole)[0]
    assert run.key == d.identity
    assert sorted((m.leg, m.recording) for m in run.members) == [*enumerate(item.id for item in legs)]
    assert all(m.reason.startswith(f"leg {m.leg + 1} of 4, chained by hand") for m in run.members)
    (run,) = gather([a, b], LinkChoices(pairs))[0]
    assert sorted((m.leg, m.recording) for m in run.members) == [(0, a.id), (1, b.id)]


def test_decisions_are_applied_one_after_the_other_and_wait_for_what_is_not_there() -> None:
    a, b = recording("v", "lightning"), recording("v")
    split = decided(LinkKind.SPLIT, b).decisions
    join = decided(LinkKind.JOIN, a, b).decisions
    assert len(gather([a, b], LinkChoices(split + join))[0]) == 1
    assert len(gather([a, b], LinkChoices(join + split))[0]) == 2
    assert len(gather([a], LinkChoices(split + join))[0]) == 1


def test_a_run_that_its_tracker_calls_a_child_has_that_parent() -> None:
    parent = recording("0/p", "mlflow_file", identity="mlflow:p")
    child = replace(recording("0/c", "mlflow_file", identity="mlflow:c"), parent_id="p")
    assert runs(parent, child)["0/c"].parent_key == "mlflow:p"


def leg(path: str, first: int, last: int, *, params: str = "p", resumed: str = "", name: str = "loss") -> Linkable:
    """Steps `first` to `last`, each logged once."""
    mark = SeriesMark(name, last - first + 1, first, 1.0 / (first + 1), last, 0.5, 0.1, 1.0)
    made = recording(path, "generic", params=params)
    return replace(made, series=(mark,), resumed_from=(resumed,) if resumed else ())


def test_a_checkpoint_that_was_handed_over_makes_legs_of_two_folders() -> None:
    one = leg("jobs/bert-a", 0, 99)
    two = leg("jobs/bert-b", 100, 199, params="q", resumed="/scratch/kim/jobs/bert-a/checkpoints/last.ckpt")
    three = leg("jobs/bert-c", 150, 300, params="r", resumed=r"D:\jobs\bert-b\epoch=7.ckpt")
    (run,) = runs(three, one, two).values()
    assert [(m.recording, m.leg) for m in sorted(run.members, key=lambda m: m.leg)] == [
        (one.id, 0),
        (two.id, 1),
        (three.id, 2),
    ]
    assert "went on from a checkpoint of the leg before: /scratch" in run.members[-2].reason + run.members[1].reason
    (problem,) = gather([one, two, three])[1]
    assert problem.problem.code == "legs-overlap"


def test_fine_tuning_from_a_checkpoint_begins_anew_and_is_a_run_of_its_own() -> None:
    one = leg("jobs/bert-a", 0, 99)
    two = leg("jobs/bert-b", 0, 50, params="q", resumed="/scratch/jobs/bert-a/last.ckpt")
    assert len(runs(one, two)) == 2


def test_two_that_went_on_from_one_checkpoint_stay_apart() -> None:
    one = leg("jobs/bert-a", 0, 99)
    two = leg("jobs/bert-b", 100, 199, params="q", resumed="jobs/bert-a/last.ckpt")
    three = leg("jobs/bert-c", 100, 199, params="r", resumed="jobs/bert-a/last.ckpt")
    assert len(runs(one, two, three)) == 3


def test_equal_params_and_steps_that_go_on_are_legs() -> None:
    one, two = leg("jobs/part1", 0, 99), leg("jobs/part2", 100, 199)
    (run,) = runs(two, one).values()
    assert "begin where those of the leg before end" in next(m.reason for m in run.members if m.leg)
    apart = [
        leg("jobs/part1", 0, 99),
        leg("jobs/part2", 100, 199, params="other seed"),  # other params
        leg("jobs/part3", 5_000, 5_099),  # a gap
        leg("jobs/part4", 0, 99, name="acc", params="q"),
        leg("jobs/part5", 100, 199, name="f1", params="q"),  # other series
    ]
    assert len(runs(*apart)) == 5


def test_folds_and_clients_are_runs_of_their_own_though_one_step_counts_through_all() -> None:
    for one, two in (
        ("cv/1", "cv/2"),
        ("fed/client_1", "fed/client_2"),
        ("my_folds/a", "my_folds/b"),
        ("fold1", "fold2"),
    ):
        assert len(runs(leg(one, 0, 99), leg(two, 100, 199))) == 2, one
    assert len(runs(leg("fold_1/part1", 0, 99), leg("fold_1/part2", 100, 199))) == 1


def test_steps_that_go_on_in_two_folders_tell_nobody_which_is_the_next_leg() -> None:
    assert len(runs(leg("jobs/a", 0, 99), leg("jobs/b", 100, 199), leg("jobs/c", 100, 150))) == 3


def test_an_evaluation_that_names_the_checkpoint_is_a_run_of_its_own() -> None:
    one = leg("jobs/bert-a", 0, 99)
    test = leg("jobs/bert-test", 100, 100, params="q", resumed="/scratch/jobs/bert-a/last.ckpt")
    far = leg("jobs/bert-far", 5_000, 5_100, params="r", resumed="/scratch/jobs/bert-a/last.ckpt")
    assert len(runs(one, test, far)) == 3


def test_folds_that_log_on_one_step_are_runs_of_their_own() -> None:
    assert len(runs(leg("cv/fold_0", 0, 99), leg("cv/fold_1", 100, 199))) == 2
