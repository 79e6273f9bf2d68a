"""YOLO runs: padded and unpadded results, arguments of v5, runs that died early."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfolio.model.run import Recording
from support.inspected import claims_on, recordings_of

ARGS = "task: detect\nmode: train\nmodel: yolov8n.pt\ndata: coco8.yaml\nname: exp ñ\nlr0: 1e-2\nfreeze: [0, 1]\n"


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "ultralytics")[0].values()
    return recording


def make(root: Path, results: str | None, args: str = ARGS) -> Recording:
    root.mkdir(exist_ok=True)
    (root / "args.yaml").write_text(args)
    if results is not None:
        (root / "results.csv").write_text(results)
    return only(root)


def test_blanks_that_pad_names_and_values_are_dropped(tmp_path: Path) -> None:
    padded = (
        "                  epoch,         train/box_loss,  metrics/mAP50(B)\n       1,   1.5,  0.25\n   2,  nan,  0.5\n"
    )
    run = make(tmp_path, padded)
    assert {m.name: (m.step.tolist(), [str(v) for v in m.value.tolist()]) for m in run.metrics} == {
        "train/box_loss": ([1, 2], ["1.5", "nan"]),
        "metrics/mAP50(B)": ([1, 2], ["0.25", "0.5"]),
    }
    assert (run.name, run.datasets[0].name) == ("exp ñ", "coco8.yaml")
    assert {p.key: p.value for p in run.params}["lr0"] == 0.01


def test_an_epoch_that_was_done_again_is_kept_twice(tmp_path: Path) -> None:
    run = make(tmp_path, "epoch,a\n1,1\n2,2\n2,3\n3,4\n")
    assert run.metrics[0].step.tolist() == [1, 2, 2, 3]


def test_a_run_without_results_says_that_it_died_early(tmp_path: Path) -> None:
    assert [p.code for p in make(tmp_path, None).problems] == ["no-results"]
    assert [p.code for p in make(tmp_path, None, ARGS.replace("mode: train", "mode: val")).problems] == []


def test_options_of_v5_are_read_with_their_hyperparameters(tmp_path: Path) -> None:
    (tmp_path / "opt.yaml").write_text("weights: yolov5s.pt\ncfg: ''\ndata: data/coco.yaml\nhyp: hyp.yaml\nname: exp\n")
    (tmp_path / "hyp.yaml").write_text("lr0: 0.01\nmomentum: 0.937\n")
    (tmp_path / "results.csv").write_text("  epoch,  train/box_loss\n 0, 0.1\n")
    run = only(tmp_path)
    assert {p.key: p.value for p in run.params}["hyp.lr0"] == 0.01
    assert run.metrics[0].step.tolist() == [0]


def test_old_results_have_the_names_of_the_event_files_that_were_written_with_them(tmp_path: Path) -> None:
    (tmp_path / "opt.yaml").write_text("weights: yolov7.pt\ncfg: a.yaml\n")
    (tmp_path / "hyp.yaml").write_text("lr0: 0.01\n")
    assert [p.code for p in only(tmp_path).problems] == ["no-results"]
    # As YOLOv7 writes a row: without a test in the first epoch, and broken off in the last.
    (tmp_path / "results.txt").write_text(
        "      0/99     2.06G    0.0612    0.0162    0.0258    0.1031        23       640\n"
        "      1/99     12.8G    0.0666    0.0158       nan     0.108        27       640  0.0073    0.5161    0.0051"
        " 0.0007731    0.0321    0.0144     0.011\n"
        "      2/99     12.8G    0.06"
    )
    run = only(tmp_path)
    assert [p.code for p in run.problems] == ["bad-line"]
    assert {m.name: (m.step.tolist(), m.value.tolist()) for m in run.metrics if m.name != "train/cls_loss"} == {
        "train/box_loss": ([0, 1], [0.0612, 0.0666]),
        "train/obj_loss": ([0, 1], [0.0162, 0.0158]),
        "metrics/precision": ([1], [0.0073]),
        "metrics/recall": ([1], [0.5161]),
        "metrics/mAP_0.5": ([1], [0.0051]),
        "metrics/mAP_0.5:0.95": ([1], [0.0007731]),
        "val/box_loss": ([1], [0.0321]),
        "val/obj_loss": ([1], [0.0144]),
        "val/cls_loss": ([1], [0.011]),
    }
    assert [a.path for a in run.artifacts] == ["results.txt"]
    (tmp_path / "events.out.tfevents.1700000000.host.1.0").touch()
    assert (only(tmp_path).metrics, only(tmp_path).problems) == ((), ())
    (tmp_path / "events.out.tfevents.1700000000.host.1.0").unlink()
    (tmp_path / "results.txt").write_text("     0/2     5.96G   0.08   0.03\n")
    run = only(tmp_path)
    assert ([p.code for p in run.problems], run.metrics) == (["results-without-names"], ())


@pytest.mark.parametrize(
    ("given", "made", "name"),
    [
        ("exp", "runs\\train\\exp2", "exp2"),
        ("train", "/srv/runs/detect/train-12", "train-12"),
        ("a.b", "runs/train/axb3", "a.b"),
        ("exp", "runs/train/other", "exp"),
        ("", "runs/train/exp2", ""),
    ],
)
def test_a_name_that_was_taken_has_the_number_that_yolo_gave_it(
    tmp_path: Path, given: str, made: str, name: str
) -> None:
    (tmp_path / "hyp.yaml").write_text("lr0: 0.01\n")
    (tmp_path / "opt.yaml").write_text(f"weights: a.pt\nname: '{given}'\nsave_dir: '{made}'\n")
    assert only(tmp_path).name == (name or tmp_path.name)


def test_weights_are_listed_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "best.pt").write_bytes(b"\x80\x04cos\nsystem\n")
    run = make(tmp_path, "epoch,a\n1,1\n2,2\n")
    assert [a.path for a in run.artifacts] == ["weights/best.pt"]


def test_other_argument_files_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "args.yaml").write_text("lr: 0.1\n")
    (tmp_path / "metrics.csv").write_text("step,loss\n0,1\n1,2\n")
    assert [c.reader for c in claims_on(tmp_path)] == ["generic"]
