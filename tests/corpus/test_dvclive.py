"""DVCLive folders of any name: the history, the latest values beside it, data by digest, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfolio.model.problem import Severity
from runfolio.model.run import Recording
from support.inspected import CORPUS, claims_on, recordings_of

RUNS = CORPUS / "dvclive" / "runs"


def only(root: Path) -> Recording:
    (recording,) = recordings_of(root, "dvclive")[0].values()
    return recording


def points(run: Recording, name: str) -> list[tuple[int, str]]:
    (metric,) = (m for m in run.metrics if m.name == name)
    return [(s, str(v)) for s, v in zip(metric.step.tolist(), metric.value.tolist(), strict=True)]


def make(root: Path, metrics: str = '{"loss": 0.5, "step": 1}', tsv: str = "step\tloss\n0\t1.0\n1\t0.5\n") -> None:
    (root / "plots" / "metrics" / "train").mkdir(parents=True)
    (root / "metrics.json").write_text(metrics)
    (root / "plots" / "metrics" / "loss.tsv").write_text(tsv)


def test_a_folder_of_any_name_is_known_by_its_history(tmp_path: Path) -> None:
    make(tmp_path / "reports" / "live run")
    run = only(tmp_path)
    assert (run.path, points(run, "loss")) == ("reports/live run", [(0, "1.0"), (1, "0.5")])
    assert run.metrics[0].final == 0.5


def test_the_stages_around_it_name_its_data_by_digest() -> None:
    run = recordings_of(RUNS, "dvclive")[0]["dvcrepo/dvclive"]
    assert [(d.name, d.digest) for d in run.datasets] == [("data/data.csv", "md5:21d441a28bce4417276097df955afc50")]


@pytest.mark.parametrize(
    ("metrics", "final"),
    [('{"loss": "nan", "step": 1}', "nan"), ('{"loss": NaN, "step": 1}', "nan"), ('{"loss": -Infinity}', "-inf")],
)
def test_every_spelling_of_nan_is_one(tmp_path: Path, metrics: str, final: str) -> None:
    make(tmp_path, metrics, "step\tloss\n0\tnan\n1\t-inf\n")
    run = only(tmp_path)
    assert points(run, "loss") == [(0, "nan"), (1, "-inf")]
    assert str(run.metrics[0].final) == final


def test_a_cut_history_and_cut_values_cost_only_what_is_cut(tmp_path: Path) -> None:
    make(tmp_path, '{"loss": 0.5, "acc": 0.', "step\tloss\n0\t1.0\n1\t0.5\n2\t")
    (tmp_path / "plots" / "metrics" / "train" / "acc.tsv").write_bytes(b"\xff\xfe\x00garbage")
    (tmp_path / "plots" / "metrics" / "train" / "empty.tsv").write_text("")
    run = only(tmp_path)
    assert points(run, "loss")[:2] == [(0, "1.0"), (1, "0.5")]
    assert any(p.path == "metrics.json" for p in run.problems)


def test_values_without_history_have_no_step(tmp_path: Path) -> None:
    make(tmp_path, '{"best": {"f1": 0.75}, "step": 1}')
    (metric,) = (m for m in only(tmp_path).metrics if m.name == "best/f1")
    assert (metric.has_step, metric.value.tolist()) == (False, [0.75])


def test_other_folders_with_a_metrics_file_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"loss": 0.5}')
    assert [c.reader for c in claims_on(tmp_path)] == ["generic"]


def test_the_layouts_before_1_0_are_read_with_the_latest_values_beside_the_folder() -> None:
    runs, problems = recordings_of(CORPUS / "dvclive_old" / "runs", "dvclive")
    assert [p for p in problems if p.severity is not Severity.INFO] == []
    for release, latest in (("v0_12", 0.9), ("v0_4", 0.0)):  # 0.4 wrote the file at the first step only
        metrics = {m.name: m for m in runs[f"{release}/plain"].metrics}
        assert metrics["train/acc"].final == latest
        assert metrics["train/acc"].final_rule == "the value in plain.json"
        steps = runs[f"{release}/steps"].metrics[0].step.tolist()
        assert steps[0] == 5
        assert steps[-2:] == [-2, 2**40]


def test_tables_of_the_old_layouts_are_told_by_their_header(tmp_path: Path) -> None:
    (tmp_path / "scalars").mkdir()
    for name, header in (("loss", "timestamp\tstep\tacc"), ("acc", "timestamp\tstep\tacc\tf1"), ("f1", "step\tf1")):
        (tmp_path / "scalars" / f"{name}.tsv").write_text(f"{header}\n1\t0\t0.5\n")
    assert [c for c in claims_on(tmp_path) if c.reader == "dvclive"] == []
