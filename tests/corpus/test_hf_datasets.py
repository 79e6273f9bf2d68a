"""Hugging Face data sets in the folders of runs: digests and rows as the library tells them, and damage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runfolio.model.datasets import DatasetRef
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.hf_datasets import datasets_below
from support.inspected import CORPUS, recordings_of

HERE = CORPUS / "hf_datasets"


def below(folder: Path) -> dict[str, DatasetRef]:
    return {ref.name: ref for ref in datasets_below(Folder(folder), Budget())[0]}


def codes(folder: Path) -> list[str]:
    return sorted({p.code for p in datasets_below(Folder(folder), Budget())[1]})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "runs" / "saved", tmp_path / "run"))


def test_sets_are_those_of_the_library_with_their_rows() -> None:
    told = json.loads((HERE / "datasets.json").read_text("utf-8"))["datasets"]
    runs, problems = recordings_of(HERE / "runs", "generic")
    got = [
        {"path": path, "name": d.name, "digest": d.digest, "context": d.context, "rows": d.rows}
        for path, run in runs.items()
        for d in run.datasets
    ]
    assert sorted(got, key=str) == sorted(told, key=str)
    assert problems == []


def test_a_set_says_where_it_is_from() -> None:
    refs = below(HERE / "runs" / "saved")
    assert (refs["filtered"].source, refs["filtered"].algorithm) == ("tiny-reviews en 1.0.0", "fingerprint")
    prepared = [*below(HERE / "runs" / "prepared").values()]
    assert {(ref.source, ref.algorithm) for ref in prepared} == {("json default 0.0.0", "builder")}


@pytest.mark.parametrize("format_name", ["lightning", "hf_trainer"])
def test_sets_beside_the_files_of_other_trackers_belong_to_their_runs(saved: Path, format_name: str) -> None:
    (saved / "params.json").unlink()
    if format_name == "hf_trainer":
        (saved / "metrics.csv").unlink()
        (saved / "trainer_state.json").write_text('{"log_history": [{"step": 1, "loss": 0.5}], "global_step": 1}')
    else:
        (saved / "hparams.yaml").write_text("lr: 0.1\n")
    (run,) = recordings_of(saved.parent, format_name)[0].values()
    assert {d.name for d in run.datasets} == {"data/tiny/train", "data/tiny/test", "filtered"}


def test_infos_of_older_sets_are_read(tmp_path: Path) -> None:
    splits = {"train": {"name": "train", "num_examples": 7}, "odd": {"num_examples": "many"}, "worse": None}
    infos = {"en": {"builder_name": "old", "config_name": "en", "splits": splits}, "broken": 5}
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dataset_infos.json").write_text(json.dumps(infos))
    refs = below(tmp_path)
    assert {name: ref.rows for name, ref in refs.items()} == {
        "set/en/train": 7,
        "set/en/odd": None,
        "set/en/worse": None,
    }


def test_a_file_of_that_name_of_another_program_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "dataset_info.json").write_text('{"rows": 5, "splits": ["train"]}')
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "state.json").write_text('{"_fingerprint": "x"}')
    assert below(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1]", b"[" * 9000, b'{"_fingerprint": 7}'])
def test_a_damaged_state_costs_the_digest(saved: Path, content: bytes) -> None:
    (saved / "filtered" / "state.json").write_bytes(content)
    refs = below(saved)
    assert (refs["filtered"].digest, refs["filtered"].rows) == (None, None)
    assert refs["data/tiny/train"].rows == 2500


@pytest.mark.parametrize("size", [0, 4, 8, 100, 5_000, 10_000])
def test_a_cut_or_strange_table_costs_the_rows(saved: Path, size: int) -> None:
    table = saved / "filtered" / "data-00000-of-00002.arrow"
    whole = table.read_bytes()
    table.write_bytes(whole[:size])
    assert below(saved)["filtered"].rows is None
    table.write_bytes(b"\xff\xff\xff\xff" + b"\xff" * 200)
    assert below(saved)["filtered"].rows is None
    table.write_bytes(b"\xff\xff\xff\xff\x10\0\0\0" + b"\xf0" * 16)
    assert below(saved)["filtered"].rows is None
    table.unlink()
    assert (below(saved)["filtered"].rows, codes(saved)) == (None, [])


def test_a_link_to_a_set_elsewhere_is_not_followed(saved: Path, tmp_path: Path) -> None:
    shutil.move(saved / "filtered", tmp_path / "elsewhere")
    (saved / "filtered").symlink_to(tmp_path / "elsewhere")
    assert "filtered" not in below(saved)


def test_many_folders_are_not_searched_through(tmp_path: Path) -> None:
    for n in range(250):
        (tmp_path / f"f{n:03}" / "set").mkdir(parents=True)
        (tmp_path / f"f{n:03}" / "set" / "dataset_infos.json").write_text('{"a": {"splits": {"train": {}}}}')
    assert len(below(tmp_path)) == 0
    (tmp_path / "f000" / "dataset_infos.json").write_text('{"a": {"splits": {"train": {}}}}')
    assert [*below(tmp_path)] == ["f000/a/train"]
