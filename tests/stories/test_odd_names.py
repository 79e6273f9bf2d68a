"""Folders and words whose bytes are not UTF-8, as old disks and terminals have them, from the first look to a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runfolio.api import Workspace
from runfolio.errors import UsageError
from runfolio.index.database import Database
from runfolio.model.previews import TextPage
from runfolio.readers.spelled import root_at
from support.command import answer, call

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text on other systems")


def below(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


def write_run(folder: Path, lr: str) -> None:
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(f'{{"lr": {lr}}}')
    (folder / "metrics.csv").write_text("step,loss\n0,1.5\n1,0.5\n")
    below(folder, b"\xff.log").write_text("found me")


def test_a_folder_of_such_a_name_is_looked_at_again_and_its_files_are_shown(tmp_path: Path) -> None:
    root = below(tmp_path, b"gr\xf6\xdfe")
    odd = below(root, b"r\xe9n")
    write_run(odd, "0.1")
    write_run(root / "plain", "0.2")
    with Workspace.open(tmp_path / "index.duckdb", tmp_path / "ledger") as ws:
        ws.index([root])
        again = ws.index()
        assert (again.read, again.unchanged, again.gone) == (0, 2, 0)
        (source,) = ws.sources()
        assert (source.path, source.present) == (f"{tmp_path}/gr\\xf6\\xdfe", True)
        assert ws.add_source(root).id == source.id
        with pytest.raises(UsageError, match="inside a folder of runs"):
            ws.check_target(odd / "chart.png")
        for run in ws.find_runs():
            files = {file.shown: file.place for file in ws.run_files(run.key).files}
            place = files["\\xff.log"]
            assert place is not None
            content = ws.preview(place).content
            assert isinstance(content, TextPage)
            assert content.text == "found me"
        with (odd / "metrics.csv").open("a") as out:
            out.write("2,0.25\n")
        ws.index()
        assert {run.name: run.metrics[0].last for run in ws.find_runs()} == {"plain": 0.5, "r\\xe9n": 0.25}
        # A folder that is called as the other is kept is that one.
        twin = tmp_path / "gr\\xf6\\xdfe"
        write_run(twin / "third", "0.3")
        assert root_at(source.path) == twin


def test_words_that_are_no_utf_8_are_spelled_out(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    write_run(root / "plain", "0.2")
    call("index", root)
    word = os.fsdecode(b"na\xefve")
    call("tag", "plain", "--add", word)
    call("note", "plain", word)
    call("mark", "plain", "--star", "--reason", word)
    call("promote", "plain", "--to", "staging", "--model", word, "--reason", word)
    (run,) = answer("runs", "--columns", "tag,note")
    assert (run["tag"], run["note"]) == (["na\\xefve"], "na\\xefve")
    assert [entry["reason"] for entry in answer("log")][:2] == ["na\\xefve", "na\\xefve"]
    for verb in (
        ("diff", word),
        ("recordings", word),
        ("where", word, "lr"),
        ("export", "chart", "--metric", word, "c.png"),
    ):
        assert "xefve'" in call(*verb, code=2).stderr
    with pytest.raises(UsageError, match="cannot lie where a name is no UTF-8"):
        Database.open(tmp_path / word / "index.duckdb")
