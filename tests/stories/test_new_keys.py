"""What was said of a run stays with it when its folder goes on being written and its identity changes with it."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.index.watch import Watcher
from runfolio.model.layout import Layout
from runfolio.model.run import CONTENT, RunKey
from runfolio.model.stage import Stage
from runfolio.readers.layout_files import save_layout
from runfolio.readers.scanner import Unit, scan
from support.command import answer, call
from support.event_files import FILE_NAME, event, field, metadata, record, scalar, version
from support.inspected import CORPUS

YOLO = CORPUS / "ultralytics/runs/runs/detect/killed"
HF = CORPUS / "hf_trainer/runs"
PARAMS, ROWS = "lr: 0.1\n", "step,loss\n0,0.9\n1,0.8\n"
KERAS = "epoch,accuracy,loss\n", "0,0.1,2.3\n1,0.2,2.1\n"


def put(root: Path, **files: str | bytes) -> None:
    """Write files of the folder `a`; `__` in a name stands for its dots."""
    for name, text in files.items():
        path = root / "a" / name.replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def plain_csv(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS)
    yield "its first points have come"
    put(root, metrics__csv=ROWS)


def plain_csv_with_a_header(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS[:10])
    yield "its first points have come"
    put(root, metrics__csv=ROWS)


def a_first_row_that_was_half_written(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS[:14])
    yield "its first points have changed"
    put(root, metrics__csv=ROWS)


def plain_json(root: Path) -> Iterator[str]:
    put(root, params__json='{"lr": 0.1}')
    yield "its first points have come"
    put(root, metrics__json='{"acc": 0.9}')


def params_completed_later(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS)
    yield "its params have changed"
    put(root, params__yaml=f"{PARAMS}seed: 7\n")


def params_that_come_last(root: Path) -> Iterator[str]:
    put(root, metrics__csv=ROWS)
    yield "its params have changed"
    put(root, params__yaml=PARAMS)


def params_and_points_at_once(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS)
    yield "its params have changed and its first points have come"
    put(root, params__yaml="lr: 0.2\n", metrics__csv=ROWS)


def earlier_row(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS, metrics__csv="step,loss\n5,0.6\n6,0.5\n")
    yield "its first points have changed"
    put(root, metrics__csv="step,loss\n0,0.9\n5,0.6\n6,0.5\n")


def earlier_row_without_steps(root: Path) -> Iterator[str]:
    put(root, params__yaml=PARAMS, metrics__csv="loss\n0.6\n0.5\n")
    yield "its first points have changed"
    put(root, metrics__csv="loss\n0.9\n0.6\n0.5\n")


def event_files_with_params_only(root: Path) -> Iterator[str]:
    # As the hparams plugin keeps one number named lr.
    number = field(2, b"\x11" + struct.pack("<d", 0.1))
    start = field(3, field(1, field(1, b"lr") + number))
    head = record(version()) + record(
        event(0, field(1, field(1, b"_hparams_/session_start_info") + metadata("hparams", start)))
    )
    (root / "a").mkdir()
    (root / "a" / FILE_NAME).write_bytes(head)
    yield "its first points have come"
    points = b"".join(record(scalar(step, 0.5 * step, wall=1.7e9 + step)) for step in range(3))
    (root / "a" / FILE_NAME).write_bytes(head + points)


def keras(root: Path) -> Iterator[str]:
    put(root, training__log=KERAS[0])
    yield "its first points have come"
    put(root, training__log="".join(KERAS))


def yolo(root: Path) -> Iterator[str]:
    put(root, args__yaml=(YOLO / "args.yaml").read_bytes())
    yield "its first points have come"
    put(root, results__csv=(YOLO / "results.csv").read_bytes())


def lightning(root: Path) -> Iterator[str]:
    put(root, hparams__yaml=PARAMS)
    yield "its first points have come"
    put(root, metrics__csv="epoch,step,train_loss\n0,0,0.9\n0,1,0.8\n")


def hf_trainer(root: Path) -> Iterator[str]:
    state = json.loads(next(HF.rglob("trainer_state.json")).read_text())
    file = root / "a" / "checkpoint-1" / "trainer_state.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(state | {"log_history": []}))
    yield "its first points have come"
    file.write_text(json.dumps(state))


def spinning_up(root: Path) -> Iterator[str]:
    put(root, config__json='{"exp_name": "a", "lr": 0.1}', progress__txt="")
    yield "its first points have come"
    put(root, progress__txt="Epoch\tAverageEpRet\n0\t1.0\n1\t2.0\n")


def taught_params_completed_later(root: Path) -> Iterator[str]:
    save_layout(Layout("lab", params=("hp.conf",), metrics=("log.tsv",), step="it"))
    put(root, hp__conf="lr = 0.1\n", log__tsv="it\tloss\n0\t0.9\n1\t0.8\n")
    yield "its params have changed"
    put(root, hp__conf="lr = 0.1\nseed = 7\n")


def taught_before_the_first_row(root: Path) -> Iterator[str]:
    save_layout(Layout("lab", params=("hp.conf",), metrics=("log.tsv",), step="it"))
    put(root, hp__conf="lr = 0.1\n", log__tsv="it\tloss\n")
    yield "its first points have come"
    put(root, log__tsv="it\tloss\n0\t0.9\n1\t0.8\n")


def event_files_of_a_part(root: Path) -> Iterator[str]:
    """The run is made of the event files in `train`; it has no recording of its own."""
    (root / "a" / "train").mkdir(parents=True)
    (root / "a" / "train" / FILE_NAME).write_bytes(record(version()))
    yield "its first points have come"
    (root / "a" / "train" / FILE_NAME).write_bytes(record(version()) + record(scalar(0, 0.5)))


WAYS = [
    plain_csv, plain_csv_with_a_header, a_first_row_that_was_half_written, plain_json, params_completed_later,
    params_that_come_last, params_and_points_at_once, earlier_row, earlier_row_without_steps,
    event_files_with_params_only, event_files_of_a_part, keras, yolo, lightning, hf_trainer, spinning_up,
    taught_params_completed_later, taught_before_the_first_row,
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def ws(tmp_path: Path, root: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger", actor="kim") as workspace:
        workspace.add_source(root)
        yield workspace


def only(workspace: Workspace) -> RunKey:
    workspace.index()
    (key,) = workspace.run_keys()
    return key


@pytest.mark.parametrize("way", WAYS)
def test_a_run_keeps_what_was_said_of_it_when_its_content_changes(ws: Workspace, root: Path, way: object) -> None:
    assert callable(way)
    steps = way(root)
    why = next(steps)
    before = only(ws)
    ws.tag([before], add=["keep"])
    ws.note(before, "look again")
    ws.promote(before, Stage.STAGING, reason="first try", model="net")
    ws.set_alias("net", "champion", 1)
    with pytest.raises(StopIteration):
        next(steps)
    after = only(ws)
    assert after != before
    marks = ws.marks(after)
    assert (marks.tags, marks.note, marks.stage) == (("keep",), "look again", Stage.STAGING)
    assert marks.versions[0].aliases == ("champion",)
    assert [run.key for run in ws.find_runs("tag = keep and stage = staging")] == [after]
    entry, *earlier = ws.history(after)
    assert (entry.action, entry.actor, entry.reason) == ("known-as", "runfolio", why)
    assert entry.summary.startswith("run ")
    assert ": goes on under a new key, with all that was said of it (content:" in entry.summary
    assert [e.action for e in earlier] == ["promote", "note", "tag"]
    # Nothing has changed since: nothing is said.
    ws.index(deep=True)
    assert len(ws.history()) == 5


def test_what_was_said_is_taken_back_under_the_new_key(ws: Workspace, root: Path) -> None:
    steps = plain_csv(root)
    next(steps)
    first = only(ws)
    ws.tag([first], add=["keep"])
    ws.tag([first], add=["late"])
    next(steps, None)
    after = only(ws)
    assert ws.marks(after).tags == ("keep", "late")
    # The newest decision is the tag: that the run has another key was decided by nobody.
    assert ws.undo().summary == "took back entry 2: run a: untagged late"
    assert ws.marks(after).tags == ("keep",)
    ws.undo(3, reason="two runs after all")
    assert ws.marks(after).tags == ()
    assert ws.marks(first).tags == ("keep",)
    ws.undo(5)
    assert ws.marks(after).tags == ("keep",)


def test_a_run_that_changes_twice_or_back_keeps_it(ws: Workspace, root: Path) -> None:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS)
    first = only(ws)
    ws.tag([first], add=["keep"])
    for text in ("lr: 0.2\n", "lr: 0.3\n", PARAMS):
        put(root, params__yaml=text)
        assert ws.marks(only(ws)).tags == ("keep",)
    assert ws.run_keys() == (first,)
    ws.tag([first], remove=["keep"])
    put(root, params__yaml="lr: 0.4\n")
    assert ws.marks(only(ws)).tags == ()
    assert len(ws.history()) == 5


def test_decisions_on_recordings_follow(ws: Workspace, root: Path) -> None:
    for name in ("a", "b"):
        (root / name).mkdir()
        (root / name / "params.yaml").write_text(f"lr: 0.1\nname: {name}\n")
    ws.index()
    ws.join(ws.run_keys(), reason="one job")
    assert len(ws.run_keys()) == 1
    ws.tag(ws.run_keys(), add=["keep"])
    for name in ("a", "b"):
        (root / name / "metrics.csv").write_text(ROWS)
        # The run that gives the key, and the part that is joined to it.
        assert ws.marks(only(ws)).tags == ("keep",)
    ws.undo(1)
    assert len(ws.run_keys()) == 2


def test_a_watched_run_keeps_it(ws: Workspace, root: Path) -> None:
    steps = keras(root)
    next(steps)
    ws.tag([only(ws)], add=["keep"])
    watcher = Watcher(ws._db, ws._stores.indexer(), lambda: [(s.id, Path(s.path)) for s in ws.sources()])
    next(steps, None)
    with ws._stores.indexing:
        assert watcher.round().changed
        ws._stores.follow_new_keys()
    ws._stores.runs_changed()
    (run,) = ws.find_runs("tag = keep")
    assert [m.name for m in run.metrics] == ["accuracy", "loss"]


def test_nothing_is_written_where_nothing_was_said(ws: Workspace, root: Path) -> None:
    steps = plain_csv(root)
    next(steps)
    before = only(ws)
    next(steps, None)
    assert only(ws) != before
    assert ws.history() == ()


def test_a_copy_that_is_still_there_keeps_it(ws: Workspace, root: Path, tmp_path: Path) -> None:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS)
    shutil.copytree(root / "a", root / "copies" / "a")
    before = only(ws)
    ws.tag([before], add=["keep"])
    put(root, params__yaml="lr: 0.2\n")
    ws.index()
    assert {ws.run(key).path: ws.marks(key).tags for key in ws.run_keys()} == {"a": (), "copies/a": ("keep",)}
    # Nor later, when it goes: what was said since may be meant for the copy alone.
    shutil.rmtree(root / "copies")
    assert ws.marks(only(ws)).tags == ()
    assert len(ws.history()) == 1


def test_copies_that_go_on_alike_keep_it_and_those_that_part_do_not(ws: Workspace, root: Path) -> None:
    put(root, params__yaml=PARAMS, metrics__csv=ROWS)
    shutil.copytree(root / "a", root / "b")
    ws.tag([only(ws)], add=["keep"])
    for name in ("a", "b"):
        (root / name / "params.yaml").write_text("lr: 0.2\n")
    assert ws.marks(only(ws)).tags == ("keep",)
    for name in ("a", "b"):
        (root / name / "params.yaml").write_text(f"name: {name}\n")
    ws.index()
    assert [ws.marks(key).tags for key in ws.run_keys()] == [(), ()]


def test_two_runs_that_come_to_be_the_same_do_not_compete_for_a_key(ws: Workspace, root: Path) -> None:
    for name in ("a", "b"):
        (root / name).mkdir()
        (root / name / "params.yaml").write_text(f"name: {name}\n")
        (root / name / "metrics.csv").write_text(ROWS)
    ws.index()
    one, other = ws.run_keys()
    ws.tag([one], add=["one"])
    ws.tag([other], add=["other"])
    for name in ("a", "b"):
        (root / name / "params.yaml").write_text(PARAMS)
    assert ws.marks(only(ws)).tags == ()
    assert len(ws.history()) == 2


def test_a_run_that_is_known_already_gets_nothing(ws: Workspace, root: Path) -> None:
    for name in ("a", "b"):
        (root / name).mkdir()
        (root / name / "params.yaml").write_text(f"name: {name}\n")
        (root / name / "metrics.csv").write_text(ROWS)
    ws.index()
    ws.tag([run.key for run in ws.find_runs() if run.path == "a"], add=["keep"])
    shutil.copy(root / "b" / "params.yaml", root / "a" / "params.yaml")
    assert ws.marks(only(ws)).tags == ()
    assert len(ws.history()) == 1


def test_another_training_in_the_same_folder_is_another_run(ws: Workspace, root: Path) -> None:
    put(root, params__yaml=PARAMS, metrics__csv="step,lr,loss,acc\n0,0.1,0.9,0.2\n1,0.1,0.8,0.3\n")
    ws.promote(only(ws), Stage.PRODUCTION, reason="best", model="net")
    put(root, params__yaml="lr: 0.2\n", metrics__csv="step,lr,loss,acc\n0,0.1,1.9,0.1\n1,0.1,1.8,0.2\n")
    assert ws.marks(only(ws)).stage is Stage.NONE
    assert len(ws.history()) == 1


def test_a_key_that_another_run_gets_later_says_nothing_of_it(ws: Workspace, root: Path) -> None:
    put(root, params__yaml=PARAMS)
    first = only(ws)
    ws.tag([first], add=["keep"])
    put(root, metrics__csv=ROWS)
    ws.index()
    (root / "later" / "a").mkdir(parents=True)
    (root / "later" / "a" / "params.yaml").write_text(PARAMS)
    ws.index()
    assert first in ws.run_keys()
    assert ws.marks(first).tags == ()
    ws.tag([first], add=["new"])
    told = {ws.run(key).path: ws.marks(key).tags for key in ws.run_keys()}
    assert told == {"a": ("keep",), "later/a": ("new",)}


def test_a_stopped_import_loses_nothing(ws: Workspace, root: Path, tmp_path: Path) -> None:
    """Folders that were read, and nothing linked after it: the process was killed."""
    put(root, params__yaml=PARAMS)
    ws.tag([only(ws)], add=["keep"])
    put(root, metrics__csv=ROWS)
    (source,) = ws.sources()
    indexer = ws._stores.indexer()
    for found in scan(root):
        assert isinstance(found, Unit)
        indexer.read_whole(source.id, root, found.claim)
    ws.close()
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as again:
        assert again.marks(only(again)).tags == ("keep",)


def test_the_command_line_shows_the_entry_in_words(tmp_path: Path, root: Path) -> None:
    store = ("--index", tmp_path / "i.duckdb", "--ledger", tmp_path / "l")
    steps = plain_csv(root)
    next(steps)
    call("index", root, *store)
    call("tag", "a", "--add", "keep", *store)
    next(steps, None)
    call("index", *store)
    (run,) = answer("runs", *store)
    assert run["key"].startswith(CONTENT)
    shown = call("log", "a", *store).stdout
    assert "run a: goes on under a new key, with all that was said" in shown
    assert "its first points have come" in shown
    assert [e["action"] for e in answer("log", *store)] == ["known-as", "tag"]
