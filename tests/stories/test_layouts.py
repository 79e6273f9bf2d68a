"""Teaching a layout on the command line: from a sample folder to runs, and on to a colleague."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from runfolio.locate import resources
from runfolio.model.layout import Layout
from runfolio.readers.layout_files import parse_layout
from support.command import answer, call, call_apart
from support.lab import write_lab

HELP = (resources() / "help" / "layouts.md").read_text("utf-8")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return write_lab(tmp_path / "lab")


def names() -> list[tuple[str, int]]:
    return [(r["name"], r["seed"]) for r in answer("runs", "--columns", "name,seed", "--sort", "name,seed")]


def test_from_a_sample_folder_to_runs_and_on_to_a_colleague(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer("index", lab)
    assert answer("runs") == [], "nothing in these folders has a name that tells"

    file = tmp_path / "lab.toml"
    file.write_text(call_apart("layout", "suggest", lab / "depth/plain_seed1").stdout)
    checked = answer("layout", "check", file, lab / "depth/plain_seed2")
    assert (checked["fits"], checked["name"], checked["params"]["seed"]) == (True, "plain", 2)
    assert [m["name"] for m in checked["metrics"]] == ["loss", "acc_top1", "gpu_mem"]
    assert "does not fit" in call("layout", "check", file, lab / "depth", code=1).stderr

    file.write_text(file.read_text().replace('"plain_seed1"', '"lab"').replace('"{name}', '"{experiment}/{name}'))
    assert answer("layout", "add", file)["replaced"] is False
    assert "--replace" in call("layout", "add", file, code=2).stderr
    answer("layout", "add", file, "--replace")
    assert [x["name"] for x in answer("layout", "list")] == ["lab"]

    assert answer("index")["read"] == 3, "only what fits is read"
    assert names() == [("plain", 1), ("plain", 2), ("wide_net", 1)]
    (run,) = answer("runs", "--where", "experiment = width", "--columns", "name,optim.lr,loss,acc_top1")
    assert (run["optim.lr"], run["loss"], run["acc_top1"]) == (0.1, 0.3, 0.7)
    assert answer("index")["read"] == 0

    # Changed: its folders are read again, and keep their tags. The metric that it leaves out is gone.
    call("tag", "wide_net", "--add", "wide")
    file.write_text(file.read_text() + 'columns = ["loss"]\n')
    answer("layout", "add", file, "--replace")
    assert answer("index")["read"] == 3
    assert "No run has a field 'acc_top1'" in call("runs", "--where", "acc_top1 > 0", code=2).stderr

    assert [r["name"] for r in answer("runs", "--where", "tag = wide")] == ["wide_net"]

    # Handed on: a colleague takes the file in and sees the same.
    shared = tmp_path / "shared.toml"
    shared.write_text(call("layout", "export", "lab").stdout)
    monkeypatch.setenv("RUNFOLIO_HOME", str(tmp_path / "colleague"))
    answer("layout", "add", shared)
    answer("index", lab)
    assert names() == [("plain", 1), ("plain", 2), ("wide_net", 1)]

    answer("layout", "remove", "lab")
    assert answer("index")["gone"] == 3
    assert answer("runs") == []


def test_inspect_uses_layouts_without_an_index(lab: Path, tmp_path: Path) -> None:
    assert call_apart("inspect", lab, "--json", code=2)
    file = tmp_path / "x.toml"
    file.write_text('runfolio_layout = 1\nname = "x"\n[files]\nmetrics = ["log.tsv"]\n')
    answer("layout", "add", file)
    assert {r["format"] for r in answer("inspect", lab)["recordings"]} == {"taught"}


def test_mistakes_are_answered_with_what_where_and_what_to_do(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('runfolio_layout = 1\nname = "x"\n[files]\nmetrics = ["../log.tsv"]\n')
    for told in (call("layout", "add", file, code=2), call("layout", "check", file, lab, code=2)):
        assert f"{file}: files: '../log.tsv' is no file in a run's folder" in told.stderr
    assert "There is no such file" in call("layout", "add", tmp_path / "gone.toml", code=2).stderr
    assert "There is no such folder" in call("layout", "suggest", tmp_path / "gone", code=2).stderr
    assert "There are none yet" in call("layout", "export", "lab", code=2).stderr
    assert answer("layout", "list") == []
    assert "runfolio layout suggest" in call("layout", "list").stderr
    assert answer("layout", "suggest", lab, code=1)["found"] is False
    broken = Path(os.environ["RUNFOLIO_HOME"]) / "config" / "layouts" / "broken.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text("runfolio_layout = 2\n")
    (listed,) = answer("layout", "list", code=1)
    assert listed["trouble"].startswith(f"{broken}: runfolio_layout is 2")
    told = call("inspect", lab, code=2)
    assert "broken.toml" in told.stdout


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_a_layout_that_is_half_edited_takes_no_run_away(lab: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(call("layout", "suggest", lab / "depth/plain_seed1").stdout)
    added = Path(answer("layout", "add", file)["file"])
    assert answer("index", lab)["read"] > 0
    before = names()
    assert ("plain", 2) in before
    (lab / "depth" / "plain_seed2" / "params.json").write_text('{"lr": 1}')  # what any reader would take
    text = added.read_text()

    added.write_text(text + "\n[files\n")
    report = answer("index", *options)
    assert (report["gone"], names()) == (0, before)
    (problem,) = [p for p in answer("problems") if p["code"] == "layout-unusable"]
    assert str(added) in problem["message"]
    assert "stay" in problem["hint"]
    # A folder that is no longer there has no run all the same.
    shutil.rmtree(lab / "depth" / "plain_seed1")
    assert answer("index", *options)["gone"] == 1
    assert names() == [name for name in before if name != ("plain", 1)]

    added.write_text(text)
    answer("index", *options)
    assert [p for p in answer("problems") if p["code"] == "layout-unusable"] == []
    # Mended it reads as before; taken away its runs go.
    assert names() != []
    added.unlink()
    assert answer("index", *options)["gone"] > 0
    assert "No run has a field 'seed'" in call("runs", "--columns", "seed", code=2).stderr


def test_the_layout_that_the_help_shows_is_a_whole_one() -> None:
    (text,) = [part.partition("```")[0] for part in HELP.split("```toml\n")[1:]]
    layout = parse_layout(text.encode(), "layouts.md")
    assert layout == Layout(
        "lab",
        "Runs of our own script",
        "{experiment}/{name}_seed{seed:int}",
        ("run.ini",),
        ("log.tsv", "logs/*.csv"),
        ignore=("*.tmp",),
        step="it",
        time="when",
        columns=("loss", "acc*"),
    )
